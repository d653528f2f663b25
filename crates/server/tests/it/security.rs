//! What went wrong in other registries, each as the test that would have caught it
//! (`security-history.md`).
//!
//! Of its rows these do not apply yet: CVE-2026-33540, CVE-2026-2376 (nothing is fetched from
//! elsewhere: there is no cache of another registry and no mirror), CVE-2021-41092 (there is no
//! client that would send a stored credential anywhere). Of the design traps, the enumeration of
//! names is in `gate::strangers`, the open realm in `gate::hosts` and below, and the forged
//! `X-Forwarded-For` in `gate::network`.

use http::Method;
use naru_oci::Digest;
use naru_testkit::{Image, Kit, Login, MANIFEST, Sending, image, text};
use serde_json::json;

use crate::oauth2::forge::{key_of, part_of, strange_key, with};

/// A kit with an image that only `writer` and `reader` may see, in `private/app`.
struct Scene {
    kit: Kit,
    image: Image,
    writer: Login,
    reader: Login,
}

async fn scene() -> Scene {
    let kit = Kit::start_with_domain().await;
    let all: &[&str] = &["content/read", "content/write", "content/delete", "metadata/read"];
    let writer = kit.create_token("registry", "writer", &[("private/*", all)]).await;
    let reader = kit.create_token("registry", "reader", &[("private/*", &["content/read"])]).await;
    let image = image("private");
    kit.push_image((&writer.name, &writer.secret), "private/app", "v1", &image).await;
    Scene { kit, image, writer, reader }
}

impl Scene {
    fn layer(&self) -> Digest {
        Digest::sha256(&self.image.layer)
    }

    /// Every way to read the image.
    fn reads(&self) -> Vec<Sending> {
        let (manifest, layer) = (self.image.digest(), self.layer());
        let config = Digest::sha256(&self.image.config);
        let mut all = Vec::new();
        for path in [
            "manifests/v1".to_owned(),
            format!("manifests/{manifest}"),
            format!("blobs/{layer}"),
            format!("blobs/{config}"),
            format!("referrers/{manifest}"),
            "tags/list".to_owned(),
        ] {
            for method in [Method::GET, Method::HEAD] {
                for root in ["/v2/private/app/", "/v2/private%2Fapp/", "/v2/%70rivate/app/"] {
                    all.push(
                        self.kit.request(method.clone(), &format!("{root}{path}")).at("registry"),
                    );
                }
            }
        }
        let ranged = self.kit.get(&format!("/v2/private/app/blobs/{layer}")).at("registry");
        all.push(ranged.header("range", "bytes=0-9"));
        all
    }
}

/// Requests that change something in a repository.
fn writes(kit: &Kit, repository: &str, tag: &str, digest: &Digest) -> Vec<Sending> {
    let base = format!("/v2/{repository}");
    let put = kit.put(&format!("{base}/manifests/{tag}")).header("content-type", MANIFEST);
    [
        put.body("{}"),
        kit.delete(&format!("{base}/manifests/{tag}")),
        kit.delete(&format!("{base}/manifests/{digest}")),
        kit.delete(&format!("{base}/blobs/{digest}")),
        kit.post(&format!("{base}/blobs/uploads/")),
        kit.post(&format!("{base}/blobs/uploads/?digest={digest}")),
        kit.post(&format!("{base}/blobs/uploads/?mount={digest}&from=private/app")),
        kit.patch(&format!("{base}/blobs/uploads/AAAA")),
        kit.put(&format!("{base}/blobs/uploads/AAAA?digest={digest}")),
        kit.delete(&format!("{base}/blobs/uploads/AAAA")),
    ]
    .map(|request| request.at("registry"))
    .to_vec()
}

