//! What is only accepted where it was signed here: tokens, and the ids of uploads and events.

use std::sync::LazyLock;

use jiff::Timestamp;
use naru_access::{AccessEntry, AccessList, InRegistry, InRepository, Principal, PrincipalId};
use naru_access::{PrincipalKind, RegistryId, TenantId};
use naru_identity::event_id::EventIds;
use naru_identity::ticket::{Owner, Ticket};
use naru_identity::token::{
    AccessGrant, Audience, Origin, TokenFault, key_id, mint_access, mint_identity, verify_identity,
    verify_registry,
};
use naru_identity::{KeyRing, MacKey};
use naru_server::ambient::SystemEntropy;
use uuid::Uuid;

use super::text;

const TENANT: TenantId = TenantId(Uuid::from_u128(2));
const HERE: Audience<'static> = Audience {
    login_server: "registry.example.com",
    registry: RegistryId(Uuid::from_u128(1)),
    tenant: TENANT,
};

/// Tokens that hold, and the keys that they are signed with.
static SIGNED: LazyLock<(KeyRing, [String; 2])> = LazyLock::new(|| {
    let ring = KeyRing::generate(&SystemEntropy, now()).expect("keys");
    let id = PrincipalId(Uuid::from_u128(3));
    let name = "alice@example.com".to_owned();
    let holder = Principal { kind: PrincipalKind::User, id, name, tenant: TENANT };
    let origin = Origin { credential: None, principal_stamp: 1, credential_stamp: 7 };
    let actions = vec!["pull".to_owned()];
    let entry = AccessEntry {
        kind: "repository".to_owned(),
        name: "team/app".to_owned(),
        actions,
        asked: Vec::new(),
        rules: vec!["admin".to_owned()],
    };
    let access = AccessList(vec![entry]);
    let grant =
        AccessGrant { audience: HERE, holder: &holder, origin, until: None, access, ceiling: None };
    let guid = Uuid::from_u128(9);
    let access = mint_access(&ring, grant, guid, now()).expect("a token").token;
    let issuer = format!("https://registry.example.com/{TENANT}/v2.0");
    let names = (issuer, "app".to_owned());
    let identity = mint_identity(&ring, &holder, origin, names, (None, guid, now()));
    (ring, [access, identity.expect("a token").token])
});

fn now() -> Timestamp {
    Timestamp::constant(1_800_000_000, 0)
}

pub(super) fn token(data: &[u8]) {
    let (ring, genuine) = &*SIGNED;
    let Some((mode, rest)) = data.split_first() else { return };
    // As it is, or as a change of one that holds: some bytes of it replaced from some place on.
    let text = match (mode, rest.split_first_chunk::<2>()) {
        (0..=127, _) | (_, None) => text(rest).map(str::to_owned),
        (_, Some((place, change))) => {
            let mut bytes = genuine[usize::from(*mode & 1)].clone().into_bytes();
            let place = usize::from(u16::from_le_bytes(*place)) % bytes.len();
            let end = match mode & 2 {
                0 => (place + change.len()).min(bytes.len()),
                _ => place,
            };
            bytes.splice(place..end, change.iter().copied());
            String::from_utf8(bytes).ok()
        }
    };
    let Some(text) = text else { return };
    let ours = genuine.contains(&text);
    let signed = |part: &str| genuine.iter().any(|token| token.starts_with(&format!("{part}.")));
    let _ = key_id(&text);
    let registry = verify_registry(ring, &text, HERE, now());
    let identity = verify_identity(ring, &text, now());
    assert_eq!(registry.is_ok() || identity.is_ok(), ours, "{text:?}");
    let believed = matches!(
        registry,
        Ok(_) | Err(TokenFault::WrongUse | TokenFault::WrongAudience(_) | TokenFault::Expired(..))
    ) || matches!(
        identity,
        Ok(_) | Err(TokenFault::WrongUse | TokenFault::WrongAudience(_) | TokenFault::Expired(..))
    );
    if believed {
        let said = text.rsplit_once('.').expect("three parts").0;
        assert!(signed(said), "{text:?}: claims that nobody signed are believed");
    }
    if let Some(jwt) = naru_client::jwt::Claims::of(&text) {
        let _ = (jwt.expires(), jwt.begins(), jwt.allows("team/app", "pull"));
    }
}

pub(super) fn ticket(data: &[u8]) {
    let key = MacKey::new(&[7; 32]);
    let ids = EventIds::new(&key).expect("a cipher");
    if let Some(bytes) = data.first_chunk::<16>() {
        let id = Uuid::from_bytes(*bytes);
        if let Some(counted) = ids.open(id) {
            assert_eq!(ids.seal(counted), Some(id), "an id leads to one event");
        }
    }
    let Some(text) = text(data) else { return };
    let registry = InRegistry { tenant: TENANT, registry: HERE.registry };
    let place = |name: &str| InRepository { registry, repository: name.parse().expect("a name") };
    let (here, there) = (place("team/app"), place("team/other"));
    let (alice, bob) = (PrincipalId(Uuid::from_u128(3)), PrincipalId(Uuid::from_u128(4)));
    let mine = Owner { place: &here, principal: alice };
    // With a key that seals nothing here: a fuzzer sees what is compared, and would repeat it.
    let unused = MacKey::new(&[8; 32]);
    assert_eq!(Ticket::open(&unused, mine, text), None, "nobody sealed {text:?}");
    // What was sealed is one id: no other text opens as it, and nobody else's request.
    let nonce = *text.as_bytes().first_chunk::<16>().unwrap_or(&[0; 16]);
    let ticket = Ticket::begin(&key, nonce, Some(text));
    let id = ticket.seal(&key, mine);
    assert_eq!(Ticket::open(&key, mine, &id), Some(ticket));
    assert!(ticket.was_begun_by(&key, text));
    for other in [Owner { place: &there, ..mine }, Owner { principal: bob, ..mine }] {
        assert_eq!(Ticket::open(&key, other, &id), None);
    }
    let place = usize::from(nonce[0]) % id.len();
    let mut changed = id.clone().into_bytes();
    changed[place] = nonce[1] & 127;
    let changed = String::from_utf8(changed).expect("ASCII");
    assert_eq!(Ticket::open(&key, mine, &changed).is_some(), changed == id, "{changed:?}");
}
