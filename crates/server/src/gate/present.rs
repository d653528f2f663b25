//! Policy, credentials and rights as they are at present: read once for each generation of the
//! store's freshness, and kept until the next one starts.

use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};

use naru_access::{CredentialId, InRepository, PrincipalId, RegistryId, Rights, TenantId};
use naru_identity::Tag;
use naru_oci::RepositoryName;
use naru_store::{Account, Attributes, Generation, Metadata, Standing, StoreError};
use quick_cache::sync::Cache;

use super::Registries;
use crate::config::Config;

/// How many standings, and how many sets of rights, are kept.
const KEPT: usize = 10_000;

/// What was read, and how current it is.
type Kept<T> = (Generation, T);

/// The seam through which all that is kept in memory of policy and credentials is read.
pub(crate) struct Present {
    registries: RwLock<Option<Kept<Arc<Registries>>>>,
    accounts: Cache<(TenantId, [u8; 32]), Kept<Account>>,
    standings: Cache<(PrincipalId, CredentialId), Kept<Option<Standing>>>,
    rights: Cache<PrincipalId, Kept<Rights>>,
    attributes: Cache<(RegistryId, RepositoryName), Kept<Attributes>>,
}

impl Present {
    pub(crate) fn new() -> Self {
        let registries = RwLock::new(None);
        Self {
            registries,
            accounts: Cache::new(KEPT),
            standings: Cache::new(KEPT),
            rights: Cache::new(KEPT),
            attributes: Cache::new(KEPT),
        }
    }

    /// The registries.
    pub(crate) async fn registries(
        &self,
        config: &Config,
        metadata: &dyn Metadata,
    ) -> Result<Arc<Registries>, StoreError> {
        // Before reading: a write that comes in between makes what is read stale at once.
        let generation = metadata.freshness().generation();
        let kept = self.registries.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((_, registries)) = kept.filter(|(of, _)| *of == generation) {
            return Ok(registries);
        }
        let registries = Arc::new(Registries::new(config, metadata.registries().await?));
        let fresh = Some((generation, Arc::clone(&registries)));
        *self.registries.write().unwrap_or_else(PoisonError::into_inner) = fresh;
        Ok(registries)
    }

    /// The account of a generated secret, by the secret's keyed hash. That there is none is not
    /// kept: guesses would push out what is in use.
    pub(crate) async fn account_by_secret(
        &self,
        metadata: &dyn Metadata,
        tenant: TenantId,
        secret: Tag,
    ) -> Result<Option<Account>, StoreError> {
        let (key, generation) = ((tenant, secret.0), metadata.freshness().generation());
        if let Some((_, account)) = self.accounts.get(&key).filter(|(of, _)| *of == generation) {
            return Ok(Some(account));
        }
        let found = metadata.account_by_secret(tenant, secret).await?;
        if let Some(account) = &found {
            self.accounts.insert(key, (generation, account.clone()));
        }
        Ok(found)
    }

    /// How a principal and one of its credentials stand.
    pub(crate) async fn standing(
        &self,
        metadata: &dyn Metadata,
        principal: PrincipalId,
        credential: CredentialId,
    ) -> Result<Option<Standing>, StoreError> {
        let read = metadata.standing(principal, credential);
        fresh(&self.standings, metadata, (principal, credential), read).await
    }

    /// What a principal may do.
    pub(crate) async fn rights(
        &self,
        metadata: &dyn Metadata,
        principal: PrincipalId,
    ) -> Result<Rights, StoreError> {
        fresh(&self.rights, metadata, principal, metadata.rights(principal)).await
    }

    /// What may be done to a repository, whoever asks.
    pub(crate) async fn attributes(
        &self,
        metadata: &dyn Metadata,
        place: &InRepository,
    ) -> Result<Attributes, StoreError> {
        let key = (place.registry.registry, place.repository.clone());
        fresh(&self.attributes, metadata, key, metadata.attributes(place)).await
    }
}

async fn fresh<K: Hash + Eq, T: Clone>(
    cache: &Cache<K, Kept<T>>,
    metadata: &dyn Metadata,
    key: K,
    read: impl Future<Output = Result<T, StoreError>>,
) -> Result<T, StoreError> {
    let generation = metadata.freshness().generation();
    if let Some((_, value)) = cache.get(&key).filter(|(of, _)| *of == generation) {
        return Ok(value);
    }
    let value = read.await?;
    cache.insert(key, (generation, value.clone()));
    Ok(value)
}
