//! Network rules: which addresses may speak to a registry at all.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use naru_codes::Cause;

use crate::{Denial, Evidence};

/// What happens to an address that no rule names.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DefaultAction {
    /// It may speak.
    #[default]
    Allow,
    /// It may not.
    Deny,
}

/// A range of addresses that may speak: CIDR, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetworkRule(IpNet);

/// A text is no network rule.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{given}` is not an IP address or range such as 192.0.2.0/24 or 2001:db8::/32{}",
    suggestion.map(|legal| format!("; did you mean {legal}?")).unwrap_or_default()
)]
pub struct NetworkRuleError {
    /// What was given.
    pub given: String,
    /// The range that was probably meant.
    pub suggestion: Option<IpNet>,
}

impl FromStr for NetworkRule {
    type Err = NetworkRuleError;

    fn from_str(text: &str) -> Result<Self, NetworkRuleError> {
        let error = |suggestion| NetworkRuleError { given: text.to_owned(), suggestion };
        let net = parse_network(text).ok_or_else(|| error(None))?;
        if net.addr() == net.network() { Ok(Self(net)) } else { Err(error(Some(net.trunc()))) }
    }
}

/// Reads an address, or a range of them. One of IPv4 that is written as IPv6
/// (`::ffff:192.0.2.0/120`) is read as what it is: addresses are compared in that form, and it would
/// name nobody.
pub fn parse_network(text: &str) -> Option<IpNet> {
    let net = text.parse::<IpAddr>().map(IpNet::from).or_else(|_| text.parse()).ok()?;
    let IpNet::V6(v6) = net else { return Some(net) };
    let mapped = v6.addr().to_ipv4_mapped();
    let length = v6.prefix_len().checked_sub(96);
    let v4 = mapped.zip(length).and_then(|(address, length)| Ipv4Net::new(address, length).ok());
    Some(v4.map_or(net, IpNet::V4))
}

impl NetworkRule {
    /// Whether it names the address.
    pub fn covers(&self, address: IpAddr) -> bool {
        self.0.contains(&address.to_canonical())
    }
}

impl fmt::Display for NetworkRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.prefix_len() == self.0.max_prefix_len() {
            self.0.addr().fmt(f)
        } else {
            self.0.fmt(f)
        }
    }
}

/// The network rules of a registry. They only allow.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NetworkRules {
    /// Whether anybody may speak over the network; the server's own socket remains.
    pub public_access: bool,
    /// What happens to an address that no rule names.
    pub default_action: DefaultAction,
    /// The addresses that may speak.
    pub rules: Vec<NetworkRule>,
}

impl NetworkRules {
    /// Whether an address may speak.
    pub fn judge(&self, address: IpAddr) -> Result<(), Denial> {
        let address = address.to_canonical();
        let cause = if !self.public_access {
            Cause::NetworkPublicAccessDisabled
        } else if self.default_action == DefaultAction::Allow || self.names(address) {
            return Ok(());
        } else {
            Cause::NetworkIpDenied
        };
        Err(Denial::new(cause).with_evidence(Evidence::Address(address)))
    }

    fn names(&self, address: IpAddr) -> bool {
        self.rules.iter().any(|rule| rule.covers(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rules(default_action: DefaultAction, rules: &[&str]) -> NetworkRules {
        let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
        NetworkRules { public_access: true, default_action, rules }
    }

    fn cause(rules: &NetworkRules, address: &str) -> Option<Cause> {
        rules.judge(address.parse().unwrap()).err().map(|denial| denial.cause)
    }

    #[test]
    fn only_named_addresses_speak_where_the_default_is_deny() {
        let rules = rules(DefaultAction::Deny, &["192.0.2.0/24", "2001:db8::/32", "198.51.100.7"]);
        for address in ["192.0.2.9", "2001:db8::1", "198.51.100.7", "::ffff:192.0.2.9"] {
            assert_eq!(cause(&rules, address), None, "{address}");
        }
        for address in ["192.0.3.1", "2001:db9::1", "198.51.100.8", "127.0.0.1", "::1"] {
            assert_eq!(cause(&rules, address), Some(Cause::NetworkIpDenied), "{address}");
        }
    }

    #[test]
    fn public_access_off_denies_everybody() {
        let mut rules = rules(DefaultAction::Allow, &["127.0.0.1"]);
        assert_eq!(cause(&rules, "203.0.113.1"), None);
        rules.public_access = false;
        assert_eq!(cause(&rules, "127.0.0.1"), Some(Cause::NetworkPublicAccessDisabled));
    }

    /// Such a rule was taken, and named nobody.
    #[test]
    fn a_range_of_ipv4_is_one_however_it_is_written() {
        let written = rules(DefaultAction::Deny, &["::ffff:192.0.2.0/120"]);
        assert_eq!(written, rules(DefaultAction::Deny, &["192.0.2.0/24"]));
        assert_eq!(cause(&written, "192.0.2.9"), None);
        assert_eq!(cause(&written, "192.0.3.9"), Some(Cause::NetworkIpDenied));
        let error = "::ffff:192.0.2.5/120".parse::<NetworkRule>().unwrap_err();
        assert!(error.to_string().contains("192.0.2.0/24"), "{error}");
    }

    #[test]
    fn a_range_with_host_bits_is_refused_with_what_was_meant() {
        let error = "192.0.2.5/24".parse::<NetworkRule>().unwrap_err();
        assert!(error.to_string().contains("192.0.2.0/24"), "{error}");
        assert!("192.0.2.0/33".parse::<NetworkRule>().is_err());
        assert!("example.com".parse::<NetworkRule>().is_err());
        assert_eq!("::ffff:192.0.2.1".parse::<NetworkRule>().unwrap().to_string(), "192.0.2.1");
        assert_eq!("192.0.2.1/32".parse::<NetworkRule>().unwrap().to_string(), "192.0.2.1");
    }

    proptest! {
        #[test]
        fn a_rule_more_shuts_nobody_out(address: IpAddr, one: IpAddr, other: IpAddr) {
            let few = rules(DefaultAction::Deny, &[&one.to_string()]);
            let more = rules(DefaultAction::Deny, &[&one.to_string(), &other.to_string()]);
            prop_assert!(few.judge(address).is_err() || more.judge(address).is_ok());
        }
    }
}