/// Gitea and Forgejo: visibility was checked on the metadata, and not on `/v2/`.
#[tokio::test]
async fn cve_2026_27771_private_images_are_pulled_by_nobody_else() {
    let scene = scene().await;
    let kit = &scene.kit;
    let stranger = kit
        .create_token(
            "registry",
            "stranger",
            &[("other/*", &["content/read", "content/write", "metadata/read"])],
        )
        .await;
    let user = kit.create_user("alice").await;
    let wide = "repository:private/app:pull,metadata_read";
    let tokens = [
        kit.access_token("registry", &stranger, &[wide]).await,
        kit.access_token("registry", &user, &[wide]).await,
    ];
    for request in scene.reads() {
        let reader = request.clone().login(&scene.writer).send().await;
        assert!(
            reader.status.is_success(),
            "whoever may is served: {request:?}: {}",
            reader.text()
        );
        assert_eq!(request.clone().send().await.status, 401, "{request:?}");
        for login in [&stranger, &user] {
            let status = request.clone().login(login).send().await.status.as_u16();
            assert!([403, 404].contains(&status), "{status}: {request:?}");
        }
        for token in &tokens {
            let status = request.clone().bearer(token).send().await.status.as_u16();
            assert!([403, 404].contains(&status), "{status}: {request:?}");
        }
    }
    // Nor by a detour: a mount of what may not be pulled is an ordinary upload.
    let mount = format!("/v2/other/app/blobs/uploads/?mount={}&from=private/app", scene.layer());
    kit.post(&mount).at("registry").login(&stranger).send().await.expect(202);
    kit.get(&format!("/v2/other/app/blobs/{}", scene.layer()))
        .at("registry")
        .login(&stranger)
        .send()
        .await
        .expect(404);
}

/// Gitea: a package token dropped the scope of the token that it was made from.
#[tokio::test]
async fn cve_2025_68944_a_token_made_from_a_token_has_no_more_than_it() {
    let scene = scene().await;
    let narrow =
        scene.kit.access_token("registry", &scene.writer, &["repository:private/app:pull"]).await;
    let parent = Login { name: String::new(), secret: narrow };
    let asked = ["repository:private/app:*", "repository:private/other:*", "registry:catalog:*"];
    let child = scene.kit.access_token("registry", &parent, &asked).await;
    let listed = part_of(&child, 1)["access"].clone();
    assert_eq!(
        (&listed[0]["actions"], &listed[1]["actions"], &listed[2]["actions"]),
        (&json!(["pull"]), &json!([]), &json!([]))
    );
}

/// Gitea: restricted tokens were not held to it on many routes.
#[tokio::test]
async fn cve_2026_24791_and_cve_2025_68941_a_token_that_reads_writes_nowhere() {
    let scene = scene().await;
    let kit = &scene.kit;
    let token = kit
        .access_token("registry", &scene.reader, &["repository:private/app:pull,push,delete"])
        .await;
    for request in writes(kit, "private/app", "v1", &scene.layer()) {
        request.clone().login(&scene.reader).send().await.expect(403);
        request.bearer(&token).send().await.expect(403);
    }
    kit.get("/v2/private/app/manifests/v1")
        .at("registry")
        .login(&scene.reader)
        .send()
        .await
        .expect(200);
    kit.get("/v2/private/app/tags/list")
        .at("registry")
        .login(&scene.reader)
        .send()
        .await
        .expect(403);
}

/// zot: `latest` was an exception.
#[tokio::test]
async fn cve_2026_31801_no_tag_has_a_meaning_of_its_own() {
    let scene = scene().await;
    let writer =
        scene.kit.create_token("registry", "pusher", &[("private/app", &["content/write"])]).await;
    let digest = scene.layer();
    let mut answers = Vec::new();
    for tag in ["latest", "v1", "main", "stable", "zzz"] {
        let mut statuses = Vec::new();
        for login in [&writer, &scene.reader] {
            for request in writes(&scene.kit, "private/app", tag, &digest).into_iter().take(2) {
                statuses.push(request.login(login).send().await.status.as_u16());
            }
        }
        answers.push(statuses);
    }
    assert!(answers.iter().all(|statuses| *statuses == [400, 403, 403, 403]), "{answers:?}");
}

/// zot: groups were added to and never taken away.
#[tokio::test]
async fn cve_2025_23208_a_right_that_was_taken_back_is_gone_at_the_next_login() {
    let kit = Kit::start_with_domain().await;
    let alice = kit.create_user("alice").await;
    let push = || kit.post("/v2/a/blobs/uploads/").at("registry").login(&alice).send();
    for _ in 0..2 {
        kit.assign("registry", &alice, "AcrPush").await;
        push().await.expect(202);
        kit.unassign("registry", &alice, "AcrPush").await;
        push().await.expect(403);
        kit.ask_access("registry", Some(&alice), &[]).await.expect(403);
    }
}

