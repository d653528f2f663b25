//! The languages that people read Naru in, and how one is chosen.

/// A language in which every text for people exists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    /// English, the default.
    #[default]
    English,
    /// Korean (한국어).
    Korean,
}

impl Language {
    /// Every language, English first.
    pub const ALL: &'static [Self] = &[Self::English, Self::Korean];

    /// Its tag (BCP 47).
    pub const fn tag(self) -> &'static str {
        match self {
            Self::English => "en",
            Self::Korean => "ko",
        }
    }

    /// Reads a tag such as `ko`, `ko-KR`, or a POSIX locale such as `ko_KR.UTF-8`.
    pub fn from_tag(tag: &str) -> Option<Self> {
        let primary = tag.trim().split(['-', '_', '.', '@']).next()?;
        Self::ALL.iter().copied().find(|language| language.tag().eq_ignore_ascii_case(primary))
    }

    /// Chooses by an `Accept-Language` header (RFC 9110 §12.5.4): the best-weighted language that
    /// exists, else English.
    pub fn from_accept(header: &str) -> Self {
        let mut best = (0.0_f32, Self::English);
        for range in header.split(',') {
            let mut parts = range.split(';');
            let Some(language) = parts.next().and_then(Self::from_tag) else {
                continue;
            };
            let weight = parts
                .find_map(|part| part.trim().strip_prefix("q="))
                .map_or(1.0, |q| q.trim().parse().unwrap_or(0.0));
            if weight > best.0 {
                best = (weight, language);
            }
        }
        best.1
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_and_locales_name_a_language() {
        assert_eq!(Language::from_tag("ko-KR"), Some(Language::Korean));
        assert_eq!(Language::from_tag("ko_KR.UTF-8"), Some(Language::Korean));
        assert_eq!(Language::from_tag("en_US"), Some(Language::English));
        assert_eq!(Language::from_tag("C"), None);
        assert_eq!(Language::from_tag(""), None);
    }

    #[test]
    fn the_best_weighted_language_wins() {
        assert_eq!(Language::from_accept("ko"), Language::Korean);
        assert_eq!(Language::from_accept("en;q=0.5, ko;q=0.9"), Language::Korean);
        assert_eq!(Language::from_accept("fr, ko;q=0.1"), Language::Korean);
        assert_eq!(Language::from_accept("ko;q=0"), Language::English);
        assert_eq!(Language::from_accept("*, ;;q=x"), Language::English);
    }
}
