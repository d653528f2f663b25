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
    /// They can: they lose nothing that is of use, let nobody in who was kept out, and the cause is
    /// gone afterwards. A command may still ask for a password that its reader knows.
    Safe,
    /// Words in capitals must be replaced first.
    HasPlaceholders,
    /// Somebody should think about it first: who may get in is theirs to decide, or what a command
    /// shows is theirs to judge.
    NeedsReview,
    /// They destroy something.
    Destructive,
}

/// What commands are for. That is not what [`Applicability`] says: to look does no harm, and yet
/// fixes nothing, so that it is no remedy that a program could apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// To take the cause away.
    Fix,
    /// To see what a person needs to know before that.
    Look,
}

/// What helps.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remedy {
    /// What it is for.
    pub purpose: Purpose,
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

impl Purpose {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Fix => "fix",
            Self::Look => "look",
        }
    }
}

impl Remedy {
    /// Something that fixes it, yet without a command.
    pub const fn new(
        title: Text,
        actor: Actor,
        applicability: Applicability,
        verify: &'static str,
    ) -> Self {
        Self { purpose: Purpose::Fix, title, actor, commands: Vec::new(), applicability, verify }
    }

    /// Something to look at, yet without a command.
    pub const fn look(title: Text, actor: Actor, verify: &'static str) -> Self {
        let (purpose, applicability) = (Purpose::Look, Applicability::NeedsReview);
        Self { purpose, title, actor, commands: Vec::new(), applicability, verify }
    }

    /// With a command.
    #[must_use]
    pub fn command(mut self, words: &[&str]) -> Self {
        self.commands.push(words.iter().map(|word| (*word).to_owned()).collect());
        self
    }
}
