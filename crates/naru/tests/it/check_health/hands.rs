//! Whoever reads a remedy and does what it says: its argument lists are run as they stand, by the
//! tools that they name, in the home that the trouble is in.

use std::io::Write as _;
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use super::bench::Bench;
use crate::support::World;

/// The password that is given where a remedy asks for a new one.
const NEW: &str = "a new password, made by a remedy";

/// A remedy, as both reports write it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Remedy {
    pub(crate) fixes: bool,
    pub(crate) safe: bool,
    pub(crate) commands: Vec<Vec<String>>,
}

impl Remedy {
    /// Those of a finding, or of an event's story.
    pub(crate) fn of(value: &Value) -> Vec<Self> {
        let one = |remedy: &Value| {
            let words = [&remedy["purpose"], &remedy["applicability"]];
            let [purpose, applicability] = words.map(|word| word.as_str().unwrap());
            let commands = serde_json::from_value(remedy["commands"].clone()).unwrap();
            let remedy = Self { fixes: purpose == "fix", safe: applicability == "safe", commands };
            assert!(remedy.fixes || purpose == "look", "{purpose}");
            let applied = remedy.fixes && !remedy.commands.is_empty();
            assert!(applied || !remedy.safe, "it can be applied, and does nothing: {remedy:?}");
            remedy
        };
        value["remedies"].as_array().unwrap().iter().map(one).collect()
    }

    /// Those of every finding of a report.
    pub(crate) fn of_report(report: &Value) -> Vec<Self> {
        let checks = report["checks"].as_array().unwrap().iter();
        let findings = checks.flat_map(|check| check["findings"].as_array().unwrap());
        findings.flat_map(Self::of).collect()
    }
}

/// What a command came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// It did what it says.
    Done,
    /// It asked for a diagnosis, and that found nothing wrong any more.
    Healthy,
    /// The tool that it names is not on this machine.
    NoTool,
}

/// Somebody at the keyboard.
pub(crate) struct Hands<'a> {
    pub(crate) bench: &'a mut Bench,
    /// The server, where it is ours.
    pub(crate) world: Option<&'a World>,
    /// The accounts whose secrets they know; the latest comes first.
    pub(crate) knows: Vec<(String, String)>,
    /// The words in capitals that a remedy leaves to them.
    pub(crate) words: Vec<(&'static str, String)>,
}

impl Hands<'_> {
    /// Does all that a remedy says; what its last command came to.
    pub(crate) fn apply(&mut self, remedy: &Remedy) -> Came {
        let known = self.knows.len();
        let mut came = Came::Done;
        for command in &remedy.commands {
            came = self.run(command);
            if came == Came::NoTool {
                return came;
            }
        }
        // A secret that was made is given to the client, which is what it was made for.
        let logs_in = |command: &Vec<String>| command.iter().any(|word| word == "login");
        if self.knows.len() > known && !remedy.commands.iter().any(logs_in) {
            let host = self.world.unwrap().server().address();
            let (name, _) = self.knows[0].clone();
            let command = ["docker", "login", &host, "-u", &name].map(str::to_owned);
            return self.run(&command);
        }
        came
    }

    fn run(&mut self, command: &[String]) -> Came {
        let command: Vec<String> = command.iter().map(|word| self.filled(word)).collect();
        let (program, arguments) = command.split_first().unwrap();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        match (program.as_str(), arguments.first().copied()) {
            ("naru", Some("check-health")) => {
                self.bench.check(&arguments[1..]).healthy();
                Came::Healthy
            }
            ("naru", _) => self.administer(&arguments),
            ("docker" | "podman", Some("login")) => {
                let name = arguments.iter().skip_while(|word| **word != "-u").nth(1).unwrap();
                let known = self.knows.iter().find(|(known, _)| known == name);
                let known = known.unwrap_or_else(|| panic!("nobody is called so: {command:?}"));
                let secret = known.1.clone();
                self.bench.secret(&secret);
                // Where there is no terminal, the password comes this way.
                self.tool(program, &[&arguments[..], &["--password-stdin"]].concat(), &secret)
            }
            _ => self.tool(program, &arguments, ""),
        }
    }

    /// What stands for a word in capitals, which no program could know.
    fn filled(&self, word: &str) -> String {
        let capitals = |c: char| c.is_ascii_uppercase() || c == '-' || c == '.';
        let open = word.len() > 2 && word.starts_with(|c: char| c.is_ascii_uppercase());
        if !open || !word.chars().all(capitals) {
            return word.to_owned();
        }
        let known = self.words.iter().find(|(name, _)| *name == word);
        known.unwrap_or_else(|| panic!("{word} is for somebody to say")).1.clone()
    }

    /// A command for the server, on its machine. A secret that it makes is kept in mind.
    fn administer(&mut self, arguments: &[&str]) -> Came {
        let line = [arguments, &["-o", "json"]].concat();
        let output = fed(self.world.unwrap().naru(&line), NEW).unwrap();
        assert!(output.status.success(), "{line:?}: {output:?}");
        let said: Value = serde_json::from_slice(&output.stdout).unwrap();
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let made = text(&said["appId"]).zip(text(&said["password"]));
        let made = made
            .or_else(|| text(&said["username"]).zip(text(&said["passwords"][0]["value"])))
            .or_else(|| {
                let given = arguments.contains(&"--password-stdin");
                let name = arguments.iter().skip_while(|word| **word != "-n").nth(1);
                name.filter(|_| given).map(|name| ((*name).to_owned(), NEW.to_owned()))
            });
        if let Some(made) = made {
            self.knows.insert(0, made);
        }
        Came::Done
    }

    /// The tool itself, in the home.
    fn tool(&self, program: &str, arguments: &[&str], input: &str) -> Came {
        if program == "podman" {
            std::fs::create_dir_all(self.bench.path("run")).unwrap();
            // As whoever uses podman with a registry without TLS has it.
            let host = arguments.iter().find(|word| word.contains(':')).unwrap();
            let allowed = format!("[[registry]]\nlocation = \"{host}\"\ninsecure = true\n");
            self.bench.write(".config/containers/registries.conf", &allowed);
        }
        let mut command = Command::new(program);
        // No engine: docker then logs in by itself.
        let engine = format!("unix://{}", self.bench.path("none.sock").display());
        command.args(arguments).env("HOME", self.bench.path("")).env("DOCKER_HOST", engine);
        command.env_remove("DOCKER_CONFIG").env_remove("REGISTRY_AUTH_FILE");
        command.envs(self.bench.variables().filter(|(name, _)| name != "PATH"));
        let Ok(output) = fed(command, input) else {
            println!("SKIPPED: {program} is not installed: apt-get install {program}");
            return Came::NoTool;
        };
        assert!(output.status.success(), "{program} {arguments:?}: {output:?}");
        Came::Done
    }
}

/// Runs a command with something on its standard input; an error where there is no such program.
fn fed(mut command: Command, input: &str) -> std::io::Result<Output> {
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn()?;
    // Whoever asks for nothing may be gone by now.
    let _written = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output()
}
