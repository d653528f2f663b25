//! The table of causes, and what is a property of a cause itself.

use std::fmt;

use crate::report::Severity;

/// Where in the judging of a request a cause belongs (the steps of the gate, in their order).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Stage {
    /// The shape of the request: names, digests, sizes.
    Shape,
    /// The registry's network rules.
    Network,
    /// Rates, and the throttle of guesses.
    Rate,
    /// Who is asking: the credential does not hold.
    Credential,
    /// The token is good, and was asked for with less than its holder could have.
    Scope,
    /// The decision: the holder does not have the right.
    Permission,
    /// What was asked for is not there.
    Existence,
    /// It is locked, whoever asks.
    Lock,
    /// Something that the registry itself depends on is down.
    Dependency,
    /// Before any registry judges: the client's own machine and the way there. No server gives it.
    Client,
}

/// Towards whom a cause may be named; everybody else reads [`Cause::CredentialInvalid`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disclosure {
    /// The caller's own request shows it.
    Anyone,
    /// Only somebody whose secret or token was verified first.
    Holder,
}

macro_rules! causes {
    ($( $(#[doc = $doc:literal])+ $name:ident = $code:literal, $stage:ident, $disclosure:ident, [$($legacy:literal),*]; )+) => {
        /// Why a login, pull, push or management call did not work.
        ///
        /// Codes are stable and kebab-case; their prefix is their group. A code enters this table
        /// together with its texts (`locales/*/causes.ftl`) and its first emitter.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Cause { $( $(#[doc = $doc])+ $name, )+ }

        impl Cause {
            /// Every cause there is, in the order of the table.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The stable code, as in logs, events and documentation.
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),+ }
            }

            /// Where in the judging of a request it belongs.
            pub const fn stage(self) -> Stage {
                match self { $(Self::$name => Stage::$stage),+ }
            }

            /// Towards whom it may be named.
            pub const fn disclosure(self) -> Disclosure {
                match self { $(Self::$name => Disclosure::$disclosure),+ }
            }

            /// What Azure's tools say for it, so that people can search for the words they saw.
            pub const fn legacy(self) -> &'static [&'static str] {
                match self { $(Self::$name => &[$($legacy),*]),+ }
            }
        }
    };
}

