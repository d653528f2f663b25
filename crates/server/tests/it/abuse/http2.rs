//! HTTP/2 by hand: resets, continuations and compressed heads in floods, and requests that are
//! malformed. Each ends its stream or its connection, and others are answered meanwhile.

use std::time::Duration;

use naru_testkit::{Kit, blob};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::{Victim, owner};
use crate::v2::{ByOwner as _, WHO};

const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;

const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;

/// A frame (RFC 9113 §4.1).
fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = length[1..].to_vec();
    frame.extend([kind, flags]);
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// A field as it stands (RFC 7541 §6.2.2): not indexed, not compressed.
fn field(name: &str, value: &str) -> Vec<u8> {
    [vec![0], string(name), string(value)].concat()
}

fn string(text: &str) -> Vec<u8> {
    let length = text.len();
    let mut encoded = match u8::try_from(length) {
        Ok(short) if short < 127 => vec![short],
        _ => {
            let (mut encoded, mut rest) = (vec![127], length - 127);
            while rest >= 128 {
                encoded.push(u8::try_from(rest % 128).unwrap() | 128);
                rest /= 128;
            }
            encoded.push(u8::try_from(rest).unwrap());
            encoded
        }
    };
    encoded.extend(text.as_bytes());
    encoded
}

/// A head of the owner's.
fn fields(method: &str, path: &str, more: &[(&str, &str)]) -> Vec<u8> {
    let owner = owner();
    let credential = owner.trim_end().strip_prefix("authorization: ").unwrap();
    let first = [(":method", method), (":scheme", "http"), (":path", path)];
    let then = [(":authority", "localhost"), ("authorization", credential)];
    let all = first.iter().chain(&then).chain(more);
    all.flat_map(|(name, value)| field(name, value)).collect()
}

fn untag(more: &[(&str, &str)]) -> Vec<u8> {
    fields("DELETE", "/v2/a/manifests/v1", more)
}

/// A connection that has begun.
fn begun() -> Vec<u8> {
    [&b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..], &frame(SETTINGS, 0, 0, &[])].concat()
}

/// Sends bytes for as long as they are taken; what came back, until the connection ended.
async fn say(kit: &Kit, bytes: impl IntoIterator<Item = Vec<u8>> + Send + 'static) -> Vec<u8> {
    let (mut from, mut to) = TcpStream::connect(kit.address()).await.unwrap().into_split();
    let mut bytes: Vec<Vec<u8>> = bytes.into_iter().collect();
    bytes.insert(0, begun());
    let sending = tokio::spawn(async move {
        for some in bytes {
            if to.write_all(&some).await.is_err() {
                break;
            }
        }
        to
    });
    let mut said = Vec::new();
    // An end and a reset are the same to a client that is sent away.
    let _end = from.read_to_end(&mut said).await;
    drop(from);
    drop(sending.await.unwrap());
    said
}

/// The frames that came, by kind, with their stream and payload.
fn frames(mut said: &[u8]) -> Vec<(u8, u32, Vec<u8>)> {
    let mut all = Vec::new();
    while let [a, b, c, kind, _, w, x, y, z, rest @ ..] = said {
        let length = u32::from_be_bytes([0, *a, *b, *c]) as usize;
        let Some((payload, after)) = rest.split_at_checked(length) else { break };
        all.push((*kind, u32::from_be_bytes([*w, *x, *y, *z]), payload.to_vec()));
        said = after;
    }
    all
}

/// How the connection was ended, if it was told.
fn ended_with(said: &[u8]) -> Option<u32> {
    let told = |(kind, _, payload): &(u8, u32, Vec<u8>)| {
        let code = payload.get(4..8).filter(|_| *kind == GOAWAY)?;
        Some(u32::from_be_bytes(code.try_into().unwrap()))
    };
    frames(said).iter().filter_map(told).next_back()
}

const ENHANCE_YOUR_CALM: u32 = 11;

/// CVE-2023-44487.
#[tokio::test]
async fn streams_that_are_reset_at_once_end_the_connection() {
    let victim = Victim::new().await;
    let get = fields("GET", "/v2/a/manifests/v1", &[]);
    let flood = (0..20_000).map(move |number| {
        let stream = 1 + 2 * number;
        let open = frame(HEADERS, END_HEADERS | END_STREAM, stream, &get);
        [open, frame(RST_STREAM, 0, stream, &[0, 0, 0, 8])].concat()
    });
    let flood: Vec<_> = flood.collect();
    let (said, meanwhile) =
        tokio::join!(say(&victim.kit, flood), victim.kit.get("/v2/").by_owner());
    meanwhile.expect(200);
    // It is sent away long before the end; whether it hears why depends on what it still reads.
    assert!(matches!(ended_with(&said), None | Some(ENHANCE_YOUR_CALM)), "{:?}", ended_with(&said));
    victim.is_unharmed().await;
}

