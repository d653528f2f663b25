//! The order of lists.

use naru_oci::ErrorCode;
use naru_store::Order;

use crate::edge::inbound::Query;
use crate::gate::Refused;

/// Reads `orderby`, in the spellings of az and of the SDKs.
pub(super) fn order(query: &Query) -> Result<Order, Refused> {
    let asked = query.first("orderby").unwrap_or_default().to_ascii_lowercase();
    match asked.as_str() {
        "" | "none" => Ok(Order::Name),
        "timeasc" | "time_asc" => Ok(Order::TimeAscending),
        "timedesc" | "time_desc" => Ok(Order::TimeDescending),
        _ => {
            let message = "`orderby` is `timeasc` or `timedesc`";
            Err(Refused::invalid(ErrorCode::RequestInvalid, message))
        }
    }
}

/// The order as a further page has to ask for it.
pub(super) const fn parameter(order: Order) -> Option<(&'static str, &'static str)> {
    match order {
        Order::Name => None,
        Order::TimeAscending => Some(("orderby", "timeasc")),
        Order::TimeDescending => Some(("orderby", "timedesc")),
    }
}
