//! The boundary to the database: what it is asked, in six parts.

mod upkeep;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_access::{
    Access, Catalog, CredentialId, Delete, InRegistry, InRepository, ListTags, Maintenance,
    PrincipalId, Pull, Push, ReadMetadata, Rights, TenantId, WriteMetadata, operation as op,
};
use naru_identity::Tag as SecretTag;
use naru_oci::{Digest, Reference, Referrer, RepositoryName, Tag};
use uuid::Uuid;

use crate::error::{AdminError, Missing, StoreError};
use crate::freshness::Freshness;
use crate::record::{
    Account, Attributes, AttributesPatch, Barred, Blob, BlobStat, Deed, DeletedRepository, Event,
    EventEntry, EventFilter, EventTable, HumanAccount, Item, Linked, Listing, Load, Location,
    LoginEvent, ManifestPut, ManifestRecord, ManifestStat, NewManifest, NewRegistry,
    NewRoleAssignment, NewScopeMap, NewSecret, NewServicePrincipal, NewTenant, NewToken, NewUser,
    Order, Page, PutRefusal, Recorded, Registry, RegistryPatch, RepositoryEvent, RepositoryRecord,
    RoleAssignmentRecord, ScopeMapPatch, ScopeMapRecord, Sealed, SecretRecord, Seen, SeenFilter,
    ServicePrincipalRecord, Standing, Stored, StoredManifest, TagRecord, TokenPatch, TokenRecord,
    UnlinkRefusal, UserRecord,
};

pub use upkeep::Upkeep;

/// What the gate itself reads, in order to decide. It opens no content.
#[async_trait]
pub trait Gatehouse: Send + Sync {
    /// How current what was read here is.
    fn freshness(&self) -> &Freshness;

    /// Every registry, with its settings and network rules.
    async fn registries(&self) -> Result<Vec<Registry>, StoreError>;

    /// The account of a generated secret, found by the secret's keyed hash; so the work is the
    /// same for every name.
    async fn account_by_secret(
        &self,
        tenant: TenantId,
        secret: SecretTag,
    ) -> Result<Option<Account>, StoreError>;

    /// The account that logs in with this name and a password that a person thought up. One
    /// query, whether there is such a name or not.
    async fn account_by_name(
        &self,
        place: InRegistry,
        login_key: &str,
    ) -> Result<Option<HumanAccount>, StoreError>;

    /// How a principal and one of its credentials stand at present; none where either is gone.
    async fn standing(
        &self,
        principal: PrincipalId,
        credential: CredentialId,
    ) -> Result<Option<Standing>, StoreError>;

    /// What a principal may do at present.
    async fn rights(&self, principal: PrincipalId) -> Result<Rights, StoreError>;

    /// What may be done to a repository, whoever asks; everything, where it is not there.
    async fn attributes(&self, place: &InRepository) -> Result<Attributes, StoreError>;

    /// Writes events together, each as a row or into one that counts, and returns when they are
    /// durable; where each was written.
    async fn record_events(&self, entries: Vec<EventEntry>) -> Result<Vec<Recorded>, StoreError>;

    /// Whether the database answers.
    async fn ping(&self) -> Result<(), StoreError>;
}

/// Repositories and what is in them.
#[async_trait]
pub trait Repositories: Send + Sync {
    /// A blob that the repository links.
    async fn blob(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
    ) -> Result<Result<Blob, Barred>, StoreError>;

    /// What there is to know of such a blob without its bytes.
    async fn stat_blob(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
    ) -> Result<Result<BlobStat, Barred>, StoreError>;

