//! What helps: who does it, and the commands for it, as argument lists that no shell reads.

use super::Text;

/// Who can do it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Actor {
    /// Whoever reads this.
    You,
    /// Whoever administers the registry.
    RegistryAdmin,
    /// Whoever administers the identities.
    IdentityAdmin,
    /// Whoever runs the network in between.
    NetworkAdmin,
    /// Whoever makes the tool.
    Vendor,
}

/// Whether commands can be run as they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Applicability {
    /// They can, and do no harm.
    Safe,
    /// Words in capitals must be replaced first.
    HasPlaceholders,
    /// Somebody should think about it first.
    NeedsReview,
    /// They destroy something.
    Destructive,
}

/// What helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What to do.
    pub title: Text,
    /// Who can.
    pub actor: Actor,
    /// The commands, as argument lists.
    pub commands: Vec<Vec<String>>,
    /// Whether they can be run as they are.
    pub applicability: Applicability,
    /// The check that shows whether it helped.
    pub verify: &'static str,
}

impl Actor {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::You => "you",
            Self::RegistryAdmin => "registry-admin",
            Self::IdentityAdmin => "identity-admin",
            Self::NetworkAdmin => "network-admin",
            Self::Vendor => "vendor",
        }
    }
}

impl Applicability {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::HasPlaceholders => "has-placeholders",
            Self::NeedsReview => "needs-review",
            Self::Destructive => "destructive",
        }
    }
}

impl Remedy {
    /// Something to do, yet without a command.
    pub const fn new(
        title: Text,
        actor: Actor,
        applicability: Applicability,
        verify: &'static str,
    ) -> Self {
        Self { title, actor, commands: Vec::new(), applicability, verify }
    }

    /// With a command.
    #[must_use]
    pub fn command(mut self, words: &[&str]) -> Self {
        self.commands.push(words.iter().map(|word| (*word).to_owned()).collect());
        self
    }
}