/// zot: a cache for deduplication served any blob by its digest.
#[tokio::test]
async fn cve_2024_39897_a_blob_is_read_through_a_repository_that_links_it() {
    let scene = scene().await;
    for (repository, status) in [("private/app", 200), ("private/other", 404)] {
        let target = format!("/v2/{repository}/blobs/{}", scene.layer());
        for _ in 0..2 {
            scene.kit.get(&target).at("registry").login(&scene.writer).send().await.expect(status);
            scene.kit.head(&target).at("registry").login(&scene.writer).send().await.expect(status);
        }
    }
}

/// distribution: a deleted blob could be read again, since another repository still had it.
#[tokio::test]
async fn cve_2026_35172_a_deleted_blob_stays_deleted_though_another_repository_has_it() {
    let scene = scene().await;
    let (kit, writer) = (&scene.kit, &scene.writer);
    let content = b"shared".to_vec();
    let digest = Digest::sha256(&content);
    for repository in ["private/a", "private/b"] {
        kit.push_blob((&writer.name, &writer.secret), repository, &content).await.expect(201);
    }
    let at = |repository: &str| format!("/v2/{repository}/blobs/{digest}");
    kit.get(&at("private/a")).at("registry").login(writer).send().await.expect(200);
    kit.delete(&at("private/a")).at("registry").login(writer).send().await.expect(202);
    kit.head(&at("private/b")).at("registry").login(writer).send().await.expect(200);
    kit.get(&at("private/b")).at("registry").login(writer).send().await.expect(200);
    kit.get(&at("private/a")).at("registry").login(writer).send().await.expect(404);
    kit.head(&at("private/a")).at("registry").login(writer).send().await.expect(404);
}

/// distribution: deleting a tag ignored the switch that forbade deleting.
#[tokio::test]
async fn cve_2026_41888_every_verb_heeds_every_switch() {
    let scene = scene().await;
    let kit = &scene.kit;
    kit.admin("registry", "update", json!({ "adminEnabled": true })).await;
    let admin = kit.admin_login("registry").await;
    let token =
        kit.access_token("registry", &admin, &["repository:private/app:pull,push,delete"]).await;
    let all = || writes(kit, "private/app", "no-such-tag", &Digest::sha256(b"nothing"));
    for request in all() {
        let status = request.login(&admin).send().await.status.as_u16();
        assert!([202, 400, 404].contains(&status), "the admin user may: {status}");
    }
    kit.admin("registry", "update", json!({ "adminEnabled": false })).await;
    for request in all() {
        request.clone().login(&admin).send().await.expect(401);
        request.bearer(&token).send().await.expect(401);
    }
    kit.admin("registry", "update", json!({ "adminEnabled": true, "anonymousPullEnabled": true }))
        .await;
    for request in all() {
        request.send().await.expect(401);
    }
    for closed in [
        json!({ "publicNetworkEnabled": false }),
        json!({ "publicNetworkEnabled": true, "defaultAction": "deny" }),
    ] {
        kit.admin("registry", "update", closed).await;
        for request in all() {
            request.login(&admin).send().await.expect(403);
        }
    }
}

/// distribution: a key in the token's own header was believed.
#[tokio::test]
async fn cve_2025_24976_a_key_in_a_tokens_header_is_not_believed() {
    let scene = scene().await;
    let kit = &scene.kit;
    let good = kit.access_token("registry", &scene.reader, &["repository:private/app:pull"]).await;
    let (header, claims) = (part_of(&good, 0), part_of(&good, 1));
    let theirs = strange_key();
    let with_key = with(&header, json!({ "jwk": theirs.jwk() }));
    let show = |token: String| {
        kit.get("/v2/private/app/manifests/v1").at("registry").bearer(&token).send()
    };
    show(theirs.es256(&with_key, &claims)).await.expect(401);
    show(key_of(kit, "registry").es256(&with_key, &claims)).await.expect(200);
}

/// distribution: memory was taken for as many entries as were asked for.
#[tokio::test]
async fn cve_2023_2253_a_huge_n_takes_no_memory() {
    let scene = scene().await;
    let kit = &scene.kit;
    kit.admin("registry", "update", json!({ "adminEnabled": true })).await;
    let admin = kit.admin_login("registry").await;
    for path in ["/v2/_catalog", "/v2/private/app/tags/list"] {
        let list = |n: &str| kit.get(&format!("{path}?n={n}")).at("registry").login(&admin).send();
        let whole = kit.get(path).at("registry").login(&admin).send().await.expect(200).json();
        for n in [
            "10001",
            "2147483647",
            "9223372036854775807",
            "18446744073709551615",
            "99999999999999999999999999",
        ] {
            assert_eq!(list(n).await.expect(200).json(), whole, "{n}");
        }
        for n in ["-1", "1e9", "many"] {
            let reply = list(n).await.expect(400);
            assert_eq!(reply.code(), "PAGINATION_NUMBER_INVALID", "{n}");
        }
    }
}