causes! {
    /// No container tool is installed.
    DockerCliMissing = "docker-cli-missing", Client, Anyone, ["DOCKER_COMMAND_ERROR"];
    /// The container tool is older than registries expect.
    DockerCliTooOld = "docker-cli-too-old", Client, Anyone, ["DOCKER_VERSION_ERROR"];
    /// A credential file is unreadable, or is no JSON.
    DockerConfigInvalid = "docker-config-invalid", Client, Anyone, ["error loading config file", "WARNING: Error loading config file"];
    /// The credential lies in a file that this tool, user or variable does not read.
    DockerConfigWrongFile = "docker-config-wrong-file", Client, Anyone, ["unauthorized: authentication required"];
    /// The container engine does not answer.
    DockerDaemonUnreachable = "docker-daemon-unreachable", Client, Anyone, ["DOCKER_DAEMON_ERROR", "Cannot connect to the Docker daemon"];
    /// A credential helper is there, and fails.
    DockerHelperFailed = "docker-helper-failed", Client, Anyone, ["error getting credentials - err: exit status 1"];
    /// A credential helper is named, and is not installed.
    DockerHelperMissing = "docker-helper-missing", Client, Anyone, ["error getting credentials", "executable file not found in $PATH"];
    /// The registry speaks plain HTTP, which the engine does not allow.
    DockerInsecureRegistry = "docker-insecure-registry", Client, Anyone, ["server gave HTTP response to HTTPS client"];
    /// Client and engine do not use the same proxy.
    DockerProxy = "docker-proxy", Client, Anyone, ["proxyconnect tcp"];
    /// The engine runs, and this user may not open its socket.
    DockerSocketPermission = "docker-socket-permission", Client, Anyone, ["permission denied while trying to connect to the Docker daemon socket"];
    /// The container tool does not say which version it is.
    DockerVersionUnknown = "docker-version-unknown", Client, Anyone, ["DOCKER_VERSION_ERROR"];

    /// A scheme or path was given where a login server is due.
    NameHasSchemeOrPath = "name-has-scheme-or-path", Client, Anyone, ["invalid reference format"];
    /// The server hosts no registry of that name.
    NameNotFound = "name-not-found", Existence, Anyone, ["LOGIN_SERVER_ERROR", "Could not connect to the registry login server"];
    /// The credential is stored for the host with another port, or without one.
    NamePortMismatch = "name-port-mismatch", Client, Anyone, ["unauthorized: authentication required"];
    /// A repository's name breaks the OCI grammar.
    NameRepositoryInvalid = "name-repository-invalid", Shape, Anyone, ["NAME_INVALID"];
    /// The registry is right; the repository, tag or manifest is not there.
    NameRepositoryUnknown = "name-repository-unknown", Existence, Anyone, ["NAME_UNKNOWN", "MANIFEST_UNKNOWN"];
    /// A bare name was given, with which container tools ask Docker Hub.
    NameResourceNotLoginServer = "name-resource-not-login-server", Client, Anyone, ["pull access denied", "repository does not exist or may require 'docker login'"];
    /// The host is written with upper-case letters, and the credential is stored in lower case.
    NameUppercase = "name-uppercase", Client, Anyone, ["unauthorized: authentication required"];

    /// The clocks of this machine and the server differ by more than tokens and certificates bear.
    NetworkClockSkew = "network-clock-skew", Client, Anyone, ["certificate has expired or is not yet valid", "token not yet valid"];
    /// The name does not resolve.
    NetworkDns = "network-dns", Client, Anyone, ["CONNECTIVITY_DNS_ERROR", "no such host"];
    /// The network rules do not allow the address that the registry saw.
    NetworkIpDenied = "network-ip-denied", Network, Anyone, ["CONNECTIVITY_FORBIDDEN_ERROR", "client with IP '…' is not allowed access"];
    /// The proxy refuses, cannot be reached, or is none.
    NetworkProxy = "network-proxy", Client, Anyone, ["proxyconnect tcp", "Proxy Authentication Required"];
    /// Public network access is switched off.
    NetworkPublicAccessDisabled = "network-public-access-disabled", Network, Anyone, ["CONNECTIVITY_FORBIDDEN_ERROR"];
    /// Nothing listens at that address and port.
    NetworkRefused = "network-refused", Client, Anyone, ["connection refused"];
    /// Nothing comes back from that address.
    NetworkTimeout = "network-timeout", Client, Anyone, ["Client.Timeout exceeded while awaiting headers", "i/o timeout"];
    /// The certificate's time is over, or has not begun.
    NetworkTlsExpired = "network-tls-expired", Client, Anyone, ["CONNECTIVITY_SSL_ERROR", "x509: certificate has expired or is not yet valid"];
    /// The certificate is for another name.
    NetworkTlsHostname = "network-tls-hostname", Client, Anyone, ["CONNECTIVITY_SSL_ERROR", "x509: certificate is valid for"];
    /// Both sides have no TLS in common, or the other one speaks none.
    NetworkTlsProtocol = "network-tls-protocol", Client, Anyone, ["CONNECTIVITY_SSL_ERROR", "server gave HTTP response to HTTPS client"];
    /// The certificate's chain ends in no authority that is trusted here.
    NetworkTlsUntrusted = "network-tls-untrusted", Client, Anyone, ["CONNECTIVITY_SSL_ERROR", "x509: certificate signed by unknown authority"];

    /// The registry's challenge cannot be used.
    RegistryBadChallenge = "registry-bad-challenge", Client, Anyone, ["CONNECTIVITY_WWW_AUTHENTICATE_ERROR"];
    /// The repository, manifest or tag is locked.
    RegistryLocked = "registry-locked", Lock, Anyone, ["The operation is disallowed on this registry, repository or image", "REGISTRY_DISALLOWED_OPERATION"];
    /// What answers at `/v2/` is no registry.
    RegistryNoChallenge = "registry-no-challenge", Client, Anyone, ["CONNECTIVITY_CHALLENGE_ERROR"];
    /// More requests came than the registry's rate limits allow.
    RegistryRateLimited = "registry-rate-limited", Rate, Anyone, ["CONNECTIVITY_TOOMANYREQUESTS_ERROR", "429 Too Many Requests"];
    /// A dependency of the registry is down or busy; never reported as a wrong password.
    RegistryUnavailable = "registry-unavailable", Dependency, Anyone, [];

    /// The admin user was used with its right password, and is switched off.
    CredentialAdminDisabled = "credential-admin-disabled", Credential, Holder, ["Unable to get admin user credentials with message: Admin user is disabled"];
    /// The user, service principal or token is disabled.
    CredentialDisabled = "credential-disabled", Credential, Holder, ["AADSTS50057"];
    /// An access token is past its time.
    CredentialExpiredAccessToken = "credential-expired-access-token", Credential, Holder, ["unauthorized: authentication required"];
    /// The login (refresh token or identity token) is past its time.
    CredentialExpiredEntra = "credential-expired-entra", Credential, Holder, ["unauthorized: authentication required"];
    /// A password of a repository token is past its date.
    CredentialExpiredPassword = "credential-expired-password", Credential, Holder, ["unauthorized: authentication required"];
    /// A client secret of a service principal has expired.
    CredentialExpiredSecret = "credential-expired-secret", Credential, Holder, ["Invalid clientid or client secret", "AADSTS7000222"];
    /// Name and secret match nothing. Never more precise than this towards a stranger.
    CredentialInvalid = "credential-invalid", Credential, Anyone, ["unauthorized: authentication required", "AADSTS7000215", "AADSTS50126"];
    /// The credential cannot be read, or is of the wrong kind for where it was sent.
    CredentialMalformed = "credential-malformed", Credential, Anyone, [];
    /// No credential was sent.
    CredentialMissing = "credential-missing", Credential, Anyone, ["failed to fetch anonymous token"];
    /// The token's `nbf` lies in the future by more than the leeway.
    CredentialNotYetValid = "credential-not-yet-valid", Credential, Holder, [];
    /// The credential, or the one behind it, was rotated, disabled or deleted since.
    CredentialRevoked = "credential-revoked", Credential, Holder, [];
    /// Anyone may pull, and an old stored credential is what gets refused.
    CredentialStaleBlocksAnonymous = "credential-stale-blocks-anonymous", Client, Anyone, ["pull access denied"];
    /// Too many different wrong credentials came from this address.
    CredentialThrottled = "credential-throttled", Rate, Anyone, ["429 Too Many Requests"];
    /// Signature, key id or issuer of the token is not one that is trusted.
    CredentialUntrustedIssuer = "credential-untrusted-issuer", Credential, Anyone, ["token signed by untrusted key"];
    /// The identity token was issued for another service.
    CredentialWrongAudience = "credential-wrong-audience", Credential, Anyone, ["token validation failed"];
    /// The token, or the service asked for, belongs to another registry.
    CredentialWrongRegistry = "credential-wrong-registry", Credential, Anyone, [];
    /// The identity lives in another tenant.
    CredentialWrongTenant = "credential-wrong-tenant", Credential, Anyone, ["AADSTS50020", "AADSTS90002"];
    /// The right secret or token came under the wrong user name.
    CredentialWrongUsername = "credential-wrong-username", Credential, Holder, ["aad access token with sp failed client id must be guid"];

    /// An anonymous caller tried more than a pull.
    PermissionAnonymousWrite = "permission-anonymous-write", Permission, Holder, ["requested access to the resource is denied"];
    /// Listing all repositories is a right of its own.
    PermissionCatalog = "permission-catalog", Permission, Holder, ["Action:* Name:catalog Type:registry"];
    /// Deleting is not granted on that repository.
    PermissionDelete = "permission-delete", Permission, Holder, ["CONNECTIVITY_ACCESS_TOKEN_ERROR"];
    /// The token was asked for with a narrower scope than its holder could have.
    PermissionInsufficientScope = "permission-insufficient-scope", Scope, Holder, ["insufficient_scope"];
    /// A management call needs a role that its caller does not hold.
    PermissionManagement = "permission-management", Permission, Holder, [];
    /// Listing tags is not granted on that repository.
    PermissionMetadataRead = "permission-metadata-read", Permission, Holder, ["CONNECTIVITY_ACCESS_TOKEN_ERROR"];
    /// Changing metadata is not granted on that repository.
    PermissionMetadataWrite = "permission-metadata-write", Permission, Holder, ["CONNECTIVITY_ACCESS_TOKEN_ERROR"];
    /// The identity is right and holds no role on this registry.
    PermissionNoRole = "permission-no-role", Permission, Holder, ["CONNECTIVITY_REFRESH_TOKEN_ERROR"];
    /// Pulling is not granted on that repository.
    PermissionPull = "permission-pull", Permission, Holder, ["pull access denied", "CONNECTIVITY_ACCESS_TOKEN_ERROR"];
    /// Pushing is not granted on that repository.
    PermissionPush = "permission-push", Permission, Holder, ["requested access to the resource is denied", "CONNECTIVITY_ACCESS_TOKEN_ERROR"];
    /// The token's scope map has no rule for this repository or action.
    PermissionScopeMap = "permission-scope-map", Permission, Holder, ["requested access to the resource is denied"];
}

