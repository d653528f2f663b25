//! What tools and registries print, as data: the words that must stand in a text, the cause that
//! they speak for and how surely, and a text in which they really stood.
//!
//! One sentence may stand for several causes; then there is a row for each. Our own refusals need
//! no row: see `words`.

use naru_codes::Cause;
use naru_codes::report::Certainty::{self, Likely, Possible, Proven};

use super::Match;

/// Words, and what they speak for.
pub(super) struct Pattern {
    /// The cause.
    pub(super) cause: Cause,
    /// How surely.
    pub(super) certainty: Certainty,
    /// Who prints it.
    pub(super) speaker: &'static str,
    /// All of these must stand in the text, in lower case.
    pub(super) all: &'static [&'static str],
    /// None of these may.
    pub(super) none: &'static [&'static str],
    /// A text in which they stood.
    pub(super) example: &'static str,
}

macro_rules! patterns {
    ($($cause:ident $certainty:ident $speaker:literal [$($all:literal),+] $(but [$($none:literal),+])? in $example:literal;)+) => {
        &[$(Pattern {
            cause: Cause::$cause,
            certainty: $certainty,
            speaker: $speaker,
            all: &[$($all),+],
            none: &[$($($none),+)?],
            example: $example,
        }),+]
    };
}

/// Every pattern.
pub(super) static PATTERNS: &[Pattern] = patterns! {
    DockerDaemonUnreachable Proven "docker" ["cannot connect to the docker daemon"]
        in "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?";
    DockerDaemonUnreachable Proven "docker" ["failed to connect to the docker api"]
        in "failed to connect to the docker API at unix:///var/run/docker.sock; check if the path is correct and if the daemon is running: dial unix /var/run/docker.sock: connect: no such file or directory";
    DockerDaemonUnreachable Proven "az" ["docker_daemon_error"]
        in "An error occurred: DOCKER_DAEMON_ERROR Please verify if the docker daemon is running properly.";
    DockerSocketPermission Proven "docker" ["permission denied while trying to connect to the docker"]
        in "permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get \"http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version\": dial unix /var/run/docker.sock: connect: permission denied";
    DockerCliMissing Proven "az" ["docker_command_error"]
        in "An error occurred: DOCKER_COMMAND_ERROR Please verify if Docker client is installed and running.";
    DockerCliMissing Likely "sh" ["docker: command not found"]
        in "bash: docker: command not found";
    DockerCliMissing Likely "sh" ["podman: command not found"]
        in "bash: podman: command not found";
    DockerVersionUnknown Likely "az" ["docker_version_error"]
        in "An error occurred: DOCKER_VERSION_ERROR Please verify that your client and daemon versions are compatible.";
    DockerCliTooOld Possible "az" ["docker_version_error"]
        in "DOCKER_VERSION_ERROR";
    DockerConfigInvalid Proven "docker" ["error loading config file"]
        in "WARNING: Error loading config file: /root/.docker/config.json: json: cannot unmarshal string into Go value of type configfile.ConfigFile";
    DockerConfigInvalid Proven "podman" ["error reading json file", "auth"]
        in "Error: reading JSON file \"/run/user/1000/containers/auth.json\": error reading JSON file: unmarshaling JSON at auth.json: invalid character";
    DockerConfigInvalid Proven "podman" ["unmarshaling json at"]
        in "Error: unmarshaling JSON at \"/run/user/1000/containers/auth.json\": unexpected end of JSON input";
    DockerHelperMissing Proven "docker" ["docker-credential-", "executable file not found"]
        in "error getting credentials - err: exec: \"docker-credential-desktop\": executable file not found in $PATH, out: ``";
    DockerHelperFailed Proven "docker" ["error getting credentials - err: exit status"]
        in "error getting credentials - err: exit status 1, out: `Cannot autolaunch D-Bus without X11 $DISPLAY`";
    DockerHelperFailed Likely "docker" ["error storing credentials - err:"]
        in "Error saving credentials: error storing credentials - err: exit status 1, out: `The stub received bad data.`";
    DockerInsecureRegistry Proven "docker" ["server gave http response to https client"]
        in "Error response from daemon: Get \"https://registry.internal:5000/v2/\": http: server gave HTTP response to HTTPS client";
    NetworkTlsProtocol Likely "docker" ["first record does not look like a tls handshake"]
        in "Get https://registry.internal:5000/v2/: tls: first record does not look like a TLS handshake";
    NetworkTlsProtocol Likely "docker" ["remote error: tls: handshake failure"]
        in "Error response from daemon: Get \"https://r.example/v2/\": remote error: tls: handshake failure";
    NetworkTlsProtocol Likely "docker" ["remote error: tls: protocol version not supported"]
        in "Get \"https://r.example/v2/\": remote error: tls: protocol version not supported";
    NetworkTlsUntrusted Proven "docker" ["certificate signed by unknown authority"]
        in "Error response from daemon: Get \"https://r.example/v2/\": tls: failed to verify certificate: x509: certificate signed by unknown authority";
    NetworkTlsUntrusted Proven "curl" ["unable to get local issuer certificate"]
        in "curl: (60) SSL certificate problem: unable to get local issuer certificate";
    NetworkTlsUntrusted Proven "curl" ["self-signed certificate"]
        in "curl: (60) SSL certificate problem: self-signed certificate in certificate chain";
    NetworkTlsUntrusted Likely "az" ["connectivity_ssl_error"]
        in "An error occurred: CONNECTIVITY_SSL_ERROR The connection to the container registry 'r.azurecr.io' failed due to SSL error.";
    NetworkTlsExpired Proven "docker" ["x509: certificate has expired or is not yet valid"]
        in "Get \"https://r.example/v2/\": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-26T00:00:00Z is after 2026-01-01T00:00:00Z";
    NetworkTlsExpired Proven "curl" ["ssl certificate problem: certificate has expired"]
        in "curl: (60) SSL certificate problem: certificate has expired";
    NetworkClockSkew Possible "docker" ["x509: certificate has expired or is not yet valid"]
        in "x509: certificate has expired or is not yet valid: current time 2020-01-01T00:00:00Z is before 2026-01-01T00:00:00Z";
    NetworkTlsHostname Proven "docker" ["x509: certificate is valid for", "not "]
        in "Get \"https://r.example/v2/\": tls: failed to verify certificate: x509: certificate is valid for other.example, not r.example";
    NetworkTlsHostname Proven "docker" ["x509: cannot validate certificate for", "doesn't contain any ip sans"]
        in "x509: cannot validate certificate for 10.0.0.5 because it doesn't contain any IP SANs";
    NetworkTlsHostname Proven "curl" ["no alternative certificate subject name matches target host name"]
        in "curl: (60) SSL: no alternative certificate subject name matches target host name 'r.example'";
    NetworkDns Proven "docker" ["no such host"]
        in "Error response from daemon: Get \"https://nothing.invalid/v2/\": dial tcp: lookup nothing.invalid on 127.0.0.53:53: no such host";
    NetworkDns Proven "docker" ["server misbehaving", "lookup "]
        in "dial tcp: lookup r.example on 10.0.0.2:53: server misbehaving";
    NetworkDns Proven "curl" ["could not resolve host"]
        in "curl: (6) Could not resolve host: nothing.invalid";
    NetworkDns Proven "az" ["connectivity_dns_error"]
        in "An error occurred: CONNECTIVITY_DNS_ERROR Failed to reach DNS for registry 'r.azurecr.io'.";
    NetworkDns Likely "docker" ["temporary failure in name resolution"]
        in "dial tcp: lookup r.example: Temporary failure in name resolution";
    NetworkRefused Proven "docker" ["connect: connection refused"] but ["docker.sock"]
        in "Get \"https://127.0.0.1:5000/v2/\": dial tcp 127.0.0.1:5000: connect: connection refused";
    NetworkRefused Proven "curl" ["failed to connect to", "couldn't connect to server"]
        in "curl: (7) Failed to connect to 127.0.0.1 port 5000 after 0 ms: Couldn't connect to server";
    NetworkTimeout Proven "docker" ["client.timeout exceeded while awaiting headers"]
        in "Get \"https://r.example/v2/\": net/http: request canceled while waiting for connection (Client.Timeout exceeded while awaiting headers)";
    NetworkTimeout Proven "containerd" ["dial tcp", "i/o timeout"]
        in "failed to do request: Head \"https://r.example/v2/app/manifests/v1\": dial tcp 10.0.0.9:443: i/o timeout";
    NetworkTimeout Likely "docker" ["tls handshake timeout"]
        in "Get \"https://r.example/v2/\": net/http: TLS handshake timeout";
    NetworkProxy Proven "docker" ["proxyconnect tcp"]
        in "Get \"https://r.example/v2/\": proxyconnect tcp: EOF";
    NetworkProxy Proven "docker" ["proxy authentication required"]
        in "Error response from daemon: Get \"https://r.example/v2/\": Proxy Authentication Required";
    DockerProxy Possible "docker" ["proxyconnect tcp", "error response from daemon"]
        in "Error response from daemon: Get \"https://r.example/v2/\": proxyconnect tcp: dial tcp 10.0.0.1:3128: connect: connection refused";
    NetworkIpDenied Proven "registry" ["client with ip", "is not allowed access"] but ["public network access is disabled"]
        in "denied: client with IP '203.0.113.7' is not allowed access. Refer https://aka.ms/acr/firewall to grant access.";
    NetworkIpDenied Likely "az" ["connectivity_forbidden_error"]
        in "An error occurred: CONNECTIVITY_FORBIDDEN_ERROR Failed to connect to the container registry due to network restrictions.";
    NetworkIpDenied Possible "docker" ["login attempt", "failed with status: 403 forbidden"]
        in "Error response from daemon: login attempt to https://r.example/v2/ failed with status: 403 Forbidden";
    NetworkIpDenied Possible "az" ["connectivity_refresh_token_error", "403"]
        in "CONNECTIVITY_REFRESH_TOKEN_ERROR. Access to registry 'r.azurecr.io' was denied. Response code: 403. Please try running 'az login' again to refresh permissions.";
    NetworkPublicAccessDisabled Possible "az" ["connectivity_forbidden_error"]
        in "CONNECTIVITY_FORBIDDEN_ERROR";
    NetworkPublicAccessDisabled Possible "docker" ["login attempt", "failed with status: 403 forbidden"]
        in "login attempt to https://r.example/v2/ failed with status: 403 Forbidden";
    NameHasSchemeOrPath Likely "docker" ["invalid reference format", "https://"]
        in "docker: invalid reference format: https://r.example/app";
    NameRepositoryInvalid Likely "docker" ["invalid reference format", "repository name", "must be lowercase"]
        in "invalid reference format: repository name (Team/App) must be lowercase";
    NameRepositoryInvalid Proven "registry" ["name_invalid"]
        in "NAME_INVALID: invalid repository name";
    NameRepositoryUnknown Proven "registry" ["manifest unknown"]
        in "Error response from daemon: manifest for r.example/team/app:v9 not found: manifest unknown: manifest tagged by \"v9\" is not found";
    NameRepositoryUnknown Proven "registry" ["name_unknown"]
        in "NAME_UNKNOWN: repository name not known to registry";
    NameRepositoryUnknown Possible "docker" ["pull access denied for", "repository does not exist"]
        in "pull access denied for team/app, repository does not exist or may require 'docker login'";
    NameResourceNotLoginServer Likely "docker" ["pull access denied for", "repository does not exist"] but ["denied: ", "correlationid"]
        in "Error response from daemon: pull access denied for team/app, repository does not exist or may require 'docker login'";
    NameNotFound Likely "az" ["could not connect to the registry login server"]
        in "Could not connect to the registry login server 'r.azurecr.io'. Please verify that the registry exists.";
    NameNotFound Proven "az" ["login_server_error"]
        in "LOGIN_SERVER_ERROR. Unable to get the login server of the registry.";
    RegistryNoChallenge Likely "az" ["connectivity_challenge_error"]
        in "An error occurred: CONNECTIVITY_CHALLENGE_ERROR Registry 'r.example' did not issue a challenge.";
    RegistryBadChallenge Likely "az" ["connectivity_www_authenticate_error"]
        in "An error occurred: CONNECTIVITY_WWW_AUTHENTICATE_ERROR";
    RegistryLocked Likely "registry" ["the operation is disallowed on this registry, repository or image"]
        in "unknown: The operation is disallowed on this registry, repository or image. View troubleshooting steps at https://aka.ms/acr/faq/#why-does-my-pull-or-push-request-fail-with-disallowed-operation";
    RegistryUnavailable Likely "docker" ["503 service unavailable"]
        in "received unexpected HTTP status: 503 Service Unavailable";
    RegistryUnavailable Likely "docker" ["502 bad gateway"]
        in "Error response from daemon: received unexpected HTTP status: 502 Bad Gateway";
    RegistryRateLimited Likely "docker" ["429 too many requests"]
        in "toomanyrequests: received unexpected HTTP status: 429 Too Many Requests";
    RegistryRateLimited Likely "az" ["connectivity_toomanyrequests_error"]
        in "An error occurred: CONNECTIVITY_TOOMANYREQUESTS_ERROR";
    CredentialThrottled Possible "docker" ["429 too many requests"]
        in "received unexpected HTTP status: 429 Too Many Requests";
    CredentialMissing Likely "containerd" ["failed to fetch anonymous token"]
        in "failed to authorize: failed to fetch anonymous token: unexpected status from GET request to https://r.azurecr.io/oauth2/token?scope=repository%3Aapp%3Apull&service=r.azurecr.io: 401 Unauthorized";
    CredentialMissing Likely "docker" ["no basic auth credentials"]
        in "denied: no basic auth credentials";
    CredentialMissing Possible "docker" ["unauthorized: authentication required"] but ["match no account", "aka.ms"]
        in "unauthorized: authentication required";
    CredentialInvalid Likely "docker" ["unauthorized: authentication required"]
        in "Error response from daemon: Get \"https://r.azurecr.io/v2/\": unauthorized: authentication required, visit https://aka.ms/acr/authorization for more information. CorrelationId: 0c5e8a7e-1b5c-4f0e-9f3a-0123456789ab";
    CredentialInvalid Likely "docker" ["unauthorized: incorrect username or password"]
        in "Error response from daemon: Get \"https://registry-1.docker.io/v2/\": unauthorized: incorrect username or password";
    CredentialInvalid Likely "podman" ["invalid username/password"]
        in "Error: logging into \"r.example\": invalid username/password";
    CredentialInvalid Likely "containerd" ["failed to fetch oauth token", "401"]
        in "failed to authorize: failed to fetch oauth token: unexpected status from GET request to https://r.example/oauth2/token: 401 Unauthorized";
    CredentialInvalid Possible "podman" ["unable to retrieve auth token"]
        in "Error: initializing source docker://r.example/app:v1: unable to retrieve auth token: invalid username/password: unauthorized";
    CredentialInvalid Proven "az" ["aadsts7000215"]
        in "AADSTS7000215: Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID.";
    CredentialInvalid Proven "az" ["aadsts50126"]
        in "AADSTS50126: Error validating credentials due to invalid username or password.";
    CredentialExpiredEntra Possible "docker" ["unauthorized: authentication required"] but ["match no account"]
        in "unauthorized: authentication required";
    CredentialExpiredSecret Likely "registry" ["invalid clientid or client secret"]
        in "unauthorized: Invalid clientid or client secret.";
    CredentialExpiredSecret Proven "az" ["aadsts7000222"]
        in "AADSTS7000222: The provided client secret keys for app 'deploy' are expired.";
    CredentialDisabled Proven "az" ["aadsts50057"]
        in "AADSTS50057: The user account is disabled.";
    CredentialWrongTenant Proven "az" ["aadsts50020"]
        in "AADSTS50020: User account 'me@example.com' from identity provider 'live.com' does not exist in tenant 'Contoso'";
    CredentialWrongTenant Proven "az" ["aadsts90002"]
        in "AADSTS90002: Tenant 'contoso' not found.";
    CredentialWrongTenant Possible "registry" ["application not registered with aad"]
        in "unauthorized: Application not registered with AAD.";
    CredentialWrongUsername Likely "registry" ["aad access token with sp failed client id must be guid"]
        in "unauthorized: aad access token with sp failed client id must be guid";
    CredentialWrongAudience Likely "registry" ["token validation failed"]
        in "unauthorized: token validation failed";
    CredentialUntrustedIssuer Likely "registry" ["token signed by untrusted key"]
        in "token signed by untrusted key with ID: \"ABCD\"";
    CredentialNotYetValid Likely "registry" ["token not to be used before"]
        in "token not to be used before 2026-11-26 00:00:00 +0000 UTC - currently 2026-11-25 23:58:00 +0000 UTC";
    NetworkClockSkew Likely "registry" ["token not to be used before"]
        in "token not to be used before 2026-11-26 00:00:00 +0000 UTC";
    CredentialAdminDisabled Possible "az" ["admin user is disabled"]
        in "Unable to get admin user credentials with message: Admin user is disabled. Unable to authenticate using AAD or admin login credentials.";
    PermissionNoRole Likely "az" ["connectivity_refresh_token_error"] but ["403"]
        in "CONNECTIVITY_REFRESH_TOKEN_ERROR. Access to registry 'r.azurecr.io' was denied. Response code: 401. Please try running 'az login' again to refresh permissions.";
    PermissionPull Likely "az" ["connectivity_access_token_error"]
        in "An error occurred: CONNECTIVITY_ACCESS_TOKEN_ERROR Access to registry 'r.azurecr.io' was denied.";
    PermissionPull Possible "docker" ["pull access denied for"]
        in "pull access denied for r.example/team/app, repository does not exist or may require 'docker login': denied: requested access to the resource is denied";
    PermissionPush Likely "docker" ["requested access to the resource is denied"] but ["pull access denied"]
        in "denied: requested access to the resource is denied";
    PermissionInsufficientScope Likely "buildkit" ["insufficient_scope: authorization failed"]
        in "failed to push r.example/team/app:v1: server message: insufficient_scope: authorization failed";
    PermissionCatalog Proven "registry" ["action:*", "name:catalog"]
        in "unauthorized: authentication required: [map[Action:* Name:catalog Type:registry]]";
    PermissionScopeMap Proven "naru" ["may not", "scope map"]
        in "denied: token ci-build may not push to team/app: scope map ci-map has no rule for it (nearest: team/*); add content/write to the scope map";
    PermissionPull Proven "naru" ["may not pull "] but ["scope map"]
        in "denied: user reader may not pull team/app: no role is assigned to it on this registry; assign AcrPull";
    PermissionPush Proven "naru" ["may not push to "] but ["scope map"]
        in "denied: user reader may not push to team/app: its role AcrPull does not include this; assign AcrPush";
    PermissionDelete Proven "naru" ["may not delete in "] but ["scope map"]
        in "denied: user reader may not delete in team/app: its role AcrPull does not include this; assign AcrDelete";
    CredentialStaleBlocksAnonymous Possible "docker" ["pull access denied for", "unauthorized"]
        in "pull access denied for r.example/public/app, repository does not exist or may require 'docker login': unauthorized: authentication required";
    NameUppercase Possible "docker" ["unauthorized: authentication required"] but ["match no account"]
        in "unauthorized: authentication required";
};

/// Texts in which the words of a cause stood.
pub(super) fn examples(cause: Cause) -> impl Iterator<Item = &'static str> {
    PATTERNS.iter().filter(move |pattern| pattern.cause == cause).map(|pattern| pattern.example)
}

/// The rows whose words stand in a text.
pub(super) fn matches(plain: &str) -> Vec<Match> {
    let stands = |pattern: &&Pattern| {
        pattern.all.iter().all(|words| plain.contains(words))
            && !pattern.none.iter().any(|words| plain.contains(words))
    };
    PATTERNS
        .iter()
        .filter(stands)
        .map(|pattern| Match {
            cause: pattern.cause,
            certainty: pattern.certainty,
            speaker: pattern.speaker,
            weight: pattern.all.iter().map(|words| words.len()).sum(),
        })
        .collect()
}
