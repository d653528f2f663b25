//! Administration over the local socket, as the command line does it.

use std::path::PathBuf;

use ::http::{Request, StatusCode};
use bytes::Bytes;
use http_body_util::{BodyExt as _, Full};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::net::UnixStream;

use crate::Kit;

/// What the socket answers.
#[derive(Clone, Debug)]
pub struct AdminReply {
    /// Its status.
    pub status: StatusCode,
    /// What it says.
    pub body: Value,
}

impl Kit {
    /// Asks for a verb, whatever comes of it.
    pub async fn try_admin(&self, noun: &str, verb: &str, request: Value) -> AdminReply {
        let stream = UnixStream::connect(self.socket()).await.expect("the socket listens");
        let (mut sender, connection) =
            hyper::client::conn::http1::handshake(TokioIo::new(stream)).await.expect("HTTP/1.1");
        tokio::spawn(connection);
        let request = Request::post(format!("/v1/{noun}/{verb}"))
            .header("host", "localhost")
            .body(Full::new(Bytes::from(request.to_string())))
            .expect("a request that can be sent");
        let reply = sender.send_request(request).await.expect("an answer");
        let (head, body) = reply.into_parts();
        let body = body.collect().await.expect("a body that comes whole").to_bytes();
        let body = serde_json::from_slice(&body).expect("JSON");
        AdminReply { status: head.status, body }
    }

    /// Asks for a verb that must do.
    pub async fn admin(&self, noun: &str, verb: &str, request: Value) -> Value {
        let reply = self.try_admin(noun, verb, request).await;
        assert_eq!(reply.status, StatusCode::OK, "{noun} {verb}: {}", reply.body);
        reply.body
    }

    /// A whole table of events of the first registry, in the order in which they were written.
    pub async fn export(&self, table: &str) -> Vec<Value> {
        self.export_at("registry", table).await
    }

    /// A whole table of events of a registry, in the order in which they were written.
    pub async fn export_at(&self, registry: &str, table: &str) -> Vec<Value> {
        let (mut all, mut after) = (Vec::new(), Value::Null);
        loop {
            let request = json!({ "table": table, "filter": {}, "after": after });
            let mut page = self.admin_at(registry, "events", "export", request).await;
            all.append(page["events"].as_array_mut().expect("a list"));
            after = page["next"].take();
            if after.is_null() {
                return all;
            }
        }
    }

    /// How many bytes the database has, with its log.
    pub fn database_size(&self) -> u64 {
        let sizes = self.database_files().into_iter().map(std::fs::metadata);
        sizes.map(|file| file.map_or(0, |file| file.len())).sum()
    }

    /// The files of the database.
    pub fn database_files(&self) -> Vec<PathBuf> {
        let database = self.directory().join("data/naru.db");
        let beside = |end: &str| PathBuf::from(format!("{}{end}", database.display()));
        vec![database.clone(), beside("-wal")]
    }
}
