//! `naru registry`.

use clap::{Args, Subcommand, ValueEnum};
use naru_server::control::registry::{DefaultWord, DenialsWord, ShowRequest, UpdateRequest};

use super::Call;
use crate::failure::Failure;
use crate::layout::REGISTRY;

const NOUN: &str = "registry";

/// What is done.
#[derive(Debug, Subcommand)]
pub(crate) enum Verb {
    List,
    Show(Which),
    Update(Update),
}

/// Which registry.
#[derive(Args, Debug)]
pub(crate) struct Which {
    /// Its name (default: the first)
    #[arg(short, long)]
    name: Option<String>,
}

/// What is to change.
#[derive(Args, Debug)]
pub(crate) struct Update {
    #[command(flatten)]
    which: Which,
    /// Whether the admin user may log in
    #[arg(long, value_name = "true|false")]
    admin_enabled: Option<bool>,
    /// Whether everybody may pull
    #[arg(long, value_name = "true|false")]
    anonymous_pull_enabled: Option<bool>,
    /// Whether anybody may speak to it over the network
    #[arg(long, value_name = "true|false")]
    public_network_enabled: Option<bool>,
    /// What happens to an address that no network rule names
    #[arg(long)]
    default_action: Option<DefaultAction>,
    /// How a denied action is answered: with its reason, or as Azure does
    #[arg(long)]
    denials: Option<Denials>,
    /// Whether manifests whose layers are missing are taken
    #[arg(long, value_name = "true|false")]
    sparse_manifests_enabled: Option<bool>,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum DefaultAction {
    Allow,
    Deny,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum Denials {
    Azure,
    Explained,
}

impl Verb {
    pub(crate) fn into_call(self) -> Result<Call, Failure> {
        let (call, which) = match self {
            Self::List => return Call::new((NOUN, "list"), &ShowRequest {}, &REGISTRY),
            Self::Show(which) => (Call::new((NOUN, "show"), &ShowRequest {}, &REGISTRY)?, which),
            Self::Update(update) => {
                let request = UpdateRequest {
                    admin_enabled: update.admin_enabled,
                    anonymous_pull_enabled: update.anonymous_pull_enabled,
                    public_network_enabled: update.public_network_enabled,
                    default_action: update.default_action.map(|action| match action {
                        DefaultAction::Allow => DefaultWord::Allow,
                        DefaultAction::Deny => DefaultWord::Deny,
                    }),
                    denials: update.denials.map(|denials| match denials {
                        Denials::Azure => DenialsWord::Azure,
                        Denials::Explained => DenialsWord::Explained,
                    }),
                    sparse_manifests_enabled: update.sparse_manifests_enabled,
                };
                (Call::new((NOUN, "update"), &request, &REGISTRY)?, update.which)
            }
        };
        Ok(Call { registry: which.name, ..call })
    }
}
