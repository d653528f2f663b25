//! What all requests share.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use naru_access::Maintenance;
use naru_identity::password::Passwords;
use naru_identity::{EntropyExt as _, KeyError, MacKey};
use naru_store::{AdminError, NewRegistry, Store, StoreError};
use uuid::Uuid;

use crate::ambient::Ambient;
use crate::audit::Audit;
use crate::config::Config;
use crate::gate::{Counters, HumanPasswords, Present, Rates, Throttle, VerifiedTokens};
use crate::jumps::Jumps;
use crate::keys::Keys;
use crate::metrics::Metrics;
use crate::ready::Readiness;
use crate::start::{StartError, new_registry};
use crate::upkeep::Upkeep;

/// A server's state. Everything in it is either immutable, or kept under the seam of freshness of
/// the store, or a bounded memory whose loss costs nothing but work.
pub struct App {
    pub(crate) config: Config,
    pub(crate) ambient: Ambient,
    /// How the clock jumped.
    pub(crate) jumps: Jumps,
    pub(crate) store: Store,
    pub(crate) keys: Arc<Keys>,
    /// The key of keyed hashes of generated secrets.
    pub(crate) secret_key: MacKey,
    /// The key of upload ids.
    pub(crate) upload_key: MacKey,
    /// Registries, standings and rights, as they are at present.
    pub(crate) present: Present,
    /// Tokens that were verified.
    pub(crate) tokens: VerifiedTokens,
    /// Argon2id, bounded.
    pub(crate) passwords: HumanPasswords,
    /// The throttle of guesses.
    pub(crate) throttle: Throttle,
    /// Rate limits.
    pub(crate) rates: Rates,
    /// Collection and verification.
    pub(crate) upkeep: Upkeep,
    /// Figures for whoever watches.
    pub(crate) metrics: Metrics,
    /// Whether the server is ready, as it was seen last.
    pub(crate) ready: Readiness,
    /// Counts, for those who compare the work of two requests.
    pub(crate) counters: Counters,
    /// Events on their way to the store.
    pub(crate) audit: Audit,
}

impl App {
    pub(crate) fn new(
        config: Config,
        ambient: Ambient,
        store: Store,
        keys: Keys,
        passwords: Passwords,
        maintenance: Maintenance,
    ) -> Result<Self, KeyError> {
        let ring = keys.ring();
        Ok(Self {
            rates: Rates::new(config.rate_limits),
            audit: Audit::new(config.events, &ring)?,
            config,
            jumps: Jumps::new(ambient.clock.as_ref()),
            ambient,
            store,
            secret_key: ring.mac("secrets"),
            upload_key: ring.mac("uploads"),
            present: Present::new(),
            tokens: VerifiedTokens::default(),
            passwords: HumanPasswords::new(passwords, &ring.mac("remembered-passwords")),
            throttle: Throttle::new(&ring.mac("guesses")),
            upkeep: Upkeep::new(maintenance),
            metrics: Metrics::new(),
            ready: Readiness::default(),
            counters: Counters::default(),
            keys: Arc::new(keys),
        })
    }

    /// The time.
    pub(crate) fn now(&self) -> Timestamp {
        self.jumps.now(self.ambient.clock.as_ref())
    }

    /// The time, as far as it can be trusted for saying that something is `age` old.
    pub(crate) fn now_for(&self, age: SignedDuration) -> Timestamp {
        self.jumps.now_for(self.ambient.clock.as_ref(), age)
    }

    /// A new id.
    pub(crate) fn guid(&self) -> Uuid {
        self.ambient.entropy.guid()
    }

    /// Writes what was noted of what was allowed.
    pub async fn flush_events(&self) -> Result<(), StoreError> {
        self.audit.flush(self.store.metadata(), self.now()).await
    }

    /// The same for whoever reads events: a store that cannot be written is when they are needed
    /// most, and what is missing of the last second costs less than all that is there.
    pub(crate) async fn flush_events_for_reader(&self) {
        if let Err(error) = self.flush_events().await {
            tracing::warn!(%error, "the events of the last second could not be written yet");
        }
    }

    /// Forgets the events whose time has come.
    pub async fn expire_events(&self) -> Result<(), StoreError> {
        let maintenance = &self.upkeep.maintenance;
        let now = self.now_for(self.config.events.retention);
        self.audit.expire(self.store.metadata(), maintenance, now).await
    }

    /// The store.
    pub fn store(&self) -> &Store {
        &self.store
    }

    /// Counts, for those who compare the work of two requests.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A registry that is to be, in the tenant of the others. No verb creates one yet.
    pub async fn new_registry(&self, name: &str) -> Result<NewRegistry, StartError> {
        let registries = self.store.metadata().registries().await.map_err(AdminError::from)?;
        let first = registries
            .first()
            .ok_or(AdminError::NotFound { what: "registry", name: String::new() })?;
        Ok(new_registry(first.tenant, name, &self.ambient, &self.secret_key)?)
    }

    /// How often Argon2id ran.
    pub fn password_runs(&self) -> u64 {
        self.passwords.runs()
    }
}
