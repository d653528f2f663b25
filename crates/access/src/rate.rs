//! The words of rate limits: what requests are counted by, and for whom.
//!
//! The counting itself is `naru-identity`'s; which bucket a route takes from is the gate's.

/// What requests are counted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RateBucket {
    /// Deleting.
    Delete,
    /// Pulling, and reading and listing metadata.
    Read,
    /// Listing referrers; such a request counts as reading too.
    Referrers,
    /// Asking for tokens.
    Tokens,
    /// Pushing, and changing metadata.
    Write,
}

impl RateBucket {
    /// Every bucket.
    pub const ALL: [Self; 5] =
        [Self::Delete, Self::Read, Self::Referrers, Self::Tokens, Self::Write];

    /// Its word in settings and events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Delete => "delete",
            Self::Read => "read",
            Self::Referrers => "referrers",
            Self::Tokens => "tokens",
            Self::Write => "write",
        }
    }

    /// The bucket of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|bucket| bucket.word() == word)
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RateOf {
    /// Those that come from one address without saying whose they are.
    Address,
    /// Those of one identity.
    Identity,
    /// All that a registry gets.
    Registry,
}

impl RateOf {
    /// Its word in events.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Address => "address",
            Self::Identity => "identity",
            Self::Registry => "registry",
        }
    }
}
