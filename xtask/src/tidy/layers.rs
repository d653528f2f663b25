//! Arrows between crates point downward only.

use cargo_metadata::{DependencyKind, Metadata};

/// The crates of the product, the lowest first: each may use those before it.
const LAYERS: [&str; 9] = [
    "naru-codes",
    "naru-oci",
    "naru-client",
    "naru-doctor",
    "naru-access",
    "naru-identity",
    "naru-store",
    "naru-server",
    "naru",
];

/// Crates that stand beside each other: the first uses none of the second, though it is above.
const BESIDE: [(&str, &[&str]); 5] = [
    ("naru-access", &["naru-client", "naru-doctor"]),
    ("naru-identity", &["naru-client", "naru-doctor"]),
    ("naru-store", &["naru-client", "naru-doctor"]),
    // The server may one day speak to others through the client; a diagnosis knows no server.
    ("naru-server", &["naru-doctor"]),
    ("naru-doctor", &["naru-server"]),
];

/// What only tests may use.
const FOR_TESTS: &str = "naru-testkit";
/// What measures the product: it uses any of it, and nothing uses it.
const MEASURES: &str = "naru-bench";
/// What uses none of the others, since it has to run when they do not compile.
const APART: &str = "xtask";

/// What breaks this rule.
pub(super) fn findings(metadata: &Metadata) -> Vec<String> {
    let mut findings = Vec::new();
    for package in &metadata.packages {
        let user = package.name.as_str();
        if level(user).is_none() && ![FOR_TESTS, MEASURES, APART].contains(&user) {
            findings.push(format!("the crate {user} has no place in the layers"));
        }
        for dependency in &package.dependencies {
            let only_tests = dependency.kind == DependencyKind::Development;
            findings.extend(judge(user, &dependency.name, only_tests));
        }
    }
    findings
}

/// What speaks against `user` using `used`.
fn judge(user: &str, used: &str, only_tests: bool) -> Option<String> {
    let ours = [FOR_TESTS, MEASURES, APART].contains(&used) || level(used).is_some();
    if !ours {
        return None;
    }
    if used == MEASURES {
        return Some(format!("{user} uses {used}, which only measures"));
    }
    if user == APART || used == APART {
        return Some(format!("{user} uses {used}: {APART} stands apart"));
    }
    if used == FOR_TESTS {
        return (!only_tests).then(|| format!("{user} uses {used} outside its tests"));
    }
    if user == FOR_TESTS || user == MEASURES || only_tests {
        return None;
    }
    if BESIDE.iter().any(|(one, others)| *one == user && others.contains(&used)) {
        return Some(format!("{user} uses {used}, which stands beside it"));
    }
    (level(used) >= level(user)).then(|| format!("{user} uses {used}, which is above it"))
}

fn level(name: &str) -> Option<usize> {
    LAYERS.iter().position(|layer| *layer == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrows_point_downward() {
        assert_eq!(judge("naru-store", "naru-codes", false), None);
        assert_eq!(judge("naru-store", "serde", false), None);
        assert!(judge("naru-codes", "naru-store", false).is_some());
        assert!(judge("naru-oci", "naru-access", false).is_some());
        assert_eq!(judge("naru-doctor", "naru-client", false), None);
        assert!(judge("naru-doctor", "naru-server", false).is_some());
        assert!(judge("naru-store", "naru-client", false).is_some());
    }

    #[test]
    fn the_test_kit_is_for_tests() {
        assert_eq!(judge("naru-server", "naru-testkit", true), None);
        assert_eq!(judge("naru-testkit", "naru-server", false), None);
        assert!(judge("naru-server", "naru-testkit", false).is_some());
    }

    #[test]
    fn nothing_uses_what_measures_it() {
        assert_eq!(judge("naru-bench", "naru-server", false), None);
        assert!(judge("naru-server", "naru-bench", true).is_some());
        assert!(judge("naru-bench", "naru-testkit", false).is_some());
    }

    #[test]
    fn xtask_stands_apart() {
        assert!(judge("xtask", "naru-oci", false).is_some());
        assert!(judge("naru", "xtask", true).is_some());
    }
}
