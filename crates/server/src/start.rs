//! The start: keys, store, and on the first one a tenant, a registry and its owner.

use jiff::Timestamp;
use naru_access::{
    AssignmentId, CredentialId, Maintenance, PrincipalId, RegistryId, ScopePath, TenantId,
    system_maps,
};
use naru_identity::names::{NameError, NameKind};
use naru_identity::password::{PasswordError, Passwords};
use naru_identity::secret::{self, Secret, SecretKind};
use naru_identity::{Entropy, EntropyExt as _, MacKey};
use naru_store::{
    AdminError, DataDir, DataDirError, NewRegistry, NewRoleAssignment, NewSecret, NewTenant,
    NewUser, OpenError, SecretForm, Store,
};

use crate::ambient::Ambient;
use crate::config::Config;
use crate::keys::{KeyFileError, Keys};
use crate::state::App;
use crate::tls::PairError;

/// The name of the first owner.
pub(crate) const OWNER: &str = "owner";

/// The slots of the admin user's passwords, as Azure names them.
pub(crate) const ADMIN_SLOTS: [&str; 2] = ["password", "password2"];

/// How the first owner gets a password.
#[derive(Clone, Debug)]
pub enum OwnerPassword {
    /// It is generated, and shown once.
    Generated,
    /// It comes with the configuration.
    Given(Secret),
    /// It gets none, until somebody sets one over the local socket.
    None,
}

/// What a first start made.
#[derive(Clone, Debug)]
pub struct FirstStart {
    /// The owner's password, where it was generated: to be shown once, on the terminal.
    pub generated: Option<Secret>,
    /// Whether the owner has a password at all.
    pub has_password: bool,
}

