//! `docker.daemon`: the engine behind docker answers, and says how it reaches registries.
//!
//! Podman and its kin need none. Where neither a variable nor a socket speaks of an engine, a
//! command alone is no promise of one: that is a warning, since such a machine may well only log in.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt as _, Empty, Limited};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use naru_codes::Cause;
use naru_codes::report::{
    Because, Category, Certainty, Evidence, EvidenceKind, Finding, Outcome, Reach, Severity, Text,
};
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, UnixStream};
use tokio::time::timeout;

use super::engine::{Whereabouts, find};
use crate::check::{Check, Done, Identity, LOCAL, Running};
use crate::context::Context;
use crate::fact::{Engine, Facts, Tools};
use crate::finding::{Place, finding};

pub(crate) static CHECK: Check = Check {
    id: "docker.daemon",
    category: Category::Environment,
    claim: "check-docker-daemon",
    needs: &["tools"],
    holds: &[],
    after: &[],
    yields: &["engine"],
    applies: |facts| {
        let has = |tools: &Tools| tools.found.iter().any(|(name, _)| *name == "docker");
        if facts.get::<Tools>().is_some_and(has) {
            Ok(())
        } else {
            Err(Text::new("reason-no-docker"))
        }
    },
    codes: &[Cause::DockerDaemonUnreachable, Cause::DockerSocketPermission],
    reach: Reach::Offline,
    identity: Identity::Nobody,
    budget: LOCAL,
    since: "0.1",
    retired: None,
    run: |context, _| -> Running { Box::pin(async move { look(&context).await }) },
};

/// How long the engine may take.
const PATIENCE: Duration = Duration::from_secs(5);

/// The most that is read of its answer.
const LONGEST: usize = 1024 * 1024;

/// What the engine says of itself, as far as we ask.
#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct Info {
    server_version: String,
    #[serde(rename = "HttpsProxy")]
    https_proxy: String,
    registry_config: RegistryConfig,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct RegistryConfig {
    #[serde(rename = "InsecureRegistryCIDRs")]
    insecure_networks: Option<Vec<String>>,
    index_configs: std::collections::BTreeMap<String, IndexConfig>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
struct IndexConfig {
    secure: bool,
}

async fn look(context: &Arc<Context>) -> Done {
    let (place, configured) = find(&context.surroundings);
    let (shown, answer) = match place {
        Whereabouts::Socket(path) => (path.display().to_string(), info_of_socket(&path).await),
        Whereabouts::Address(_) if context.asked.offline => {
            // This machine's socket is looked at in any case; an address is the network.
            let outcome = Outcome::Skipped { because: Because::Consent(Reach::Network) };
            return Done { outcome, facts: Facts::default(), transient: false };
        }
        Whereabouts::Address(address) => {
            let answer = info_of_address(&address).await;
            (address, answer)
        }
        Whereabouts::Elsewhere(url) => {
            let reason = Text::new("reason-engine").with("place", url);
            let outcome = Outcome::NotApplicable { reason };
            return Done { outcome, facts: Facts::default(), transient: false };
        }
        Whereabouts::NoContext(name) => {
            let error = std::io::Error::from(std::io::ErrorKind::NotFound);
            (format!("docker context {name}"), Err(error))
        }
    };
    match answer {
        Ok(info) => {
            let text = format!("{shown}: version {}", info.server_version);
            let config = info.registry_config;
            let mut insecure = config.insecure_networks.unwrap_or_default();
            insecure.extend(
                config
                    .index_configs
                    .into_iter()
                    .filter(|(_, index)| !index.secure)
                    .map(|(name, _)| name),
            );
            Done::passed(vec![Evidence::new(EvidenceKind::Program, text)])
                .yielding(Engine { https_proxy: info.https_proxy, insecure })
        }
        Err(error) => Done::found(vec![unreachable(&shown, configured, &error)], Vec::new()),
    }
}

fn unreachable(shown: &str, configured: bool, error: &std::io::Error) -> Finding {
    let denied = error.kind() == std::io::ErrorKind::PermissionDenied;
    let (code, id) = if denied {
        (Cause::DockerSocketPermission, "found-docker-socket-permission")
    } else {
        (Cause::DockerDaemonUnreachable, "found-docker-daemon-unreachable")
    };
    let summary = Text::new(id).with("place", shown).with("why", error);
    let evidence = Evidence::new(EvidenceKind::Program, format!("{shown}: {error}"));
    let place = Place { verify: CHECK.id, ..Place::default() };
    let found = finding(code, Certainty::Proven, shown, summary, &place).evidence([evidence]);
    if configured { found } else { found.at_most(Severity::Warning) }
}

async fn info_of_socket(path: &Path) -> std::io::Result<Info> {
    let stream = timeout(PATIENCE, UnixStream::connect(path)).await??;
    timeout(PATIENCE, info(stream)).await?
}

async fn info_of_address(address: &str) -> std::io::Result<Info> {
    let stream = timeout(PATIENCE, TcpStream::connect(address)).await??;
    timeout(PATIENCE, info(stream)).await?
}

async fn info(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> std::io::Result<Info> {
    let (mut sender, connection) =
        http1::handshake(TokioIo::new(stream)).await.map_err(std::io::Error::other)?;
    let connection = tokio::spawn(connection);
    let request = http::Request::get("/info").header("host", "docker").body(Empty::<Bytes>::new());
    let request = request.map_err(std::io::Error::other)?;
    let reply = sender.send_request(request).await.map_err(std::io::Error::other)?;
    let (head, body) = reply.into_parts();
    let body = Limited::new(body, LONGEST).collect().await.map_err(std::io::Error::other)?;
    connection.abort();
    if !head.status.is_success() {
        return Err(std::io::Error::other(format!("status {}", head.status.as_u16())));
    }
    serde_json::from_slice(&body.to_bytes()).map_err(std::io::Error::other)
}
