//! The wire as a client of any registry sees it.
//!
//! Decides: what a host or image name means ([`name`]), which stored credential a container tool
//! takes for it ([`credential`]), how a registry is reached ([`transport`]), what its challenge asks
//! for ([`challenge`]) and where a secret may be sent ([`token`]). Does not judge whether what it
//! finds is well: that is `naru-doctor`. Knows nothing of the server.
//!
//! Nothing here reads the environment, the clock or the resolver of the machine by itself: they are
//! parameters ([`ambient`]).

pub mod ambient;
pub mod challenge;
pub mod credential;
pub mod http;
pub mod jwt;
pub mod name;
pub mod process;
pub mod refusal;
pub mod secret;
pub mod token;
pub mod transport;
