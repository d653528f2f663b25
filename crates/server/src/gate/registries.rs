//! The registries of this server, with what every request needs of them worked out.

use std::sync::Arc;

use naru_access::{NetworkRules, RegistryPolicy};
use naru_identity::token::Audience;
use naru_store::Registry;

use crate::config::Config;
use crate::edge::host::canonical;

/// A registry, ready to judge requests.
#[derive(Debug)]
pub(crate) struct Hosted {
    pub(crate) registry: Registry,
    pub(crate) policy: RegistryPolicy,
    pub(crate) network: NetworkRules,
    /// Its canonical login server.
    pub(crate) login_server: String,
}

impl Hosted {
    /// It as what tokens are for.
    pub(crate) fn audience(&self) -> Audience<'_> {
        Audience {
            login_server: &self.login_server,
            registry: self.registry.id,
            tenant: self.registry.tenant,
        }
    }
}

/// All registries, the first of which is the default.
#[derive(Debug)]
pub(crate) struct Registries(Vec<Arc<Hosted>>);

impl Registries {
    pub(crate) fn new(config: &Config, registries: Vec<Registry>) -> Self {
        let hosted = |registry: Registry| {
            Arc::new(Hosted {
                policy: registry.policy(),
                network: registry.network(),
                login_server: canonical(config, &registry.key()),
                registry,
            })
        };
        Self(registries.into_iter().map(hosted).collect())
    }

    /// The registry of a name in lower case.
    pub(crate) fn by_key(&self, key: &str) -> Option<&Arc<Hosted>> {
        self.0.iter().find(|hosted| hosted.registry.key() == key)
    }

    /// The one that hosts mean which name none.
    pub(crate) fn default_registry(&self) -> Option<&Arc<Hosted>> {
        self.0.first()
    }

    /// All but one.
    pub(crate) fn others_than(&self, hosted: &Hosted) -> impl Iterator<Item = &Arc<Hosted>> {
        let id = hosted.registry.id;
        self.0.iter().filter(move |other| other.registry.id != id)
    }
}
