//! Checking tokens.
//!
//! The key is chosen by the token's key id among our own, with *its* algorithm and use; nothing
//! in the token's header (`alg`, `jwk`, `x5c`, `jku`) is believed beyond that.

use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Validation, decode, decode_header};
use naru_access::Principal;
use naru_access::PrincipalKind;
use serde::de::DeserializeOwned;

use super::claims::{IdentityClaims, RegistryClaims};
use super::mint::{Audience, IDENTITY_AUDIENCE, REGISTRY_ISSUER};
use crate::keys::{KeyRing, KeyUse, SigningKey};

/// How far clocks of several servers may differ.
pub const LEEWAY: SignedDuration = SignedDuration::from_secs(60);

/// Longer texts are not looked at as tokens.
const MAX_LENGTH: usize = 64 * 1024;

/// Why a token does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TokenFault<C> {
    /// It cannot be read.
    Malformed,
    /// It was not signed by a key of ours, for this use.
    Untrusted,
    /// It was signed by us, for another use than is due here.
    WrongUse,
    /// It is for another registry, tenant or service.
    WrongAudience(Box<C>),
    /// It is not valid yet.
    NotYetValid(Timestamp, Box<C>),
    /// It is past its time; everything else about it holds.
    Expired(Timestamp, Box<C>),
}

/// The id of the key that a token says it was signed with.
pub fn key_id(token: &str) -> Option<String> {
    decode_header(token).ok()?.kid
}

/// Verifies a refresh or access token of a registry. Which of the two it is remains for the
/// caller to look at.
pub fn verify_registry(
    ring: &KeyRing,
    token: &str,
    audience: Audience<'_>,
    now: Timestamp,
) -> Result<RegistryClaims, TokenFault<RegistryClaims>> {
    let claims: RegistryClaims = signed(ring, KeyUse::Registry, token)?;
    if claims.iss != REGISTRY_ISSUER {
        return Err(TokenFault::Untrusted);
    }
    if claims.rid != audience.registry || claims.aud != audience.login_server {
        return Err(TokenFault::WrongAudience(Box::new(claims)));
    }
    let (nbf, exp) = (claims.nbf, claims.exp);
    in_time(nbf, exp, claims, now)
}

/// Verifies an identity token of the directory.
pub fn verify_identity(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<IdentityClaims, TokenFault<IdentityClaims>> {
    let claims: IdentityClaims = signed(ring, KeyUse::Issuer, token)?;
    if claims.aud != IDENTITY_AUDIENCE || !claims.iss.ends_with(&format!("/{}/v2.0", claims.tid)) {
        return Err(TokenFault::WrongAudience(Box::new(claims)));
    }
    let (nbf, exp) = (claims.nbf, claims.exp);
    in_time(nbf, exp, claims, now)
}

impl RegistryClaims {
    /// Whose token it is.
    pub fn holder(&self) -> Option<Principal> {
        let kind = PrincipalKind::from_word(&self.kind)?;
        let name = match kind {
            PrincipalKind::Anonymous => String::new(),
            _ => self.sub.clone(),
        };
        Some(Principal { kind, id: self.pid, name, tenant: self.tenant })
    }
}

fn signed<C: DeserializeOwned>(
    ring: &KeyRing,
    usage: KeyUse,
    token: &str,
) -> Result<C, TokenFault<C>> {
    if token.len() > MAX_LENGTH || token.split('.').count() != 3 {
        return Err(TokenFault::Malformed);
    }
    let header = decode_header(token).map_err(|_| TokenFault::Untrusted)?;
    let key = header.kid.as_deref().and_then(|id| ring.find(id)).ok_or(TokenFault::Untrusted)?;
    if header.alg != key.usage.algorithm() {
        return Err(TokenFault::Untrusted);
    }
    if key.usage != usage {
        // Only a token that we did sign is known to be of the wrong use.
        let ours = claims_of::<serde_json::Value>(key, token).is_some();
        return Err(if ours { TokenFault::WrongUse } else { TokenFault::Untrusted });
    }
    claims_of(key, token).ok_or(TokenFault::Untrusted)
}

fn claims_of<C: DeserializeOwned>(key: &SigningKey, token: &str) -> Option<C> {
    let mut validation = Validation::new(key.usage.algorithm());
    // Times and audience are judged by us, against our own clock.
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_nbf = false;
    validation.validate_aud = false;
    decode(token, &key.decoding, &validation).ok().map(|data| data.claims)
}

fn in_time<C>(nbf: i64, exp: i64, claims: C, now: Timestamp) -> Result<C, TokenFault<C>> {
    let time = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MIN);
    let (from, until) = (time(nbf), time(exp));
    if from.duration_since(now) > LEEWAY {
        Err(TokenFault::NotYetValid(from, Box::new(claims)))
    } else if until <= now {
        Err(TokenFault::Expired(until, Box::new(claims)))
    } else {
        Ok(claims)
    }
}
