//! How a request is judged, from outside (`gate.md`).

mod answers;
mod cast;
mod hosts;
mod model;
mod network;
mod probes;
mod rates;
mod strangers;
mod throttle;
mod walk;