    /// Renews the lease of a blob that no manifest names yet, for a client that was told that it
    /// is there and will not send it again. `false` where it is not there any more.
    async fn renew_lease(
        &self,
        access: &Access<Pull>,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// Links an uploaded blob. Where the bytes that lie beside its row are not right any more, those
    /// of this upload take their place.
    async fn link_blob(
        &self,
        access: &Access<Push>,
        sealed: &Sealed,
        now: Timestamp,
    ) -> Result<Result<Linked, Barred>, StoreError>;

    /// The bytes of a blob in the content store are right again: somebody pushed them.
    async fn mend_blob(&self, access: &Access<Push>, digest: &Digest) -> Result<(), StoreError>;

    /// The repositories of the registry that link a blob, the oldest first, for the decision from
    /// which of them it may be mounted.
    async fn repositories_with(
        &self,
        access: &Access<Push>,
        digest: &Digest,
        limit: usize,
    ) -> Result<Vec<RepositoryName>, StoreError>;

    /// Links a blob that another repository links. `false` where that one does not, or may not be
    /// pulled from.
    async fn mount_blob(
        &self,
        access: &Access<Push>,
        source: &Access<Pull>,
        digest: &Digest,
        now: Timestamp,
    ) -> Result<Result<bool, Barred>, StoreError>;

    /// Takes a blob out of the repository.
    async fn unlink_blob(
        &self,
        access: &Access<Delete>,
        digest: &Digest,
        event: RepositoryEvent,
    ) -> Result<Result<(), UnlinkRefusal>, StoreError>;

    /// Whether the repository names a location; for the start after a crash.
    async fn has_location(
        &self,
        maintenance: &Maintenance,
        location: &Location,
    ) -> Result<bool, StoreError>;

    /// A manifest.
    async fn manifest(
        &self,
        access: &Access<Pull>,
        reference: &Reference,
    ) -> Result<Result<StoredManifest, Barred>, StoreError>;

    /// What there is to know of a manifest without its bytes.
    async fn stat_manifest(
        &self,
        access: &Access<Pull>,
        reference: &Reference,
    ) -> Result<Result<ManifestStat, Barred>, StoreError>;

    /// Puts a manifest, its references, its tags and its event, in one transaction.
    async fn put_manifest(
        &self,
        access: &Access<Push>,
        manifest: NewManifest,
        event: RepositoryEvent,
    ) -> Result<Result<ManifestPut, PutRefusal>, StoreError>;

    /// Deletes a manifest and its tags; those that went with it.
    async fn delete_manifest(
        &self,
        access: &Access<Delete>,
        digest: &Digest,
        event: RepositoryEvent,
    ) -> Result<Result<Vec<String>, Barred>, StoreError>;

    /// Deletes a tag; its manifest stays.
    async fn delete_tag(
        &self,
        access: &Access<Delete>,
        tag: &Tag,
        event: RepositoryEvent,
    ) -> Result<Result<(), Barred>, StoreError>;

    /// The tags of the repository, ordered by (lower case, then bytes).
    async fn tags(
        &self,
        access: &Access<ListTags>,
        page: &Page,
    ) -> Result<Result<Listing<String>, Missing>, StoreError>;

    /// The repositories of the registry, ordered by name.
    async fn catalog(
        &self,
        access: &Access<Catalog>,
        page: &Page,
    ) -> Result<Listing<String>, StoreError>;

    /// The manifests whose subject a digest is, oldest first; none where there is no such
    /// repository.
    async fn referrers(
        &self,
        access: &Access<Pull>,
        subject: &Digest,
        artifact_type: Option<&str>,
        page: &Page,
    ) -> Result<Listing<Referrer>, StoreError>;
}

/// What Azure's metadata calls show and change: times, sizes, locks.
#[async_trait]
pub trait Properties: Send + Sync {
    /// The repository.
    async fn repository(
        &self,
        access: &Access<ReadMetadata>,
    ) -> Result<Result<RepositoryRecord, Missing>, StoreError>;

    /// A tag.
    async fn tag_record(
        &self,
        access: &Access<ReadMetadata>,
        tag: &Tag,
    ) -> Result<Result<TagRecord, Missing>, StoreError>;

    /// The tags that lists show, of one manifest if it is named.
    async fn tag_records(
        &self,
        access: &Access<ReadMetadata>,
        digest: Option<&Digest>,
        order: Order,
        page: &Page,
    ) -> Result<Result<Listing<TagRecord>, Missing>, StoreError>;

    /// A manifest.
    async fn manifest_record(
        &self,
        access: &Access<ReadMetadata>,
        digest: &Digest,
    ) -> Result<Result<ManifestRecord, Missing>, StoreError>;

    /// The manifests that lists show.
    async fn manifest_records(
        &self,
        access: &Access<ReadMetadata>,
        order: Order,
        page: &Page,
    ) -> Result<Result<Listing<ManifestRecord>, Missing>, StoreError>;

    /// Changes attributes. Locks act at once.
    async fn set_attributes(
        &self,
        access: &Access<WriteMetadata>,
        item: &Item,
        patch: AttributesPatch,
        event: RepositoryEvent,
    ) -> Result<Result<(), Missing>, StoreError>;