/// CVE-2024-27316 and its kin.
#[tokio::test]
async fn a_head_that_goes_on_for_ever_ends_the_connection() {
    let victim = Victim::new().await;
    let start = untag(&[]);
    let filler = (0..400).flat_map(|number| field(&format!("x-{number}"), &"y".repeat(30)));
    let filler: Vec<u8> = filler.take(16_000).collect();
    for more in [filler, field("x", "y"), Vec::new()] {
        let open = frame(HEADERS, END_STREAM, 1, &start);
        let goes_on = frame(CONTINUATION, 0, 1, &more);
        let flood = std::iter::once(open).chain(std::iter::repeat_n(goes_on, 20_000));
        let flood: Vec<_> = flood.collect();
        let (said, meanwhile) =
            tokio::join!(say(&victim.kit, flood), victim.kit.get("/v2/").by_owner());
        meanwhile.expect(200);
        assert!(frames(&said).iter().all(|(kind, ..)| *kind != DATA));
    }
    victim.is_unharmed().await;
}

/// A kilobyte on the wire that is a megabyte once it is unpacked.
#[tokio::test]
async fn a_head_that_is_small_packed_and_large_unpacked_is_refused() {
    let victim = Victim::new().await;
    // Added to the table once (RFC 7541 §6.2.1), and then named by one byte as often as one likes.
    let entry = [vec![0x40], string("x"), string(&"y".repeat(3900))].concat();
    let bomb = [untag(&[]), entry, vec![0xbe; 2000]].concat();
    let flood =
        (0..50).map(move |number| frame(HEADERS, END_HEADERS | END_STREAM, 1 + 2 * number, &bomb));
    let ping = frame(PING, 0, 0, &[0; 8]);
    let bombs: Vec<_> = flood.chain([ping, stop()]).collect();
    let said = say(&victim.kit, bombs).await;
    let answers = frames(&said);
    assert!(answers.iter().all(|(kind, ..)| *kind != DATA), "{answers:?}");
    victim.is_unharmed().await;
}

/// An error of the connection, which ends it.
fn stop() -> Vec<u8> {
    frame(SETTINGS, 0, 7, &[])
}

#[tokio::test]
async fn floods_of_frames_that_ask_for_nothing_end_or_are_borne() {
    let victim = Victim::new().await;
    let open = frame(HEADERS, END_HEADERS, 1, &fields("PATCH", "/v2/a/blobs/uploads/none", &[]));
    for (first, flood) in [
        (Vec::new(), frame(PING, 0, 0, &[0; 8])),
        (Vec::new(), frame(SETTINGS, 0, 0, &[])),
        (Vec::new(), frame(SETTINGS, 0, 0, &[0, 4, 0, 1, 0, 0])),
        (Vec::new(), frame(2, 0, 1, &[0, 0, 0, 3, 1])),
        (open, frame(DATA, 0, 1, &[])),
    ] {
        let bytes = std::iter::once(first).chain(std::iter::repeat_n(flood, 50_000));
        let bytes: Vec<_> = bytes.chain([stop()]).collect();
        let (_, meanwhile) =
            tokio::join!(say(&victim.kit, bytes), victim.kit.get("/v2/").by_owner());
        meanwhile.expect(200);
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn requests_that_are_malformed_have_no_effect() {
    let victim = Victim::new().await;
    let path = "/v2/a/manifests/v1";
    let heads = [
        untag(&[("host", "other")]),
        untag(&[("host", "localhost"), ("host", "localhost")]),
        untag(&[("transfer-encoding", "chunked")]),
        untag(&[("connection", "close")]),
        untag(&[("keep-alive", "x")]),
        untag(&[("upgrade", "h2c")]),
        untag(&[("Upper", "case")]),
        untag(&[("x", "a\r\nb")]),
        untag(&[("x", "a\0b")]),
        untag(&[("x y", "z")]),
        untag(&[("content-length", "5")]),
        untag(&[("content-length", "0"), ("content-length", "5")]),
        untag(&[("content-length", "x")]),
        untag(&[(":path", path)]),
        untag(&[(":method", "GET")]),
        untag(&[(":authority", "other")]),
        untag(&[(":status", "200")]),
        untag(&[(":protocol", "websocket")]),
        fields("DELETE", "", &[]),
        fields("DELETE", "v2/a/manifests/v1", &[]),
        fields("DELETE", "*", &[]),
        fields("DELETE", "/v2/a/manifests/v1 HTTP/1.1", &[]),
        fields("DELETE", "/v2/b/../a/manifests/v1", &[]),
        fields("DELETE", "/v2/a/manifests/v1\r\nx: y", &[]),
        fields("DEL ETE", path, &[]),
        fields("CONNECT", path, &[]),
        [field(":method", "DELETE"), field(":path", path)].concat(),
    ];
    for (number, head) in heads.into_iter().enumerate() {
        let request = frame(HEADERS, END_HEADERS | END_STREAM, 1, &head);
        say(&victim.kit, [request, stop()]).await;
        // Refused on its stream, in words, or with the connection.
        assert_eq!(super::changes(&victim.kit).await, victim.before.events, "{number}");
    }
    victim.is_unharmed().await;
}

#[tokio::test]
async fn frames_that_are_none_end_the_connection() {
    let victim = Victim::new().await;
    let open = frame(HEADERS, END_HEADERS, 1, &untag(&[]));
    let mut long = frame(DATA, 0, 1, &[]);
    long[0] = 0xff;
    for bytes in [
        vec![long],
        vec![frame(HEADERS, END_HEADERS | END_STREAM, 0, &untag(&[]))],
        vec![frame(HEADERS, END_HEADERS | END_STREAM, 2, &untag(&[]))],
        vec![frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0xff; 40])],
        vec![frame(HEADERS, END_HEADERS | END_STREAM, 1, &[0x7f, 0xff, 0xff, 0xff, 0xff, 0xff])],
        vec![frame(DATA, END_STREAM, 1, b"x")],
        vec![frame(CONTINUATION, END_HEADERS, 1, &untag(&[]))],
        vec![frame(SETTINGS, 0, 0, &[0, 5, 0, 0, 0, 1])],
        vec![frame(SETTINGS, 0, 0, &[0; 5])],
        vec![frame(PING, 0, 0, &[0; 7])],
        vec![frame(8, 0, 0, &[0, 0, 0, 0])],
        vec![open, frame(HEADERS, END_HEADERS, 3, &[]), frame(PING, 0, 0, &[])],
    ] {
        let said = say(&victim.kit, bytes).await;
        assert!(frames(&said).iter().all(|(kind, ..)| *kind != DATA));
    }
    victim.kit.get("/v2/").by_owner().await.expect(200);
}

