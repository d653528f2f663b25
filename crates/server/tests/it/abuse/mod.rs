//! HTTP as nobody means it: each form is sent over a raw socket, with the rights of the owner, so
//! that whatever got through would have an effect. Nothing may: not the request itself where it is
//! to be refused, and never one that hides behind it.

mod heads;
mod http2;
mod paths;
mod smuggling;
mod text;

use naru_testkit::{Image, Kit, image};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use crate::v2::wire::basic;
use crate::v2::{ByOwner as _, WHO, files};

/// What the server held before it was abused.
struct Victim {
    kit: Kit,
    image: Image,
    before: Holding,
}

/// What an effect would show in.
#[derive(Debug, PartialEq)]
struct Holding {
    repositories: Value,
    tags: Value,
    events: Vec<String>,
    files: usize,
}

impl Victim {
    /// A server with one image, `a:v1`.
    async fn new() -> Self {
        Self::of(Kit::start().await).await
    }

    async fn of(kit: Kit) -> Self {
        let image = image("abused");
        kit.push_image(WHO, "a", "v1", &image).await;
        let before = holding(&kit).await;
        assert_eq!(before.events, ["\"Push\""], "what is done can be seen");
        Self { kit, image, before }
    }

    /// Sends bytes, and after them a request that is in order and the last of its connection; the
    /// statuses of all answers. Behind what was refused, that request is not answered.
    async fn send(&self, bytes: impl AsRef<[u8]>) -> Vec<u16> {
        let last = b"GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        let said = self.say(&[bytes.as_ref(), last].concat()).await;
        statuses(&said)
    }

    /// Sends bytes; all that is answered until the connection ends.
    async fn say(&self, bytes: &[u8]) -> Vec<u8> {
        let stream = TcpStream::connect(self.kit.address()).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let bytes = bytes.to_vec();
        // A server that has heard enough need not take the rest.
        let sending = tokio::spawn(async move {
            let _enough = to.write_all(&bytes).await;
            to
        });
        let mut said = Vec::new();
        // An end and a reset are the same to a client that is sent away.
        let _end = from.read_to_end(&mut said).await;
        drop(sending.await.unwrap());
        said
    }

    /// Nothing has changed, and all is still served.
    async fn is_unharmed(&self) {
        assert_eq!(holding(&self.kit).await, self.before);
        let pulled = self.kit.get("/v2/a/manifests/v1").by_owner().await.expect(200);
        assert_eq!(pulled.body, self.image.manifest);
    }
}

async fn holding(kit: &Kit) -> Holding {
    Holding {
        repositories: kit.get("/v2/_catalog").by_owner().await.expect(200).json(),
        tags: kit.get("/v2/a/tags/list").by_owner().await.expect(200).json(),
        events: changes(kit).await,
        files: files(kit, "blobs").len() + files(kit, "uploads").len(),
    }
}

/// The events of what was done, whoever did it.
async fn changes(kit: &Kit) -> Vec<String> {
    let mut events = kit.export("repository").await;
    events.retain(|event| ["Push", "Delete", "Untag"].iter().any(|w| event["OperationName"] == *w));
    let done = |event: &Value| event["ResultDescription"].to_string().contains("\"2");
    events.retain(done);
    events.iter().map(|event| event["OperationName"].to_string()).collect()
}

/// The statuses of what was answered, one after another.
fn statuses(said: &[u8]) -> Vec<u16> {
    let (mut rest, mut all) = (said, Vec::new());
    while let Some(end) = find(rest, b"\r\n\r\n") {
        let head = String::from_utf8_lossy(&rest[..end]).to_ascii_lowercase();
        let (line, fields) = head.split_once("\r\n").unwrap_or((&head, ""));
        let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
        all.push(status.unwrap_or_else(|| panic!("no answer: {head}")));
        let length = fields.lines().find_map(|field| field.strip_prefix("content-length: "));
        let length: usize = length.map_or(0, |length| length.parse().unwrap());
        rest = rest.get(end + 4 + length..).unwrap_or_default();
    }
    all
}

fn find(text: &[u8], what: &[u8]) -> Option<usize> {
    text.windows(what.len()).position(|window| window == what)
}

/// A head of the owner's, with a host, and more fields, each with its line end.
fn head(line: &str, more: &str) -> String {
    format!("{line}\r\nhost: localhost\r\n{}{more}\r\n", owner())
}

/// The owner's credential, as a field.
fn owner() -> String {
    format!("authorization: {}\r\n", basic(WHO))
}

/// A request that would take the tag away.
fn untag() -> String {
    head("DELETE /v2/a/manifests/v1 HTTP/1.1", "")
}
