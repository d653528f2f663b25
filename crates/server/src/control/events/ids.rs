//! Correlation ids as people paste them: in a sentence, in braces, without dashes, cut short.

use uuid::Uuid;

/// The fewest hexadecimal digits that name an event.
const FEWEST: usize = 8;

/// What a text names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Named {
    /// An id.
    Whole(Uuid),
    /// The beginning of one: all ids between these two.
    Beginning(Uuid, Uuid),
}

/// The ids that a text names, whole ones before beginnings, each once.
pub(super) fn named(text: &str) -> Vec<Named> {
    let pieces = || text.split(|c: char| !c.is_ascii_hexdigit() && c != '-');
    let whole = pieces().flat_map(whole).map(Named::Whole);
    let beginnings = pieces().filter_map(beginning);
    let mut all: Vec<Named> = Vec::new();
    for named in whole.chain(beginnings) {
        if !all.contains(&named) {
            all.push(named);
        }
    }
    if all.iter().any(|named| matches!(named, Named::Whole(_))) {
        all.retain(|named| matches!(named, Named::Whole(_)));
    }
    all
}

/// The whole ids in a piece of hexadecimal digits and dashes.
fn whole(piece: &str) -> Vec<Uuid> {
    let groups: Vec<&str> = piece.split('-').collect();
    let dashed =
        groups.windows(5).filter(|groups| groups.iter().map(|g| g.len()).eq([8, 4, 4, 4, 12]));
    let plain = groups.iter().filter(|group| group.len() == 32).map(|group| (*group).to_owned());
    dashed
        .map(<[&str]>::concat)
        .chain(plain)
        .filter_map(|digits| Uuid::try_parse(&digits).ok())
        .collect()
}

/// The beginning of an id, where a piece is long enough to be one.
fn beginning(piece: &str) -> Option<Named> {
    let piece = piece.trim_end_matches('-');
    let digits: String = piece.chars().filter(char::is_ascii_hexdigit).collect();
    // Dashes stand where those of an id do, or there are none.
    let dashes =
        |(place, letter): (usize, char)| (letter == '-') == [8, 13, 18, 23].contains(&place);
    let like_one = piece == digits || piece.char_indices().all(dashes);
    if !(FEWEST..32).contains(&digits.len()) || !like_one {
        return None;
    }
    let filled =
        |with: &str| Uuid::try_parse(&format!("{digits}{}", with.repeat(32 - digits.len())));
    Some(Named::Beginning(filled("0").ok()?, filled("f").ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0a1b2c3d-4e5f-4607-8899-aabbccddeeff";

    #[test]
    fn an_id_is_found_however_it_was_pasted() {
        let id = Named::Whole(ID.parse().unwrap());
        for text in [
            ID.to_owned(),
            format!(" {ID}\n"),
            format!("{{{}}}", ID.to_uppercase()),
            format!("denied: token ci may not pull team/app CorrelationId: {ID}."),
            format!("X-Ms-Correlation-Request-Id:{ID}"),
            format!("\"correlationId\":\"{ID}\""),
            format!("AADSTS50126: … deadbeef Trace ID: {ID}"),
            ID.replace('-', ""),
        ] {
            assert_eq!(named(&text), [id], "{text}");
        }
        let two = format!("{ID} and {}", ID.replace('a', "b"));
        assert_eq!(named(&two).len(), 2);
    }

    #[test]
    fn the_beginning_of_an_id_is_one_too_and_a_word_is_not() {
        let [Named::Beginning(first, last)] = named("0a1b2c3d-4e")[..] else { panic!() };
        assert!(first.to_string().starts_with("0a1b2c3d-4e00"), "{first}");
        assert!(last.to_string().starts_with("0a1b2c3d-4eff"), "{last}");
        for text in ["", "unauthorized", "dead-beef bad cafe", "0a1b2c3", "0a1b2c3d4-e5"] {
            assert_eq!(named(text), [], "{text}");
        }
    }
}
