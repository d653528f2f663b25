//! Short forms in which checks say what they found.

use std::fmt::Write as _;

use jiff::Timestamp;
use naru_client::http::{Reply, SendError};
use naru_client::refusal::Refusal;
use naru_client::transport::{ConnectError, Endpoint};
use naru_codes::Cause;
use naru_codes::report::{Certainty, Evidence, EvidenceKind, Finding, Lookup, Text};

use crate::remedy::remedies;

/// What checks know when they find something, for its words and commands.
#[derive(Clone, Debug, Default)]
pub(crate) struct Place {
    /// The login server, in lower case.
    pub(crate) host: String,
    /// The repository.
    pub(crate) repository: Option<String>,
    /// The user name.
    pub(crate) user: Option<String>,
    /// A file or program.
    pub(crate) item: Option<String>,
    /// The tool that is at hand.
    pub(crate) tool: Option<&'static str>,
    /// The check that shows whether a remedy helped.
    pub(crate) verify: &'static str,
}

/// A finding with the remedies of its cause.
pub(crate) fn finding(
    code: Cause,
    certainty: Certainty,
    subject: impl Into<String>,
    summary: Text,
    place: &Place,
) -> Finding {
    Finding::new(code, certainty, subject, summary).remedy(remedies(code, place))
}

/// A request and its answer, as evidence.
pub(crate) fn exchange(method: &str, url: &str, reply: &Reply) -> Evidence {
    let refusal = Refusal::of(reply);
    let mut text = format!("{method} {} -> ", bare(url));
    if reply.status.is_success() {
        text.push_str(reply.status.as_str());
    } else {
        text.push_str(&refusal.summary());
    }
    if let Some(id) = refusal.correlation_id.filter(|id| !text.contains(id.as_str())) {
        let _ = write!(text, " (correlation id {id})");
    }
    Evidence::new(EvidenceKind::Http, text)
}

/// A URL without its query, which may hold an account's name.
pub(crate) fn bare(url: &str) -> &str {
    url.split('?').next().unwrap_or(url)
}

/// Where the operator finds a refusal.
pub(crate) fn lookup(refusal: &Refusal) -> Option<Lookup> {
    let correlation_id = refusal.correlation_id.clone()?;
    let server_time = refusal.date.map(|date| date.to_string());
    Some(Lookup { correlation_id, server_time })
}

/// What a refusal comes to where the registry itself names no cause: its own words, else `otherwise`.
pub(crate) fn cause_of(refusal: &Refusal, otherwise: Cause) -> (Cause, Certainty) {
    if let Some(cause) = refusal.cause {
        return (cause, Certainty::Proven);
    }
    let said = refusal.message.as_deref().unwrap_or_default();
    let matched = crate::explain::recognise(said);
    if let Some(best) = matched.first().filter(|best| best.certainty < Certainty::Possible) {
        return (best.cause, Certainty::Likely);
    }
    match refusal.status {
        429 => (Cause::RegistryRateLimited, Certainty::Likely),
        500..=599 => (Cause::RegistryUnavailable, Certainty::Proven),
        _ => (otherwise, Certainty::Proven),
    }
}

/// What it comes to that there was no answer.
pub(crate) fn no_answer(error: &SendError, endpoint: &Endpoint, place: &Place) -> Finding {
    let code = match error {
        SendError::Connect(error) => connect_cause(error),
        SendError::Protocol(_) => Cause::RegistryNoChallenge,
        SendError::Timeout => Cause::NetworkTimeout,
    };
    let summary =
        Text::new("found-no-answer").with("host", endpoint.authority()).with("why", error);
    let evidence =
        Evidence::new(EvidenceKind::Network, format!("{}: {error}", endpoint.authority()));
    finding(code, Certainty::Proven, endpoint.authority(), summary, place).evidence([evidence])
}

/// The cause that a failed connection has.
pub(crate) const fn connect_cause(error: &ConnectError) -> Cause {
    match error {
        ConnectError::Name(_) => Cause::NetworkDns,
        ConnectError::Refused | ConnectError::Network(_) => Cause::NetworkRefused,
        ConnectError::Timeout => Cause::NetworkTimeout,
        ConnectError::Proxy(_) => Cause::NetworkProxy,
        ConnectError::Tls(_) => Cause::NetworkTlsProtocol,
    }
}

/// A time to the second, as people read it.
pub(crate) fn second(time: Timestamp) -> Timestamp {
    Timestamp::from_second(time.as_second()).unwrap_or(time)
}
