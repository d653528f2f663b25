//! The rows of a generated store are those of pushes, up to numbers, times and the client's name.

use std::path::Path;

use naru_access::Maintenance;
use naru_bench::{Image, MANIFEST, Plan, fill};
use naru_oci::Digest;
use naru_server::ambient::Ambient;
use naru_store::{DataDir, Store};
use naru_testkit::{Kit, Login};
use rusqlite::types::Value;
use rusqlite::{Connection, OpenFlags};
use serde_json::json;

const PLAN: Plan = Plan { manifests: 45, repositories: 3, tags: 21 };

/// Everything that stands in the database about content, by what it means.
const ROWS: [&str; 6] = [
    "SELECT name, listed, locks FROM repository",
    "SELECT b.digest, b.size, b.location, c.bytes FROM blob b LEFT JOIN blob_content c ON c.blob = b.id",
    "SELECT r.name, b.digest FROM blob_link l JOIN repository r ON r.id = l.repository \
     JOIN blob b ON b.id = l.blob",
    "SELECT r.name, m.digest, m.media_type, m.artifact_type, m.annotations, m.subject, m.size, m.locks, \
     m.config, m.config_media_type, m.image_size, c.bytes, n.digest, n.kind FROM manifest m \
     JOIN repository r ON r.id = m.repository JOIN manifest_content c ON c.manifest = m.id \
     LEFT JOIN manifest_reference n ON n.manifest = m.id AND n.repository = r.id",
    "SELECT r.name, t.name_key, t.name, t.locks, m.digest FROM tag t \
     JOIN repository r ON r.id = t.repository JOIN manifest m ON m.id = t.manifest",
    "SELECT operation, identity, identity_kind, credential, caller_ip, result, reason, repository, tag, \
     digest, media_type, artifact_type, size, rule, count, spread, last_identity, last_caller_ip \
     FROM repository_event WHERE operation = 'Push'",
];

#[tokio::test(flavor = "multi_thread")]
async fn a_generated_store_has_the_rows_of_pushes() {
    let pushed = Kit::start().await;
    pushed.admin("registry", "update", json!({ "adminEnabled": true })).await;
    let admin = pushed.admin_login("registry").await;
    for number in PLAN.images() {
        push(&pushed, &admin, &Image::of(number).unwrap()).await;
    }
    // Made by a server's first start, as any data directory is.
    let mut generated = Kit::start().await;
    generated.stop().await;
    {
        let data_dir = DataDir::open(&generated.directory().join("data")).unwrap();
        let store = Store::open(&data_dir, &Maintenance::of_this_process()).await.unwrap();
        fill(&store, PLAN, Ambient::of_this_machine(), || {}).await.unwrap();
    }
    for sql in ROWS {
        let [one, other] = [&pushed, &generated].map(|kit| rows(kit.directory(), sql));
        assert!(!one.is_empty(), "{sql}");
        assert_eq!(one, other, "{sql}");
    }
}

async fn push(kit: &Kit, login: &Login, image: &Image) {
    let Image { repository, tag, blobs, manifest } = image;
    for blob in blobs {
        let digest = Digest::sha256(blob);
        kit.post(&format!("/v2/{repository}/blobs/uploads/?digest={digest}"))
            .login(login)
            .body(blob.clone())
            .send()
            .await
            .expect(201);
    }
    kit.put(&format!("/v2/{repository}/manifests/{tag}"))
        .login(login)
        .header("content-type", MANIFEST)
        .body(manifest.clone())
        .send()
        .await
        .expect(201);
}

/// The rows of a query as texts, sorted.
fn rows(directory: &Path, sql: &str) -> Vec<String> {
    let file = directory.join("data/naru.db");
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let connection = Connection::open_with_flags(file, flags).unwrap();
    let mut statement = connection.prepare(sql).unwrap();
    let columns = statement.column_count();
    let read = |row: &rusqlite::Row<'_>| {
        (0..columns).map(|at| row.get::<_, Value>(at)).collect::<Result<Vec<_>, _>>()
    };
    let mut rows: Vec<_> =
        statement.query_map((), read).unwrap().map(|row| format!("{:?}", row.unwrap())).collect();
    rows.sort();
    rows
}
