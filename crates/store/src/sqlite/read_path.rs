//! Whatever is asked in the tests of this module tree goes by an index: each statement is held to its
//! plan where it is prepared. The test below asks all that a request can ask.

use jiff::Timestamp;
use naru_access::{
    Access, AssignmentId, CredentialId, DataAction, Holder, InRegistry, InRepository, Maintenance,
    Principal, PrincipalId, RegistryId, RegistryPolicy, Rights, ScopePath, TenantId, decide,
    system_maps,
};
use naru_identity::Tag as Hash;
use naru_oci::{Digest, Manifest, Reference, Tag};
use rusqlite::Connection;
use uuid::Uuid;

use super::Sqlite;
use super::repositories::plans::plan;
use crate::metadata::{Administration as _, Gatehouse as _, Properties as _, Repositories as _};
use crate::record::*;

/// What is gone through as a whole, since it does not grow with content: registries by their
/// admin users, network rules, and whether there is a tenant.
const WHOLE: [&str; 5] = [
    "SCAN CONSTANT ROW",
    "SCAN network_rule",
    "SCAN p USING INDEX principal_admin",
    "SCAN r",
    "SCAN tenant USING COVERING INDEX sqlite_autoindex_tenant_1",
];

/// Fails where a statement goes through a whole table.
pub(super) fn observe(connection: &Connection, sql: &str) {
    let steps = plan(connection, sql);
    let whole = |step: &&String| step.starts_with("SCAN") && !WHOLE.contains(&step.as_str());
    let found: Vec<_> = steps.iter().filter(whole).collect();
    assert!(found.is_empty(), "{sql}\n{found:?}");
}

const PLACE: InRegistry =
    InRegistry { tenant: TenantId(Uuid::from_u128(1)), registry: RegistryId(Uuid::from_u128(2)) };

const OWNER: PrincipalId = PrincipalId(Uuid::from_u128(3));

const PASSWORD: CredentialId = CredentialId(Uuid::from_u128(4));

#[tokio::test]
async fn nothing_that_a_request_reads_goes_through_a_whole_table() {
    let directory = tempfile::tempdir().unwrap();
    let store = Sqlite::open(&directory.path().join("naru.db")).unwrap();
    begin(&store).await;
    let (config, manifest) = push(&store).await;
    policy(&store).await;
    content(&store, &config, &manifest).await;
    lists(&store, &manifest).await;
    attributes(&store, &manifest).await;
}

/// All that the gate asks.
async fn policy(store: &Sqlite) {
    assert_eq!(store.registries().await.unwrap().len(), 1);
    let secret = Hash([7; 32]);
    assert!(store.account_by_secret(PLACE.tenant, secret).await.unwrap().is_none());
    assert!(store.account_by_name(PLACE, "owner").await.unwrap().is_some());
    assert!(store.standing(OWNER, PASSWORD).await.unwrap().is_some());
    assert!(matches!(store.rights(OWNER).await.unwrap(), Rights::Roles(roles) if roles.len() == 1));
    store.attributes(&place()).await.unwrap();
    store.ping().await.unwrap();
}

async fn content(store: &Sqlite, config: &Digest, manifest: &Digest) {
    store.blob(&may(), config).await.unwrap().unwrap();
    store.stat_blob(&may(), config).await.unwrap().unwrap();
    assert_eq!(store.repositories_with(&may(), config, 10).await.unwrap().len(), 1);
    assert!(store.renew_lease(&may(), config, now()).await.unwrap());
    for reference in [Reference::Digest(*manifest), Reference::Tag(tag())] {
        store.manifest(&may(), &reference).await.unwrap().unwrap();
        store.stat_manifest(&may(), &reference).await.unwrap().unwrap();
    }
}

async fn lists(store: &Sqlite, manifest: &Digest) {
    let page = |after: Option<&str>| Page { limit: 100, after: after.map(str::to_owned) };
    let catalog: Access<naru_access::Catalog> = decide(&operator(), &everything(), PLACE).unwrap();
    for after in [None, Some("a"), Some("1.2")] {
        store.tags(&may(), &page(after)).await.unwrap().unwrap();
        store.catalog(&catalog, &page(after)).await.unwrap();
        for artifact_type in [None, Some("application/x")] {
            store.referrers(&may(), manifest, artifact_type, &page(after)).await.unwrap();
        }
        for order in [Order::Name, Order::TimeAscending, Order::TimeDescending] {
            for digest in [None, Some(manifest)] {
                let found = store.tag_records(&may(), digest, order, &page(after)).await.unwrap();
                let found = found.unwrap().entries.len();
                assert!(found == 1 || after.is_some());
            }
            store.manifest_records(&may(), order, &page(after)).await.unwrap().unwrap();
        }
    }
}

