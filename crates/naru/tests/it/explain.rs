//! `naru explain`: pages of causes, and messages that people paste.

use std::io::Write as _;
use std::process::Stdio;

use serde_json::Value;

use crate::support::naru;

fn explain(arguments: &[&str]) -> (i32, String, String) {
    let home = tempfile::tempdir().unwrap();
    let output = naru(home.path()).arg("explain").args(arguments).output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

#[test]
fn a_code_has_a_page_in_both_languages() {
    let (code, page, _) = explain(&["credential-expired-entra"]);
    assert_eq!(code, 0);
    let (_, korean, _) = explain(&["credential-expired-entra", "--lang", "ko"]);
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("explain-page", page);
        insta::assert_snapshot!("explain-page-ko", korean);
    });
    let (_, json, _) = explain(&["credential-expired-entra", "-o", "json"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    for key in
        ["code", "title", "meaning", "established", "reproduce", "fix", "verify", "legacyCodes"]
    {
        assert!(json[key].is_string() || json[key].is_array(), "{key}: {json}");
    }
}

#[test]
fn a_message_speaks_for_causes_the_likeliest_first() {
    let message = "Error response from daemon: Get \"https://r.example/v2/\": tls: failed to verify certificate: \
                   x509: certificate signed by unknown authority";
    let (code, json, _) = explain(&["-o", "json", message]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["causes"][0]["code"]), (0, &"network-tls-untrusted".into()));
    assert_eq!(json["causes"][0]["certainty"], "proven");
    let (_, text, _) = explain(&[
        "unauthorized: authentication required. CorrelationId: 0c5e8a7e-1b5c-4f0e-9f3a-0123456789ab",
    ]);
    insta::with_settings!({ prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("explain-message", text);
    });
}

#[test]
fn a_message_may_come_on_standard_input() {
    let home = tempfile::tempdir().unwrap();
    let mut command = naru(home.path());
    let command = command.args(["explain", "-", "-o", "json"]).stdin(Stdio::piped());
    let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
    let message = b"bash: docker: command not found\n";
    child.stdin.take().unwrap().write_all(message).unwrap();
    let output = child.wait_with_output().unwrap();
    let json: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(json["causes"][0]["code"], "docker-cli-missing");
}

#[test]
fn what_is_not_known_is_not_guessed() {
    let (code, json, _) = explain(&["-o", "json", "it does not work"]);
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, json["causes"].as_array().unwrap().len()), (1, 0));
    let (code, text, note) = explain(&["it does not work"]);
    assert_eq!((code, text.as_str()), (1, ""));
    assert!(note.contains("nothing in this text is known"), "{note}");
}

#[test]
fn without_a_word_every_code_is_listed() {
    let (code, text, _) = explain(&[]);
    assert_eq!(code, 0);
    for cause in naru_codes::Cause::ALL {
        assert!(text.contains(cause.code()), "{cause}");
    }
}
