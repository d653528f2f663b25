use std::sync::LazyLock;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use naru_access::{
    AccessEntry, AccessList, CredentialId, Principal, PrincipalId, PrincipalKind, RegistryId,
    TenantId,
};
use serde_json::{Value, json};
use uuid::Uuid;

use super::*;
use crate::{Entropy, KeyRing};

struct Counting;

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().enumerate().for_each(|(at, byte)| *byte = at.to_le_bytes()[0]);
    }
}

static RING: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate(&Counting, at(0)).unwrap());
static OTHER: LazyLock<KeyRing> = LazyLock::new(|| KeyRing::generate(&Counting, at(0)).unwrap());

const HERE: Audience<'static> = Audience {
    login_server: "registry.example.com",
    registry: RegistryId(Uuid::from_u128(1)),
    tenant: TenantId(Uuid::from_u128(2)),
};

fn at(minutes: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + minutes * 60).unwrap()
}

fn alice() -> Principal {
    let id = PrincipalId(Uuid::from_u128(3));
    let name = "alice@example.com".to_owned();
    Principal { kind: PrincipalKind::User, id, name, tenant: HERE.tenant }
}

fn origin() -> Origin {
    let credential = Some(CredentialId(Uuid::from_u128(4)));
    Origin { credential, principal_stamp: 1, credential_stamp: 7 }
}

fn access_list() -> AccessList {
    AccessList(vec![AccessEntry {
        kind: "repository".to_owned(),
        name: "team/app".to_owned(),
        actions: vec!["pull".to_owned()],
        asked: Vec::new(),
        rules: vec!["admin".to_owned()],
    }])
}

fn refresh(until: Option<Timestamp>) -> Minted {
    let holder = alice();
    let grant = RefreshGrant { audience: HERE, holder: &holder, origin: origin(), until };
    mint_refresh(&RING, grant, Uuid::from_u128(9), at(0)).unwrap()
}

fn access(ring: &KeyRing) -> Minted {
    let holder = alice();
    let (access, ceiling) = (access_list(), None);
    let grant = AccessGrant {
        audience: HERE,
        holder: &holder,
        origin: origin(),
        until: None,
        access,
        ceiling,
    };
    mint_access(ring, grant, Uuid::from_u128(9), at(0)).unwrap()
}

fn identity() -> Minted {
    let issuer = format!("https://registry.example.com/{}/v2.0", HERE.tenant);
    let names = (issuer, "app".to_owned());
    mint_identity(&RING, &alice(), origin(), names, (None, Uuid::from_u128(9), at(0))).unwrap()
}

