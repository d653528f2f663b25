//! The gate: how a request is judged (`gate.md`).
//!
//! The order is fixed, in `crate::http::handle`: shape of the request; network rules of its
//! registry; rates of the registry ([`rates`]); who asks ([`authenticate`]); rates of the identity;
//! may they ([`authorize`]). A refusal is one value, [`Refusal`], around a `naru_access::Denial`;
//! what a client reads of it is decided in [`answer`] and [`words`] alone, and what the operator
//! reads in [`event`].

pub(crate) mod answer;
mod authenticate;
mod authorize;
mod counters;
mod credential;
pub(crate) mod entra;
pub(crate) mod event;
mod exchange;
mod passwords;
mod present;
mod rates;
pub(crate) mod refusal;
mod registries;
mod route;
mod throttle;
mod tokens;
mod words;

pub(crate) use authenticate::{Caller, Means, admit, authenticate};
pub use counters::Counters;
pub(crate) use credential::Credential;
pub use credential::Presented;
pub(crate) use event::repository_event;
pub(crate) use exchange::Exchange;
pub(crate) use passwords::{HumanPasswords, PasswordFailure};
pub(crate) use present::Present;
pub(crate) use rates::Rates;
pub(crate) use refusal::{Refusal, Refused};
pub(crate) use registries::{Hosted, Registries};
pub(crate) use route::{Found, Needs, Target, find};
pub use route::{Kind, Needs as RouteNeeds, RouteRow, routes};
pub(crate) use throttle::Throttle;
pub use tokens::{Verified, VerifiedTokens};
