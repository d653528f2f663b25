//! Manifests, and the ranges of content.

use naru_oci::{ByteRange, ChunkRange, Digest, Kind, Manifest};
use serde::de::IgnoredAny;
use serde_json::Value;

use super::names::is_digest;
use super::text;

pub(super) fn manifest(data: &[u8]) {
    // A media type may stand before it, on a line of its own.
    let at = data
        .iter()
        .position(|byte| *byte == b'\n')
        .filter(|at| data.first() != Some(&b'{') && *at < 200);
    let (header, bytes) = match at {
        Some(at) => (text(&data[..at]), &data[at + 1..]),
        None => (None, data),
    };
    let Ok(manifest) = Manifest::parse(header, bytes) else { return };
    let _: IgnoredAny = serde_json::from_slice(bytes).expect("what is taken is JSON");
    // A field that nobody reads may be JSON by its grammar alone, and no value: half a surrogate
    // pair (RFC 8259 §8.2), a number beyond all bounds, a thousand brackets.
    let Ok(document) = serde_json::from_slice::<Value>(bytes) else { return };
    let document = document.as_object().expect("and an object");
    let digests = |field: &str| -> Vec<Digest> {
        let list = document.get(field).and_then(Value::as_array).cloned().unwrap_or_default();
        let digest = |one: &Value| {
            let digest = one["digest"].as_str().expect("a descriptor has a digest");
            assert!(is_digest(digest), "{digest:?}");
            digest.parse().expect("a digest")
        };
        list.iter().map(digest).collect()
    };
    for list in [&manifest.blobs, &manifest.manifests] {
        assert!(list.is_sorted_by(|one, next| one < next), "each once, in order");
    }
    let named = |field: &str| document.get(field).is_some_and(|value| !value.is_null());
    match manifest.kind {
        Kind::Image => {
            assert!(!named("manifests") && manifest.manifests.is_empty());
            let layers = digests("layers");
            let config = document["config"]["digest"].as_str().expect("a config");
            let config: Digest = config.parse().expect("a digest");
            assert!(manifest.blobs.contains(&config), "its config is kept");
            let known = |blob: &&Digest| **blob != config && !layers.contains(*blob);
            assert_eq!(manifest.blobs.iter().find(known), None, "nothing else is");
        }
        Kind::Index => {
            assert!(!named("config") && !named("layers") && manifest.blobs.is_empty());
            let mut listed = digests("manifests");
            listed.sort_unstable();
            listed.dedup();
            assert_eq!(manifest.manifests, listed);
        }
        Kind::Artifact => assert!(manifest.manifests.is_empty()),
    }
    let subject = document.get("subject").and_then(|subject| subject["digest"].as_str());
    assert_eq!(manifest.subject.map(|digest| digest.to_string()).as_deref(), subject);
    assert_eq!(Manifest::parse(Some(&manifest.media_type), bytes), Ok(manifest), "by its own type");
}

pub(super) fn range(data: &[u8]) {
    let Some((size, header)) = data.split_first_chunk::<8>() else { return };
    let (size, Some(header)) = (u64::from_le_bytes(*size), text(header)) else { return };
    if let Ok(Some(range)) = ByteRange::resolve(header, size) {
        assert!(range.first <= range.last && range.last < size, "{header:?} of {size}");
        assert!((1..=size).contains(&range.len()), "{header:?} of {size}");
        let printed = format!("bytes={}-{}", range.first, range.last);
        assert_eq!(ByteRange::resolve(&printed, size), Ok(Some(range)), "{header:?} of {size}");
        assert!(header.trim().starts_with("bytes=") && !header.contains(','), "{header:?}");
    }
    if let Ok(range) = header.parse::<ChunkRange>() {
        assert!(range.first <= range.last && range.len() >= 1, "{header:?}");
        let printed = format!("{}-{}", range.first, range.last);
        assert_eq!(printed.parse(), Ok(range), "{header:?}");
        let legal = |byte: u8| byte.is_ascii_digit() || b"-/* bytes".contains(&byte);
        assert!(header.trim().bytes().all(legal), "{header:?}");
    }
}
