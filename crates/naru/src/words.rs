//! The texts for people, in the language of the one who reads.

use naru_codes::{Language, texts};

/// All texts in one language.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Words(pub(crate) Language);

impl Words {
    /// The text of an id; none where there is no such text.
    pub(crate) fn find(self, id: &str) -> Option<String> {
        texts().find(self.0, id, &[])
    }

    /// The text of an id with its arguments filled in.
    pub(crate) fn get(self, id: &str, arguments: &[(&str, &str)]) -> String {
        texts().get(self.0, id, arguments)
    }
}
