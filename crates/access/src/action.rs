//! The actions on a registry's content, as values and as types.

use std::fmt;

use crate::capability::{Capability, InRegistry, InRepository};

/// What can be done to a registry's content. The words are those of Azure's token scopes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    /// Read manifests, blobs and referrers.
    Pull,
    /// Upload blobs and put manifests and tags.
    Push,
    /// Delete tags, manifests and blobs.
    Delete,
    /// List tags, read attributes.
    MetadataRead,
    /// Change attributes.
    MetadataWrite,
    /// List the repositories.
    Catalog,
}

impl Action {
    /// Every action, those on a repository first.
    pub const ALL: [Self; 6] = [
        Self::Pull,
        Self::Push,
        Self::Delete,
        Self::MetadataRead,
        Self::MetadataWrite,
        Self::Catalog,
    ];

    /// Its word in a scope and in an access token.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
            Self::MetadataRead => "metadata_read",
            Self::MetadataWrite => "metadata_write",
            Self::Catalog => "*",
        }
    }

    /// The action on a repository that a word in a scope names.
    pub fn from_word(word: &str) -> Option<Self> {
        let mut on_repositories = Self::ALL.into_iter().filter(|action| *action != Self::Catalog);
        on_repositories.find(|action| action.word() == word)
    }

    /// Its word in a scope map, where it has one.
    pub const fn scope_map_word(self) -> Option<&'static str> {
        match self {
            Self::Pull => Some("content/read"),
            Self::Push => Some("content/write"),
            Self::Delete => Some("content/delete"),
            Self::MetadataRead => Some("metadata/read"),
            Self::MetadataWrite => Some("metadata/write"),
            Self::Catalog => None,
        }
    }

    /// The action of a word in a scope map.
    pub fn from_scope_map_word(word: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|action| action.scope_map_word().is_some_and(|w| w.eq_ignore_ascii_case(word)))
    }

    /// Azure's action strings any of which gives it in registry mode
    /// (`LegacyRegistryPermissions`).
    pub const fn role_actions(self) -> &'static [&'static str] {
        match self {
            Self::Pull | Self::Catalog => &["Microsoft.ContainerRegistry/registries/pull/read"],
            Self::Push => &["Microsoft.ContainerRegistry/registries/push/write"],
            Self::Delete => &["Microsoft.ContainerRegistry/registries/artifacts/delete"],
            Self::MetadataRead => &[
                "Microsoft.ContainerRegistry/registries/pull/read",
                "Microsoft.ContainerRegistry/registries/metadata/read",
            ],
            Self::MetadataWrite => &["Microsoft.ContainerRegistry/registries/metadata/write"],
        }
    }

    /// The smallest built-in role that gives it.
    pub const fn smallest_role(self) -> &'static str {
        match self {
            Self::Pull | Self::MetadataRead | Self::Catalog => "AcrPull",
            Self::Push => "AcrPush",
            Self::Delete => "AcrDelete",
            Self::MetadataWrite => "Contributor",
        }
    }

    /// Whether anonymous pull gives it to everybody.
    pub const fn is_anonymous(self) -> bool {
        matches!(self, Self::Catalog | Self::Pull | Self::MetadataRead)
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A set of actions.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
pub struct ActionSet(u8);

impl ActionSet {
    /// With this action too.
    #[must_use]
    pub const fn with(self, action: Action) -> Self {
        Self(self.0 | (1 << action as u8))
    }

    /// Whether the action is in it.
    pub const fn contains(self, action: Action) -> bool {
        self.0 & (1 << action as u8) != 0
    }

    /// Whether nothing is in it.
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// What is in it, in the order of [`Action::ALL`].
    pub fn iter(self) -> impl Iterator<Item = Action> {
        Action::ALL.into_iter().filter(move |action| self.contains(*action))
    }
}

impl FromIterator<Action> for ActionSet {
    fn from_iter<I: IntoIterator<Item = Action>>(actions: I) -> Self {
        actions.into_iter().fold(Self::default(), Self::with)
    }
}

impl fmt::Debug for ActionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

/// An action on content as a type: what an [`Access`](crate::Access) to it is good for.
pub trait DataAction: Capability {
    /// The action that a decision is asked for.
    const ACTION: Action;

    /// An action in a token that serves in place of [`Self::ACTION`], if the holder has that one
    /// at present.
    const INSTEAD: Option<Action> = None;
}

/// Where an action happens: in one repository, or in a registry as a whole.
pub trait Place {
    /// The registry.
    fn registry(&self) -> &InRegistry;
    /// The repository, if it is about one.
    fn repository(&self) -> Option<&naru_oci::RepositoryName>;
}

macro_rules! data_actions {
    ($( $(#[doc = $doc:literal])+ $name:ident: $place:ident = $action:ident $(, instead $instead:ident)?; )+) => { $(
        $(#[doc = $doc])+
        #[derive(Clone, Copy, Debug)]
        pub enum $name {}

        impl crate::capability::Sealed for $name {}

        impl Capability for $name {
            type Place = $place;
        }

        impl DataAction for $name {
            const ACTION: Action = Action::$action;
            $(const INSTEAD: Option<Action> = Some(Action::$instead);)?
        }
    )+ };
}

data_actions! {
    /// List the repositories of a registry.
    Catalog: InRegistry = Catalog;
    /// Delete tags, manifests and blobs of a repository.
    Delete: InRepository = Delete;
    /// List the tags of a repository. Some clients ask a token for `pull` alone and never look at
    /// what the answer asks for, so such a token serves where its holder may list at present.
    ListTags: InRepository = MetadataRead, instead Pull;
    /// Read manifests, blobs and referrers of a repository.
    Pull: InRepository = Pull;
    /// Upload to a repository.
    Push: InRepository = Push;
    /// Read attributes of a repository and of what is in it.
    ReadMetadata: InRepository = MetadataRead;
    /// Change attributes of a repository and of what is in it.
    WriteMetadata: InRepository = MetadataWrite;
}
