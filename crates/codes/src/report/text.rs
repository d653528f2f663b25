//! A sentence that is not yet in any language.

use crate::{Language, texts};

/// A text's id with its arguments.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    id: &'static str,
    arguments: Vec<(&'static str, String)>,
}

impl Text {
    /// The text of an id in `locales/`.
    pub const fn new(id: &'static str) -> Self {
        Self { id, arguments: Vec::new() }
    }

    /// With an argument.
    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "literals, references and values are given")]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.arguments.push((name, value.to_string()));
        self
    }

    /// Its id.
    pub const fn id(&self) -> &'static str {
        self.id
    }

    /// In a language.
    pub fn in_language(&self, language: Language) -> String {
        let arguments: Vec<_> =
            self.arguments.iter().map(|(name, value)| (*name, value.as_str())).collect();
        texts().get(language, self.id, &arguments)
    }
}
