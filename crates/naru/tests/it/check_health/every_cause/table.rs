//! The table: where each cause is made to happen, what finds it, and what takes it away.
//!
//! The match has no `_`: a cause that enters the catalogue must say here how it comes about, or
//! why no server gives it.

use naru_codes::Cause;

use super::Known::{self, Uncounted};
use super::client::{config, network, tls, tools};
use super::cure::Cure;
use super::met::Met;
use super::{Client, credential, existence, permission, token};

/// Why a remedy is not marked as safe, though it fixes the cause.
const ACCESS: &str = "it changes who may get in, which the registry's operator decides";
const WHOSE: &str = "the right name and secret are known to their holder alone";
const MACHINE: &str = "it is set up by whoever keeps this machine";
const WAY: &str = "it is in the hands of whoever runs the server, or the way there";
const ASKED: &str = "it is asked about pull, push and delete; naru can-i knows the other actions";
const SECRET: &str = "a new secret locks out whoever still uses the old one";

/// The row of a cause.
#[expect(clippy::too_many_lines, reason = "a table: a row for each cause")]
pub(super) fn known(cause: Cause) -> Known {
    use Client::{First, NeverMet, Same};
    use Cure::{Decided, Fault, Safe};
    let event = |make, fix, client, cure| Known::Event { make, fix, client, cure };
    let client = |make, cure| Known::ClientSide { make, cure };
    match cause {
        Cause::DockerCliMissing => client(tools::cli_missing, Fault(MACHINE, tools::install)),
        Cause::DockerCliTooOld => client(tools::cli_too_old, Fault(MACHINE, tools::install)),
        Cause::DockerConfigInvalid => {
            client(config::invalid, Decided("the logins in it are out of reach then"))
        }
        Cause::DockerConfigWrongFile => client(config::wrong_file, Safe),
        Cause::DockerDaemonUnreachable => {
            client(tools::daemon_unreachable, Fault(MACHINE, tools::start))
        }
        Cause::DockerHelperFailed => {
            client(config::helper_failed, Fault(MACHINE, config::open_the_store))
        }
        Cause::DockerHelperMissing => {
            client(config::helper_missing, Fault(MACHINE, config::open_the_store))
        }
        Cause::DockerInsecureRegistry => {
            client(tools::insecure_registry, Fault(MACHINE, tools::allow))
        }
        Cause::DockerProxy => client(tools::proxy, Fault(MACHINE, tools::same_proxy)),
        Cause::DockerSocketPermission => {
            client(tools::socket_permission, Fault(MACHINE, tools::permit))
        }
        Cause::DockerVersionUnknown => {
            client(tools::version_unknown, Fault(MACHINE, tools::install))
        }
        Cause::NameHasSchemeOrPath => client(config::scheme_or_path, Safe),
        Cause::NamePortMismatch => client(config::port_mismatch, Safe),
        Cause::NameResourceNotLoginServer => {
            client(config::resource_name, Decided("which registry is meant, its user knows"))
        }
        Cause::NameUppercase => client(config::uppercase, Safe),
        Cause::NetworkClockSkew => client(network::clock_skew, Fault(MACHINE, network::set_clock)),
        Cause::NetworkDns => {
            client(network::dns, Fault("no command makes a name", network::right_name))
        }
        Cause::NetworkProxy => client(network::proxy, Fault(WAY, network::other_proxy)),
        Cause::NetworkRefused => client(network::refused, Fault(WAY, network::registry)),
        Cause::NetworkTimeout => client(network::timeout, Fault(WAY, network::registry)),
        Cause::NetworkTlsExpired => client(tls::expired, Fault(WAY, tls::renew)),
        Cause::NetworkTlsHostname => client(tls::hostname, Fault(WAY, tls::renew)),
        Cause::NetworkTlsProtocol => client(tls::protocol, Fault(WAY, tls::renew)),
        Cause::NetworkTlsUntrusted => client(tls::untrusted, Fault(MACHINE, tls::trust)),
        Cause::RegistryBadChallenge => {
            client(network::bad_challenge, Fault(WAY, network::registry))
        }
        Cause::RegistryNoChallenge => client(network::no_challenge, Fault(WAY, network::registry)),
        Cause::CredentialStaleBlocksAnonymous => client(config::stale, Safe),
        Cause::PermissionInsufficientScope => Uncounted(
            "every client begins with a token that is too narrow; a metric (server: answers.rs)",
        ),
        Cause::PermissionManagement => Uncounted(
            "the local socket's caller holds every right; can-i alone names it (can_i.rs)",
        ),

        Cause::NameNotFound => event(
            existence::name_not_found,
            "naru registry show",
            NeverMet("it is told by an address that no name of this machine leads to"),
            Fault("the host is in the hands of whoever asks", nothing),
        ),
        Cause::NameRepositoryInvalid => {
            event(existence::name_repository_invalid, "lower", Same, Safe)
        }
        Cause::NameRepositoryUnknown => event(
            existence::name_repository_unknown,
            "naru events repository",
            Same,
            Fault("what nobody has pushed is not there", existence::push),
        ),
        Cause::NetworkIpDenied => event(
            existence::network_ip_denied,
            "naru network-rule add --ip-address",
            Same,
            Decided(ACCESS),
        ),
        Cause::NetworkPublicAccessDisabled => event(
            existence::network_public_access_disabled,
            "naru registry update --public-network-enabled true",
            Same,
            Decided(ACCESS),
        ),
        Cause::RegistryLocked => event(
            existence::registry_locked,
            "naru repository update",
            Same,
            Decided("somebody locked it on purpose"),
        ),
        Cause::RegistryRateLimited => event(
            existence::registry_rate_limited,
            "rate",
            Same,
            Fault("time alone helps, or other limits", existence::restart),
        ),
        Cause::RegistryUnavailable => event(
            existence::registry_unavailable,
            "",
            NeverMet("its end is a matter of milliseconds (network.rs has a server that stays so)"),
            Fault("it passes by itself", nothing),
        ),

        Cause::CredentialAdminDisabled => event(
            credential::admin_disabled,
            "naru registry update --admin-enabled true",
            Same,
            Decided(ACCESS),
        ),
        Cause::CredentialDisabled => event(
            credential::disabled,
            "naru token update -n ci-build --status enabled",
            Same,
            Decided(ACCESS),
        ),
        Cause::CredentialExpiredAccessToken => {
            event(token::expired_access_token, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialExpiredEntra => event(token::expired_entra, "docker login", Same, Safe),
        Cause::CredentialExpiredPassword => event(
            credential::expired_password,
            "naru token credential generate -n ci-build",
            Same,
            Decided(SECRET),
        ),
        Cause::CredentialExpiredSecret => {
            event(credential::expired_secret, "naru sp credential reset -n", Same, Decided(SECRET))
        }
        Cause::CredentialInvalid => {
            event(credential::invalid, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialMalformed => {
            event(credential::malformed, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialMissing => {
            event(credential::missing, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialNotYetValid => event(
            token::not_yet_valid,
            "clock",
            Same,
            Fault("the clock that is wrong here is that of the token's maker", Met::log_in),
        ),
        Cause::CredentialRevoked => event(token::revoked, "docker login", Same, Safe),
        Cause::CredentialThrottled => event(
            credential::throttled,
            "naru events login --failed",
            Same,
            Fault("time alone helps", credential::calm),
        ),
        Cause::CredentialUntrustedIssuer => {
            event(token::untrusted_issuer, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialWrongAudience => event(
            token::wrong_audience,
            "https://containerregistry.azure.net",
            NeverMet("stored in place of a login, such a token is credential-malformed anyway"),
            Fault("the client asks for its token elsewhere", nothing),
        ),
        Cause::CredentialWrongRegistry => {
            event(token::wrong_registry, "docker login", Same, Decided(WHOSE))
        }
        Cause::CredentialWrongTenant => event(
            token::wrong_tenant,
            "naru registry show",
            NeverMet("only an exchange names a tenant, and that is for the Azure CLI"),
            Fault("the client names the tenant", nothing),
        ),
        Cause::CredentialWrongUsername => {
            event(token::wrong_username, "docker login", Same, Decided(WHOSE))
        }

        Cause::PermissionAnonymousWrite => event(
            permission::anonymous_write,
            "docker login",
            First("credential-missing"),
            Decided(WHOSE),
        ),
        Cause::PermissionCatalog => event(
            permission::catalog,
            "naru role assignment create --assignee newcomer --role",
            NeverMet(ASKED),
            Decided(ACCESS),
        ),
        Cause::PermissionDelete => event(
            permission::delete,
            "naru role assignment create --assignee newcomer --role AcrDelete",
            Same,
            Decided(ACCESS),
        ),
        Cause::PermissionMetadataRead => event(
            permission::metadata_read,
            "naru role assignment create --assignee newcomer --role",
            NeverMet(ASKED),
            Decided(ACCESS),
        ),
        Cause::PermissionMetadataWrite => event(
            permission::metadata_write,
            "naru role assignment create --assignee newcomer --role",
            NeverMet(ASKED),
            Decided(ACCESS),
        ),
        Cause::PermissionNoRole => event(
            permission::no_role,
            "naru role assignment create --assignee newcomer --role AcrPull",
            Same,
            Decided(ACCESS),
        ),
        Cause::PermissionPull => event(
            permission::pull,
            "naru role assignment create --assignee newcomer --role AcrPull",
            Same,
            Decided(ACCESS),
        ),
        Cause::PermissionPush => event(
            permission::push,
            "naru role assignment create --assignee newcomer --role AcrPush",
            Same,
            Decided(ACCESS),
        ),
        Cause::PermissionScopeMap => event(
            permission::scope_map,
            "naru scope-map update -n ci-build-scope-map",
            Same,
            Decided(ACCESS),
        ),
    }
}

/// The scenario asks the right way of itself.
fn nothing(_met: &mut Met) {}
