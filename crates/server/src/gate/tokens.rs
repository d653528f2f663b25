//! Tokens that were verified: the signature is checked once, the rest on every use, the standing of
//! the key included.

use std::hash::{Hash, Hasher};
use std::sync::Arc;

use jiff::Timestamp;
use naru_access::{AccessList, Principal, RegistryId};
use naru_identity::KeyRing;
use naru_identity::token::{Audience, RegistryClaims, TokenFault, key_id, verify_registry};
use quick_cache::Equivalent;
use quick_cache::sync::Cache;
use zeroize::Zeroizing;

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

/// What was verified lately, by the token itself.
pub struct VerifiedTokens(Cache<Shown, Kept>);

/// What a token is kept under: all of it, so that nothing rests on a hash. Wiped when it goes.
#[derive(Clone, PartialEq, Eq)]
struct Shown {
    registry: RegistryId,
    token: Zeroizing<String>,
}

impl Hash for Shown {
    fn hash<H: Hasher>(&self, state: &mut H) {
        Showing { registry: self.registry, token: &self.token }.hash(state);
    }
}

/// What a token is looked for by.
#[derive(Hash)]
struct Showing<'a> {
    registry: RegistryId,
    token: &'a str,
}

impl Equivalent<Shown> for Showing<'_> {
    fn equivalent(&self, shown: &Shown) -> bool {
        self.registry == shown.registry && self.token == shown.token.as_str()
    }
}

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
        let registry = audience.registry;
        let kept = self.0.get(&Showing { registry, token });
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
            let shown = Shown { registry, token: Zeroizing::new(token.to_owned()) };
            self.0.insert(shown, (signed_by.into(), Arc::clone(&verified)));
        }
        Ok(verified)
    }

    /// What a token says that is past its time, and otherwise holds.
    pub(crate) fn lapsed(claims: RegistryClaims) -> Option<Arc<Verified>> {
        Verified::new(claims).map(Arc::new)
    }
}