/// Why a server does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The data directory.
    #[error(transparent)]
    DataDir(#[from] DataDirError),
    /// The keys.
    #[error(transparent)]
    Keys(#[from] KeyFileError),
    /// The store.
    #[error(transparent)]
    Store(#[from] OpenError),
    /// The first tenant, registry and owner.
    #[error("the first registry could not be made: {0}")]
    Bootstrap(#[from] AdminError),
    /// The registry's name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// The owner's password.
    #[error("the owner's password cannot be used: {0}")]
    Password(#[from] PasswordError),
    /// The owner's password has the form of a token, which is checked by its signature.
    #[error("the owner's password has the form of a token, and cannot be a password")]
    TokenAsPassword,
    /// An address.
    #[error("cannot listen on {address}: {error}")]
    Listen {
        /// The address, or the path of the socket.
        address: String,
        /// Why.
        error: std::io::Error,
    },
    /// The certificate and its key.
    #[error(transparent)]
    Certificate(#[from] PairError),
    /// The certificates.
    #[error("the certificates in {} cannot be used: {reason}", directory.display())]
    Tls {
        /// Where they are.
        directory: std::path::PathBuf,
        /// Why.
        reason: String,
    },
}

/// Opens everything that a server needs but its listeners.
pub(crate) async fn open(
    config: Config,
    data_dir: &DataDir,
    ambient: Ambient,
    owner: OwnerPassword,
) -> Result<(App, Option<FirstStart>), StartError> {
    let maintenance = Maintenance::of_this_process();
    let keys = Keys::open(data_dir.keys(), ambient.entropy.as_ref(), ambient.clock.now())?;
    let store = Store::open_for(data_dir, &maintenance, config.limits.uploads).await?;
    let passwords = Passwords::new(ambient.entropy.as_ref())?;
    let secret_key = keys.ring().mac("secrets");
    let first =
        bootstrap(&config, &ambient, &store, &maintenance, (&passwords, &secret_key), owner)
            .await?;
    let unusable = |error| KeyFileError::Keys { path: data_dir.keys(), error };
    let app = App::new(config, ambient, store, keys, passwords, maintenance);
    Ok((app.map_err(unusable)?, first))
}

async fn bootstrap(
    config: &Config,
    ambient: &Ambient,
    store: &Store,
    maintenance: &Maintenance,
    (passwords, secret_key): (&Passwords, &MacKey),
    owner: OwnerPassword,
) -> Result<Option<FirstStart>, StartError> {
    let first = store.metadata().registries().await.map_err(AdminError::from)?.is_empty();
    if !first {
        return Ok(None);
    }
    let (entropy, now) = (ambient.entropy.as_ref(), ambient.clock.now());
    let password = match owner {
        OwnerPassword::Generated => {
            let password = secret::generate(SecretKind::User, entropy);
            let form = SecretForm::Generated(secret::hash(secret_key, password.expose()));
            Some((form, Some(password)))
        }
        OwnerPassword::Given(password) => {
            Some((given(&password, passwords, secret_key, entropy)?, None))
        }
        OwnerPassword::None => None,
    };
    let tenant = NewTenant { id: TenantId(entropy.guid()), subscription: entropy.guid() };
    let registry = new_registry(tenant.id, &config.registry, ambient, secret_key)?;
    let new_secret = |form: SecretForm| NewSecret {
        id: CredentialId(entropy.guid()),
        slot: "password".to_owned(),
        form,
        hint: String::new(),
        generation: 1,
        created: now,
        expires: None,
    };
    let first = FirstStart {
        has_password: password.is_some(),
        generated: password.as_ref().and_then(|(_, shown)| shown.clone()),
    };
    let user = NewUser {
        id: PrincipalId(entropy.guid()),
        name: OWNER.to_owned(),
        password: password.map(|(form, _)| new_secret(form)),
        created: now,
    };
    let role = NewRoleAssignment {
        id: AssignmentId(entropy.guid()),
        scope: ScopePath::root(),
        assignee: user.id.to_string(),
        role: "Owner".to_owned(),
        created: now,
    };
    let made = store.metadata().bootstrap(maintenance, tenant, registry, user, role).await?;
    Ok(made.then_some(first))
}

/// What is stored of a password that was given. Its form alone says how it will be checked.
fn given(
    password: &Secret,
    passwords: &Passwords,
    secret_key: &MacKey,
    entropy: &dyn Entropy,
) -> Result<SecretForm, StartError> {
    match secret::SecretForm::of(password.expose()) {
        secret::SecretForm::Token => Err(StartError::TokenAsPassword),
        secret::SecretForm::Generated(_) => {
            Ok(SecretForm::Generated(secret::hash(secret_key, password.expose())))
        }
        secret::SecretForm::Human => {
            Ok(SecretForm::Human(passwords.hash(password.expose(), entropy)?))
        }
    }
}

/// A registry with its admin user, who is off, and whose passwords are derived from the server's
/// key so that they can be read back.
pub(crate) fn new_registry(
    tenant: TenantId,
    name: &str,
    ambient: &Ambient,
    secret_key: &MacKey,
) -> Result<NewRegistry, NameError> {
    NameKind::Registry.check(name)?;
    let (entropy, now) = (ambient.entropy.as_ref(), ambient.clock.now());
    let id = RegistryId(entropy.guid());
    Ok(NewRegistry {
        id,
        tenant,
        name: name.to_owned(),
        admin: PrincipalId(entropy.guid()),
        admin_passwords: ADMIN_SLOTS
            .map(|slot| admin_secret(secret_key, id, slot, 1, CredentialId(entropy.guid()), now)),
        system_maps: system_maps().iter().map(|_| entropy.guid()).collect(),
        created: now,
    })
}

/// A password of the admin user as it is stored.
pub(crate) fn admin_secret(
    secret_key: &MacKey,
    registry: RegistryId,
    slot: &str,
    generation: u32,
    id: CredentialId,
    now: Timestamp,
) -> NewSecret {
    let password = secret::derive_admin(secret_key, registry.bytes(), slot, generation);
    NewSecret {
        id,
        slot: slot.to_owned(),
        form: SecretForm::Generated(secret::hash(secret_key, password.expose())),
        hint: hint(&password),
        generation,
        created: now,
        expires: None,
    }
}

/// The first characters of a generated secret, by which people tell one from another: its prefix
/// and three of its random ones.
pub(crate) fn hint(secret: &Secret) -> String {
    secret.expose().chars().take(8).collect()
}