impl Cause {
    /// The cause of a code, for events read back from the store.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|cause| cause.code() == code)
    }

    /// How bad it is where a diagnosis finds it; a check may only lower it.
    ///
    /// Without a container tool nothing works here, and the registry may be well all the same.
    pub const fn severity(self) -> Severity {
        if matches!(self, Self::DockerCliMissing | Self::DockerProxy | Self::DockerVersionUnknown) {
            Severity::Warning
        } else {
            Severity::Error
        }
    }

    /// What a client may read in place of this cause.
    ///
    /// `proven` says that the caller's secret or token was verified; a fact about an account
    /// becomes [`Cause::CredentialInvalid`] for everybody else.
    #[must_use]
    pub fn disclosed(self, proven: bool) -> Self {
        match self.disclosure() {
            Disclosure::Anyone => self,
            Disclosure::Holder if proven => self,
            Disclosure::Holder => Self::CredentialInvalid,
        }
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn codes_are_unique_kebab_case_and_grouped() {
        let mut seen = BTreeSet::new();
        for cause in Cause::ALL {
            let code = cause.code();
            assert!(seen.insert(code), "{code} stands twice in the table");
            assert!(code.chars().all(|c| c.is_ascii_lowercase() || c == '-'), "{code}");
            let group = code.split('-').next().unwrap();
            assert!(
                ["docker", "name", "network", "registry", "credential", "permission"]
                    .contains(&group)
            );
            assert_eq!(Cause::from_code(code), Some(*cause));
        }
    }

    #[test]
    fn a_stranger_is_told_nothing_about_an_account() {
        for cause in Cause::ALL {
            let told = cause.disclosed(false);
            assert_eq!(told.disclosure(), Disclosure::Anyone, "{cause} is told to a stranger");
            assert_eq!(cause.disclosed(true), *cause);
        }
    }
}
