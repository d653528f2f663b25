//! A forger's tools: tokens with any header and claims, signed by any key of the server's file or
//! by one of its own.

use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use naru_testkit::{Kit, text};
use serde_json::{Value, json};

/// A key of the file, by what it is for: `registry` or `issuer`.
pub(crate) struct Key(Vec<u8>);

/// The signing key of a use, out of the server's own file.
pub(crate) fn key_of(kit: &Kit, usage: &str) -> Key {
    let path = kit.directory().join("data/keys.json");
    let file: Value = serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap();
    let keys = file["signing"].as_array().unwrap();
    let key = keys.iter().find(|key| key["use"] == usage).unwrap();
    Key(STANDARD.decode(text(&key["private"])).unwrap())
}

/// A key that nobody here knows.
pub(crate) fn strange_key() -> Key {
    let signing = &ECDSA_P256_SHA256_FIXED_SIGNING;
    let pair = EcdsaKeyPair::generate_pkcs8(signing, &SystemRandom::new()).unwrap();
    Key(pair.as_ref().to_vec())
}

impl Key {
    fn pair(&self) -> EcdsaKeyPair {
        EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &self.0).unwrap()
    }

    fn public(&self) -> Vec<u8> {
        self.pair().public_key().as_ref().to_vec()
    }

    /// Its public part as a JWK, for a header that claims it.
    pub(crate) fn jwk(&self) -> Value {
        let public = self.public();
        let (x, y) = public[1..].split_at(32);
        let (x, y) = (URL_SAFE_NO_PAD.encode(x), URL_SAFE_NO_PAD.encode(y));
        json!({ "kty": "EC", "crv": "P-256", "x": x, "y": y, "alg": "ES256", "use": "sig" })
    }

    /// Signs as ES256.
    pub(crate) fn es256(&self, header: &Value, claims: &Value) -> String {
        seal(header, claims, |input| {
            self.pair().sign(&SystemRandom::new(), input).unwrap().as_ref().to_vec()
        })
    }

    /// Signs as RS256.
    pub(crate) fn rs256(&self, header: &Value, claims: &Value) -> String {
        seal(header, claims, |input| {
            let pair = RsaKeyPair::from_pkcs8(&self.0).unwrap();
            let mut signature = vec![0; pair.public_modulus_len()];
            pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), input, &mut signature).unwrap();
            signature
        })
    }

    /// Signs as HS256, with the public key as the secret.
    pub(crate) fn hs256_with_public(&self, header: &Value, claims: &Value) -> String {
        let key = hmac::Key::new(hmac::HMAC_SHA256, &self.public());
        seal(header, claims, |input| hmac::sign(&key, input).as_ref().to_vec())
    }
}

/// A token without a signature.
pub(crate) fn unsigned(header: &Value, claims: &Value) -> String {
    seal(header, claims, |_| Vec::new())
}

fn seal(header: &Value, claims: &Value, sign: impl FnOnce(&[u8]) -> Vec<u8>) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let input = format!("{}.{}", part(header), part(claims));
    let signature = URL_SAFE_NO_PAD.encode(sign(input.as_bytes()));
    format!("{input}.{signature}")
}

/// A part of a token: 0 the header, 1 the claims.
pub(crate) fn part_of(token: &str, part: usize) -> Value {
    let encoded = token.split('.').nth(part).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(encoded).unwrap()).unwrap()
}

/// A JSON object with some fields changed.
pub(crate) fn with(value: &Value, changes: Value) -> Value {
    let mut value = value.clone();
    let Value::Object(changes) = changes else { panic!("no object: {changes}") };
    value.as_object_mut().unwrap().extend(changes);
    value
}
