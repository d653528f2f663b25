//! Heads: request lines and targets that are none, hosts that are missing, doubled or contradicted,
//! bare line ends, and floods of fields.

use naru_testkit::Kit;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Victim, head, owner, statuses, untag};

#[tokio::test]
async fn a_request_line_that_is_none_is_refused() {
    let victim = Victim::new().await;
    for line in [
        "DELETE /v2/a/manifests/v1",
        "DELETE /v2/a/manifests/v1 ",
        "DELETE /v2/a/manifests/v1 HTTP/1.2",
        "DELETE /v2/a/manifests/v1 HTTP/2.0",
        "DELETE /v2/a/manifests/v1 HTTP/0.9",
        "DELETE /v2/a/manifests/v1 HTTP/11",
        "DELETE /v2/a/manifests/v1 http/1.1",
        "DELETE /v2/a/manifests/v1 HTTP/1.1 HTTP/1.1",
        "DELETE  /v2/a/manifests/v1 HTTP/1.1",
        "DELETE /v2/a/manifests/v1  HTTP/1.1",
        "DELETE\t/v2/a/manifests/v1\tHTTP/1.1",
        "DELETE /v2/a/manifests/v1 x HTTP/1.1",
        " DELETE /v2/a/manifests/v1 HTTP/1.1",
        "DEL\u{1}ETE /v2/a/manifests/v1 HTTP/1.1",
        "DELETE: /v2/a/manifests/v1 HTTP/1.1",
        "/v2/a/manifests/v1 HTTP/1.1",
        "DELETE v2/a/manifests/v1 HTTP/1.1",
        "DELETE ?/v2/a/manifests/v1 HTTP/1.1",
        "DELETE * HTTP/1.1",
        "DELETE localhost HTTP/1.1",
        "DELETE localhost:80 HTTP/1.1",
        "CONNECT localhost:80 HTTP/1.1",
        "CONNECT /v2/a/manifests/v1 HTTP/1.1",
    ] {
        let answered = victim.send(head(line, "")).await;
        assert_eq!(answered.first(), Some(&400), "{line:?}: {answered:?}");
        assert!(!answered.contains(&202), "{line:?}: {answered:?}");
    }
    // A method that is only written otherwise is another method.
    let lower = victim.send(head("delete /v2/a/manifests/v1 HTTP/1.1", "")).await;
    assert_eq!(lower, [405, 200]);
    victim.is_unharmed().await;
}

#[tokio::test]
async fn a_host_that_is_missing_doubled_or_none_is_refused() {
    let victim = Victim::new().await;
    for hosts in [
        "",
        "host: localhost\r\nhost: localhost\r\n",
        "host: localhost\r\nhost: other\r\n",
        "host: localhost, other\r\n",
        "host: \r\n",
        "host: local host\r\n",
        "host: localhost/v2\r\n",
        "host: http://localhost\r\n",
        "host: who@localhost\r\n",
        "host: localhost:port\r\n",
        "host: localhost:99999\r\n",
        "host: [::1\r\n",
        "host: local\\host\r\n",
        "host: localhost?\r\n",
        "host: localhost#\r\n",
    ] {
        let line = "DELETE /v2/a/manifests/v1 HTTP/1.1";
        let answered = victim.send(format!("{line}\r\n{hosts}{}\r\n", owner())).await;
        assert_eq!(answered.first(), Some(&400), "{hosts:?}: {answered:?}");
    }
    victim.is_unharmed().await;
    // Before HTTP/1.1 nobody had to name one.
    let old = victim.send(format!("GET /v2/ HTTP/1.0\r\n{}\r\n", owner())).await;
    assert_eq!(old, [200]);
}

#[tokio::test]
async fn an_absolute_target_that_its_host_contradicts_is_refused() {
    let victim = Victim::new().await;
    for target in [
        "http://other/v2/a/manifests/v1",
        "http://localhost:1/v2/a/manifests/v1",
        "http://localhost.other/v2/a/manifests/v1",
        "http://who@localhost/v2/a/manifests/v1",
        "http://who:secret@localhost/v2/a/manifests/v1",
        "http://localhost@other/v2/a/manifests/v1",
        "http:///v2/a/manifests/v1",
        "http://local%68ost/v2/a/manifests/v1",
    ] {
        let answered = victim.send(head(&format!("DELETE {target} HTTP/1.1"), "")).await;
        assert_eq!(answered.first(), Some(&400), "{target}: {answered:?}");
    }
    victim.is_unharmed().await;
    let agreed = victim.send(head("GET http://LOCALHOST/v2/ HTTP/1.1", "")).await;
    assert_eq!(agreed, [200, 200]);
}

