use super::*;
use std::fs;
use std::path::Path;
use std::process::Command;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use file::FileError;
use words::Words;

struct Home(tempfile::TempDir);

impl Home {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn program(&self, name: &str, script: &str) {
        // Put there by another process: what another thread starts while this one writes would inherit
        // the open file, which is then too busy to be run.
        self.write(&format!("scripts/{name}"), &format!("#!/bin/sh\n{script}\n"));
        let [script, bin] = ["scripts", "bin"].map(|folder| self.0.path().join(folder).join(name));
        let installed =
            Command::new("install").args(["-D", "-m", "755"]).arg(script).arg(bin).status();
        assert!(installed.unwrap().success());
    }

    fn surroundings(&self, variables: &[(&str, &str)]) -> Surroundings {
        let mut all: std::collections::BTreeMap<_, _> = variables
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
            .collect();
        let bin = self.0.path().join("bin").display().to_string();
        all.insert("PATH".to_owned(), format!("{bin}:/usr/bin:/bin"));
        all.insert("XDG_RUNTIME_DIR".to_owned(), self.0.path().join("run").display().to_string());
        Surroundings { variables: all, home: Some(self.0.path().to_owned()), user_id: 1000 }
    }

    async fn look_up(&self, tool: Tool, host: &str, repository: Option<&str>) -> Lookup {
        let surroundings = self.surroundings(&[]);
        let files: Vec<_> = places::files(tool, &surroundings)
            .iter()
            .map(|path| CredentialFile::read(path))
            .collect();
        let server = LoginServer::parse(host).unwrap();
        look_up(tool, &surroundings, &files, &server, repository).await
    }
}

fn auth(pair: &str) -> String {
    STANDARD.encode(pair)
}

