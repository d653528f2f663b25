//! `naru key`.

use clap::{Args, Subcommand, ValueEnum};
use naru_identity::KeyUse;
use naru_server::control::key::{RevokeRequest, RotateRequest};
use naru_server::control::registry::ShowRequest;

use super::Call;
use crate::failure::Failure;
use crate::layout::KEY;

const NOUN: &str = "key";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    List,
    Revoke(Revoke),
    Rotate(Rotate),
}

/// Which key.
#[derive(Args, Debug)]
pub(crate) struct Revoke {
    /// Its id, as `naru key list` shows it
    #[arg(long, value_name = "ID")]
    key_id: String,
}

/// Which keys.
#[derive(Args, Debug)]
pub(crate) struct Rotate {
    /// Only the keys of registries' tokens, or of the directory's (default: both)
    #[arg(long = "use", value_name = "USE")]
    usage: Option<Usage>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Usage {
    Issuer,
    Registry,
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        Ok(match self {
            Self::List => Call::new((NOUN, "list"), &ShowRequest {}, &KEY)?,
            Self::Revoke(Revoke { key_id }) => {
                Call::new((NOUN, "revoke"), &RevokeRequest { key_id }, &KEY)?
                    .with_note("note-key-revoked")
            }
            Self::Rotate(Rotate { usage }) => {
                let usage = usage.map(|usage| match usage {
                    Usage::Issuer => KeyUse::Issuer,
                    Usage::Registry => KeyUse::Registry,
                });
                Call::new((NOUN, "rotate"), &RotateRequest { usage }, &KEY)?
                    .with_note("note-key-rotated")
            }
        })
    }
}