/// Quay: an upload of one repository could be used with another, and by others.
#[tokio::test]
async fn cve_2026_32589_an_upload_id_is_nobody_elses() {
    let kit = Kit::start_with_domain().await;
    let (alice, bob) = (kit.create_user("alice").await, kit.create_user("bob").await);
    for login in [&alice, &bob] {
        for registry in ["registry", "second"] {
            kit.assign(registry, login, "Contributor").await;
        }
    }
    let begun = kit
        .post("/v2/team/app/blobs/uploads/")
        .at("registry")
        .login(&alice)
        .send()
        .await
        .expect(202);
    let location = begun.header("location").to_owned();
    let (_, id) = location.rsplit_once('/').unwrap();
    let elsewhere = format!("/v2/team/other/blobs/uploads/{id}");
    let digest = Digest::sha256(b"x");
    let mut changed = id.to_owned();
    changed.replace_range(0..1, if id.starts_with('A') { "B" } else { "A" });
    let changed = format!("/v2/team/app/blobs/uploads/{changed}");
    for (what, registry, path, login) in [
        ("another repository", "registry", &elsewhere, &alice),
        ("another principal", "registry", &location, &bob),
        ("another registry", "second", &location, &alice),
        ("another id", "registry", &changed, &alice),
    ] {
        for request in [
            kit.get(path),
            kit.head(path),
            kit.patch(path).body("x"),
            kit.put(&format!("{path}?digest={digest}")).body("x"),
            kit.delete(path),
        ] {
            let reply = request.at(registry).login(login).send().await.expect(404);
            assert!(
                ["BLOB_UPLOAD_UNKNOWN", ""].contains(&&*reply.code()),
                "{what}: {}",
                reply.text()
            );
        }
    }
    kit.get(&location).at("registry").login(&alice).send().await.expect(204);
    let close = format!("{location}?digest={digest}");
    kit.put(&close).at("registry").login(&alice).body("x").send().await.expect(201);
}

/// Harbor: a default password that nobody had to change.
#[tokio::test]
async fn cve_2026_4404_no_default_secret_works() {
    let (one, other) = (Kit::start_with_domain().await, Kit::start_with_domain().await);
    let shown = one.admin("registry", "show", json!({})).await;
    assert_eq!(
        (&shown["adminUserEnabled"], &shown["anonymousPullEnabled"]),
        (&json!(false), &json!(false))
    );
    for name in ["admin", "owner", "registry", "root"] {
        for secret in ["", "admin", "password", "Harbor12345", "registry", "owner", "naru"] {
            one.get("/v2/").at("registry").basic(name, secret).send().await.expect(401);
        }
    }
    // What is generated is generated for each server, and off until somebody switches it on.
    let (mine, theirs) = (one.admin_login("registry").await, other.admin_login("registry").await);
    assert_ne!(mine.secret, theirs.secret);
    let reply = one.get("/v2/").at("registry").login(&mine).send().await.expect(401);
    assert_eq!(reply.header("x-naru-cause"), "credential-admin-disabled");
    one.admin("registry", "update", json!({ "adminEnabled": true })).await;
    one.get("/v2/").at("registry").login(&mine).send().await.expect(200);
    one.get("/v2/").at("registry").login(&theirs).send().await.expect(401);
}