fn payload(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn an_access_token_has_azures_claims_and_reads_back() {
    let minted = access(&RING);
    let claims = payload(&minted.token);
    assert_eq!(claims["iss"], "Azure Container Registry");
    assert_eq!(claims["aud"], "registry.example.com");
    assert_eq!(claims["grant_type"], "access_token");
    assert_eq!(claims["access"][0]["actions"], json!(["pull"]));
    assert_eq!(claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap(), 4500);
    let read = verify_registry(&RING, &minted.token, HERE, at(74)).unwrap();
    assert_eq!(read.holder(), Some(alice()));
    assert_eq!((read.origin, read.access), (origin(), Some(access_list())));
}

#[test]
fn a_refresh_token_is_small_and_survives_a_clients_standard_base64() {
    let token = refresh(None).token;
    assert!(token.len() < 1200, "{} bytes", token.len());
    let part = token.split('.').nth(1).unwrap();
    assert!(STANDARD_NO_PAD.decode(part).is_ok(), "the payload has - or _ in it");
    assert_eq!(payload(&token)["grant_type"], "refresh_token");
}

#[test]
fn no_token_outlives_the_credential_behind_it() {
    let minted = refresh(Some(at(30)));
    assert_eq!(minted.lives, SignedDuration::from_mins(30));
    assert_eq!(payload(&minted.token)["exp"], at(30).as_second());
    assert_eq!(refresh(Some(at(10_000))).lives, REFRESH_LIFE);
}

#[test]
fn times_are_judged_with_a_leeway_at_the_start_alone() {
    let token = access(&RING).token;
    let fault = |minutes| verify_registry(&RING, &token, HERE, at(minutes)).err();
    assert_eq!(fault(-1), None, "within the leeway");
    assert!(matches!(fault(-2), Some(TokenFault::NotYetValid(from, _)) if from == at(0)));
    assert!(matches!(fault(75), Some(TokenFault::Expired(until, _)) if until == at(75)));
}

#[test]
fn another_registrys_token_is_known_as_such() {
    let token = access(&RING).token;
    for other in [
        Audience { registry: RegistryId(Uuid::from_u128(8)), ..HERE },
        Audience { login_server: "other.example.com", ..HERE },
    ] {
        let fault = verify_registry(&RING, &token, other, at(1)).unwrap_err();
        assert!(matches!(fault, TokenFault::WrongAudience(_)), "{fault:?}");
    }
}

#[test]
fn an_identity_token_is_no_registry_token_and_the_other_way_round() {
    let fault = verify_registry(&RING, &identity().token, HERE, at(1)).unwrap_err();
    assert_eq!(fault, TokenFault::WrongUse);
    let fault = verify_identity(&RING, &access(&RING).token, at(1)).unwrap_err();
    assert_eq!(fault, TokenFault::WrongUse);
    assert_eq!(verify_identity(&RING, &identity().token, at(1)).unwrap().oid, alice().id);
}

/// CVE-2025-24976 (distribution): a key inside the token's header was trusted. And its kin: no
/// algorithm, another algorithm, another server's key, a changed payload.
#[test]
fn forged_tokens_are_refused() {
    let genuine = access(&RING).token;
    let claims = payload(&genuine);
    let kid = jsonwebtoken::decode_header(&genuine).unwrap().kid;
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signature = genuine.rsplit('.').next().unwrap();
    let header = |alg: &str| json!({"alg": alg, "typ": "JWT", "kid": kid});
    let mut wider = claims.clone();
    wider["access"][0]["actions"] = json!(["pull", "push"]);

    let theirs = OTHER.signing(crate::KeyUse::Registry, at(0)).unwrap();
    let mut embedded = Header::new(Algorithm::ES256);
    embedded.kid.clone_from(&kid);
    embedded.jwk = Some(
        jsonwebtoken::jwk::Jwk::from_encoding_key(&theirs.encoding, Algorithm::ES256).unwrap(),
    );
    let mut chained = Header::new(Algorithm::ES256);
    chained.kid.clone_from(&kid);
    chained.x5c = Some(vec!["AAAA".to_owned()]);
    let mut confused = Header::new(Algorithm::HS256);
    confused.kid.clone_from(&kid);
    let public =
        EncodingKey::from_secret(RING.find(kid.as_deref().unwrap()).unwrap().id.as_bytes());

    for (name, token) in [
        ("no algorithm", format!("{}.{}.", part(&header("none")), part(&claims))),
        ("none, signed", format!("{}.{}.{signature}", part(&header("none")), part(&claims))),
        ("changed payload", format!("{}.{}.{signature}", part(&header("ES256")), part(&wider))),
        ("no signature", format!("{}.{}.", part(&header("ES256")), part(&claims))),
        ("another server's key", access(&OTHER).token),
        ("a key in the header", encode(&embedded, &claims, &theirs.encoding).unwrap()),
        ("a chain in the header", encode(&chained, &claims, &theirs.encoding).unwrap()),
        ("HMAC with a public value", encode(&confused, &claims, &public).unwrap()),
        ("no key id", format!("{}.{}.{signature}", part(&json!({"alg": "ES256"})), part(&claims))),
        ("RS256 by name", format!("{}.{}.{signature}", part(&header("RS256")), part(&claims))),
    ] {
        let fault = verify_registry(&RING, &token, HERE, at(1)).unwrap_err();
        assert_eq!(fault, TokenFault::Untrusted, "{name}");
        assert_eq!(
            verify_identity(&RING, &token, at(1)).unwrap_err(),
            TokenFault::Untrusted,
            "{name}"
        );
    }
    for text in ["", "a.b", "a.b.c.d", &"x".repeat(70_000)] {
        let fault = verify_registry(&RING, text, HERE, at(1)).unwrap_err();
        assert_eq!(fault, TokenFault::Malformed);
    }
}
