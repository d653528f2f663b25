//! A home of its own with tools in it, in which the diagnosis runs and is looked at from all sides.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::support::naru;

/// A home, its tools and variables, and what must never be printed.
pub(crate) struct Bench {
    home: tempfile::TempDir,
    variables: Vec<(String, String)>,
    secrets: Vec<String>,
    user: Option<u32>,
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) text: String,
    pub(crate) json: Value,
}

impl Bench {
    /// With podman alone, so that no engine is missed.
    pub(crate) fn new() -> Self {
        let mut bench = Self::bare();
        bench.program("podman", "echo podman version 5.4.2");
        bench
    }

    /// Without any tool.
    pub(crate) fn bare() -> Self {
        let home = tempfile::tempdir_in("/tmp").unwrap();
        fs::set_permissions(home.path(), fs::Permissions::from_mode(0o755)).unwrap();
        fs::create_dir(home.path().join("bin")).unwrap();
        let mut bench = Self { home, variables: Vec::new(), secrets: Vec::new(), user: None };
        let path = bench.path("bin").display().to_string();
        bench.variable("PATH", &path);
        let runtime = bench.path("run").display().to_string();
        bench.variable("XDG_RUNTIME_DIR", &runtime);
        bench
    }

    pub(crate) fn path(&self, below: &str) -> PathBuf {
        self.home.path().join(below)
    }

    pub(crate) fn variable(&mut self, name: &str, value: &str) {
        self.variables.retain(|(known, _)| known != name);
        self.variables.push((name.to_owned(), value.to_owned()));
    }

    /// The variables of the home.
    pub(crate) fn variables(&self) -> impl Iterator<Item = (String, String)> {
        self.variables.iter().cloned()
    }

    /// As another user of this machine, where we may.
    pub(crate) fn as_user(&mut self, id: u32) {
        self.user = Some(id);
    }

    pub(crate) fn write(&self, below: &str, text: &str) -> PathBuf {
        let path = self.path(below);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    /// A program on the search path, as a shell script.
    pub(crate) fn program(&mut self, name: &str, script: &str) {
        // Put there by another process: what another thread starts while this one writes would inherit
        // the open file, which is then too busy to be run.
        let script = self.write(&format!("scripts/{name}"), &format!("#!/bin/sh\n{script}\n"));
        let bin = self.path("bin").join(name);
        let installed =
            Command::new("install").args(["-D", "-m", "755"]).arg(script).arg(bin).status();
        assert!(installed.unwrap().success());
    }

    /// Something that must never be printed, nor its usual encodings.
    pub(crate) fn secret(&mut self, secret: &str) {
        self.secrets.push(secret.to_owned());
    }

    /// A login in one of podman's files.
    pub(crate) fn log_in(&mut self, key: &str, name: &str, password: &str) {
        self.log_in_at(".config/containers/auth.json", key, name, password);
    }

    pub(crate) fn log_in_at(&mut self, file: &str, key: &str, name: &str, password: &str) {
        self.secret(password);
        let auth = STANDARD.encode(format!("{name}:{password}"));
        self.secret(&auth);
        self.write(file, &format!("{{\"auths\":{{\"{key}\":{{\"auth\":\"{auth}\"}}}}}}"));
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = naru(self.home.path());
        command.args(arguments).envs(self.variables.iter().cloned());
        if let Some(id) = self.user {
            use std::os::unix::process::CommandExt as _;
            command.uid(id).gid(id);
        }
        command
    }

    /// Runs the diagnosis for people and for programs, and looks for what must not be there.
    pub(crate) fn check(&self, arguments: &[&str]) -> Ran {
        self.check_fed(arguments, "")
    }

    pub(crate) fn check_fed(&self, arguments: &[&str], input: &str) -> Ran {
        let run = |more: &[&str]| self.run(&[arguments, more].concat(), input);
        let (ran, text) = self.ran(&run);
        for line in text.lines().filter(|line| line.contains(' ') && line.len() < 400) {
            let width = unicode_width(line);
            // A single long word, such as a path, stays whole.
            let long = line.split(' ').any(|word| word.len() > 40);
            assert!(width <= 80 || long, "{width} columns: {line}");
        }
        let (_, verbose) = run(&["--verbose"]);
        let (_, korean) = run(&["--lang", "ko", "--verbose"]);
        let (_, markdown) = run(&["-o", "markdown"]);
        assert!(verbose.len() >= text.len() && !korean.is_empty());
        assert!(markdown.starts_with("## "), "{markdown}");
        assert!(!markdown.contains(&self.home.path().display().to_string()), "{markdown}");
        judge_form(&ran.json);
        ran
    }

    /// Runs the diagnosis once more, as after a remedy.
    pub(crate) fn check_again(&self, arguments: &[&str]) -> Ran {
        self.ran(&|more| self.run(&[arguments, more].concat(), "")).0
    }

    /// For people and for programs; and the text as it stands.
    fn ran(&self, run: &dyn Fn(&[&str]) -> (i32, String)) -> (Ran, String) {
        let (code, text) = run(&[]);
        let (json_code, json) = run(&["-o", "json"]);
        assert_eq!(code, json_code, "{text}");
        let json = serde_json::from_str(&json).unwrap();
        (Ran { code, text: self.neutral(&text), json }, text)
    }

    /// Runs the diagnosis, and looks for what must not be there.
    fn run(&self, arguments: &[&str], input: &str) -> (i32, String) {
        let mut command = self.command(&["check-health"]);
        let command = command.args(arguments).stdin(Stdio::piped());
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(errors, "", "{arguments:?}: {text}");
        for secret in self.secrets.iter().filter(|secret| !secret.is_empty()) {
            assert!(!text.contains(secret.as_str()), "{secret} is printed: {text}");
        }
        assert!(!text.contains('\u{1b}'), "no colour where there is no terminal: {text}");
        (output.status.code().unwrap(), text)
    }

    /// Without what differs from run to run.
    pub(crate) fn neutral(&self, text: &str) -> String {
        text.replace(&self.home.path().display().to_string(), "HOME")
    }
}

impl Ran {
    /// The root cause comes first, and the exit code says that there is one.
    #[track_caller]
    pub(crate) fn root(&self, code: &str) -> &Value {
        assert_eq!(self.json["causes"][0], code, "{}", self.text);
        assert_eq!((self.code, &self.json["healthy"]), (1, &false.into()), "{}", self.text);
        self.finding(code)
    }

