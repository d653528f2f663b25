//! `anonymous.answers`: the registry says what it gives without a login. Giving nothing is no
//! fault: what is learnt is whether a login is needed at all.

use naru_client::challenge::{Bearer, Challenge};
use naru_client::http::{Authorization, Sending};
use naru_client::jwt::Claims;
use naru_client::refusal::Refusal;
use naru_client::token::{Login, TokenError, TokenService};
use naru_client::transport::{Connector, Endpoint};
use naru_codes::Cause;
use naru_codes::report::{Category, Evidence, EvidenceKind, Reach};

use crate::check::{Check, Done, Identity, REMOTE, Running, always};
use crate::context::Context;
use crate::fact::{Anonymous, Channel, Facts, Ping, Target};
use crate::finding::{Place, bare, exchange, no_answer};

pub(crate) static CHECK: Check = Check {
    id: "anonymous.answers",
    category: Category::Exchange,
    claim: "check-anonymous-answers",
    needs: &["target", "channel", "ping"],
    holds: &[],
    after: &[],
    yields: &["anonymous"],
    applies: always,
    codes: &[
        Cause::NetworkDns,
        Cause::NetworkProxy,
        Cause::NetworkRefused,
        Cause::NetworkTimeout,
        Cause::NetworkTlsProtocol,
        Cause::RegistryNoChallenge,
    ],
    reach: Reach::Network,
    identity: Identity::Nobody,
    budget: REMOTE,
    since: "0.1",
    retired: None,
    run: |context, facts| -> Running { Box::pin(async move { look(&context, &facts).await }) },
};

/// What is asked for where no repository was named: Docker Hub has it, and elsewhere it stands for
/// any.
const ANY: &str = "library/hello-world";

/// The bearer challenge of a registry.
pub(in crate::check) fn bearer(ping: &Ping) -> Option<&Bearer> {
    ping.challenges.iter().find_map(|challenge| match challenge {
        Challenge::Bearer(bearer) => Some(bearer),
        Challenge::Basic | Challenge::Other(_) => None,
    })
}

/// The media types of manifests, as tools ask for them.
pub(in crate::check) const MANIFESTS: &str = "application/vnd.oci.image.index.v1+json, \
    application/vnd.oci.image.manifest.v1+json, \
    application/vnd.docker.distribution.manifest.list.v2+json, \
    application/vnd.docker.distribution.manifest.v2+json, */*";

/// What is asked for to see whether a repository can be read: the tag that was named, else a
/// digest that no content has, since a right to read shows in how its absence is told.
pub(in crate::check) fn manifest(target: &Target) -> Option<String> {
    let repository = target.repository.as_deref()?;
    let nothing = format!("sha256:{}", "0".repeat(64));
    let reference = target.reference.clone().unwrap_or(nothing);
    Some(format!("/v2/{repository}/manifests/{reference}"))
}

async fn look(context: &Context, facts: &Facts) -> Done {
    let (Some(target), Some(channel), Some(ping)) =
        (facts.get::<Target>(), facts.get::<Channel>(), facts.get::<Ping>())
    else {
        return Done::passed(Vec::new());
    };
    let connector = context.connector(&target.server);
    let endpoint = &channel.endpoint;
    let mut evidence = Vec::new();
    let place = Place { host: target.server.to_string(), verify: CHECK.id, ..Place::default() };
    let scopes = [format!("repository:{}:pull", target.repository.as_deref().unwrap_or(ANY))];
    let authorization = if ping.open {
        Some(Authorization::None)
    } else if let Some(bearer) = bearer(ping) {
        match TokenService::of(bearer, endpoint) {
            Err(fault) => {
                evidence
                    .push(Evidence::new(EvidenceKind::Http, format!("{}: {fault}", bearer.realm)));
                None
            }
            Ok(service) => {
                let asked = service.token(&connector, &Login::Anonymous, &scopes).await;
                match token(asked, &service, &mut evidence) {
                    Ok(authorization) => authorization,
                    Err(TokenError::Send(error)) => {
                        let found = no_answer(&error, &service.endpoint, &place);
                        return Done::found(vec![found], Vec::new()).transient(true);
                    }
                    Err(_) => None,
                }
            }
        }
    } else {
        None
    };
    let token = authorization.is_some();
    let pull = match (manifest(target), authorization) {
        (None, _) => None,
        (Some(_), None) => Some(false),
        (Some(path), Some(authorization)) => {
            Some(readable(&connector, endpoint, path, authorization, &mut evidence).await)
        }
    };
    Done::passed(evidence).yielding(Anonymous { pull, token })
}

/// The token of an anonymous caller; none where it is refused, or gives nothing.
fn token(
    asked: Result<(naru_client::secret::Secret, naru_client::http::Reply), TokenError>,
    service: &TokenService,
    evidence: &mut Vec<Evidence>,
) -> Result<Option<Authorization>, TokenError> {
    let url = service.url();
    match asked {
        Ok((token, reply)) => {
            evidence.push(exchange("GET", &url, &reply));
            let empty = Claims::of(token.expose()).is_some_and(|claims| {
                claims.access.is_some_and(|access| access.iter().all(|one| one.actions.is_empty()))
            });
            Ok((!empty).then_some(Authorization::Bearer(token)))
        }
        Err(TokenError::Refused(refusal)) => {
            let text = format!("GET {} -> {}", bare(&url), refusal.summary());
            evidence.push(Evidence::new(EvidenceKind::Http, text));
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Whether a manifest can be read, or its absence is told as only a reader is told.
async fn readable(
    connector: &Connector,
    endpoint: &Endpoint,
    path: String,
    authorization: Authorization,
    evidence: &mut Vec<Evidence>,
) -> bool {
    let url = endpoint.url(&path);
    let sending = Sending { accept: Some(MANIFESTS), ..Sending::get(path) }.with(authorization);
    match connector.send(endpoint, sending).await {
        Ok(reply) => {
            evidence.push(exchange("GET", &url, &reply));
            let code = Refusal::of(&reply).code;
            let absent = reply.status.as_u16() == 404
                && matches!(
                    code.as_deref(),
                    Some("MANIFEST_UNKNOWN" | "TAG_UNKNOWN" | "NAME_UNKNOWN")
                );
            reply.status.is_success() || absent
        }
        Err(error) => {
            evidence.push(Evidence::new(EvidenceKind::Network, error.to_string()));
            false
        }
    }
}
