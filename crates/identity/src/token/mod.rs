//! Tokens: identity tokens of the directory, refresh and access tokens of registries.
//!
//! Every token carries the credential that it came from and the stamps of principal and
//! credential, which whoever accepts it compares with the present ones; that is how a revocation
//! reaches tokens that are out. What a token is *for* is checked before anything else in it is
//! believed.

mod claims;
mod mint;
mod verify;

pub use claims::{GrantType, IdentityClaims, Origin, Permissions, RegistryClaims};
pub use mint::{
    ACCESS_LIFE, ANONYMOUS_LIFE, ANONYMOUS_SUBJECT, AccessGrant, Audience, IDENTITY_AUDIENCE,
    IDENTITY_LIFE, Minted, REFRESH_LIFE, RefreshGrant, mint_access, mint_identity, mint_refresh,
};
pub use verify::{LEEWAY, TokenFault, key_id, verify_identity, verify_registry};

#[cfg(test)]
mod tests;
