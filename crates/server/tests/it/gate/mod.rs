//! How a request is judged, from outside (`gate.md`).

mod cast;
mod model;
mod probes;
mod walk;
mod strangers;
