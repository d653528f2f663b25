//! What the tests share: a server on a free port with a clock that is set, and the two ends that
//! a test speaks to it by: HTTP as a client does, and administration over its local socket.
//!
//! For tests alone; a failure here is a panic that says what was expected.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that cannot be set up is to fail, and to say where"
)]

mod admin;
mod clock;
mod http;
mod image;
mod login;
mod server;
pub mod targets;

pub use admin::AdminReply;
pub use clock::SetClock;
pub use http::{KeptConnection, Reply, Sending, percent};
pub use image::{Image, MANIFEST, blob, image};
pub use login::{Login, host, text};
pub use server::{Kit, OWNER, OWNER_PASSWORD};