    /// The finding of a code.
    #[track_caller]
    pub(crate) fn finding(&self, code: &str) -> &Value {
        let checks = self.json["checks"].as_array().unwrap().iter();
        let mut findings = checks.flat_map(|check| check["findings"].as_array().unwrap());
        findings.find(|finding| finding["code"] == code).unwrap_or_else(|| panic!("{}", self.text))
    }

    #[track_caller]
    pub(crate) fn healthy(&self) {
        assert_eq!((self.code, &self.json["healthy"]), (0, &true.into()), "{}", self.text);
        assert_eq!(self.json["causes"].as_array().unwrap().len(), 0, "{}", self.text);
    }

    /// What became of a check.
    #[track_caller]
    pub(crate) fn outcome(&self, id: &str) -> &str {
        let checks = self.json["checks"].as_array().unwrap();
        let check = checks.iter().find(|check| check["id"] == id).unwrap();
        check["outcome"].as_str().unwrap()
    }

    /// The checks that did not come through, in JSON, for a snapshot.
    pub(crate) fn failures(&self) -> Value {
        let mut checks = self.json["checks"].as_array().unwrap().clone();
        checks.retain(|check| !check["findings"].as_array().unwrap().is_empty());
        for check in &mut checks {
            check.as_object_mut().unwrap().remove("durationMs");
        }
        checks.into()
    }
}

/// Every finding's code is one that its check may give, and every check has its literal keys.
fn judge_form(json: &Value) {
    let listed =
        naru(Path::new("/")).args(["check-health", "--list", "-o", "json"]).output().unwrap();
    let listed: Value = serde_json::from_slice(&listed.stdout).unwrap();
    let listed = listed.as_array().unwrap();
    for check in json["checks"].as_array().unwrap() {
        for key in ["id", "category", "outcome", "summary", "because", "evidence", "findings"] {
            assert!(check.get(key).is_some(), "{key}: {check}");
        }
        let row = listed.iter().find(|row| row["id"] == check["id"]).unwrap();
        for finding in check["findings"].as_array().unwrap() {
            let may = row["codes"].as_array().unwrap().contains(&finding["code"]);
            assert!(may, "{} gives {}", check["id"], finding["code"]);
            for remedy in finding["remedies"].as_array().unwrap() {
                let verify = &remedy["verify"];
                assert!(listed.iter().any(|row| row["id"] == *verify), "{verify}: {finding}");
            }
        }
    }
}

/// An unsigned token with these claims.
pub(crate) fn token(claims: &Value) -> String {
    let header = URL_SAFE_NO_PAD.encode(r#"{"alg":"none"}"#);
    format!("{header}.{}.c2lnbmF0dXJl", URL_SAFE_NO_PAD.encode(claims.to_string()))
}

/// What differs from run to run in a report.
pub(crate) fn filters() -> insta::Settings {
    let mut settings = crate::support::filters();
    settings.add_filter(r"(localhost|0\.0\.0\.0|LOCALHOST|Localhost):\d+", "$1:[port]");
    settings.add_filter(r"https?://(127\.0\.0\.1|localhost):\d+", "[url]");
    settings.add_filter(r"here \[time\] \([+-]\d+ s\)", "here [time] ([offset])");
    settings.add_filter(r"\d+ s away", "[offset] s away");
    settings.add_filter(r"/tmp/\.tmp[A-Za-z0-9]{6}", "HOME");
    settings.set_prepend_module_to_snapshot(false);
    settings
}

fn unicode_width(line: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(line)
}
