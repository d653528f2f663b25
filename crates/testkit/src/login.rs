//! Principals and their credentials: made over the socket, and exchanged for tokens as clients do.

use std::collections::HashMap;

use naru_identity::secret::{SecretKind, generate};
use naru_server::Config;
use naru_server::ambient::SystemEntropy;
use serde_json::{Value, json};

use crate::{Kit, Reply, Sending};

/// The domain of a server that [`Kit::start_with_domain`] started.
const DOMAIN: &str = "naru.test";

/// A name and a secret.
#[derive(Clone, Debug)]
pub struct Login {
    /// The name.
    pub name: String,
    /// The secret.
    pub secret: String,
}

/// The host of a registry under the domain.
pub fn host(registry: &str) -> String {
    format!("{registry}.{DOMAIN}")
}

impl Sending {
    /// To a registry under the domain.
    #[must_use]
    pub fn at(self, registry: &str) -> Self {
        self.host(&host(registry))
    }

    /// With a name and secret.
    #[must_use]
    pub fn login(self, login: &Login) -> Self {
        self.basic(&login.name, &login.secret)
    }
}

impl Kit {
    /// Starts a server with a domain, and the registries `registry` and `second`.
    pub async fn start_with_domain() -> Self {
        Self::start_with_domain_and(|_| {}).await
    }

    /// As [`Kit::start_with_domain`], with other settings.
    pub async fn start_with_domain_and(change: impl FnOnce(&mut Config)) -> Self {
        let domain = DOMAIN.parse().expect("a domain");
        let kit = Self::start_with(|config| {
            config.domain = Some(domain);
            change(config);
        })
        .await;
        kit.create_registry("second").await;
        kit
    }

    /// Asks for a verb of a registry that must do.
    pub async fn admin_at(
        &self,
        registry: &str,
        noun: &str,
        verb: &str,
        mut request: Value,
    ) -> Value {
        let fields = request.as_object_mut().expect("an object");
        fields.insert("registry".to_owned(), json!(registry));
        self.admin(noun, verb, request).await
    }

    /// Creates a user, whose password has the generated form so that Argon2id need not run.
    pub async fn create_user(&self, name: &str) -> Login {
        let secret = generate(SecretKind::User, &SystemEntropy).expose().to_owned();
        self.admin("user", "create", json!({ "name": name, "password": secret })).await;
        Login { name: name.to_owned(), secret }
    }

    /// Creates a service principal.
    pub async fn create_service_principal(&self, name: &str) -> Login {
        let made = self.admin("sp", "create", json!({ "name": name })).await;
        Login { name: text(&made["appId"]), secret: text(&made["password"]) }
    }

    /// Creates a repository token of a registry, with rules of its own.
    pub async fn create_token(
        &self,
        registry: &str,
        name: &str,
        rules: &[(&str, &[&str])],
    ) -> Login {
        let rule = |(repository, actions): &(&str, &[&str])| json!({ "repository": repository, "actions": actions });
        let rules: Vec<Value> = rules.iter().map(rule).collect();
        let request = json!({ "name": name, "repositories": rules });
        let made = self.admin_at(registry, "token", "create", request).await;
        let secret = text(&made["credentials"]["passwords"][0]["value"]);
        Login { name: name.to_owned(), secret }
    }

    /// The admin user of a registry, whether it is on or not.
    pub async fn admin_login(&self, registry: &str) -> Login {
        let shown = self.admin_at(registry, "credential", "show", json!({})).await;
        let secret = text(&shown["passwords"][0]["value"]);
        Login { name: text(&shown["username"]), secret }
    }

    /// Assigns a role on a registry.
    pub async fn assign(&self, registry: &str, login: &Login, role: &str) {
        let request = json!({ "assignee": login.name, "role": role });
        self.admin_at(registry, "role-assignment", "create", request).await;
    }

    /// Takes a role on a registry back.
    pub async fn unassign(&self, registry: &str, login: &Login, role: &str) {
        let request = json!({ "assignee": login.name, "role": role });
        self.admin_at(registry, "role-assignment", "delete", request).await;
    }

    /// The tenant.
    pub async fn tenant(&self) -> String {
        text(&self.admin("registry", "show", json!({})).await["tenant"])
    }

    /// What the directory answers to a login of a service principal (whose name is a GUID) or a
    /// user.
    pub async fn ask_identity(&self, login: &Login) -> Reply {
        let application = login.name.len() == 36;
        let scope = ("scope", "https://containerregistry.azure.net/.default");
        let (grant, name, secret) = if application {
            ("client_credentials", "client_id", "client_secret")
        } else {
            ("password", "username", "password")
        };
        let form = [("grant_type", grant), (name, &*login.name), (secret, &*login.secret), scope];
        let path = format!("/{}/oauth2/v2.0/token", self.tenant().await);
        self.post(&path).at("registry").form(&form).send().await
    }

    /// An identity token of the directory.
    pub async fn identity_token(&self, login: &Login) -> String {
        text(&self.ask_identity(login).await.expect(200).json()["access_token"])
    }

    /// What a registry answers to an identity token.
    pub async fn ask_exchange(&self, registry: &str, identity: &str) -> Reply {
        let service = host(registry);
        let form =
            [("grant_type", "access_token"), ("service", &*service), ("access_token", identity)];
        self.post("/oauth2/exchange").at(registry).form(&form).send().await
    }

    /// A refresh token of a registry.
    pub async fn refresh_token(&self, registry: &str, login: &Login) -> String {
        let identity = self.identity_token(login).await;
        text(&self.ask_exchange(registry, &identity).await.expect(200).json()["refresh_token"])
    }

    /// What a registry answers to a request for an access token, as docker asks.
    pub async fn ask_access(
        &self,
        registry: &str,
        login: Option<&Login>,
        scopes: &[&str],
    ) -> Reply {
        let scopes = scopes.iter().map(|scope| format!("&scope={}", crate::percent(scope)));
        let scopes: String = scopes.collect();
        let request = self.get(&format!("/oauth2/token?service={}{scopes}", host(registry)));
        let request = request.at(registry);
        match login {
            Some(login) => request.login(login).send().await,
            None => request.send().await,
        }
    }

    /// An access token.
    pub async fn access_token(&self, registry: &str, login: &Login, scopes: &[&str]) -> String {
        text(
            &self.ask_access(registry, Some(login), scopes).await.expect(200).json()["access_token"],
        )
    }

    /// The reasons of a registry's login events, by correlation id.
    pub async fn reasons(&self, registry: &str) -> HashMap<String, String> {
        let events = self.export_at(registry, "login").await;
        let refused = events.iter().filter_map(|event| {
            Some((text(&event["CorrelationId"]), event["Reason"].as_str()?.to_owned()))
        });
        refused.collect()
    }
}

/// A JSON value that must be a text.
#[track_caller]
pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}")).to_owned()
}