    /// What keeps something from being deleted or pulled: the first that is locked so of the
    /// repository, the manifest and the tags that it takes.
    async fn locked(
        &self,
        access: &Access<ReadMetadata>,
        item: &Item,
        against: Deed,
    ) -> Result<Option<Item>, StoreError>;

    /// Deletes a repository with all that is in it, unless something there is locked.
    async fn delete_repository(
        &self,
        access: &Access<Delete>,
        event: RepositoryEvent,
    ) -> Result<Result<DeletedRepository, Barred>, StoreError>;
}

/// Registries, the directory and rights, as an administrator changes them.
#[async_trait]
pub trait Administration: Send + Sync {
    /// Creates a tenant with its first registry and owner, unless there is a tenant already.
    /// `false` where there was.
    async fn bootstrap(
        &self,
        maintenance: &Maintenance,
        tenant: NewTenant,
        registry: NewRegistry,
        owner: NewUser,
        role: NewRoleAssignment,
    ) -> Result<bool, AdminError>;

    /// Creates a further registry.
    async fn create_registry(
        &self,
        maintenance: &Maintenance,
        registry: NewRegistry,
    ) -> Result<(), AdminError>;

    /// Changes settings.
    async fn update_registry(
        &self,
        access: &Access<op::WriteRegistry>,
        patch: RegistryPatch,
    ) -> Result<(), AdminError>;

    /// Lets an address or range speak. Adding one twice is adding it once.
    async fn add_network_rule(
        &self,
        access: &Access<op::WriteRegistry>,
        rule: naru_access::NetworkRule,
        now: Timestamp,
    ) -> Result<(), AdminError>;

    /// Takes a range back.
    async fn remove_network_rule(
        &self,
        access: &Access<op::WriteRegistry>,
        rule: naru_access::NetworkRule,
    ) -> Result<(), AdminError>;

    /// The two passwords of the admin user.
    async fn admin_passwords(
        &self,
        access: &Access<op::ListCredentials>,
    ) -> Result<Vec<SecretRecord>, AdminError>;

    /// Renews a password of the admin user.
    async fn renew_admin_password(
        &self,
        access: &Access<op::RegenerateCredential>,
        secret: NewSecret,
    ) -> Result<(), AdminError>;

    /// The scope maps.
    async fn scope_maps(
        &self,
        access: &Access<op::ReadScopeMaps>,
    ) -> Result<Vec<ScopeMapRecord>, AdminError>;

    /// Creates a scope map.
    async fn create_scope_map(
        &self,
        access: &Access<op::WriteScopeMaps>,
        map: NewScopeMap,
    ) -> Result<(), AdminError>;

    /// Changes a scope map.
    async fn update_scope_map(
        &self,
        access: &Access<op::WriteScopeMaps>,
        name: &str,
        patch: ScopeMapPatch,
    ) -> Result<(), AdminError>;

    /// Deletes a scope map that no token uses.
    async fn delete_scope_map(
        &self,
        access: &Access<op::DeleteScopeMaps>,
        name: &str,
    ) -> Result<(), AdminError>;

    /// The tokens.
    async fn tokens(&self, access: &Access<op::ReadTokens>)
    -> Result<Vec<TokenRecord>, AdminError>;

    /// Creates a token.
    async fn create_token(
        &self,
        access: &Access<op::WriteTokens>,
        token: NewToken,
    ) -> Result<(), AdminError>;

    /// Changes a token.
    async fn update_token(
        &self,
        access: &Access<op::WriteTokens>,
        name: &str,
        patch: TokenPatch,
    ) -> Result<(), AdminError>;

    /// Deletes a token.
    async fn delete_token(
        &self,
        access: &Access<op::DeleteTokens>,
        name: &str,
    ) -> Result<(), AdminError>;

    /// Sets passwords of a token; those of the same name die.
    async fn set_token_passwords(
        &self,
        access: &Access<op::GenerateCredentials>,
        name: &str,
        passwords: Vec<NewSecret>,
    ) -> Result<(), AdminError>;

    /// Deletes passwords of a token.
    async fn delete_token_passwords(
        &self,
        access: &Access<op::GenerateCredentials>,
        name: &str,
        slots: Vec<String>,
    ) -> Result<(), AdminError>;

