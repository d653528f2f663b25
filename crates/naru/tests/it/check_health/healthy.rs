//! Set-ups in which nothing is wrong: nothing may be said.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use super::bench::{Bench, filters};
use super::faults::reply;
use crate::support::{PASSWORD, Server, World};

#[test]
fn plain_http_on_loopback_with_a_token() {
    let world = World::new();
    let host = world.server().address();
    let made =
        world.json("token create -n ci-build --repository team/app content/read content/write");
    let password = made["credentials"]["passwords"][0]["value"].as_str().unwrap();
    let mut bench = Bench::new();
    bench.log_in(&host, "ci-build", password);
    let ran = bench.check(&[&host, "--repository", "team/app", "--action", "pull,push"]);
    ran.healthy();
    filters().bind(|| insta::assert_snapshot!("healthy-token", ran.text));
}

#[test]
fn tls_by_a_private_authority_with_a_user() {
    let world = World::empty();
    let mut command = world.naru(&["serve", "--listen", "127.0.0.1:0", "--tls", "dev"]);
    command.env("NARU_OWNER_PASSWORD", PASSWORD);
    let server = Server::start(command);
    let host = format!("localhost:{}", server.address().rsplit_once(':').unwrap().1);
    let mut bench = Bench::new();
    // As podman is told of it.
    let authority = std::fs::read_to_string(world.data().join("tls/ca.pem")).unwrap();
    bench.write(&format!(".config/containers/certs.d/{host}/ca.crt"), &authority);
    bench.log_in(&host, "owner", PASSWORD);
    let ran = bench.check(&[&format!("{host}/team/app")]);
    ran.healthy();
    assert_eq!(ran.outcome("tls.chain-trusted"), "passed");
    filters().bind(|| insta::assert_snapshot!("healthy-tls", ran.text));
}

#[test]
fn anonymous_pull() {
    let world = World::new();
    let host = world.server().address();
    world.shown("registry update --anonymous-pull-enabled true");
    let bench = Bench::new();
    bench.check(&[&host]).healthy();
    bench.check(&[&format!("{host}/public/app")]).healthy();
}

#[test]
fn podmans_files() {
    let world = World::new();
    let host = world.server().address();
    for file in ["run/containers/auth.json", ".config/containers/auth.json", ".docker/config.json"]
    {
        let mut bench = Bench::new();
        bench.log_in_at(file, &host, "owner", PASSWORD);
        bench.check(&[&host]).healthy();
    }
    let mut bench = Bench::new();
    bench.log_in_at("elsewhere/auth.json", &host, "owner", PASSWORD);
    let file = bench.path("elsewhere/auth.json").display().to_string();
    bench.variable("REGISTRY_AUTH_FILE", &file);
    bench.check(&[&host]).healthy();
}

#[test]
fn a_credential_helper() {
    let world = World::new();
    let host = world.server().address();
    let mut bench = Bench::new();
    bench.secret(PASSWORD);
    bench.program(
        "docker-credential-vault",
        &format!("read key; [ \"$key\" = {host} ] && echo '{{\"Username\":\"owner\",\"Secret\":\"{PASSWORD}\"}}'"),
    );
    bench.write(".docker/config.json", &format!(r#"{{"credHelpers":{{"{host}":"vault"}}}}"#));
    bench.check(&[&host]).healthy();
}

#[test]
fn a_registry_that_asks_for_basic() {
    let server = super::faults::Server::http(|request| {
        if request.to_lowercase().contains("authorization: basic bwu6bxktb3duihbhc3n3b3jk") {
            reply("200 OK", "Docker-Distribution-Api-Version: registry/2.0\r\n", "{}")
        } else {
            reply("401 Unauthorized", "WWW-Authenticate: Basic realm=\"x\"\r\n", "{}")
        }
    });
    let mut bench = Bench::new();
    let host = server.address.to_string();
    bench.log_in(&host, "me", "my-own password");
    bench.check(&[&host]).healthy();
    bench.log_in(&host, "me", "another password");
    bench.check(&[&host]).root("credential-invalid");
}

/// Debian's `docker-registry` with htpasswd: another registry altogether.
#[test]
fn another_registry_with_htpasswd() {
    let binary = ["/usr/bin/docker-registry", "/usr/local/bin/docker-registry"];
    let Some(binary) = binary.into_iter().find(|path| std::path::Path::new(path).exists()) else {
        assert!(!is_due(), "docker-registry is due, and is not installed");
        println!("SKIPPED: another_registry_with_htpasswd: apt-get install docker-registry");
        return;
    };
    let mut bench = Bench::new();
    // `htpasswd -Bbn me another-registrys-password`
    let line = "me:$2y$05$/ZCuUBkOEX4nFJxwqzMINOgBeN6xNKd4orq5kFUcuYl57WjjiK07e\n";
    let htpasswd = bench.write("htpasswd", line);
    let config = format!(
        "version: 0.1\nlog: {{level: info, formatter: json}}\nstorage: {{filesystem: {{rootdirectory: {}}}}}\n\
         http: {{addr: '127.0.0.1:0', secret: x}}\nauth: {{htpasswd: {{realm: x, path: {}}}}}\n",
        bench.path("registry").display(),
        htpasswd.display()
    );
    let config = bench.write("registry.yml", &config);
    let mut command = Command::new(binary);
    let command = command.arg("serve").arg(config).stdout(Stdio::null()).stderr(Stdio::piped());
    let mut running = Ended(command.spawn().unwrap());
    let lines = BufReader::new(running.0.stderr.take().unwrap()).lines();
    let mut lines = lines.map_while(Result::ok);
    let line = lines.find(|line| line.contains("listening on")).unwrap();
    let host = line.split("listening on ").nth(1).unwrap();
    let host: String =
        host.chars().take_while(|c| c.is_ascii_digit() || ".:".contains(*c)).collect();
    std::thread::spawn(move || lines.for_each(drop));
    bench.log_in(&host, "me", "another-registrys-password");
    bench.check(&[&host]).healthy();
    bench.log_in(&host, "me", "not that password");
    bench.check(&[&host]).root("credential-invalid");
}

/// A process that ends with its value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        let _ended = self.0.kill();
        let _reaped = self.0.wait();
    }
}

/// Whether the other registry must be there: CI says so, once it has installed it.
#[expect(clippy::disallowed_methods, reason = "whether a test may be skipped is told from outside")]
fn is_due() -> bool {
    std::env::var_os("DOCKER_REGISTRY_IS_DUE").is_some()
}
