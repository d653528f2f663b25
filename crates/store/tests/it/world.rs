//! A database in a directory of its own: one tenant with the user `owner` and two registries.

use std::sync::atomic::{AtomicU64, Ordering};

use jiff::Timestamp;
use naru_access::{
    Access, ActionSet, AssignmentId, CredentialId, Holder, InRegistry, Maintenance,
    ManagementAction, Principal, PrincipalId, RegistryId, Rights, ScopeMapRule, ScopePath,
    TenantId, decide_management, operation as op, system_maps,
};
use naru_identity::Tag;
use naru_store::sqlite::Sqlite;
use naru_store::{
    Account, Administration, Gatehouse, NewRegistry, NewRoleAssignment, NewScopeMap, NewSecret,
    NewServicePrincipal, NewTenant, NewToken, NewUser, Registry, SecretForm, Standing, TokenRecord,
    TokenScope,
};
use tempfile::TempDir;
use uuid::Uuid;

pub(crate) struct World {
    pub(crate) directory: TempDir,
    pub(crate) store: Sqlite,
    pub(crate) tenant: TenantId,
    /// The registry `registry`.
    pub(crate) here: InRegistry,
    /// The registry `another`.
    pub(crate) there: InRegistry,
    next: AtomicU64,
}

impl World {
    pub(crate) async fn new() -> Self {
        let world = Self::empty();
        assert!(world.bootstrap("registry", "owner").await.unwrap());
        let there = world.new_registry("another", world.there.registry);
        let maintenance = Maintenance::of_this_process();
        world.store.create_registry(&maintenance, there).await.unwrap();
        world
    }

    /// One in which nobody has created anything.
    pub(crate) fn empty() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let store = Sqlite::open(&directory.path().join("naru.db")).unwrap();
        let tenant = TenantId(Uuid::from_u128(1));
        let place = |id| InRegistry { tenant, registry: RegistryId(Uuid::from_u128(id)) };
        let next = AtomicU64::new(100);
        Self { directory, store, tenant, here: place(2), there: place(3), next }
    }

    pub(crate) async fn bootstrap(
        &self,
        registry: &str,
        owner: &str,
    ) -> Result<bool, naru_store::AdminError> {
        let tenant = NewTenant { id: self.tenant, subscription: Uuid::from_u128(4) };
        let registry = self.new_registry(registry, self.here.registry);
        let role = self.assignment(owner, "Owner", "/");
        let maintenance = Maintenance::of_this_process();
        self.store.bootstrap(&maintenance, tenant, registry, self.user(owner), role).await
    }

    /// The right to administer, as whoever opens the local socket has it.
    pub(crate) fn may<A: ManagementAction>(&self, place: InRegistry) -> Access<A> {
        let principal = Principal::operator(self.tenant);
        let holder = Holder { principal, rights: Rights::Operator, ceiling: None };
        decide_management(&holder, &ScopePath::root(), place).unwrap()
    }

    pub(crate) fn guid(&self) -> Uuid {
        Uuid::from_u128(self.next.fetch_add(1, Ordering::Relaxed).into())
    }

    pub(crate) fn secret(&self, slot: &str) -> NewSecret {
        let id = self.guid();
        let mut verifier = [0; 32];
        verifier[..16].copy_from_slice(id.as_bytes());
        self.secret_of(slot, SecretForm::Generated(Tag(verifier)))
    }

    pub(crate) fn password(&self, hash: &str) -> NewSecret {
        self.secret_of("password", SecretForm::Human(hash.to_owned()))
    }

    fn secret_of(&self, slot: &str, form: SecretForm) -> NewSecret {
        NewSecret {
            id: CredentialId(self.guid()),
            slot: slot.to_owned(),
            form,
            hint: "nru".to_owned(),
            generation: 1,
            created: now(),
            expires: None,
        }
    }

    pub(crate) fn user(&self, name: &str) -> NewUser {
        let password = Some(self.password(&format!("hash of {name}")));
        NewUser { id: PrincipalId(self.guid()), name: name.to_owned(), password, created: now() }
    }

    pub(crate) fn service_principal(&self, display_name: &str) -> NewServicePrincipal {
        NewServicePrincipal {
            id: PrincipalId(self.guid()),
            app_id: self.guid(),
            display_name: display_name.to_owned(),
            secret: self.secret("first"),
            created: now(),
        }
    }

    pub(crate) fn token(&self, name: &str, map: &str) -> NewToken {
        NewToken {
            id: PrincipalId(self.guid()),
            name: name.to_owned(),
            scope: TokenScope::Existing(map.to_owned()),
            enabled: true,
            passwords: vec![self.secret("password1"), self.secret("password2")],
            created: now(),
        }
    }

    pub(crate) fn map(&self, name: &str, rules: Vec<ScopeMapRule>) -> NewScopeMap {
        let (id, name) = (self.guid(), name.to_owned());
        NewScopeMap { id, name, description: None, rules, created: now() }
    }

    pub(crate) fn assignment(&self, assignee: &str, role: &str, scope: &str) -> NewRoleAssignment {
        NewRoleAssignment {
            id: AssignmentId(self.guid()),
            scope: scope.parse().unwrap(),
            assignee: assignee.to_owned(),
            role: role.to_owned(),
            created: now(),
        }
    }

    pub(crate) fn new_registry(&self, name: &str, id: RegistryId) -> NewRegistry {
        NewRegistry {
            id,
            tenant: self.tenant,
            name: name.to_owned(),
            admin: PrincipalId(self.guid()),
            admin_passwords: [self.secret("password"), self.secret("password2")],
            system_maps: system_maps().iter().map(|_| self.guid()).collect(),
            created: now(),
        }
    }

    pub(crate) async fn create_user(&self, name: &str) -> Result<(), naru_store::AdminError> {
        self.store.create_user(&self.may::<op::WriteDirectory>(self.here), self.user(name)).await
    }

    /// Creates a token that may pull everything, in a registry.
    pub(crate) async fn create_token(
        &self,
        place: InRegistry,
        name: &str,
    ) -> Result<(), naru_store::AdminError> {
        let token = self.token(name, "_repositories_pull");
        self.store.create_token(&self.may::<op::WriteTokens>(place), token).await
    }

    pub(crate) async fn registry(&self, place: InRegistry) -> Registry {
        let registries = self.store.registries().await.unwrap();
        registries.into_iter().find(|registry| registry.place() == place).unwrap()
    }

    pub(crate) async fn tokens(&self, place: InRegistry) -> Vec<TokenRecord> {
        self.store.tokens(&self.may::<op::ReadTokens>(place)).await.unwrap()
    }

    pub(crate) async fn account(&self, secret: &NewSecret) -> Option<Account> {
        let SecretForm::Generated(tag) = &secret.form else { panic!("a password of a person") };
        self.store.account_by_secret(self.tenant, *tag).await.unwrap()
    }

    pub(crate) async fn standing(
        &self,
        principal: PrincipalId,
        credential: CredentialId,
    ) -> Option<Standing> {
        self.store.standing(principal, credential).await.unwrap()
    }
}

pub(crate) fn now() -> Timestamp {
    Timestamp::from_second(1_760_000_000).unwrap()
}

/// A rule of a scope map, as the command line has it: `team/*` and `content/read`.
pub(crate) fn rule(pattern: &str, actions: &[&str]) -> ScopeMapRule {
    let action = |word: &&str| naru_access::Action::from_scope_map_word(word).unwrap();
    let actions: ActionSet = actions.iter().map(action).collect();
    ScopeMapRule { pattern: pattern.parse().unwrap(), actions }
}
