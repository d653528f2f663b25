use super::*;
use jiff::Timestamp;
use naru_codes::report::{
    Because, Category, Certainty, CheckReport, Evidence, EvidenceKind, Finding, Outcome, Report,
    Text,
};
use naru_codes::{Cause, Language};

fn report() -> Report {
    let check = |id, category, outcome| CheckReport {
        id,
        category,
        claim: Text::new("check-dns-resolves"),
        outcome,
        started: Timestamp::UNIX_EPOCH,
        duration_ms: 3,
        attempts: 1,
    };
    let summary =
        Text::new("found-network-dns").with("host", "nothing.invalid").with("why", "no such host");
    let place = crate::finding::Place { host: "nothing.invalid".to_owned(), ..Default::default() };
    let finding: Finding = crate::finding::finding(
        Cause::NetworkDns,
        Certainty::Proven,
        "nothing.invalid",
        summary,
        &place,
    )
    .evidence([Evidence::new(EvidenceKind::Dns, "nothing.invalid: no such host in /home/me")]);
    Report {
        target: "nothing.invalid".to_owned(),
        principal: None,
        started: Timestamp::UNIX_EPOCH,
        duration_ms: 5,
        checks: vec![
            check("name.valid", Category::Config, Outcome::Passed { evidence: Vec::new() }),
            check(
                "dns.resolves",
                Category::Network,
                Outcome::of_findings(vec![finding], Vec::new()),
            ),
            check(
                "tcp.connects",
                Category::Network,
                Outcome::Skipped { because: Because::Check("dns.resolves") },
            ),
        ],
    }
}

#[test]
fn lines_stay_within_80_columns_whatever_the_language() {
    for language in Language::ALL {
        for line in text(&report(), *language, true).lines() {
            assert!(line.width() <= 80, "{line}");
        }
    }
    // Hangul takes two columns.
    let wrapped = wrap(&"레지스트리 ".repeat(20), "  ", "  ");
    assert!(wrapped.lines().all(|line| line.width() <= 80), "{wrapped}");
    assert!(wrapped.lines().count() >= 3);
}

#[test]
fn a_command_is_pasted_as_one_shell_line() {
    let words = ["mv", "/a b/c", "it's"].map(str::to_owned);
    assert_eq!(pasted(&words), r"mv '/a b/c' 'it'\''s'");
}

#[test]
fn json_has_the_form_that_others_rely_on() {
    let json: serde_json::Value =
        serde_json::from_str(&json(&report(), Language::English).unwrap()).unwrap();
    assert_eq!(json["schema"], 1);
    assert_eq!((&json["healthy"], &json["causes"][0]), (&false.into(), &"network-dns".into()));
    let checks = json["checks"].as_array().unwrap();
    assert_eq!(checks[2]["because"], "dns.resolves");
    assert_eq!(checks[0]["because"], serde_json::Value::Null);
    let finding = &checks[1]["findings"][0];
    for key in [
        "code",
        "certainty",
        "severity",
        "explainedBy",
        "title",
        "explanation",
        "legacyCodes",
        "remedies",
    ] {
        assert!(finding.get(key).is_some(), "{key}: {finding}");
    }
    assert!(finding["remedies"][0]["commands"][0].is_array());
    assert_eq!(finding["remedies"][0]["actor"], "network-admin");
}

#[test]
fn markdown_for_a_ticket_says_less_about_this_machine() {
    let markdown = markdown(&report(), Language::English, &[("/home/me", "~")]);
    assert!(markdown.contains("`nothing.invalid: no such host in ~`"), "{markdown}");
    assert!(!markdown.contains("/home/me"), "{markdown}");
}
