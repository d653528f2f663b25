//! Network rules.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use naru_access::NetworkRule;

use super::text;

pub(super) fn network(data: &[u8]) {
    let Some(text) = text(data) else { return };
    let rule = match text.parse::<NetworkRule>() {
        Ok(rule) => rule,
        Err(error) => {
            let suggested = error.suggestion.map(|net| net.to_string().parse::<NetworkRule>());
            assert!(suggested.is_none_or(|rule| rule.is_ok()), "{text:?}");
            return;
        }
    };
    let printed = rule.to_string();
    assert_eq!(printed.parse::<NetworkRule>(), Ok(rule), "{text:?}: {printed}");
    let (first, length) = match printed.split_once('/') {
        None => (printed.as_str(), None),
        Some((first, length)) => (first, Some(length.parse::<u32>().expect("a length"))),
    };
    let first: IpAddr = first.parse().expect("an address");
    assert!(rule.covers(first), "{text:?}: its own first address");
    match first {
        IpAddr::V4(first) => {
            let mask = mask(32 - length.unwrap_or(32));
            let last = Ipv4Addr::from(u32::from(first) | u32::try_from(mask).expect("32 bits"));
            assert!(rule.covers(last.into()), "{text:?}: its own last address");
            assert!(rule.covers(last.to_ipv6_mapped().into()), "{text:?}: written as IPv6");
            if let Some(next) = u32::from(last).checked_add(1) {
                assert!(!rule.covers(Ipv4Addr::from(next).into()), "{text:?}: the one after");
            }
            if let Some(before) = u32::from(first).checked_sub(1) {
                assert!(!rule.covers(Ipv4Addr::from(before).into()), "{text:?}: the one before");
            }
        }
        IpAddr::V6(first) => {
            let last = Ipv6Addr::from(u128::from(first) | mask(128 - length.unwrap_or(128)));
            // An address of IPv4 is never asked about in the form of IPv6.
            let covered = |one: Ipv6Addr| one.to_ipv4_mapped().is_some() || rule.covers(one.into());
            assert!(covered(first) && covered(last), "{text:?}: its own addresses");
            if let Some(next) = u128::from(last).checked_add(1) {
                assert!(!rule.covers(Ipv6Addr::from(next).into()), "{text:?}: the one after");
            }
        }
    }
}

/// So many ones at the end.
fn mask(bits: u32) -> u128 {
    1_u128.checked_shl(bits).map_or(u128::MAX, |end| end - 1)
}
