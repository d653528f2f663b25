//! `naru credential`: the admin user's passwords.

use clap::{Args, Subcommand, ValueEnum};
use naru_server::control::credential::RenewRequest;
use naru_server::control::registry::ShowRequest;

use super::Call;
use crate::failure::Failure;
use crate::layout::ADMIN;

const NOUN: &str = "credential";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    Renew(Renew),
    Show(Which),
}

/// Whose credential.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// The registry's name (default: the first)
    #[arg(short, long)]
    name: Option<String>,
}

/// Which password is renewed.
#[derive(Args, Debug)]
pub(crate) struct Renew {
    #[command(flatten)]
    which: Which,
    /// Which of the two
    #[arg(long)]
    password_name: Slot,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Slot {
    Password,
    Password2,
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        let (call, which) = match self {
            Self::Show(which) => (Call::new((NOUN, "show"), &ShowRequest {}, &ADMIN)?, which),
            Self::Renew(Renew { which, password_name }) => {
                let password_name = match password_name {
                    Slot::Password => "password",
                    Slot::Password2 => "password2",
                };
                let request = RenewRequest { password_name: password_name.to_owned() };
                (Call::new((NOUN, "renew"), &request, &ADMIN)?, which)
            }
        };
        Ok(Call { registry: which.name, ..call })
    }
}
