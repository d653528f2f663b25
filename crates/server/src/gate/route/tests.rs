use super::*;

fn read(path: &str) -> Target {
    Target::read(path).unwrap()
}

#[test]
fn a_name_is_what_stands_before_the_last_known_segment() {
    let name = |text: &str| text.parse::<RepositoryName>().unwrap();
    let digest = Digest::sha256(b"x");
    for (path, target) in [
        ("/v2", Target::Base),
        ("/v2/", Target::Base),
        ("/v2/_catalog", Target::Catalog),
        ("/v2/a/tags/list", Target::Tags(name("a"))),
        ("/v2/a/b/tags/list", Target::Tags(name("a/b"))),
        ("/v2/tags/list/tags/list", Target::Tags(name("tags/list"))),
        ("/v2/a/manifests/v1", Target::Manifest(name("a"), "v1".parse().unwrap())),
        ("/v2/manifests/manifests/v1", Target::Manifest(name("manifests"), "v1".parse().unwrap())),
        ("/v2/a/blobs/uploads", Target::Uploads(name("a"))),
        ("/v2/a/blobs/uploads/", Target::Uploads(name("a"))),
        ("/v2/a/blobs/uploads/x", Target::Upload(name("a"), "x".to_owned())),
        ("/v2/blobs/uploads/blobs/uploads/", Target::Uploads(name("blobs/uploads"))),
        ("/oauth2/token", Target::Token),
        ("/oauth2/exchange", Target::Exchange),
        ("/common/oauth2/v2.0/token", Target::IdentityToken("common".to_owned())),
        ("/", Target::Outside),
        ("/v2x", Target::Outside),
        ("/v2/a", Target::Unknown),
        ("/v2/_oci/ext/discover", Target::Unknown),
        ("/acr/v1/_deleted/x", Target::Unknown),
    ] {
        assert_eq!(read(path), target, "{path}");
    }
    assert_eq!(read(&format!("/v2/a/blobs/{digest}")), Target::Blob(name("a"), digest));
    assert_eq!(read(&format!("/v2/a/referrers/{digest}")), Target::Referrers(name("a"), digest));
}

#[test]
fn names_digests_and_tags_outside_their_grammar_are_refused() {
    use naru_oci::ErrorCode::{DigestInvalid, NameInvalid, TagInvalid};
    for (path, code) in [
        ("/v2/A/tags/list", NameInvalid),
        ("/v2/../tags/list", NameInvalid),
        ("/v2/a/../b/tags/list", NameInvalid),
        ("/v2//tags/list", NameInvalid),
        ("/v2/tags/list", NameInvalid),
        ("/v2/a%2fb/tags/list", NameInvalid),
        ("/v2/a\0/tags/list", NameInvalid),
        ("/v2/a/manifests/-x", TagInvalid),
        ("/v2/a/manifests/", TagInvalid),
        ("/v2/a/manifests/sha256:baddigeststring", DigestInvalid),
        ("/v2/a/blobs/x", DigestInvalid),
        ("/v2/a/referrers/x", DigestInvalid),
    ] {
        assert_eq!(Target::read(path).unwrap_err().code, code, "{path}");
    }
}

#[test]
fn rows_are_found_by_method_and_head_by_get() {
    let target = read("/v2/a/manifests/v1");
    for (method, name) in [
        (Method::GET, "pull manifest"),
        (Method::HEAD, "pull manifest"),
        (Method::PUT, "put manifest"),
        (Method::DELETE, "delete manifest"),
    ] {
        let Found::Route(row) = find(&target, &method) else { panic!("{method}") };
        assert_eq!(row.name, name);
    }
    let Found::OtherMethods(others) = find(&target, &Method::PATCH) else { panic!() };
    assert_eq!(others, [Method::GET, Method::PUT, Method::DELETE, Method::HEAD]);
    assert!(matches!(find(&Target::Unknown, &Method::GET), Found::NoPath));
}
