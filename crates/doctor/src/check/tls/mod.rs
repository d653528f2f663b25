//! The certificate: read from one handshake, judged question by question.

pub(super) mod dates;
pub(super) mod name;
pub(super) mod offered;
pub(super) mod trusted;

use naru_client::transport::certificate::Certificate;
use naru_codes::report::{Evidence, EvidenceKind, Text};

use crate::fact::{Channel, Facts};

/// There is a certificate only where TLS is spoken.
pub(super) fn encrypted(facts: &Facts) -> Result<(), Text> {
    match facts.get::<Channel>() {
        Some(channel) if channel.verdict.is_some() => Ok(()),
        _ => Err(Text::new("reason-plain")),
    }
}

/// A chain as evidence: a line for each certificate, the server's own first.
pub(super) fn described(chain: &[Certificate]) -> Vec<Evidence> {
    let line = |certificate: &Certificate| {
        let Certificate { subject, issuer, names, begins, ends, .. } = certificate;
        let names =
            if names.is_empty() { String::new() } else { format!(" for {}", names.join(", ")) };
        let text = format!("{subject}{names}, issued by {issuer}, {begins} to {ends}");
        Evidence::new(EvidenceKind::Certificate, naru_client::refusal::one_line(&text))
    };
    chain.iter().map(line).collect()
}
