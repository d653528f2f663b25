//! Pages of lists (OCI distribution specification, "Listing tags"; `gate.md` §8).

use std::fmt::Write as _;

use http::header::LINK;
use naru_oci::ErrorCode;
use naru_store::{Listing, Page};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::edge::Answer;
use crate::edge::inbound::Query;
use crate::gate::Refused;

/// The most entries that one page has.
const MOST: usize = 10_000;

/// Reads `n` and `last`.
pub(crate) fn asked(query: &Query) -> Result<Page, Refused> {
    let limit = match query.first("n") {
        None => MOST,
        Some(text) => {
            let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let number = text.parse::<usize>().unwrap_or(usize::MAX);
            if !digits {
                let message = "`n` is not a number of entries";
                return Err(Refused::invalid(ErrorCode::PaginationNumberInvalid, message));
            }
            number.min(MOST)
        }
    };
    Ok(Page { limit, after: query.first("last").filter(|last| !last.is_empty()) })
}

/// The link to the page that follows, if there is one.
pub(crate) struct Link(Option<String>);

impl Link {
    /// To the page after `next`, with what else it has to ask for.
    pub(crate) fn to(path: &str, page: &Page, next: Option<&str>, more: &[(&str, &str)]) -> Self {
        let Some(next) = next else { return Self(None) };
        let mut link = format!("<{path}?last={}&n={}", encoded(next), page.limit);
        for (name, value) in more {
            let _ = write!(link, "&{name}={}", encoded(value));
        }
        link.push_str(r#">; rel="next""#);
        Self(Some(link))
    }

    /// The answer with it.
    pub(crate) fn on(self, answer: Answer) -> Answer {
        answer.header_if(LINK, self.0)
    }
}

/// Adds the link to the page that follows, if there is one.
pub(crate) fn linked<T>(
    answer: Answer,
    path: &str,
    page: &Page,
    listing: &Listing<T>,
    more: &[(&str, &str)],
) -> Answer {
    Link::to(path, page, listing.next.as_deref(), more).on(answer)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
