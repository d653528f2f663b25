//! Requests as a client sends them, and tokens with other claims than the server gave them.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::support::World;

/// What a client was shown.
pub(super) struct Shown {
    pub(super) status: u16,
    /// The correlation id of the answer, which its message ends in where it has one.
    pub(super) id: String,
    pub(super) body: String,
}

impl Shown {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("{}", self.body))
    }
}

/// Sends a request, such as `GET /v2/`, with whole header lines, and reads its answer.
pub(super) fn send(world: &World, request: &str, headers: &[&str], body: &str) -> Shown {
    send_to(&world.server().address(), request, headers, body)
}

pub(super) fn send_to(address: &str, request: &str, headers: &[&str], body: &str) -> Shown {
    let mut head = format!("{request} HTTP/1.1\r\nConnection: close\r\n");
    if !headers.iter().any(|line| line.starts_with("Host:")) {
        head.extend(["Host: ", address, "\r\n"]);
    }
    for line in headers {
        head.extend([line, "\r\n"]);
    }
    let mut stream = TcpStream::connect(address).unwrap();
    write!(stream, "{head}Content-Length: {}\r\n\r\n{body}", body.len()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    let id = lines.find(|(name, _)| name.eq_ignore_ascii_case("x-ms-correlation-request-id"));
    Shown { status, id: id.unwrap().1.to_owned(), body: body.to_owned() }
}

/// The header line of a name and a password.
pub(super) fn basic(name: &str, password: &str) -> String {
    format!("Authorization: Basic {}", STANDARD.encode(format!("{name}:{password}")))
}

pub(super) fn bearer(token: &str) -> String {
    format!("Authorization: Bearer {token}")
}

/// Sends a form.
pub(super) fn form(world: &World, path: &str, fields: &[(&str, &str)]) -> Shown {
    let fields: Vec<_> =
        fields.iter().map(|(name, value)| format!("{name}={}", percent(value))).collect();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    send(world, &format!("POST {path}"), &[kind], &fields.join("&"))
}

/// Percent-encoded, but for letters and digits.
pub(super) fn percent(text: &str) -> String {
    let encode = |byte: u8| {
        if byte.is_ascii_alphanumeric() {
            char::from(byte).to_string()
        } else {
            format!("%{byte:02X}")
        }
    };
    text.bytes().map(encode).collect()
}

/// The same token with other claims, signed by the server's own key.
pub(super) fn altered(world: &World, token: &str, changes: &Value) -> String {
    let part = |number: usize| -> Value {
        let encoded = token.split('.').nth(number).unwrap();
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
    };
    let (header, mut claims) = (part(0), part(1));
    claims.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    let file = std::fs::read(world.data().join("keys.json")).unwrap();
    let file: Value = serde_json::from_slice(&file).unwrap();
    let usage = if header["alg"] == "ES256" { "registry" } else { "issuer" };
    let keys = file["signing"].as_array().unwrap();
    let key = keys.iter().find(|key| key["use"] == usage).unwrap();
    let key = STANDARD.decode(key["private"].as_str().unwrap()).unwrap();
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", encode(&header), encode(&claims));
    let random = SystemRandom::new();
    let signature = if usage == "registry" {
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &key).unwrap();
        pair.sign(&random, input.as_bytes()).unwrap().as_ref().to_vec()
    } else {
        let pair = RsaKeyPair::from_pkcs8(&key).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        pair.sign(&RSA_PKCS1_SHA256, &random, input.as_bytes(), &mut signature).unwrap();
        signature
    };
    format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature))
}
