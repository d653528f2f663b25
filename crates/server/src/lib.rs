//! The registry over HTTP.
//!
//! A request goes through [`edge`] (which address, host and path it really is), [`gate`] (network
//! rules, credentials, the decision, and what a refusal becomes) and then a handler under
//! [`http`], which reaches the store with the capability that the gate handed it. [`control`] is
//! administration: use cases that decide for themselves, to which the local socket only maps.
//!
//! Composes `naru-access`, `naru-identity` and `naru-store`; prints nothing, reads no environment.
//! `ARCHITECTURE.md` at the root tells the way of a pull and of a login in full.

pub mod ambient;
mod audit;
mod config;
pub mod control;
mod edge;
mod gate;
mod http;
mod jumps;
mod keys;
mod limits;
mod listen;
mod metrics;
mod ready;
mod serve;
mod start;
mod state;
mod tls;
mod upkeep;
pub mod view;

pub use audit::{EventSettings, EventsRecorded, RowBounds};
pub use config::{
    CollectionSettings, Config, Host, HostError, PublicUrl, PublicUrlError, Scheme, TlsMode,
};
pub use gate::{Counters, Kind, Presented, RouteNeeds, RouteRow, Verified, VerifiedTokens, routes};
pub use keys::KeyFileError;
pub use limits::Limits;
pub use listen::{Address, AddressError, Inherited};
pub use serve::{Listening, Server};
pub use start::{FirstStart, OwnerPassword, StartError};
pub use state::App;
pub use tls::{Pair, PairError};