/// Short enough to be waited for.
const SHORT: Duration = Duration::from_millis(100);

/// A server that waits for nobody for long.
async fn impatient() -> Kit {
    let kit = Kit::start_with(|config| {
        (config.limits.stall_timeout, config.limits.head_timeout) = (SHORT, SHORT);
    });
    kit.await
}

/// Sends some frames, and then one again and again; what came back, until the connection ended.
async fn say_on(kit: &Kit, first: &[u8], again: Vec<u8>) -> Vec<(u8, u32, Vec<u8>)> {
    let (mut from, mut to) = TcpStream::connect(kit.address()).await.unwrap().into_split();
    to.write_all(first).await.unwrap();
    let going_on = tokio::spawn(async move {
        let mut every = tokio::time::interval(SHORT / 20);
        while to.write_all(&again).await.is_ok() {
            every.tick().await;
        }
    });
    let mut said = Vec::new();
    // An end and a reset are the same to a client that is sent away.
    let _end = from.read_to_end(&mut said).await;
    going_on.abort();
    frames(&said)
}

/// That no window is open for an answer is to its connection as if all were well.
#[tokio::test]
async fn an_answer_for_which_no_window_is_opened_is_given_up() {
    let kit = impatient().await;
    let content = blob("unread", 200 << 10);
    let pushed = kit.push_blob(WHO, "a", &content).await.expect(201);
    let get = fields("GET", pushed.header("location"), &[]);
    let small = fields("GET", "/v2/", &[]);
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    for (wanted, opened) in [(&get, 0), (&get, 1), (&small, 0)] {
        let preface = &b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"[..];
        let asked = frame(HEADERS, END_HEADERS | END_STREAM, 1, wanted);
        let window = frame(WINDOW_UPDATE, 0, 1, &u32::to_be_bytes(opened.max(1)));
        let again = if opened > 0 { window } else { Vec::new() };
        let told = say_on(&kit, &[preface, &no_window, &asked].concat(), again).await;
        assert!(told.iter().any(|(kind, on, _)| (*kind, *on) == (RST_STREAM, 1)), "{told:?}");
        let took: usize = told.iter().filter(|told| told.0 == DATA).map(|told| told.2.len()).sum();
        assert!(took < content.len(), "{took}");
    }
}

#[tokio::test]
async fn a_body_that_trickles_on_a_stream_stands_still() {
    let kit = impatient().await;
    let put = fields("PUT", "/v2/a/manifests/v1", &[]);
    let first = [begun(), frame(HEADERS, END_HEADERS, 1, &put)].concat();
    let told = say_on(&kit, &first, frame(DATA, 0, 1, b" ")).await;
    let words: Vec<u8> =
        told.iter().filter(|told| told.0 == DATA).flat_map(|told| told.2.clone()).collect();
    let words = String::from_utf8(words).unwrap();
    assert!(words.contains("REQUEST_INVALID"), "{words}");
}

/// What a connection may ask at once is said at its start.
#[tokio::test]
async fn so_many_requests_are_answered_at_once() {
    let kit = impatient().await;
    let told = frames(&say(&kit, [stop()]).await);
    let settings = told.iter().find(|(kind, ..)| *kind == SETTINGS).unwrap();
    let most = settings.2.chunks(6).find(|setting| setting[..2] == [0, 3]).unwrap();
    assert_eq!(most[2..], [0, 0, 0, 64]);
}
