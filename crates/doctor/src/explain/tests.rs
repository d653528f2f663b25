use super::*;
use naru_codes::{Language, texts};
use proptest::prelude::*;

fn codes(text: &str) -> Vec<&'static str> {
    recognise(text).iter().map(|found| found.cause.code()).collect()
}

#[test]
fn every_pattern_recognises_its_own_text() {
    for pattern in patterns::PATTERNS {
        let found = recognise(pattern.example);
        let own = found.iter().find(|found| found.cause == pattern.cause);
        let own = own.unwrap_or_else(|| panic!("{}: {found:?}", pattern.example));
        assert!(own.certainty <= pattern.certainty, "{}: {found:?}", pattern.example);
        for words in pattern.all.iter().chain(pattern.none) {
            assert_eq!(*words, words.to_lowercase(), "texts are compared in lower case");
        }
    }
}

#[test]
fn what_is_surest_comes_first() {
    for (text, first) in [
        ("unauthorized: authentication required", "credential-invalid"),
        (
            "failed to authorize: failed to fetch anonymous token: unexpected status: 401 Unauthorized",
            "credential-missing",
        ),
        (
            "CONNECTIVITY_REFRESH_TOKEN_ERROR. Access to registry was denied. Response code: 403. Unable to get \
             admin user credentials with message: Admin user is disabled. Unable to authenticate using AAD or \
             admin login credentials.",
            "network-ip-denied",
        ),
        (
            "Error response from daemon: Get \"https://r/v2/\": tls: failed to verify certificate: x509: \
             certificate signed by unknown authority",
            "network-tls-untrusted",
        ),
        ("Reason: permission-no-role", "permission-no-role"),
        (
            "denied: token ci may not pull team/app: scope map ci has no rule for it",
            "permission-scope-map",
        ),
    ] {
        assert_eq!(codes(text).first(), Some(&first), "{text}: {:?}", recognise(text));
    }
}

#[test]
fn our_own_refusals_are_recognised_in_both_languages() {
    let shared = ["permission-insufficient-scope", "permission-scope-map"];
    for cause in Cause::ALL.iter().filter(|cause| !shared.contains(&cause.code())) {
        for language in Language::ALL {
            let values = [
                ("who", "user alice"),
                ("repository", "team/app"),
                ("near", "no role"),
                ("remedy", "assign AcrPull"),
                ("when", "2026-01-01T00:00:00Z"),
                ("host", "r.example"),
                ("address", "192.0.2.1"),
                ("audience", "x"),
                ("operation", "y"),
                ("seconds", "5"),
                ("action", "pull"),
            ];
            let id = format!("{}.answer", cause.code());
            let Some(text) = texts().find(*language, &id, &values) else { continue };
            if text == "authentication required" || text == "인증이 필요합니다" {
                continue; // the bare challenge says nothing more
            }
            let found =
                codes(&format!("Error response from daemon: denied: {text}. CorrelationId: x."));
            assert!(found.contains(&cause.code()), "{cause} in {language:?}: {text}: {found:?}");
        }
    }
}

#[test]
fn nothing_is_guessed() {
    for text in ["", "hello", "it does not work", "error", "denied", "Is the server running?"] {
        assert_eq!(recognise(text), [], "{text}");
    }
}

#[test]
fn the_id_of_a_request_is_found_in_the_words() {
    let id = "0c5e8a7e-1b5c-4f0e-9f3a-0123456789ab";
    for text in [format!("denied. CorrelationId: {id}."), format!("{{\"correlationId\":\"{id}\"}}")]
    {
        assert_eq!(correlation_id(&text), Some(id), "{text}");
    }
    assert_eq!(correlation_id("no CorrelationId here"), None);
}

/// `cargo xtask docs` makes them anew.
#[test]
fn the_pages_of_the_causes_are_fresh() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/causes");
    let mut due = std::collections::BTreeMap::new();
    for (language, ending) in [(Language::English, ".md"), (Language::Korean, ".ko.md")] {
        due.insert(format!("README{ending}"), page::index(language));
        for cause in Cause::ALL {
            due.insert(format!("{}{ending}", cause.code()), page::markdown(*cause, language));
        }
    }
    for (name, text) in &due {
        let found = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        assert_eq!(found.trim_end(), text.trim_end(), "{name}: run `cargo xtask docs`");
    }
    for entry in std::fs::read_dir(folder).unwrap() {
        let name = entry.unwrap().file_name().into_string().unwrap();
        assert!(due.contains_key(&name), "{name} is the page of no cause");
    }
}

proptest! {
    #[test]
    fn no_text_makes_it_panic(text: String) {
        let _ = (recognise(&text), correlation_id(&text));
    }
}
