//! The one vocabulary: every cause of a refusal as a row in a table, and its texts.
//!
//! Decides: which causes exist, at which step of judging a request each belongs, towards whom
//! each may be disclosed, and what people read about it in English and Korean. Does not decide
//! when a cause applies (that is `naru-access` and `naru-identity`) nor which HTTP answer it
//! becomes (`naru-server`). Also the values that a diagnosis is made of ([`report`]). No I/O: the texts are compiled in from `locales/`.
//!
//! The server, the events, the command line and the documentation say the same thing with the
//! same code, because they all take it from here.
#![cfg_attr(
    not(test),
    warn(
        clippy::wildcard_enum_match_arm,
        reason = "a new cause must break the build where it is not handled"
    )
)]

mod cause;
mod language;
pub mod report;
mod texts;

pub use cause::{Cause, Disclosure, Stage};
pub use language::Language;
pub use texts::{Texts, texts};
