//! Token flows: how docker and the others turn a credential into an access token
//! (distribution specification, "Token authentication" and "OAuth2"), and where a secret may go.

use serde::Deserialize;

use crate::challenge::{Bearer, Realm};
use crate::http::{Authorization, Reply, SendError, Sending};
use crate::refusal::Refusal;
use crate::secret::Secret;
use crate::transport::{Connector, Endpoint};

/// Realms on another host than their registry that are known to be its own.
const KNOWN_REALMS: &[(&str, &str)] =
    &[("registry-1.docker.io", "auth.docker.io"), ("registry.gitlab.com", "gitlab.com")];

/// Who asks.
#[derive(Clone, Debug)]
pub enum Login {
    /// Nobody in particular.
    Anonymous,
    /// A name and a password.
    Password(String, Secret),
    /// A refresh token, which docker calls an identity token.
    IdentityToken(Secret),
}

/// Why a realm cannot be used, or must not be told a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RealmFault {
    /// It is no URL.
    #[error("the realm is no URL")]
    Unreadable,
    /// It is on another host, which a secret is not sent to.
    #[error("the realm is on another host")]
    OtherHost,
    /// The registry is reached by TLS and its realm is not.
    #[error("the realm is not reached by TLS, though the registry is")]
    Unencrypted,
}

/// Why there is no token.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// The challenge cannot be used.
    #[error(transparent)]
    Realm(#[from] RealmFault),
    /// There was no answer.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The token service says no.
    #[error("{}", .0.summary())]
    Refused(Box<Refusal>),
    /// The answer has no token.
    #[error("the token service's answer has no token")]
    Unreadable,
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    token: String,
    #[serde(default)]
    access_token: String,
}

/// Where the tokens of a registry are fetched, once it is known that a secret may go there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TokenService {
    /// Where it is.
    pub endpoint: Endpoint,
    path: String,
    service: Option<String>,
}

impl TokenService {
    /// Reads a challenge of a registry. The realm is on the registry's own host (with plain HTTP
    /// also on its port), or on one that is known to belong to it: a realm is a header, and
    /// whoever can send one could otherwise collect passwords.
    pub fn of(challenge: &Bearer, registry: &Endpoint) -> Result<Self, RealmFault> {
        let realm = Realm::parse(&challenge.realm).ok_or(RealmFault::Unreadable)?;
        if registry.tls && !realm.tls {
            return Err(RealmFault::Unencrypted);
        }
        let host = realm.server.host();
        let known = KNOWN_REALMS.contains(&(registry.host.as_str(), host.as_str()));
        let same = host == registry.host && (realm.tls || realm.port() == registry.port);
        if !known && !same {
            return Err(RealmFault::OtherHost);
        }
        let endpoint = Endpoint { tls: realm.tls, host, port: realm.port() };
        Ok(Self { endpoint, path: realm.path, service: challenge.service.clone() })
    }

    /// Its URL, without what is asked for.
    pub fn url(&self) -> String {
        self.endpoint.url(self.path.split('?').next().unwrap_or(&self.path))
    }

    /// Asks for an access token with these scopes, as docker does: GET with Basic, or POST with a
    /// refresh token.
    pub async fn token(
        &self,
        connector: &Connector,
        login: &Login,
        scopes: &[String],
    ) -> Result<(Secret, Reply), TokenError> {
        let sending = match login {
            Login::Anonymous => self.get(scopes, None),
            Login::Password(name, password) => {
                let basic = Authorization::Basic(name.clone(), password.clone());
                self.get(scopes, Some(name)).with(basic)
            }
            Login::IdentityToken(token) => self.post(scopes, token),
        };
        let reply = connector.send(&self.endpoint, sending).await?;
        if !reply.status.is_success() {
            return Err(TokenError::Refused(Box::new(Refusal::of(&reply))));
        }
        let answer: Answer =
            serde_json::from_slice(&reply.body).map_err(|_| TokenError::Unreadable)?;
        let token = if answer.token.is_empty() { answer.access_token } else { answer.token };
        if token.is_empty() {
            return Err(TokenError::Unreadable);
        }
        Ok((Secret::new(token), reply))
    }

    fn get(&self, scopes: &[String], account: Option<&str>) -> Sending {
        let mut query = form_urlencoded::Serializer::new(String::new());
        if let Some(account) = account {
            query.append_pair("account", account);
        }
        if let Some(service) = &self.service {
            query.append_pair("service", service);
        }
        for scope in scopes {
            query.append_pair("scope", scope);
        }
        let (query, joint) = (query.finish(), if self.path.contains('?') { '&' } else { '?' });
        let bare = query.is_empty();
        let target = if bare { self.path.clone() } else { format!("{}{joint}{query}", self.path) };
        Sending::get(target)
    }

    fn post(&self, scopes: &[String], token: &Secret) -> Sending {
        let scopes = scopes.join(" ");
        let mut fields = vec![
            ("grant_type", "refresh_token"),
            ("client_id", "naru"),
            ("refresh_token", token.expose()),
        ];
        fields.extend(self.service.as_deref().map(|service| ("service", service)));
        if !scopes.is_empty() {
            fields.push(("scope", &scopes));
        }
        Sending::post(self.path.clone(), &fields)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(
        registry: &str,
        tls: bool,
        port: u16,
        realm: &str,
    ) -> Result<TokenService, RealmFault> {
        let registry = Endpoint { tls, host: registry.to_owned(), port };
        let challenge = Bearer { realm: realm.to_owned(), ..Bearer::default() };
        TokenService::of(&challenge, &registry)
    }

    #[test]
    fn a_secret_is_sent_to_no_host_but_its_own() {
        use RealmFault::{OtherHost, Unencrypted, Unreadable};
        for (registry, tls, port, realm, fault) in [
            ("r.example", true, 443, "https://r.example/oauth2/token", None),
            ("r.example", true, 5000, "https://R.example:5001/auth", None),
            ("r.example", true, 443, "https://evil.example/token", Some(OtherHost)),
            ("r.example", true, 443, "https://r.example.evil.example/token", Some(OtherHost)),
            ("r.example", true, 443, "https://r.example@evil.example/token", Some(Unreadable)),
            ("r.example", true, 443, "http://r.example/token", Some(Unencrypted)),
            ("localhost", false, 5000, "http://localhost:5000/token", None),
            ("localhost", false, 5000, "http://localhost:6000/token", Some(OtherHost)),
            ("localhost", false, 5000, "https://localhost:6000/token", None),
            ("registry-1.docker.io", true, 443, "https://auth.docker.io/token", None),
            ("r.example", true, 443, "", Some(Unreadable)),
        ] {
            assert_eq!(service(registry, tls, port, realm).err(), fault, "{realm}");
        }
    }

    #[test]
    fn a_request_names_account_service_and_scopes() {
        let mut service = service("r.example", true, 443, "https://r.example/t?x=1").unwrap();
        service.service = Some("r.example".to_owned());
        let scopes = ["repository:a/b:pull".to_owned()];
        let get = service.get(&scopes, Some("me"));
        assert_eq!(
            get.target,
            "/t?x=1&account=me&service=r.example&scope=repository%3Aa%2Fb%3Apull"
        );
        let post = service.post(&scopes, &Secret::new("s3cret".to_owned()));
        assert!(post.form.as_ref().unwrap().expose().contains("refresh_token=s3cret"));
        assert!(!format!("{post:?}").contains("s3cret"), "{post:?}");
    }
}