fn name_and_secret(lookup: &Lookup) -> (&str, &str, Kind) {
    match &lookup.found {
        Found::Credential { stored, .. } => (&stored.username, stored.secret.expose(), stored.kind),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn docker_takes_the_entry_of_its_file() {
    let home = Home::new();
    let config =
        format!(r#"{{"auths":{{"https://r.example/v2/":{{"auth":"{}"}}}}}}"#, auth("me:a:b"));
    home.write(".docker/config.json", &config);
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert_eq!(name_and_secret(&found), ("me", "a:b", Kind::Password));
    let other = home.look_up(Tool::Docker, "r.example:5000", None).await;
    assert!(matches!(other.found, Found::Nothing));
    assert_eq!(other.near[0].1, "https://r.example/v2/");
}

#[tokio::test]
async fn an_identity_token_is_told_from_a_password() {
    let home = Home::new();
    let config = format!(
        r#"{{"auths":{{"r.example":{{"auth":"{}","identitytoken":"eyJ0"}},"s.example":{{"registrytoken":"eyJ1"}}}}}}"#,
        auth("00000000-0000-0000-0000-000000000000:")
    );
    home.write(".docker/config.json", &config);
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert_eq!(name_and_secret(&found).1, "eyJ0");
    assert_eq!(name_and_secret(&found).2, Kind::IdentityToken);
    let found = home.look_up(Tool::Docker, "s.example", None).await;
    assert_eq!(name_and_secret(&found).2, Kind::RegistryToken);
}

#[tokio::test]
async fn podman_looks_into_its_files_in_their_order_and_at_namespaces() {
    let home = Home::new();
    home.write(
        ".docker/config.json",
        &format!(r#"{{"auths":{{"r.example":{{"auth":"{}"}}}}}}"#, auth("third:x")),
    );
    let found = home.look_up(Tool::Podman, "r.example", None).await;
    assert_eq!((name_and_secret(&found).0, found.searched.len()), ("third", 3));
    let config = format!(
        r#"{{"auths":{{"r.example":{{"auth":"{}"}},"r.example/team":{{"auth":"{}"}}}}}}"#,
        auth("first:x"),
        auth("team:x")
    );
    home.write("run/containers/auth.json", &config);
    let found = home.look_up(Tool::Podman, "r.example", None).await;
    assert_eq!((name_and_secret(&found).0, found.searched.len()), ("first", 1));
    let found = home.look_up(Tool::Podman, "r.example", Some("team/app")).await;
    assert_eq!(name_and_secret(&found).0, "team");
    let found = home.look_up(Tool::Podman, "r.example", Some("teams")).await;
    assert_eq!(name_and_secret(&found).0, "first");
}

#[tokio::test]
async fn a_helper_is_really_run() {
    let home = Home::new();
    home.program(
        "docker-credential-vault",
        r#"read key; echo "{\"Username\":\"<token>\",\"Secret\":\"for $key\"}""#,
    );
    home.write(".docker/config.json", r#"{"auths":{"r.example":{}},"credsStore":"vault"}"#);
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert_eq!(name_and_secret(&found), ("<token>", "for r.example", Kind::IdentityToken));
    let podman = home.look_up(Tool::Podman, "r.example", None).await;
    assert!(matches!(podman.found, Found::Nothing), "podman does not know credsStore");
}

#[tokio::test]
async fn a_helper_for_one_registry_comes_before_the_one_for_all() {
    let home = Home::new();
    home.program("docker-credential-one", r#"echo '{"Username":"one","Secret":"x"}'"#);
    home.write(
        ".docker/config.json",
        r#"{"credsStore":"nowhere","credHelpers":{"r.example":"one"}}"#,
    );
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert_eq!(name_and_secret(&found).0, "one");
    let found = home.look_up(Tool::Docker, "s.example", None).await;
    assert!(matches!(
        found.found,
        Found::Helper { error: HelperError::Missing(ref program), .. } if program == "docker-credential-nowhere"
    ));
}

#[tokio::test]
async fn a_helper_that_has_nothing_is_no_failure_and_one_that_fails_is() {
    let home = Home::new();
    home.write(".docker/config.json", r#"{"credsStore":"h"}"#);
    home.program("docker-credential-h", "echo credentials not found in native keychain; exit 1");
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert!(matches!(found.found, Found::Nothing), "{found:?}");
    home.program("docker-credential-h", "echo locked; exit 1");
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert!(
        matches!(&found.found, Found::Helper { error: HelperError::Failed { how, words: Words::Said(said), .. }, .. } if how == "exit code 1" && said == "locked"),
        "{found:?}"
    );
    home.program("docker-credential-h", "echo hunter2");
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    assert!(matches!(&found.found, Found::Helper { error: HelperError::Unreadable(_), .. }));
    assert!(!format!("{found:?}").contains("hunter2"), "{found:?}");
}

#[tokio::test]
async fn an_entry_that_cannot_be_read_says_how() {
    let home = Home::new();
    for (entry, fault) in [
        (r#"{"auth":"%%"}"#.to_owned(), Malformed::NotBase64),
        (format!(r#"{{"auth":"{}"}}"#, auth("no colon")), Malformed::NoColon),
        (format!(r#"{{"auth":"{}"}}"#, auth("me:")), Malformed::Empty),
    ] {
        home.write(".docker/config.json", &format!(r#"{{"auths":{{"r.example":{entry}}}}}"#));
        let found = home.look_up(Tool::Docker, "r.example", None).await;
        assert!(
            matches!(found.found, Found::Malformed { fault: found, .. } if found == fault),
            "{found:?}"
        );
    }
}

#[test]
fn a_broken_file_is_placed_and_not_quoted() {
    let home = Home::new();
    home.write("config.json", "{\n\"auths\": \"hunter2\"}");
    let path: &Path = &home.0.path().join("config.json");
    let error = CredentialFile::read(path).content.unwrap_err();
    assert!(matches!(error, FileError::Invalid { line: 2, .. }), "{error:?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
    assert!(CredentialFile::read(Path::new("/nothing/here")).content.unwrap().is_none());
    home.write("config.json", "");
    assert!(CredentialFile::read(path).content.unwrap().unwrap().auths.is_empty());
}

#[tokio::test]
async fn podman_asks_the_helpers_of_registries_conf_in_their_order() {
    let home = Home::new();
    let conf = ".config/containers/registries.conf";
    let helper = |name: &str, user: &str| {
        let script = format!(
            r#"read key; [ "$key" = r.example ] || exit 1; echo '{{"Username":"{user}","Secret":"s"}}'"#
        );
        home.program(&format!("docker-credential-{name}"), &script);
    };
    helper("vault", "vaults");
    let file = format!(r#"{{"auths":{{"r.example":{{"auth":"{}"}}}}}}"#, auth("files:s"));
    home.write(".config/containers/auth.json", &file);
    let podman = async || home.look_up(Tool::Podman, "r.example", None).await;
    assert_eq!(name_and_secret(&podman().await).0, "files");
    home.write(conf, r#"credential-helpers = ["vault", "containers-auth.json"]"#);
    assert_eq!(name_and_secret(&podman().await).0, "vaults");
    home.write(conf, r#"credential-helpers = ["containers-auth.json", "vault"]"#);
    assert_eq!(name_and_secret(&podman().await).0, "files");
    home.write(conf, r#"credential-helpers = ["gone", "containers-auth.json"]"#);
    assert_eq!(name_and_secret(&podman().await).0, "files", "podman goes on after one that fails");
    home.write(conf, r#"credential-helpers = ["gone"]"#);
    assert!(matches!(podman().await.found, Found::Helper { error: HelperError::Missing(_), .. }));
    let docker = home.look_up(Tool::Docker, "r.example", None).await;
    assert!(matches!(docker.found, Found::Nothing), "docker reads none of it");
}

#[tokio::test]
async fn a_helpers_complaint_is_not_shown_where_it_holds_what_is_in_the_files() {
    let home = Home::new();
    let config = format!(
        r#"{{"auths":{{"s.example":{{"auth":"{}"}}}},"credsStore":"loud"}}"#,
        auth("me:short one")
    );
    home.write(".docker/config.json", &config);
    home.program("docker-credential-loud", "echo it was short one >&2; exit 1");
    let found = home.look_up(Tool::Docker, "r.example", None).await;
    let Found::Helper { error, .. } = found.found else { panic!("{found:?}") };
    assert!(!error.to_string().contains("short one"), "{error}");
    assert!(error.to_string().contains("held back"), "{error}");
}
