use super::*;
use std::collections::BTreeSet;

use naru_codes::{Language, texts};

#[test]
fn ids_are_unique_dotted_and_have_a_claim_in_every_language() {
    let mut seen = BTreeSet::new();
    for check in CHECKS {
        assert!(seen.insert(check.id), "{} stands twice", check.id);
        assert!(check.id.contains('.') && check.id == check.id.to_lowercase(), "{}", check.id);
        assert_eq!(check.claim, format!("check-{}", check.id.replace('.', "-")));
        for language in Language::ALL {
            assert!(texts().find(*language, check.claim, &[]).is_some(), "{}", check.claim);
        }
    }
}

#[test]
fn the_table_follows_the_path_of_a_login() {
    for pair in CHECKS.windows(2) {
        assert!(pair[0].category <= pair[1].category, "{} before {}", pair[0].id, pair[1].id);
    }
}

/// No cycle, nothing needed that nobody finds out, and one source for each fact. The table stands
/// in an order in which every fact comes before its users, so a cycle cannot be.
#[test]
fn every_fact_has_one_source_before_its_users() {
    let mut known: BTreeSet<FactName> = BTreeSet::new();
    for check in CHECKS {
        for fact in check.needs.iter().chain(check.holds).chain(check.after) {
            assert!(known.contains(fact), "{} needs {fact}, which nobody has found out", check.id);
        }
        for fact in check.yields {
            assert!(known.insert(*fact), "{fact} has two sources");
        }
    }
}

#[test]
fn a_check_that_sends_a_credential_says_whose() {
    for check in CHECKS {
        let sends = check.reach >= Reach::SendsCredential;
        assert!(!sends || check.identity == Identity::User, "{}", check.id);
        assert!(check.budget.attempts >= 1 && !check.since.is_empty(), "{}", check.id);
    }
}

#[test]
fn what_is_chosen_drags_in_what_it_builds_on_and_nothing_else() {
    let ids = |only: &[&str], skip: &[&str]| {
        let words =
            |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        let chosen = choose(CHECKS, &words(only), &words(skip));
        chosen.iter().map(|check| check.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(&[], &[]).len(), CHECKS.len());
    assert_eq!(ids(&["name.valid"], &[]), ["name.valid"]);
    assert_eq!(ids(&["dns.resolves"], &[]), ["name.valid", "proxy.usable", "dns.resolves"]);
    assert!(!ids(&[], &["environment"]).contains(&"docker.cli"));
    assert!(ids(&["tls"], &[]).contains(&"tcp.connects"));
}
