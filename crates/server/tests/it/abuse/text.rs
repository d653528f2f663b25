//! Bytes that are no text, where text is due: in targets, queries, fields and bodies.

use super::{Victim, find, head, owner};
use crate::v2::ByOwner as _;

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    parts.concat()
}

#[tokio::test]
async fn a_target_that_is_no_text_is_refused() {
    let victim = Victim::new().await;
    for target in [
        &b"/v2/a/manifests/v\xff"[..],
        b"/v2/\xc0\xae/manifests/v1",
        b"/v2/a/manifests/v1\x00",
        b"/v2/a/manifests/v1\x7f",
        b"/v2/a/manifests/v1?last=\xff",
        b"/v2/a/manifests/v1?last=%ff",
        b"/v2/a/manifests/v1?last=%c0%af",
        b"/v2/a/manifests/v1?%ff=x",
        b"/v2/a/manifests/v1?last=%ed%a0%80",
    ] {
        let rest = head("", "");
        let request = joined(&[b"DELETE ", target, b" HTTP/1.1", rest.as_bytes()]);
        let answered = victim.send(request).await;
        assert_eq!(answered.first(), Some(&400), "{}: {answered:?}", target.escape_ascii());
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn a_field_that_decides_something_and_is_no_text_is_refused() {
    let victim = Victim::new().await;
    let manifest = victim.image.manifest.clone();
    let put = format!(
        "PUT /v2/a/manifests/v2 HTTP/1.1\r\nhost: localhost\r\n{}content-length: {}\r\n",
        owner(),
        manifest.len()
    );
    let host =
        format!("DELETE /v2/a/manifests/v1 HTTP/1.1\r\n{}host: local\u{ff}host\r\n\r\n", owner());
    assert_eq!(victim.send(host).await.first(), Some(&400));
    let media_type = b"content-type: application/vnd.oci.image.manifest.v1+json\xff\r\n\r\n";
    let answered = victim.send(joined(&[put.as_bytes(), media_type, &manifest])).await;
    assert_eq!(answered, [400, 200]);
    for field in [&b"a\xff: b\r\n"[..], b"a b: c\r\n", b"a(b): c\r\n", b": c\r\n", b"a\r\n"] {
        let request = joined(&[put.as_bytes(), field, b"\r\n", &manifest]);
        assert_eq!(victim.send(request).await, [400], "{}", field.escape_ascii());
    }
    let begun = victim.kit.post("/v2/a/blobs/uploads/").by_owner().await.expect(202);
    let location = begun.header("location");
    for range in
        [&b"0-3\xff"[..], b"\xff", b"0-3\r\ncontent-range: 4-7", b"4-7\r\ncontent-range: 0-3"]
    {
        let line = format!("PATCH {location} HTTP/1.1\r\nhost: localhost\r\n{}", owner());
        let fields = b"content-length: 4\r\ncontent-range: ";
        let request = joined(&[line.as_bytes(), fields, range, b"\r\n\r\ndata"]);
        let answered = victim.send(request).await;
        assert_eq!(answered, [400, 200], "{}", range.escape_ascii());
    }
    let status = victim.kit.get(location).by_owner().await.expect(204);
    assert_eq!(status.header("range"), "0-0", "nothing came in");
    victim.kit.delete(location).by_owner().await.expect(204);
    victim.is_unharmed().await;
}

#[tokio::test]
async fn a_credential_that_is_no_text_is_none_that_holds() {
    let victim = Victim::new().await;
    for value in [
        &b"Basic \xff\xff"[..],
        b"Basic /w==",
        b"Basic b3duZXI6/w==",
        b"Bearer \xff",
        b"\xff",
        b"Basic b3duZXI=\xc2\xa0",
    ] {
        let line = b"DELETE /v2/a/manifests/v1 HTTP/1.1\r\nhost: localhost\r\nauthorization: ";
        let answered = victim.send(joined(&[line, value, b"\r\n\r\n"])).await;
        assert_eq!(answered, [401, 200], "{}", value.escape_ascii());
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn a_body_that_is_no_text_is_refused() {
    let victim = Victim::new().await;
    let manifest = String::from_utf8(victim.image.manifest.clone()).unwrap();
    let broken = |field: &[u8]| {
        let open = manifest.strip_prefix('{').unwrap();
        joined(&[b"{", field, b",", open.as_bytes()])
    };
    let form = "application/x-www-form-urlencoded";
    let cases: [(&str, &str, Vec<u8>); 9] = [
        ("PUT /v2/a/manifests/v2", "", broken(b"\"annotations\":{\"a\":\"\xff\"}")),
        ("PUT /v2/a/manifests/v2", "", broken(b"\"unknown\":\"\xff\"")),
        ("PUT /v2/a/manifests/v2", "", broken(b"\"unknown\":{\"a\":[\"\xc0\x80\"]}")),
        ("PUT /v2/a/manifests/v2", "", broken(b"\"\xff\":1")),
        (
            "PATCH /acr/v1/a",
            "application/json",
            b"{\"writeEnabled\":false,\"x\":\"\xff\"}".to_vec(),
        ),
        ("PATCH /acr/v1/a", "application/json", b"[false, false, false, false]".to_vec()),
        ("POST /oauth2/token", form, b"grant_type=password&service=registry&scope=\xff".to_vec()),
        ("POST /oauth2/token", form, b"grant_type=password&username=%ff&password=x".to_vec()),
        ("POST /oauth2/exchange", form, b"grant_type=access_token&access_token=%c0%af".to_vec()),
    ];
    for (line, media_type, body) in cases {
        let media_type = match media_type {
            "" => String::new(),
            media_type => format!("content-type: {media_type}\r\n"),
        };
        let fields = format!("{media_type}content-length: {}\r\n", body.len());
        let head = head(&format!("{line} HTTP/1.1"), &fields);
        let answered = victim.send(joined(&[head.as_bytes(), &body])).await;
        assert_eq!(answered, [400, 200], "{line}: {}", body.escape_ascii());
    }
    victim.is_unharmed().await;
}

/// What is said back is what a reader can read: nobody's bytes are repeated raw.
#[tokio::test]
async fn no_refusal_repeats_bytes_that_are_no_text() {
    let victim = Victim::new().await;
    for target in ["/v2/%0d%0aset-cookie:%20a/manifests/v1", "/%0d%0a%0d%0aHTTP/1.1", "/v2/?%0d%0a"]
    {
        let line = format!("GET {target} HTTP/1.1");
        let request = head(&line, "connection: close\r\naccept-language: \r\n");
        let said = victim.say(request.as_bytes()).await;
        assert!(find(&said, b"\r\nset-cookie").is_none(), "{target}");
        assert_eq!(super::statuses(&said).len(), 1, "{target}");
    }
}
