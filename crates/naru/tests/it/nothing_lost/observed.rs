//! What a server really has of a repository, held against what it is to have.

use std::collections::{BTreeMap, BTreeSet};

use naru_oci::Digest;

use super::journal::{Deed, Repository};
use super::wire::{Reply, Wire};

/// What there is of a repository.
#[derive(Debug)]
struct Observed {
    locked: bool,
    /// By digest, with whether the bytes are those.
    manifests: BTreeMap<String, bool>,
    tags: BTreeMap<String, String>,
    /// Of the blobs that are looked for, those that are there, whole.
    blobs: BTreeSet<String>,
}

/// Holds a repository against what was acknowledged, and what was merely begun; what it is to hold
/// from here on.
pub(super) fn settle(
    wire: &Wire,
    name: &str,
    acknowledged: &Repository,
    begun: Option<&Deed>,
    leased: bool,
) -> Repository {
    let mut before = acknowledged.clone();
    let mut after = acknowledged.clone();
    if let Some(deed) = begun {
        deed.apply(&mut after);
    }
    if !leased {
        before.without_lease();
        after.without_lease();
    }
    let observed = observe(wire, name, &[&before, &after]);
    // In this order: what was merely begun is promised to nobody.
    let wrong = [before, after].map(|expected| (observed.differs(&expected), expected));
    let [(Some(without), _), (Some(with), _)] = &wrong else {
        let right = wrong.into_iter().find(|(wrong, _)| wrong.is_none());
        return right.unwrap().1;
    };
    panic!("{name}: {without}; and after {begun:?}: {with}; observed: {observed:#?}")
}

impl Observed {
    /// In what it is not as expected.
    fn differs(&self, expected: &Repository) -> Option<String> {
        let Repository { locked, manifests, tags, promised, gone } = expected;
        let broken: Vec<_> = self.manifests.iter().filter(|(_, whole)| !**whole).collect();
        let lost: Vec<_> = promised.difference(&self.blobs).collect();
        let risen: Vec<_> = gone.intersection(&self.blobs).collect();
        if !broken.is_empty() {
            return Some(format!("these manifests are broken: {broken:?}"));
        }
        if !lost.is_empty() {
            return Some(format!("these blobs are lost: {lost:?}"));
        }
        if !risen.is_empty() {
            return Some(format!("these blobs are back: {risen:?}"));
        }
        if self.manifests.keys().ne(manifests.keys()) {
            return Some(format!("these manifests are due: {:?}", manifests.keys()));
        }
        if self.tags != *tags {
            return Some(format!("these tags are due: {tags:?}"));
        }
        (self.locked != *locked).then(|| format!("locked is to be {locked}"))
    }
}

fn observe(wire: &Wire, name: &str, candidates: &[&Repository]) -> Observed {
    let about = get(wire, &format!("/acr/v1/{name}"));
    let locked = about.status == 200
        && about.json()["changeableAttributes"]["writeEnabled"] == serde_json::json!(false);
    let (mut manifests, mut tags) = (BTreeMap::new(), BTreeMap::new());
    let listed = get(wire, &format!("/acr/v1/{name}/_manifests?n=1000"));
    let listed = if listed.status == 200 { listed.json() } else { serde_json::json!({}) };
    for manifest in listed["manifests"].as_array().into_iter().flatten() {
        let digest = manifest["digest"].as_str().unwrap().to_owned();
        let got = get(wire, &format!("/v2/{name}/manifests/{digest}"));
        let whole = got.status == 200 && Digest::sha256(&got.body).to_string() == digest;
        manifests.insert(digest, whole);
    }
    let listed = get(wire, &format!("/v2/{name}/tags/list?n=1000"));
    let listed = if listed.status == 200 { listed.json() } else { serde_json::json!({}) };
    for tag in listed["tags"].as_array().into_iter().flatten() {
        let tag = tag.as_str().unwrap();
        let head = wire.head(&format!("/v2/{name}/manifests/{tag}")).unwrap();
        assert_eq!(head.status, 200, "{name}:{tag}");
        tags.insert(tag.to_owned(), head.header("docker-content-digest").to_owned());
    }
    let asked = candidates.iter().flat_map(|one| one.promised.union(&one.gone));
    let asked: BTreeSet<String> = asked.cloned().collect();
    let there = |digest: &String| {
        let got = get(wire, &format!("/v2/{name}/blobs/{digest}"));
        let whole = got.status == 200 && Digest::sha256(&got.body).to_string() == *digest;
        assert!(whole || got.status == 404, "{name} {digest}: {}", got.text());
        whole
    };
    let blobs = asked.into_iter().filter(there).collect();
    Observed { locked, manifests, tags, blobs }
}

/// What is there or is not.
fn get(wire: &Wire, path: &str) -> Reply {
    let reply = wire.get(path).unwrap();
    assert!(reply.status == 200 || reply.status == 404, "{path}: {}", reply.text());
    reply
}