/// Harbor: objects of another project were reached by their ids.
#[tokio::test]
async fn cve_2022_31666_to_31671_an_object_of_another_registry_is_not_there() {
    let kit = Kit::start_with_domain().await;
    kit.create_token("second", "theirs", &[("*", &["content/read"])]).await;
    let alice = kit.create_user("alice").await;
    let request = json!({ "registry": "second", "assignee": "alice", "role": "AcrPull" });
    let assignment = text(&kit.admin("role-assignment", "create", request).await["id"]);
    for (noun, verb, request) in [
        ("token", "show", json!({ "name": "theirs" })),
        ("token", "update", json!({ "name": "theirs", "status": "disabled" })),
        ("token", "delete", json!({ "name": "theirs" })),
        ("token-credential", "generate", json!({ "name": "theirs" })),
        ("scope-map", "show", json!({ "name": "theirs-scope-map" })),
        ("scope-map", "update", json!({ "name": "theirs-scope-map", "description": "mine" })),
        ("scope-map", "delete", json!({ "name": "theirs-scope-map" })),
        ("role-assignment", "delete", json!({ "id": assignment })),
    ] {
        let reply = kit.try_admin(noun, verb, request).await;
        assert_eq!(
            (reply.status.as_u16(), &reply.body["error"]["code"]),
            (404, &json!("not-found")),
            "{noun} {verb}"
        );
    }
    let shown = kit.admin_at("second", "token", "show", json!({ "name": "theirs" })).await;
    assert_eq!(shown["status"], "enabled");
    kit.get("/v2/_catalog").at("second").login(&alice).send().await.expect(200);
}

/// Harbor: a maintainer could change what only an administrator may. Here nothing is administered
/// over the network yet; what each role may do is decided in the use cases, and tried there.
#[tokio::test]
async fn cve_2024_22278_nothing_is_administered_over_the_network() {
    let kit = Kit::start_with_domain().await;
    let owner = kit.create_user("root").await;
    kit.assign("registry", &owner, "Owner").await;
    let body = json!({ "name": "intruder", "password": "thought up by nobody" }).to_string();
    for path in [
        "/v1/user/create",
        "/v1/token/list",
        "/v1/registry/update",
        "/v1/credential/show",
        "/user/create",
    ] {
        for request in [kit.get(path), kit.post(path).body(body.clone())] {
            request.at("registry").login(&owner).send().await.expect(404);
        }
    }
    let reply = kit.try_admin("user", "show", json!({ "name": "intruder" })).await;
    assert_eq!(reply.status, 404);
}

/// Harbor: a field of the request made an administrator.
#[tokio::test]
async fn cve_2019_16097_no_field_that_is_not_asked_for_is_taken() {
    let kit = Kit::start_with_domain().await;
    for (field, value) in [
        ("has_admin_role", json!(true)),
        ("role", json!("Owner")),
        ("enabled", json!(true)),
        ("id", json!("00000000-0000-4000-8000-000000000000")),
        ("tenant", json!("00000000-0000-4000-8000-000000000000")),
    ] {
        let mut request = json!({ "name": "mallory", "password": "thought up by mallory" });
        request[field] = value;
        let reply = kit.try_admin("user", "create", request).await;
        assert_eq!(reply.status.as_u16(), 400, "{field}: {}", reply.body);
        let reply = kit.try_admin("user", "show", json!({ "name": "mallory" })).await;
        assert_eq!(reply.status.as_u16(), 404, "{field}");
    }
    let reply = kit
        .try_admin(
            "token",
            "create",
            json!({ "name": "mallory", "repositories": [], "rights": "admin" }),
        )
        .await;
    assert_eq!(reply.status.as_u16(), 400);
}

/// containerd, go-containerregistry, jib: credentials went to whatever host a challenge named.
/// This server names none but its own.
#[tokio::test]
async fn cve_2020_15157_a_challenge_names_no_host_but_our_own() {
    let kit = Kit::start_with_domain().await;
    for request in [
        kit.get("/v2/").host("evil.example"),
        kit.get("/v2/private/app/manifests/v1").host("evil.example"),
        kit.get("/v2/").at("registry").header("x-forwarded-host", "evil.example"),
        kit.get("/v2/").at("registry").header("forwarded", "host=evil.example"),
    ] {
        let reply = request.send().await.expect(401);
        let challenge = reply.header("www-authenticate");
        assert!(
            challenge.starts_with(r#"Bearer realm="http://registry.naru.test/oauth2/token","#),
            "{challenge}"
        );
    }
    // Of two hosts, neither is taken.
    kit.get("http://evil.example/v2/").at("registry").send().await.expect(400);
    let begun = kit
        .post("/v2/a/blobs/uploads/")
        .host("evil.example")
        .basic("owner", naru_testkit::OWNER_PASSWORD);
    let location = begun.send().await.expect(202).header("location").to_owned();
    assert!(!location.contains("evil"), "{location}");
}