/// RFC 9112 §2.2 lets a server take a bare line feed for the end of a line. It is then the end of
/// one in all that is read: the request is judged as what it is, once, and nothing else comes of it.
#[tokio::test]
async fn bare_line_ends_make_no_second_request() {
    let victim = Victim::new().await;
    let get = head("GET /v2/ HTTP/1.1", "").replace("\r\n", "\n");
    assert_eq!(victim.send(get).await, [200, 200]);
    for fields in
        ["x: y\rtransfer-encoding: chunked\r\n", "x: y\r\r\n", "x\r: y\r\n", "x: y\0z\r\n"]
    {
        let answered = victim.send(head("DELETE /v2/a/manifests/v1 HTTP/1.1", fields)).await;
        assert_eq!(answered, [400], "{fields:?}");
    }
    // A field that a proxy took for one, and that is two of them.
    let hidden = "x: y\ntransfer-encoding: chunked\r\n";
    let length = "content-length: 5\r\n";
    let put = head("PUT /v2/a/manifests/v2 HTTP/1.1", &format!("{length}{hidden}"));
    assert_eq!(victim.send(format!("{put}0\r\n\r\n{}", untag())).await, [400]);
    victim.is_unharmed().await;
}

#[tokio::test]
async fn floods_of_fields_are_refused_by_number_size_and_sum() {
    let victim = Victim::new().await;
    let line = "DELETE /v2/a/manifests/v1 HTTP/1.1";
    let many = (0..101).map(|number| format!("x-{number}: y\r\n")).collect::<Vec<_>>().concat();
    let same = "x: y\r\n".repeat(200);
    let large = format!("x: {}\r\n", "y".repeat(70 << 10));
    let name = format!("{}: y\r\n", "x".repeat(70 << 10));
    let sum = (0..60).map(|number| format!("x-{number}: {}\r\n", "y".repeat(1200)));
    let sum = sum.collect::<Vec<_>>().concat();
    for fields in [many, same, large, name, sum] {
        let answered = victim.send(head(line, &fields)).await;
        assert!(matches!(answered.first(), Some(400 | 431)), "{answered:?}");
        assert!(!answered.contains(&202), "{answered:?}");
    }
    for size in [50 << 10, 70 << 10, 2 << 20] {
        let target = format!("/v2/a/manifests/v1?x={}", "y".repeat(size));
        let answered = victim.send(head(&format!("DELETE {target} HTTP/1.1"), "")).await;
        assert!(matches!(answered.first(), Some(414 | 431)), "{size}: {answered:?}");
        assert!(!answered.contains(&202), "{size}: {answered:?}");
    }
    victim.is_unharmed().await;
}

/// What never ends is not read for ever: no more of it is taken than a head may have.
#[tokio::test]
async fn a_head_without_an_end_is_cut_off_where_a_head_must_have_ended() {
    let victim = Victim::new().await;
    for start in ["", "GET ", "GET /", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nx: ", "\r\n"] {
        let stream = TcpStream::connect(victim.kit.address()).await.unwrap();
        let (mut from, mut to) = stream.into_split();
        let filler = if start.ends_with("1.1\r\n") { "x: y\r\n" } else { "y" };
        let filler = if start == "\r\n" { "\r\n" } else { filler };
        let endless = filler.repeat((4 << 20) / filler.len());
        let sending = tokio::spawn(async move {
            let _cut = to.write_all(start.as_bytes()).await;
            while to.write_all(endless.as_bytes()).await.is_ok() {}
        });
        let mut said = Vec::new();
        let _end = from.read_to_end(&mut said).await;
        drop(from);
        sending.await.unwrap();
        let answered = statuses(&said);
        assert!(matches!(answered[..], [] | [400 | 414 | 431]), "{start:?}: {answered:?}");
    }
    victim.is_unharmed().await;
}

/// The rules are the same where a name of the server's own decides which registry is meant.
#[tokio::test]
async fn a_second_host_reaches_no_other_registry() {
    let kit = Kit::start_with_domain().await;
    let challenge = |hosts: &str| format!("GET /v2/ HTTP/1.1\r\n{hosts}connection: close\r\n\r\n");
    for hosts in [
        "host: registry.naru.test\r\nhost: second.naru.test\r\n",
        "host: second.naru.test\r\nhost: registry.naru.test\r\n",
    ] {
        let mut stream = TcpStream::connect(kit.address()).await.unwrap();
        stream.write_all(challenge(hosts).as_bytes()).await.unwrap();
        let mut said = Vec::new();
        stream.read_to_end(&mut said).await.unwrap();
        assert_eq!(statuses(&said), [400], "{hosts}");
    }
}
