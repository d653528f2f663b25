//! Facts: what checks have found out, by type, for those that build on it.

use std::any::Any;
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use naru_client::challenge::Challenge;
use naru_client::credential::file::CredentialFile;
use naru_client::credential::places::Tool;
use naru_client::credential::{Origin, Stored};
use naru_client::name::LoginServer;
use naru_client::secret::Secret;
use naru_client::transport::Endpoint;
use naru_client::transport::certificate::Certificate;
use naru_client::transport::tls::Verdict;

/// The name of a kind of fact, by which checks are joined.
pub type FactName = &'static str;

/// A kind of fact.
pub trait Fact: Any + Send + Sync {
    /// Its name.
    const NAME: FactName;
}

/// Facts by their names. Cheap to clone.
#[derive(Clone, Default)]
pub struct Facts(BTreeMap<FactName, Arc<dyn Any + Send + Sync>>);

impl Facts {
    /// The fact of a kind.
    pub fn get<F: Fact>(&self) -> Option<&F> {
        self.0.get(F::NAME)?.downcast_ref()
    }

    /// Whether there is one of that name.
    pub fn has(&self, name: FactName) -> bool {
        self.0.contains_key(name)
    }

    /// Adds a fact.
    pub fn insert<F: Fact>(&mut self, fact: F) {
        self.0.insert(F::NAME, Arc::new(fact));
    }

    /// Adds all of another.
    pub fn extend(&mut self, other: Self) {
        self.0.extend(other.0);
    }

    /// The names of all.
    pub fn names(&self) -> impl Iterator<Item = FactName> {
        self.0.keys().copied()
    }
}

macro_rules! facts {
    ($( $(#[doc = $doc:literal])+ $name:ident = $text:literal { $($(#[doc = $field_doc:literal])+ $field:ident: $type:ty),* $(,)? } )+) => {
        $(
            $(#[doc = $doc])+
            pub struct $name { $($(#[doc = $field_doc])+ pub $field: $type),* }

            impl Fact for $name {
                const NAME: FactName = $text;
            }
        )+
    };
}

facts! {
    /// The container tools that are installed.
    Tools = "tools" {
        /// Command and path of each.
        found: Vec<(&'static str, PathBuf)>,
    }
    /// What the container engine says of itself.
    Engine = "engine" {
        /// The proxy that it uses for TLS, without a password.
        https_proxy: String,
        /// Networks and hosts that it reaches by plain HTTP.
        insecure: Vec<String>,
    }
    /// What was asked for, understood.
    Target = "target" {
        /// The login server, in lower case.
        server: LoginServer,
        /// As it was typed.
        typed: LoginServer,
        /// The repository.
        repository: Option<String>,
        /// The tag or digest.
        reference: Option<String>,
    }
    /// The credential files, read.
    Files = "files" {
        /// Each that was looked for.
        files: Vec<CredentialFile>,
    }
    /// The credential that is used from here on, if there is one.
    Credential = "credential" {
        /// Whose it is.
        chosen: Option<Chosen>,
    }
    /// The form of the credential was looked at.
    Shape = "shape" {}
    /// The host's addresses.
    Addresses = "addresses" {
        /// In the order in which they are tried.
        addresses: Vec<IpAddr>,
    }
    /// The proxy settings can be used.
    Route = "route" {
        /// The proxy for this host.
        proxy: Option<String>,
    }
    /// Something listens.
    Reachable = "reachable" {
        /// The port that it listens on.
        port: u16,
    }
    /// How the host is spoken to.
    Channel = "channel" {
        /// Where.
        endpoint: Endpoint,
        /// The certificates that it sent.
        chain: Vec<Certificate>,
        /// What is wrong with them.
        verdict: Option<Verdict>,
    }
    /// The chain of the certificate ends in an authority that is trusted.
    Trusted = "trusted" {}
    /// The certificate is for this host.
    Named = "named" {}
    /// The certificate holds now.
    InTime = "in-time" {}
    /// What `/v2/` answers.
    Ping = "ping" {
        /// What it offers.
        challenges: Vec<Challenge>,
        /// Whether it lets everybody in.
        open: bool,
    }
    /// Two clocks at one moment.
    Times = "times" {
        /// The server's.
        theirs: Timestamp,
        /// This machine's.
        ours: Timestamp,
    }
    /// What is given without a login.
    Anonymous = "anonymous" {
        /// Whether a pull would do, where a repository was asked for.
        pull: Option<bool>,
        /// Whether a token was given at all.
        token: bool,
    }
    /// The credential is accepted.
    Accepted = "accepted" {
        /// Who it is, without the secret.
        principal: String,
    }
    /// The login was refused.
    LoginDenied = "login-denied" {
        /// The id of the refusal.
        correlation_id: String,
    }
    /// A pull was refused.
    PullDenied = "pull-denied" {
        /// The id of the refusal.
        correlation_id: String,
    }
}

/// A credential, and where it came from.
#[derive(Clone, Debug)]
pub struct Chosen {
    /// The credential.
    pub stored: Stored,
    /// The tool that has it; none where it was given.
    pub tool: Option<Tool>,
    /// Where it is; none where it was given.
    pub origin: Option<Origin>,
}

impl Chosen {
    /// Who it is, without the secret.
    pub fn principal(&self) -> String {
        if self.stored.username.is_empty() { "-".to_owned() } else { self.stored.username.clone() }
    }

    /// The secret.
    pub fn secret(&self) -> &Secret {
        &self.stored.secret
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fact_is_found_by_its_type() {
        let mut facts = Facts::default();
        assert!(facts.get::<Reachable>().is_none());
        facts.insert(Reachable { port: 5000 });
        assert_eq!(facts.get::<Reachable>().unwrap().port, 5000);
        assert!(facts.has("reachable") && !facts.has("channel"));
    }
}