async fn attributes(store: &Sqlite, manifest: &Digest) {
    let record = store.repository(&may()).await.unwrap().unwrap();
    assert_eq!((record.manifests, record.tags), (1, 1));
    store.tag_record(&may(), &tag()).await.unwrap().unwrap();
    store.manifest_record(&may(), manifest).await.unwrap().unwrap();
    for item in [Item::Repository, Item::Manifest(*manifest), Item::Tag(tag())] {
        for deed in [Deed::Delete, Deed::Pull] {
            assert_eq!(store.locked(&may(), &item, deed).await.unwrap(), None);
        }
    }
}

async fn begin(store: &Sqlite) {
    let secret = |id: CredentialId, slot: &str, form| NewSecret {
        id,
        slot: slot.to_owned(),
        form,
        hint: String::new(),
        generation: 1,
        created: now(),
        expires: None,
    };
    let generated = |number: u8, slot| {
        let id = CredentialId(Uuid::from_u128(number.into()));
        secret(id, slot, SecretForm::Generated(Hash([number; 32])))
    };
    let tenant = NewTenant { id: PLACE.tenant, subscription: Uuid::from_u128(5) };
    let registry = NewRegistry {
        id: PLACE.registry,
        tenant: PLACE.tenant,
        name: "registry".to_owned(),
        admin: PrincipalId(Uuid::from_u128(6)),
        admin_passwords: [generated(10, "password"), generated(11, "password2")],
        system_maps: (20..).map(Uuid::from_u128).take(system_maps().len()).collect(),
        created: now(),
    };
    let password = Some(secret(PASSWORD, "password", SecretForm::Human("hash".to_owned())));
    let owner = NewUser { id: OWNER, name: "owner".to_owned(), password, created: now() };
    let role = NewRoleAssignment {
        id: AssignmentId(Uuid::from_u128(7)),
        scope: ScopePath::root(),
        assignee: "owner".to_owned(),
        role: "Owner".to_owned(),
        created: now(),
    };
    let maintenance = Maintenance::of_this_process();
    assert!(store.bootstrap(&maintenance, tenant, registry, owner, role).await.unwrap());
}

/// Pushes an image with a tag; the digests of its config and of its manifest.
async fn push(store: &Sqlite) -> (Digest, Digest) {
    let content = b"{}".as_slice();
    let config = Digest::sha256(content);
    let body = SealedBody::Inline(content.into());
    let sealed = Sealed { digest: config, size: 2, body, _held: None };
    store.link_blob(&may(), &sealed, now()).await.unwrap().unwrap();
    let media_type = "application/vnd.oci.image.manifest.v1+json";
    let bytes = format!(
        r#"{{"schemaVersion":2,"mediaType":"{media_type}","layers":[],
           "config":{{"mediaType":"application/x","digest":"{config}","size":2}}}}"#
    );
    let digest = Digest::sha256(bytes.as_bytes());
    let manifest = Manifest::parse(Some(media_type), bytes.as_bytes()).unwrap();
    let new = NewManifest {
        digest,
        bytes: bytes.into(),
        manifest,
        tags: vec![tag()],
        sparse: false,
        created: now(),
    };
    store.put_manifest(&may(), new, event()).await.unwrap().unwrap();
    (config, digest)
}

fn event() -> RepositoryEvent {
    let request = RequestFacts {
        time: now(),
        duration_ms: 0,
        correlation_id: Uuid::from_u128(8),
        client_request_id: None,
        caller_ip: String::new(),
        user_agent: String::new(),
        login_server: String::new(),
        identity: String::new(),
        identity_kind: None,
        credential: String::new(),
    };
    RepositoryEvent {
        place: PLACE,
        tally: Tally::one(now()),
        request,
        operation: "Push".to_owned(),
        result: 201,
        reason: None,
        repository: "team/app".to_owned(),
        tag: None,
        digest: None,
        media_type: None,
        artifact_type: None,
        size: None,
        rule: None,
    }
}

fn now() -> Timestamp {
    Timestamp::UNIX_EPOCH
}

fn tag() -> Tag {
    "v1".parse().unwrap()
}

fn place() -> InRepository {
    InRepository { registry: PLACE, repository: "team/app".parse().unwrap() }
}

fn may<A: DataAction<Place = InRepository>>() -> Access<A> {
    decide(&operator(), &everything(), place()).unwrap()
}

fn operator() -> Holder {
    let principal = Principal::operator(PLACE.tenant);
    Holder { principal, rights: Rights::Operator, ceiling: None }
}

fn everything() -> RegistryPolicy {
    RegistryPolicy { place: PLACE, path: ScopePath::root(), anonymous_pull: false }
}
