//! Tokens: signing, verifying, and recalling one that was verified.

use std::hint::black_box;

use criterion::Criterion;
use jiff::{SignedDuration, Timestamp};
use naru_access::{
    AccessEntry, AccessList, CredentialId, Principal, PrincipalId, PrincipalKind, RegistryId,
    TenantId,
};
use naru_identity::secret;
use naru_identity::token::{
    AccessGrant, Audience, Origin, mint_access, mint_identity, verify_identity, verify_registry,
};
use naru_identity::{Entropy, KeyRing};
use naru_server::VerifiedTokens;
use uuid::Uuid;

const HERE: Audience<'static> = Audience {
    login_server: "registry.example.com",
    registry: RegistryId(Uuid::from_u128(1)),
    tenant: TenantId(Uuid::from_u128(2)),
};

/// Bytes that are always the same, since only the time is of interest.
struct Counting;

impl Entropy for Counting {
    fn fill(&self, bytes: &mut [u8]) {
        bytes.iter_mut().zip(0..).for_each(|(byte, at)| *byte = at);
    }
}

pub(crate) fn run(criterion: &mut Criterion) {
    let now = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(500_000);
    let ring = KeyRing::generate(&Counting, now).expect("keys");
    let (holder, access) = (holder(), access());
    let mint = || {
        let grant = AccessGrant {
            audience: HERE,
            holder: &holder,
            origin: origin(),
            until: None,
            access: access.clone(),
            ceiling: None,
        };
        mint_access(&ring, grant, Uuid::from_u128(9), now).expect("a token")
    };
    let identity = || {
        let names = (format!("https://registry/{}/v2.0", HERE.tenant), "az".to_owned());
        mint_identity(&ring, &holder, origin(), names, (None, Uuid::from_u128(9), now))
            .expect("a token")
    };
    let mut group = criterion.benchmark_group("tokens");
    group.bench_function("access token (ES256) signed", |it| it.iter(mint));
    let token = mint().token;
    group.bench_function("access token (ES256) verified", |it| {
        it.iter(|| verify_registry(&ring, black_box(&token), HERE, now).expect("it holds"));
    });
    let verified = VerifiedTokens::default();
    group.bench_function("access token verified before, recalled", |it| {
        it.iter(|| verified.verify(&ring, black_box(&token), HERE, now).expect("it holds"));
    });
    group.bench_function("identity token (RS256) signed", |it| it.iter(identity));
    let token = identity().token;
    group.bench_function("identity token (RS256) verified", |it| {
        it.iter(|| verify_identity(&ring, black_box(&token), now).expect("it holds"));
    });
    let (key, generated) = (ring.mac("secrets"), generated());
    group.bench_function("generated secret, its keyed hash", |it| {
        it.iter(|| secret::hash(&key, black_box(generated.expose())));
    });
    group.finish();
}

fn generated() -> secret::Secret {
    secret::generate(secret::SecretKind::Token, &Counting)
}

fn holder() -> Principal {
    let id = PrincipalId(Uuid::from_u128(3));
    let name = "ci-build".to_owned();
    Principal { kind: PrincipalKind::Token, id, name, tenant: HERE.tenant }
}

fn origin() -> Origin {
    let credential = Some(CredentialId(Uuid::from_u128(4)));
    Origin { credential, principal_stamp: 1, credential_stamp: 7 }
}

fn access() -> AccessList {
    AccessList(vec![AccessEntry {
        kind: "repository".to_owned(),
        name: "team/app".to_owned(),
        actions: vec!["pull".to_owned()],
        asked: Vec::new(),
        rules: vec!["scope-map:ci-build:team/*".to_owned()],
    }])
}
