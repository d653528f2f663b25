//! What goes in and out of the store, as values.

mod admin;
mod attributes;
mod content;
mod event;
mod gate;
mod registry;
mod upkeep;

pub use admin::{
    NewRoleAssignment, NewScopeMap, NewSecret, NewServicePrincipal, NewToken, NewUser,
    RoleAssignmentRecord, ScopeMapPatch, ScopeMapRecord, SecretForm, SecretRecord,
    ServicePrincipalRecord, TokenPatch, TokenRecord, TokenScope, UserRecord,
};
pub use attributes::{
    Attributes, AttributesPatch, Barred, Deed, DeletedRepository, Item, ManifestRecord, Order,
    RepositoryRecord, TagRecord,
};
pub use content::{
    Blob, BlobBody, BlobStat, Linked, Listing, Location, ManifestPut, ManifestStat, NewManifest,
    Page, PutRefusal, Sealed, SealedBody, StoredManifest, UnlinkRefusal,
};
pub use event::{
    CountingRow, Event, EventEntry, EventFilter, EventTable, LoginEvent, Recorded, RepositoryEvent,
    RequestFacts, Seen, SeenFilter, Spread, Stored, Tally,
};
pub use gate::{Account, HumanAccount, Standing};
pub use registry::{Denials, NewRegistry, NewTenant, Registry, RegistryPatch, RegistrySettings};
pub use upkeep::{
    BlobId, BlobRow, BlobRowBody, Checkpoint, Collected, Collection, CollectionPlan, Concerned,
    Extent, Fault, FaultKind, Load, ManifestPage, Progress, Reason, Step, Verdict, Verification,
};
