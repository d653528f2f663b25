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
pub(super) fn asked(query: &Query) -> Result<Page, Refused> {
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

/// Adds the link to the page that follows, if there is one.
pub(super) fn linked<T>(
    answer: Answer,
    path: &str,
    page: &Page,
    listing: &Listing<T>,
    more: &[(&str, &str)],
) -> Answer {
    let Some(next) = &listing.next else { return answer };
    let mut link = format!("<{path}?last={}&n={}", encoded(next), page.limit);
    for (name, value) in more {
        let _ = write!(link, "&{name}={}", encoded(value));
    }
    link.push_str(r#">; rel="next""#);
    answer.header(LINK, link)
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
