//! Tokens that were verified: the signature is checked once, the rest on every use, the standing of
//! the key included.

use std::sync::Arc;

use jiff::Timestamp;
use naru_access::{AccessList, Principal, RegistryId};
use naru_identity::KeyRing;
use naru_identity::token::{Audience, RegistryClaims, TokenFault, key_id, verify_registry};
use naru_oci::Digest;
use quick_cache::sync::Cache;

/// How many are kept.
const KEPT: usize = 20_000;

/// A registry token whose signature, issuer and audience hold.
#[derive(Debug)]
pub struct Verified {
    pub(crate) claims: RegistryClaims,
    pub(crate) principal: Principal,
    /// What it lists; nothing where it is a refresh token.
    pub(crate) access: AccessList,
}

impl Verified {
    fn new(claims: RegistryClaims) -> Option<Self> {
        let principal = claims.holder()?;
        let access = claims.access.clone().unwrap_or_default();
        Some(Self { claims, principal, access })
    }
}

/// What was verified lately, by the hash of the token.
pub struct VerifiedTokens(Cache<(RegistryId, [u8; 32]), Kept>);

/// A token that was verified, with the id of the key that signed it.
type Kept = (Arc<str>, Arc<Verified>);

impl Default for VerifiedTokens {
    fn default() -> Self {
        Self(Cache::new(KEPT))
    }
}

impl VerifiedTokens {
    /// Verifies a token for a registry.
    pub fn verify(
        &self,
        ring: &KeyRing,
        token: &str,
        audience: Audience<'_>,
        now: Timestamp,
    ) -> Result<Arc<Verified>, TokenFault<RegistryClaims>> {
        let mut hash = [0; 32];
        let digest = Digest::sha256(token.as_bytes());
        hash.iter_mut().zip(digest.bytes()).for_each(|(to, from)| *to = *from);
        let key = (audience.registry, hash);
        let kept = self.0.get(&key);
        // A key may have been revoked since.
        let kept = kept.filter(|(signed_by, _)| ring.find(signed_by).is_some());
        if let Some((_, known)) =
            kept.filter(|(_, known)| known.claims.aud == audience.login_server)
        {
            return match known.claims.expires() {
                end if end <= now => Err(TokenFault::Expired(end, Box::new(known.claims.clone()))),
                _ => Ok(known),
            };
        }
        let claims = verify_registry(ring, token, audience, now)?;
        let verified = Arc::new(Verified::new(claims).ok_or(TokenFault::Malformed)?);
        if let Some(signed_by) = key_id(token) {
            self.0.insert(key, (signed_by.into(), Arc::clone(&verified)));
        }
        Ok(verified)
    }

    /// What a token says that is past its time, and otherwise holds.
    pub(crate) fn lapsed(claims: RegistryClaims) -> Option<Arc<Verified>> {
        Verified::new(claims).map(Arc::new)
    }
}
