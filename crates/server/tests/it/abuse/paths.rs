//! Paths that mean another place to another reader: none leads anywhere but where its text says,
//! once decoded, and never further.

use super::{Victim, head};
use crate::v2::ByOwner as _;

const PATHS: &[&str] = &[
    "/v2/../v2/a/manifests/v1",
    "/v2/./a/manifests/v1",
    "/v2/a/./manifests/v1",
    "/v2/a/manifests/./v1",
    "/v2/a/manifests/../manifests/v1",
    "/v2/b/../a/manifests/v1",
    "/v2/b/%2e%2e/a/manifests/v1",
    "/v2/b/%2E%2E/a/manifests/v1",
    "/v2/b/.%2e/a/manifests/v1",
    "/v2/b/%252e%252e/a/manifests/v1",
    "/v2/b/..%2fa/manifests/v1",
    "/v2/b/..%5ca/manifests/v1",
    "/v2/b/..;/a/manifests/v1",
    "/v2/b;/../a/manifests/v1",
    "/v2/../../../../etc/passwd",
    "/v2/%2e%2e/%2e%2e/etc/passwd",
    "/v2/a/blobs/../../../naru.db",
    "/v2/a/blobs/uploads/../../manifests/v1",
    "/v2/a/blobs/uploads/%2e%2e%2f%2e%2e%2fnaru.db",
    "//v2/a/manifests/v1",
    "/v2//a/manifests/v1",
    "/v2/a//manifests/v1",
    "/v2/a/manifests//v1",
    "/v2/a/manifests/v1/",
    "/v2/a/manifests/v1//",
    "/v2/a/manifests/v1/.",
    "/v2/a/manifests/v1/..",
    "/v2/a/manifests/v1%00",
    "/v2/a%00/manifests/v1",
    "/v2/%00a/manifests/v1",
    "/v2/a/manifests/v1%00.txt",
    "/v2/a/manifests/v1%0a",
    "/v2/a/manifests/v1%0d%0ax:%20y",
    "/v2/a/manifests/v1%20",
    "/v2/a/manifests/v1%09",
    "/v2/a\\manifests\\v1",
    "/v2\\a/manifests/v1",
    "\\v2/a/manifests/v1",
    "/v2/a%5cmanifests/v1",
    "/v2/a%252fb/manifests/v1",
    "/v2/%61%2f..%2f%61/manifests/v1",
    "/v2/a/manifests/%2576%2531",
    "/v2/a/manifests/%c0%ae%c0%ae",
    "/v2/%c0%af/manifests/v1",
    "/v2/a%c0%af/manifests/v1",
    "/v2/%e0%80%af/manifests/v1",
    "/v2/%f0%80%80%af/manifests/v1",
    "/v2/%ed%a0%80/manifests/v1",
    "/v2/%ef%bc%8f/manifests/v1",
    "/v2/a/manifests/%ff",
    "/v2/a/manifests/v1%",
    "/v2/a/manifests/v1%zz",
    "/v2/a/manifests/v1%u002e",
    "/v2/A/manifests/v1",
    "/V2/a/manifests/v1",
    "/v2/a/Manifests/v1",
    "/v2/a/manifests/v1;x=y",
    "/v2/a/manifests/v1,v2",
    "/v2/a/manifests/*",
    "/v2/*/manifests/v1",
    "/v2/a/manifests/v1@sha256:0",
    "/v2/a/manifests/sha256:%2e%2e",
    "/v2/a/tags/list/../../manifests/v1",
    "/v2/_catalog/../a/manifests/v1",
    "/v2/a/_manifests/v1",
    "/acr/v1/../../v2/a/manifests/v1",
    "/acr/v1/a/_tags/../_tags/v1",
    "/acr/v1/a/_tags/v1/",
    "/acr/v1/a/_tags/v1%00",
    "/acr/v1/a/_tags/%2e%2e",
    "/acr/v1//a/_tags/v1",
    "/acr/v1/a%00",
    "/acr/v1/a/",
    "/acr/v1/%2e",
    "/healthz/../v2/a/manifests/v1",
    "/oauth2/../v2/a/manifests/v1",
    "/v2/a/manifests/v1?/../../x#y/../..",
];

/// The methods that have an effect, each where it would have one.
const METHODS: &[&str] = &["DELETE", "PUT", "PATCH", "POST", "GET"];

#[tokio::test]
async fn a_path_is_decoded_once_and_resolved_never() {
    let victim = Victim::new().await;
    let manifest = String::from_utf8(victim.image.manifest.clone()).unwrap();
    let fields = format!("content-length: {}\r\n", manifest.len());
    for path in PATHS {
        for method in METHODS {
            // The last of them is what it seems to be, for those that ask and those that take away.
            if path.contains('?') && matches!(*method, "GET" | "DELETE" | "PUT") {
                continue;
            }
            let line = format!("{method} {path} HTTP/1.1");
            let answered = victim.send(head(&line, &fields) + &manifest).await;
            let refused = matches!(answered.first(), Some(400 | 404 | 405));
            assert!(refused, "{line}: {answered:?}");
        }
    }
    victim.is_unharmed().await;
}

/// The SDKs write the slash of a name so. It is the same name, and judged as that.
#[tokio::test]
async fn an_encoded_slash_names_the_same_repository_and_no_other() {
    let victim = Victim::new().await;
    let kit = &victim.kit;
    let inner = naru_testkit::image("inner");
    kit.push_image(crate::v2::WHO, "team/app", "v1", &inner).await;
    let token = kit.create_token("registry", "reader", &[("team", &["content/read"])]).await;
    for path in ["/v2/team%2fapp/manifests/v1", "/v2/team%2Fapp/manifests%2Fv1"] {
        let pulled = kit.get(path).by_owner().await.expect(200);
        assert_eq!(pulled.body, inner.manifest);
        kit.get(path).login(&token).send().await.expect(403);
    }
    kit.get("/v2/team%252fapp/manifests/v1").by_owner().await.expect(400);
    kit.get("/v2/team%2f%2e%2e%2fa/manifests/v1").by_owner().await.expect(400);
}

#[tokio::test]
async fn an_upload_cannot_be_named_out_of_its_directory() {
    let victim = Victim::new().await;
    for id in ["..", "%2e%2e", ".", "..%2f..%2fnaru.db", "a%00b", "a%5c..%5cb", "%ff", "~"] {
        for method in ["PATCH", "PUT", "GET", "DELETE"] {
            let line = format!("{method} /v2/a/blobs/uploads/{id}?digest=sha256:0 HTTP/1.1");
            let answered = victim.send(head(&line, "content-length: 4\r\n") + "data").await;
            assert!(matches!(answered.first(), Some(400 | 404)), "{line}: {answered:?}");
        }
    }
    victim.is_unharmed().await;
}
