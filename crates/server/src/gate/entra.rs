//! What a refusal looks like at the directory's endpoints: the error form of Microsoft Entra,
//! whose codes its clients know (`azure-cli.md` §1.1).

use http::StatusCode;
use http::header::WWW_AUTHENTICATE;
use naru_access::Denial;
use naru_codes::{Cause, Stage};
use serde_json::json;

use super::words;
use crate::edge::answer::CAUSE;
use crate::edge::{Answer, Inbound};

/// A request that no credential could make right.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Fault {
    GrantType,
    Resource,
    TwoCredentials,
}

/// Status, OAuth 2.0 error and Entra's number.
type Projection = (StatusCode, &'static str, u32);

impl Fault {
    pub(crate) fn answer(self, inbound: &Inbound) -> Answer {
        let (error, number, text) = match self {
            Self::GrantType => (
                "unsupported_grant_type",
                70003,
                "the grant type is `client_credentials` or `password` here",
            ),
            Self::Resource => (
                "invalid_resource",
                500_011,
                "the scope is `https://containerregistry.azure.net/.default` here",
            ),
            Self::TwoCredentials => (
                "invalid_request",
                900_144,
                "client credentials come in the form, or as Basic in the header, and not in both",
            ),
        };
        envelope((StatusCode::BAD_REQUEST, error, number), text, inbound)
    }
}

/// The answer to a denial, if it is one of a credential; the others look as everywhere.
pub(crate) fn denied(denial: &Denial, inbound: &Inbound, user: bool) -> Option<Answer> {
    let projection = project(denial, user)?;
    let text = words::message(denial, inbound.language());
    Some(envelope(projection, &text, inbound).header(CAUSE, denial.disclosed().code()))
}

/// The status of that answer, for its event.
pub(super) fn status(denial: &Denial) -> Option<StatusCode> {
    project(denial, false).map(|(status, ..)| status)
}

fn project(denial: &Denial, user: bool) -> Option<Projection> {
    let told = denial.disclosed();
    if told.stage() != Stage::Credential {
        return None;
    }
    // An unproven failure is a 401, whatever it was: az keeps a 400 for a minute.
    Some(match (told, user) {
        (Cause::CredentialWrongTenant, _) => (StatusCode::BAD_REQUEST, "invalid_request", 90_002),
        (Cause::CredentialExpiredSecret, _) => {
            (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_222)
        }
        (Cause::CredentialDisabled, true) => (StatusCode::UNAUTHORIZED, "invalid_grant", 50_057),
        (Cause::CredentialDisabled, false) => {
            (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_112)
        }
        (_, true) => (StatusCode::UNAUTHORIZED, "invalid_grant", 50_126),
        (_, false) => (StatusCode::UNAUTHORIZED, "invalid_client", 7_000_215),
    })
}

fn envelope((status, error, number): Projection, text: &str, inbound: &Inbound) -> Answer {
    let correlation_id = inbound.correlation_id.to_string();
    let description = format!("AADSTS{number}: {text}. CorrelationId: {correlation_id}.");
    let time = jiff::Timestamp::from_second(inbound.time.as_second()).unwrap_or(inbound.time);
    let body = json!({
        "error": error,
        "error_description": description,
        "error_codes": [number],
        "timestamp": time.to_string(),
        "trace_id": correlation_id,
        "correlation_id": correlation_id,
    });
    let answer = Answer::json(status, &body).no_store();
    if status == StatusCode::UNAUTHORIZED {
        // RFC 6749 §5.2: the scheme that a client may authenticate with here.
        answer.header(WWW_AUTHENTICATE, r#"Basic realm="directory""#)
    } else {
        answer
    }
}
