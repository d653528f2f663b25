//! Links in documents lead somewhere, and the first documents are there.
//!
//! Only links within the repository are followed, with their anchors; nothing is fetched.

use std::collections::BTreeSet;
use std::path::{Component, Path, PathBuf};

use crate::tidy::Text;

/// What somebody who has just cloned looks for.
const DUE: [&str; 2] = ["README.md", "README.ko.md"];

/// What breaks this rule.
pub(super) fn findings(root: &Path, documents: &[Text]) -> Vec<String> {
    let mut findings: Vec<String> = DUE
        .iter()
        .filter(|due| !documents.iter().any(|found| found.path == Path::new(due)))
        .map(|due| format!("{due} is missing"))
        .collect();
    for document in documents {
        for link in links(&document.text) {
            if let Some(fault) = fault(root, documents, document, link) {
                let path = document.path.display();
                findings.push(format!("{path}: the link `{link}` {fault}"));
            }
        }
    }
    findings
}

fn fault(root: &Path, documents: &[Text], from: &Text, link: &str) -> Option<&'static str> {
    if link.contains("://") || link.starts_with("mailto:") {
        return None;
    }
    let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
    let target = if file.is_empty() {
        from.path.clone()
    } else {
        let folder = from.path.parent().unwrap_or(Path::new(""));
        match below(&folder.join(file)) {
            Some(target) => target,
            None => return Some("leaves the repository"),
        }
    };
    if !root.join(&target).exists() && !documents.iter().any(|found| found.path == target) {
        return Some("leads nowhere");
    }
    let document = documents.iter().find(|found| found.path == target)?;
    let is_there = anchor.is_empty() || anchors(&document.text).contains(anchor);
    (!is_there).then_some("names a heading that is not there")
}

/// The path without `..`, or `None` where it leaves the root.
fn below(path: &Path) -> Option<PathBuf> {
    let mut clean = PathBuf::new();
    for part in path.components() {
        match part {
            Component::Normal(name) => clean.push(name),
            Component::CurDir => {}
            Component::ParentDir => {
                if !clean.pop() {
                    return None;
                }
            }
            Component::RootDir | Component::Prefix(_) => return None,
        }
    }
    Some(clean)
}

/// The targets of `[text](target)` outside of code.
fn links(text: &str) -> Vec<&str> {
    prose(text)
        .flat_map(|line| line.split('`').step_by(2))
        .flat_map(|piece| piece.split("](").skip(1))
        .filter_map(|rest| rest.split(')').next())
        .filter_map(|target| target.split_whitespace().next())
        .map(|target| target.trim_matches(['<', '>']))
        .collect()
}

/// The anchors of a document's headings, as GitHub makes them.
fn anchors(text: &str) -> BTreeSet<String> {
    let mut anchors = BTreeSet::new();
    for heading in prose(text).filter(|line| line.starts_with('#')) {
        let slug: String = heading
            .trim_start_matches('#')
            .trim()
            .to_lowercase()
            .chars()
            .filter(|letter| letter.is_alphanumeric() || matches!(letter, ' ' | '-' | '_'))
            .map(|letter| if letter == ' ' { '-' } else { letter })
            .collect();
        let repeated = (1..).map(|count| format!("{slug}-{count}"));
        let free = [slug.clone()]
            .into_iter()
            .chain(repeated)
            .find(|candidate| !anchors.contains(candidate));
        anchors.extend(free);
    }
    anchors
}

/// The lines outside of fenced code.
fn prose(text: &str) -> impl Iterator<Item = &str> {
    let mut in_code = false;
    text.lines().filter(move |line| {
        let is_fence = line.trim_start().starts_with("```");
        in_code ^= is_fence;
        !is_fence && !in_code
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> Vec<String> {
        let document = |path: &str, text: &str| Text { path: path.into(), text: text.to_owned() };
        findings(
            Path::new("/nowhere"),
            &[
                document("README.md", "# Naru\n## First login\n## First login\n"),
                document("README.ko.md", "# 나루\n## 첫 로그인\n"),
                document("docs/a.md", text),
            ],
        )
    }

    #[test]
    fn a_link_that_leads_somewhere_is_no_finding() {
        for text in [
            "[a](../README.md)",
            "[a](../README.md#first-login)",
            "[a](../README.md#first-login-1)",
            "[a](../README.ko.md#첫-로그인)",
            "[a](https://example.com/x)",
            "# Here\n[a](#here)",
            "`[a](nowhere.md)`",
            "```\n[a](nowhere.md)\n```",
        ] {
            assert_eq!(faults(text), Vec::<String>::new(), "{text}");
        }
    }

    #[test]
    fn a_link_that_leads_nowhere_is_found() {
        for (text, expected) in [
            ("[a](b.md)", "leads nowhere"),
            ("[a](../../b.md)", "leaves the repository"),
            ("[a](../README.md#second-login)", "a heading that is not there"),
            ("see [a](../README.md) and [b](b.md \"title\")", "`b.md`"),
        ] {
            let found = faults(text);
            assert!(found.len() == 1 && found[0].contains(expected), "{text}: {found:?}");
        }
    }

    #[test]
    fn both_readmes_are_due() {
        assert_eq!(
            findings(Path::new("/nowhere"), &[]),
            ["README.md is missing", "README.ko.md is missing"]
        );
    }
}
