//! What every request is read with: the `Authorization` header, scopes, names and digests, and
//! manifests.

use std::hint::black_box;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use criterion::Criterion;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderValue};
use naru_access::parse_scopes;
use naru_oci::{Digest, Manifest, Reference, RepositoryName};
use naru_server::Presented;

const OCI_MANIFEST: &str = "application/vnd.oci.image.manifest.v1+json";

pub(crate) fn run(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("parsing");
    let secret = "naruT0123456789abcdefghijklmnopqrstuvw";
    let basic = authorization(&format!("Basic {}", STANDARD.encode(format!("ci-build:{secret}"))));
    let bearer = authorization(&format!("Bearer {}.{}.{}", "h".repeat(90), "c".repeat(700), "s"));
    group.bench_function("Authorization, Basic", |it| {
        it.iter(|| Presented::in_headers(black_box(&basic)));
    });
    group.bench_function("Authorization, Bearer", |it| {
        it.iter(|| Presented::in_headers(black_box(&bearer)));
    });
    let scope = "repository:team/app:pull,push repository:team/base:pull";
    group.bench_function("scope of two repositories", |it| {
        it.iter(|| parse_scopes([black_box(scope)]).expect("scopes"));
    });
    group.bench_function("repository name", |it| {
        it.iter(|| black_box("team/application/base").parse::<RepositoryName>().expect("a name"));
    });
    let digest = Digest::sha256(b"a layer").to_string();
    group.bench_function("digest", |it| {
        it.iter(|| black_box(&digest).parse::<Digest>().expect("a digest"));
    });
    group.bench_function("reference, a tag", |it| {
        it.iter(|| black_box("v1.2.3-rc.1").parse::<Reference>().expect("a reference"));
    });
    group.bench_function("reference, a digest", |it| {
        it.iter(|| black_box(&digest).parse::<Reference>().expect("a reference"));
    });
    for layers in [1, 20] {
        let manifest = manifest(layers);
        group.bench_function(format!("manifest, layers: {layers}"), |it| {
            let manifest = manifest.as_bytes();
            it.iter(|| Manifest::parse(Some(OCI_MANIFEST), black_box(manifest)).expect("one"));
        });
    }
    group.finish();
}

fn authorization(value: &str) -> HeaderMap {
    let value = HeaderValue::from_str(value).expect("a header value");
    HeaderMap::from_iter([(AUTHORIZATION, value)])
}

fn manifest(layers: u8) -> String {
    let described = |kind: &str, content: &[u8]| {
        let digest = Digest::sha256(content);
        format!(
            r#"{{"mediaType":"application/vnd.oci.image.{kind}","digest":"{digest}","size":4096}}"#
        )
    };
    let config = described("config.v1+json", b"config");
    let layers: Vec<_> =
        (0..layers).map(|layer| described("layer.v1.tar+gzip", &[layer])).collect();
    let layers = layers.join(",");
    format!(
        r#"{{"schemaVersion":2,"mediaType":"{OCI_MANIFEST}","config":{config},"layers":[{layers}]}}"#
    )
}
