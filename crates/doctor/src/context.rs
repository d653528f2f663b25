//! What every check may use: what was asked, and what this machine is.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use naru_client::ambient::{Clock, Resolver, Surroundings};
use naru_client::credential::places::Tool;
use naru_client::name::LoginServer;
use naru_client::secret::Secret;
use naru_client::transport::Connector;
use naru_client::transport::proxy::Proxies;
use naru_client::transport::roots::Roots;
use naru_codes::Cause;

/// How long one address may take to answer, where nothing is said.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// What is to be done with a repository.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    /// Read content.
    Pull,
    /// Write content.
    Push,
    /// Delete content.
    Delete,
}

/// What was asked.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// A host or image; none for this machine alone.
    pub target: Option<String>,
    /// A repository.
    pub repository: Option<String>,
    /// What is to be done with it; pull where nothing is said.
    pub actions: Vec<Action>,
    /// A credential to use in place of the stored one.
    pub login: Option<(String, Secret)>,
    /// The tool whose credential is meant.
    pub tool: Option<Tool>,
    /// A file with authorities to trust.
    pub ca_file: Option<PathBuf>,
    /// How long one address may take to answer.
    pub patience: Option<Duration>,
    /// Whether nothing beyond this machine may be asked.
    pub offline: bool,
}

/// What the server on this machine has recorded of a request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recorded {
    /// Why it was refused.
    pub reason: Option<Cause>,
    /// Who it was.
    pub identity: Option<String>,
    /// The address that it came from.
    pub address: Option<String>,
    /// The rule that it rested on, or that came nearest.
    pub rule: Option<String>,
    /// More, for the operator.
    pub detail: Option<String>,
}

/// The server's own records, where it runs on this machine. The binary knows how to ask.
#[async_trait]
pub trait Records: Send + Sync {
    /// What is recorded under an id; nothing where no server answers or none is.
    async fn find(&self, correlation_id: &str) -> Option<Recorded>;
}

/// What every check may use.
pub struct Context {
    /// What was asked.
    pub asked: Asked,
    /// The environment.
    pub surroundings: Surroundings,
    /// The text of `/etc/passwd`, which says whose home is where.
    pub passwd: String,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The resolver.
    pub resolver: Arc<dyn Resolver>,
    /// The server's records, where there may be some.
    pub records: Option<Arc<dyn Records>>,
}

impl Action {
    /// Its word in a scope.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Pull => "pull",
            Self::Push => "push",
            Self::Delete => "delete",
        }
    }
}

impl Context {
    /// What connects to a host as the tools here would.
    pub fn connector(&self, server: &LoginServer) -> Connector {
        let roots =
            Roots::of_this_machine(&self.surroundings, Some(server), self.asked.ca_file.as_deref());
        Connector {
            resolver: Arc::clone(&self.resolver),
            clock: Arc::clone(&self.clock),
            roots: Arc::new(roots),
            proxies: Proxies::of_environment(&self.surroundings),
            patience: self.asked.patience.unwrap_or(PATIENCE),
        }
    }

    /// Whether an action was asked for.
    pub fn wants(&self, action: Action) -> bool {
        if self.asked.actions.is_empty() {
            action == Action::Pull
        } else {
            self.asked.actions.contains(&action)
        }
    }
}
