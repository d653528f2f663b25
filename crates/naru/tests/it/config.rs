//! `naru config check`: what is in force, and what is wrong, before a server starts.

use std::fs;
use std::path::Path;

use crate::support::World;

fn shown(world: &World, line: &str) -> String {
    world.shown(line).replace(&world.home.path().display().to_string(), "HOME")
}

fn file(world: &World, text: &str) -> String {
    let path = world.home.path().join("naru.toml");
    fs::write(&path, text).unwrap();
    path.display().to_string()
}

#[test]
fn all_that_is_wrong_is_shown_with_its_line_and_serve_says_the_same() {
    let world = World::empty();
    let path = file(
        &world,
        "[server]\nlisten = \"127.0.0.1:0\"\nlisen = \"127.0.0.1:1\"\ntls-cert = \"/nowhere/tls.crt\"\n\n\
         [limits]\nconnections = \"many\"\n\n[sever]\ndomain = \"나루\"\n",
    );
    let checked = shown(&world, &format!("config check --config {path}"));
    insta::assert_snapshot!(checked, @r#"
    exit 2
    ----
    error: HOME/naru.toml:3:1: there is no key `server.lisen`
      |
    3 | lisen = "127.0.0.1:1"
      | ^^^^^
    hint: did you mean `server.listen`?

    error: HOME/naru.toml:4:12: a certificate and its key go together: give `server.tls-key` too
      |
    4 | tls-cert = "/nowhere/tls.crt"
      |            ^^^^^^^^^^^^^^^^^^

    error: HOME/naru.toml:7:15: `many` is not a number, 1 or more
      |
    7 | connections = "many"
      |               ^^^^^^

    error: HOME/naru.toml:9:2: there is no key `sever`
      |
    9 | [sever]
      |  ^^^^^
    hint: did you mean `server`?
    "#);
    let served = shown(&world, &format!("serve --config {path}"));
    assert_eq!(checked, served);
    let korean = world.shown_in("ko_KR.UTF-8", &format!("config check --config {path}"));
    let korean = korean.replace(&world.home.path().display().to_string(), "HOME");
    insta::assert_snapshot!(korean, @r#"
    exit 2
    ----
    오류: HOME/naru.toml:3:1: 없는 키입니다: `server.lisen`
      |
    3 | lisen = "127.0.0.1:1"
      | ^^^^^
    도움말: 혹시 다음 값입니까? `server.listen`

    오류: HOME/naru.toml:4:12: 인증서와 키는 함께 지정해야 합니다. `server.tls-key`도 지정하세요
      |
    4 | tls-cert = "/nowhere/tls.crt"
      |            ^^^^^^^^^^^^^^^^^^

    오류: HOME/naru.toml:7:15: 사용할 수 없는 값입니다: `many`. 필요한 값: 1 이상의 수
      |
    7 | connections = "many"
      |               ^^^^^^

    오류: HOME/naru.toml:9:2: 없는 키입니다: `sever`
      |
    9 | [sever]
      |  ^^^^^
    도움말: 혹시 다음 값입니까? `server`
    "#);
    let (code, error) = world.failed_json(&format!("config check --config {path}"));
    assert_eq!((code, &error["error"]["code"]), (2, &"settings-invalid".into()));
    let places: Vec<_> = error["error"]["problems"].as_array().unwrap().iter().collect();
    assert!(places[0]["place"].as_str().unwrap().ends_with("naru.toml:3:1"), "{error}");
    assert_eq!(places[0]["hint"], "did you mean `server.listen`?");
}

#[test]
fn what_is_in_force_is_shown_with_where_it_comes_from_and_no_secret() {
    let world = World::empty();
    let path = file(&world, "[server]\nlisten = [\"127.0.0.1:0\", \"[::1]:0\"]\n");
    let mut command = world.naru(&["config", "check", "--registry", "myregistry"]);
    command
        .env("NARU_CONFIG", &path)
        .env("NARU_SERVER_DOMAIN", "example.com")
        .env("NARU_OWNER_PASSWORD", "correct horse");
    let output = command.output().unwrap();
    let text = |bytes: &[u8]| {
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        text.replace(&world.data().display().to_string(), "DATA")
            .replace(&world.home.path().display().to_string(), "HOME")
    };
    let shown = format!("{}----\n{}", text(&output.stdout), text(&output.stderr));
    assert!(!shown.contains("horse"), "{shown}");
    let line = |key: &str| {
        let line = shown.lines().find(|line| line.split_whitespace().next() == Some(key)).unwrap();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(line("server.registry"), "myregistry --registry");
    assert_eq!(line("server.domain"), "example.com NARU_SERVER_DOMAIN");
    assert_eq!(line("server.shutdown-timeout"), "30s -");
    assert!(shown.ends_with("----\nthe settings are sound\n"), "{shown}");
    let json = world.json(&format!("config check --config {path}"));
    let listen = json.as_array().unwrap().iter().find(|one| one["key"] == "server.listen").unwrap();
    assert_eq!(listen["value"], "127.0.0.1:0, [::1]:0");
    assert_eq!(listen["from"], "file");
    assert!(listen["place"].as_str().unwrap().ends_with("naru.toml:2:11"));
}

#[test]
fn a_variable_that_nobody_knows_stops_a_start() {
    let world = World::empty();
    let mut command = world.naru(&["config", "check"]);
    let output = command.env("NARU_SERVER_LISTN", "127.0.0.1:1").output().unwrap();
    insta::assert_snapshot!(String::from_utf8(output.stderr).unwrap(), @r"
    error: there is no variable `NARU_SERVER_LISTN`
    hint: did you mean `NARU_SERVER_LISTEN`?
    ");
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn a_certificate_is_looked_at_too() {
    let world = World::empty();
    let (certificate, key) = pair(world.home.path(), 2020);
    let line = format!("config check --config {}", tls(&world, &certificate, &key));
    assert!(world.shown(&line).starts_with("exit 0\n"));
    let (other, _) = pair(&world.home.path().join("other"), 2020);
    let line = format!("config check --config {}", tls(&world, &other, &key));
    insta::assert_snapshot!(shown(&world, &line), @r"
    exit 2
    ----
    error: the key in HOME/tls.key does not belong to the first certificate in HOME/other/tls.crt, which must be the server's own
    ");
}

#[test]
fn the_file_that_comes_with_the_unit_of_systemd_is_sound() {
    let world = World::empty();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../packaging/naru.toml");
    let shown = world.shown(&format!("config check --config {path}"));
    assert!(shown.starts_with("exit 0\n"), "{shown}");
}

fn tls(world: &World, certificate: &str, key: &str) -> String {
    file(world, &format!("[server]\ntls-cert = \"{certificate}\"\ntls-key = \"{key}\"\n"))
}

/// Writes a certificate that ends with a year, and its key.
pub(crate) fn pair(directory: &Path, year: i32) -> (String, String) {
    fs::create_dir_all(directory).unwrap();
    let key = rcgen::KeyPair::generate().unwrap();
    let mut certificate = rcgen::CertificateParams::new(["localhost".to_owned()]).unwrap();
    certificate.not_after = rcgen::date_time_ymd(year, 12, 31);
    let certificate = certificate.self_signed(&key).unwrap();
    let paths = [directory.join("tls.crt"), directory.join("tls.key")];
    fs::write(&paths[0], certificate.pem()).unwrap();
    fs::write(&paths[1], key.serialize_pem()).unwrap();
    let [certificate, key] = paths.map(|path| path.display().to_string());
    (certificate, key)
}
