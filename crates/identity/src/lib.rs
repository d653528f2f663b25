//! Directory rules, secrets, keys and tokens.
//!
//! Decides what a secret looks like and whether one is right ([`secret`], [`password`]), which
//! names may be taken ([`names`]), how tokens are made and when they hold ([`token`]), and how
//! fast anybody may guess ([`guessing`]) and ask ([`rate`]). Pure: no HTTP, no I/O; time and
//! randomness come in through [`Clock`] and [`Entropy`]. Who holds which right is `naru-access`;
//! where secrets are kept is `naru-store`.

mod ambient;
pub mod event_id;
pub mod guessing;
mod keys;
mod mac;
pub mod names;
pub mod password;
pub mod rate;
pub mod secret;
mod signer;
pub mod ticket;
pub mod token;

pub use ambient::{Clock, Entropy, EntropyExt};
pub use keys::{KeyError, KeyRing, KeyState, KeyUse, LONGEST_LIFE, SigningKey, UPLOAD_GRACE};
pub use mac::{MacKey, Tag};