    /// The users.
    async fn users(
        &self,
        access: &Access<op::ReadDirectory>,
    ) -> Result<Vec<UserRecord>, AdminError>;

    /// Creates a user.
    async fn create_user(
        &self,
        access: &Access<op::WriteDirectory>,
        user: NewUser,
    ) -> Result<(), AdminError>;

    /// Changes a user: enables or disables it, sets its password.
    async fn update_user(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        enabled: Option<bool>,
        password: Option<NewSecret>,
    ) -> Result<(), AdminError>;

    /// Deletes a user.
    async fn delete_user(
        &self,
        access: &Access<op::DeleteDirectory>,
        name: &str,
    ) -> Result<(), AdminError>;

    /// The service principals.
    async fn service_principals(
        &self,
        access: &Access<op::ReadDirectory>,
    ) -> Result<Vec<ServicePrincipalRecord>, AdminError>;

    /// Creates a service principal.
    async fn create_service_principal(
        &self,
        access: &Access<op::WriteDirectory>,
        principal: NewServicePrincipal,
    ) -> Result<(), AdminError>;

    /// Enables or disables a service principal, by application id, object id or name.
    async fn update_service_principal(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        enabled: bool,
    ) -> Result<(), AdminError>;

    /// Deletes a service principal.
    async fn delete_service_principal(
        &self,
        access: &Access<op::DeleteDirectory>,
        name: &str,
    ) -> Result<(), AdminError>;

    /// Adds a secret to a service principal; unless `append`, its other secrets die.
    async fn add_client_secret(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        secret: NewSecret,
        append: bool,
    ) -> Result<(), AdminError>;

    /// Deletes a secret of a service principal.
    async fn delete_client_secret(
        &self,
        access: &Access<op::WriteDirectory>,
        name: &str,
        secret: CredentialId,
    ) -> Result<(), AdminError>;

    /// The role assignments that hold for the registry, those of the whole tenant included.
    async fn role_assignments(
        &self,
        access: &Access<op::ReadRoleAssignments>,
    ) -> Result<Vec<RoleAssignmentRecord>, AdminError>;

    /// Assigns a role.
    async fn create_role_assignment(
        &self,
        access: &Access<op::WriteRoleAssignments>,
        assignment: NewRoleAssignment,
    ) -> Result<(), AdminError>;

    /// Takes role assignments back, by their ids.
    async fn delete_role_assignments(
        &self,
        access: &Access<op::DeleteRoleAssignments>,
        ids: Vec<naru_access::AssignmentId>,
    ) -> Result<(), AdminError>;
}

/// Reading events, and forgetting them when their time has come.
#[async_trait]
pub trait Audit: Send + Sync {
    /// Login events.
    async fn login_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<Stored<LoginEvent>>, StoreError>;

    /// Repository events.
    async fn repository_events(
        &self,
        access: &Access<op::ReadEvents>,
        filter: EventFilter,
    ) -> Result<Vec<Stored<RepositoryEvent>>, StoreError>;

    /// The event of a row, if it is one of the registry.
    async fn event_in(
        &self,
        access: &Access<op::ReadEvents>,
        table: EventTable,
        row: u64,
    ) -> Result<Option<Event>, StoreError>;

    /// The registry's events whose correlation ids lie between two, both of them included.
    async fn events_between(
        &self,
        access: &Access<op::ReadEvents>,
        ids: (Uuid, Uuid),
        limit: usize,
    ) -> Result<Vec<Event>, StoreError>;

    /// Who was let in from where, as the events of logins, reads and writes show it.
    async fn seen(
        &self,
        access: &Access<op::ReadEvents>,
        filter: SeenFilter,
    ) -> Result<Vec<Seen>, StoreError>;

    /// Forgets at most so many events of each table that are older than this; how many. So much
    /// at a time that nobody else waits long for the writer.
    async fn expire_events(
        &self,
        maintenance: &Maintenance,
        before: Timestamp,
        limit: usize,
    ) -> Result<usize, StoreError>;
}

/// The whole boundary.
pub trait Metadata:
    Gatehouse + Repositories + Properties + Administration + Audit + Upkeep
{
    /// How many statements it was asked so far, for those who compare the work of two requests.
    fn statements(&self) -> u64;

    /// What it is busy with just now.
    fn load(&self) -> Load;
}
