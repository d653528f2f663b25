//! What is asked of both stores. Reads are spread over many things, so that a cache of a few gains
//! nothing.

use serde_json::Value;

use super::super::client::get;
use super::super::stage::{Stage, document};
use super::Size;
use crate::failure::Failure;

/// The group that is also asked by fresh connections.
pub(super) const LAST_TAGS: &str = "100 tags at the end";

/// The repository with the many tags.
const LARGE: &str = "growth/r00000";

/// Over so many things a kind of request is spread.
const SPREAD: u32 = 500;

/// So many other repositories are looked at.
const OTHERS: u32 = 90;

/// How often a page is asked for.
const PAGES: usize = 200;

/// Requests of one kind.
pub(super) struct Group {
    pub(super) name: &'static str,
    pub(super) requests: Vec<Vec<u8>>,
}

/// Every kind.
pub(super) fn groups(stage: &Stage, size: &Size) -> Result<Vec<Group>, Failure> {
    let reading = format!("repository:{LARGE}:pull,metadata_read");
    let bearer = stage.bearer(&[&reading, "registry:catalog:*"])?;
    let mut groups = single(stage, size, &bearer)?;
    let login = stage.login(&[&reading]);
    let requests = vec![login; usize::try_from(SPREAD).unwrap_or_default()];
    groups.push(Group { name: "login with a token's password", requests });
    groups.extend(pages(stage, size, &bearer)?);
    Ok(groups)
}

/// One manifest or blob at a time.
fn single(stage: &Stage, size: &Size, bearer: &str) -> Result<Vec<Group>, Failure> {
    let mut connection = stage.connect()?;
    let (mut by_tag, mut by_digest, mut blobs) = (Vec::new(), Vec::new(), Vec::new());
    for number in spread(size.tags) {
        let request = get(&format!("/v2/{LARGE}/manifests/t{number:07}"), bearer);
        let manifest = document(&connection.ask(&request)?)?;
        let layer = text(&manifest, "/layers/1/digest")?;
        blobs.push(get(&format!("/v2/{LARGE}/blobs/{layer}"), bearer));
        let target = format!("/acr/v1/{LARGE}/_tags/t{number:07}");
        let digest = text(&document(&connection.ask(&get(&target, bearer))?)?, "/tag/digest")?;
        by_digest.push(get(&format!("/v2/{LARGE}/manifests/{digest}"), bearer));
        by_tag.push(request);
    }
    let mut elsewhere = Vec::new();
    for number in 0..OTHERS {
        let repository = 1 + number * (size.repositories - 1) / OTHERS;
        let repository = format!("growth/r{repository:05}");
        let bearer = stage.bearer(&[&format!("repository:{repository}:pull")])?;
        let target = |tag: u32| format!("/v2/{repository}/manifests/t{tag:07}");
        elsewhere.extend([3, 33, 63].map(|tag| get(&target(tag), &bearer)));
    }
    Ok(vec![
        Group { name: "manifest by tag, in the repository of many tags", requests: by_tag },
        Group { name: "manifest by tag, in many repositories", requests: elsewhere },
        Group { name: "manifest by digest", requests: by_digest },
        Group { name: "small blob", requests: blobs },
    ])
}

/// Pages of lists.
fn pages(stage: &Stage, size: &Size, bearer: &str) -> Result<Vec<Group>, Failure> {
    let mut connection = stage.connect()?;
    let first = get(&format!("/acr/v1/{LARGE}/_tags/t0000000"), bearer);
    let first = text(&document(&connection.ask(&first)?)?, "/tag/digest")?;
    let late_tag = format!("t{:07}", size.tags - 150);
    let late_repository = format!("growth/r{:05}", size.repositories - 50);
    // Digests are spread evenly, and rows are numbered from one on: the first image of each
    // repository, then those of the large one.
    let late_digest = format!("sha256:{}{}", late_part(size.tags), "0".repeat(56));
    let late_row = size.repositories + size.tags - 500;
    let page = |name, target: String| Group { name, requests: vec![get(&target, bearer); PAGES] };
    let acr = format!("/acr/v1/{LARGE}");
    Ok(vec![
        page("100 tags at the front", format!("/v2/{LARGE}/tags/list?n=100")),
        page(LAST_TAGS, format!("/v2/{LARGE}/tags/list?n=100&last={late_tag}")),
        page("100 repositories at the front", "/v2/_catalog?n=100".to_owned()),
        page("50 repositories at the end", format!("/v2/_catalog?n=100&last={late_repository}")),
        page("100 referrers at the front", format!("/v2/{LARGE}/referrers/{first}?n=100")),
        page(
            "50 referrers at the end",
            format!("/v2/{LARGE}/referrers/{first}?n=100&last={late_row}"),
        ),
        page("`/acr/v1`: a repository", acr.clone()),
        page("`/acr/v1`: 100 tags at the front", format!("{acr}/_tags?n=100")),
        page("`/acr/v1`: 100 tags at the end", format!("{acr}/_tags?n=100&last={late_tag}")),
        page("`/acr/v1`: 100 tags, the latest", format!("{acr}/_tags?n=100&orderby=timedesc")),
        page("`/acr/v1`: the tags of a manifest", format!("{acr}/_tags?n=100&digest={first}")),
        page("`/acr/v1`: 100 manifests at the front", format!("{acr}/_manifests?n=100")),
        page(
            "`/acr/v1`: 100 manifests at the end",
            format!("{acr}/_manifests?n=100&last={late_digest}"),
        ),
        page(
            "`/acr/v1`: 100 manifests, the latest",
            format!("{acr}/_manifests?n=100&orderby=timedesc"),
        ),
        page("`/acr/v1`: 100 repositories", "/acr/v1/_catalog?n=100".to_owned()),
    ])
}

/// The first eight digits of a digest that about 150 of so many come after.
fn late_part(digests: u32) -> String {
    let part = u64::from(u32::MAX) * u64::from(digests - 150) / u64::from(digests);
    format!("{part:08x}")
}

/// Numbers below a bound, as far apart as can be.
fn spread(bound: u32) -> impl Iterator<Item = u32> {
    (0..SPREAD).map(move |number| {
        let place = u64::from(number) * u64::from(bound) / u64::from(SPREAD);
        u32::try_from(place).unwrap_or_default()
    })
}

fn text(document: &Value, pointer: &str) -> Result<String, Failure> {
    let found = document.pointer(pointer).and_then(Value::as_str);
    let missing = || Failure::unexpected(format!("`{pointer}`"), document.to_string());
    found.map(str::to_owned).ok_or_else(missing)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_are_spread_over_the_whole() {
        let numbers: Vec<_> = spread(100_000).collect();
        assert_eq!(numbers[..3], [0, 200, 400]);
        assert_eq!(numbers.last(), Some(&99_800));
        assert_eq!(late_part(1_000), "d9999998");
    }
}
