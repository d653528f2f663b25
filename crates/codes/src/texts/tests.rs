use super::*;
use std::collections::BTreeMap;

/// The messages and attributes of a file, each with the arguments that it names.
fn entries(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let (mut message, mut current) = (String::new(), String::new());
    for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
        let start = line.split('=').next().unwrap_or_default().trim();
        if !line.starts_with([' ', '}']) {
            message = start.to_owned();
            current = start.to_owned();
            found.insert(current.clone(), Vec::new());
        } else if let Some(attribute) = start.strip_prefix('.') {
            current = format!("{message}.{attribute}");
            found.insert(current.clone(), Vec::new());
        }
        let arguments = found.get_mut(&current).expect("a text before any message");
        for piece in line.split("{ $").skip(1) {
            let name = piece.split([' ', '}']).next().unwrap().to_owned();
            if !arguments.contains(&name) {
                arguments.push(name);
            }
        }
        arguments.sort();
    }
    found
}

#[test]
fn every_file_parses_without_an_error() {
    for (name, text) in ENGLISH.iter().chain(KOREAN) {
        if let Err((_, errors)) = FluentResource::try_new((*text).to_owned()) {
            panic!("{name}: {errors:?}");
        }
    }
}

/// All files of a language are one: an id that stands in two would silently be the later one's.
#[test]
fn no_text_stands_in_two_files() {
    let mut seen = BTreeMap::new();
    for (name, text) in ENGLISH {
        for id in entries(text).into_keys() {
            if let Some(other) = seen.insert(id.clone(), name) {
                panic!("{id} stands in {other} and in {name}");
            }
        }
    }
}

#[test]
fn both_languages_have_the_same_texts_with_the_same_arguments() {
    for ((name, english), (_, korean)) in ENGLISH.iter().zip(KOREAN) {
        let (english, korean) = (entries(english), entries(korean));
        for (id, arguments) in &english {
            assert_eq!(Some(arguments), korean.get(id), "{name}: {id} differs in Korean");
        }
        for id in korean.keys() {
            assert!(english.contains_key(id), "{name}: {id} exists in Korean alone");
        }
    }
}

#[test]
fn every_cause_has_a_title_and_a_page_in_every_language() {
    for cause in Cause::ALL {
        for language in Language::ALL {
            let parts = ["meaning", "established", "reproduce", "fix", "verify"];
            let parts = parts.map(|part| format!("{}.{part}", cause.code()));
            for id in std::iter::once(cause.code().to_owned()).chain(parts) {
                let text = texts().find(*language, &id, &[]);
                assert!(text.is_some_and(|text| !text.is_empty()), "{id} in {language:?}");
            }
        }
    }
}

#[test]
fn every_cause_in_the_files_is_in_the_table() {
    let causes = ENGLISH.iter().find(|(name, _)| *name == "causes.ftl").unwrap().1;
    for id in entries(causes).keys() {
        let code = id.split('.').next().unwrap();
        assert!(Cause::from_code(code).is_some(), "{code} has texts and no row");
    }
}

#[test]
fn arguments_are_filled_in_and_a_missing_text_is_its_name() {
    let text = texts().get(Language::English, "network-ip-denied.answer", &[("address", "::1")]);
    assert!(text.contains("::1"), "{text}");
    assert_eq!(texts().get(Language::Korean, "no-such-text", &[]), "no-such-text");
}
