//! Every cause there is: what the server gives is made to happen for real, found again by the id
//! that its client was shown, told with what fixes it, and found from the client's side.
//!
//! The match in [`known`] has no `_`: a cause that enters the catalogue must say here how it
//! comes about, or why no server gives it.

mod credential;
mod existence;
mod permission;
mod secrets;
mod symptoms;
mod token;
mod wire;
mod world;

use naru_codes::{Cause, Stage};

use self::wire::Shown;
use super::bench::{self, Bench};
use crate::support::World;

/// A refusal that happened.
struct Met {
    world: World,
    shown: Shown,
    /// A home from which the same can be met, and what is asked of the diagnosis there.
    seen_from: Option<(Bench, Vec<String>)>,
}

/// How a cause comes about.
enum Known {
    /// By the server, which writes an event.
    Event {
        make: fn() -> Met,
        /// In what `events show` says: the command that fixes it, or what to do where none does.
        fix: &'static str,
        client: Client,
    },
    /// By the server, without an event: why, and where that is shown.
    Uncounted(&'static str),
    /// Before any server judges; the scenario is in a file beside this one.
    ClientSide,
}

/// What the diagnosis comes to.
enum Client {
    /// This cause, first.
    Same,
    /// Another one first, since it stands before it.
    First(&'static str),
    /// It never sends what is refused like this: why.
    NeverMet(&'static str),
}

/// Where each cause is made to happen.
#[expect(clippy::too_many_lines, reason = "a table: a row for each cause")]
fn known(cause: Cause) -> Known {
    use Client::{First, NeverMet, Same};
    let event = |make, fix, client| Known::Event { make, fix, client };
    match cause {
        Cause::DockerCliMissing
        | Cause::DockerCliTooOld
        | Cause::DockerConfigInvalid
        | Cause::DockerConfigWrongFile
        | Cause::DockerDaemonUnreachable
        | Cause::DockerHelperFailed
        | Cause::DockerHelperMissing
        | Cause::DockerInsecureRegistry
        | Cause::DockerProxy
        | Cause::DockerSocketPermission
        | Cause::DockerVersionUnknown
        | Cause::NameHasSchemeOrPath
        | Cause::NamePortMismatch
        | Cause::NameResourceNotLoginServer
        | Cause::NameUppercase
        | Cause::NetworkClockSkew
        | Cause::NetworkDns
        | Cause::NetworkProxy
        | Cause::NetworkRefused
        | Cause::NetworkTimeout
        | Cause::NetworkTlsExpired
        | Cause::NetworkTlsHostname
        | Cause::NetworkTlsProtocol
        | Cause::NetworkTlsUntrusted
        | Cause::RegistryBadChallenge
        | Cause::RegistryNoChallenge
        | Cause::CredentialStaleBlocksAnonymous => Known::ClientSide,
        Cause::PermissionInsufficientScope => Known::Uncounted(
            "every client begins with a token that is too narrow; a metric (server: answers.rs)",
        ),
        Cause::PermissionManagement => Known::Uncounted(
            "the local socket's caller holds every right; can-i alone names it (can_i.rs)",
        ),

        Cause::NameNotFound => event(
            existence::name_not_found,
            "naru registry show",
            NeverMet("it is told by an address that no name of this machine leads to"),
        ),
        Cause::NameRepositoryInvalid => event(
            existence::name_repository_invalid,
            "lower",
            NeverMet("such a name is refused before anything is sent (config.rs)"),
        ),
        Cause::NameRepositoryUnknown => {
            event(existence::name_repository_unknown, "naru events repository", Same)
        }
        Cause::NetworkIpDenied => {
            event(existence::network_ip_denied, "naru network-rule add --ip-address", Same)
        }
        Cause::NetworkPublicAccessDisabled => event(
            existence::network_public_access_disabled,
            "naru registry update --public-network-enabled true",
            Same,
        ),
        Cause::RegistryLocked => event(existence::registry_locked, "naru repository update", Same),
        Cause::RegistryRateLimited => event(existence::registry_rate_limited, "rate", Same),
        Cause::RegistryUnavailable => event(
            existence::registry_unavailable,
            "",
            NeverMet("its end is a matter of milliseconds (network.rs has a server that stays so)"),
        ),

        Cause::CredentialAdminDisabled => {
            event(credential::admin_disabled, "naru registry update --admin-enabled true", Same)
        }
        Cause::CredentialDisabled => {
            event(credential::disabled, "naru token update -n ci-build --status enabled", Same)
        }
        Cause::CredentialExpiredAccessToken => {
            event(token::expired_access_token, "docker login", Same)
        }
        Cause::CredentialExpiredEntra => event(token::expired_entra, "docker login", Same),
        Cause::CredentialExpiredPassword => {
            event(credential::expired_password, "naru token credential generate -n ci-build", Same)
        }
        Cause::CredentialExpiredSecret => {
            event(credential::expired_secret, "naru sp credential reset -n", Same)
        }
        Cause::CredentialInvalid => event(credential::invalid, "docker login", Same),
        Cause::CredentialMalformed => event(credential::malformed, "docker login", Same),
        Cause::CredentialMissing => event(credential::missing, "docker login", Same),
        Cause::CredentialNotYetValid => event(token::not_yet_valid, "clock", Same),
        Cause::CredentialRevoked => event(token::revoked, "docker login", Same),
        Cause::CredentialThrottled => {
            event(credential::throttled, "naru events login --failed", Same)
        }
        Cause::CredentialUntrustedIssuer => event(token::untrusted_issuer, "docker login", Same),
        Cause::CredentialWrongAudience => event(
            token::wrong_audience,
            "https://containerregistry.azure.net",
            NeverMet("identity tokens are exchanged by the Azure CLI, and not stored"),
        ),
        Cause::CredentialWrongRegistry => event(token::wrong_registry, "docker login", Same),
        Cause::CredentialWrongTenant => event(
            token::wrong_tenant,
            "naru registry show",
            NeverMet("it exchanges no identity token"),
        ),
        Cause::CredentialWrongUsername => event(token::wrong_username, "docker login", Same),

        Cause::PermissionAnonymousWrite => {
            event(permission::anonymous_write, "docker login", First("credential-missing"))
        }
        Cause::PermissionCatalog => event(
            permission::catalog,
            "naru role assignment create --assignee newcomer --role",
            NeverMet("it lists nothing"),
        ),
        Cause::PermissionDelete => event(
            permission::delete,
            "naru role assignment create --assignee newcomer --role AcrDelete",
            Same,
        ),
        Cause::PermissionMetadataRead => event(
            permission::metadata_read,
            "naru role assignment create --assignee newcomer --role",
            NeverMet("it lists nothing"),
        ),
        Cause::PermissionMetadataWrite => event(
            permission::metadata_write,
            "naru role assignment create --assignee newcomer --role",
            NeverMet("it changes nothing"),
        ),
        Cause::PermissionNoRole => event(
            permission::no_role,
            "naru role assignment create --assignee newcomer --role AcrPull",
            Same,
        ),
        Cause::PermissionPull => event(
            permission::pull,
            "naru role assignment create --assignee newcomer --role AcrPull",
            Same,
        ),
        Cause::PermissionPush => event(
            permission::push,
            "naru role assignment create --assignee newcomer --role AcrPush",
            Same,
        ),
        Cause::PermissionScopeMap => {
            event(permission::scope_map, "naru scope-map update -n ci-build-scope-map", Same)
        }
    }
}

/// Makes it happen, and looks at it from both sides; what its client was told, where it is an
/// event.
fn judge(cause: Cause) -> Option<String> {
    let code = cause.code();
    let (make, fix, client) = match known(cause) {
        Known::Event { make, fix, client } => (make, fix, client),
        Known::Uncounted(why) => {
            assert!(!why.is_empty(), "{code}");
            return None;
        }
        Known::ClientSide => return None,
    };
    let Met { world, shown, seen_from } = make();
    assert!(shown.body.contains(&shown.id), "{code}: no id is shown: {}", shown.body);
    let story = world.json(&format!("events show {}", shown.id));
    assert_eq!(story["event"]["Reason"], code, "{story}");
    assert_eq!(story["cause"]["code"], code, "{story}");
    assert_eq!(story["event"]["CorrelationId"], shown.id, "{story}");
    let english = world.shown(&format!("events show {}", shown.id));
    assert!(english.starts_with("exit 0"), "{code}: {english}");
    assert!(english.contains(&format!("with the reason {code}")), "{code}: {english}");
    assert!(story["event"]["ResultType"].is_string(), "{story}");
    // What a terminal breaks into lines, and what it does not.
    let unbroken = english.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unbroken.contains(fix), "{code}: `{fix}` is not in: {english}");
    let korean = world.shown_in("ko_KR.UTF-8", &format!("events show {}", shown.id));
    assert!(korean.contains(code) && korean != english, "{code}: {korean}");
    filters().bind(|| {
        insta::assert_snapshot!(format!("{code}-event"), english);
        insta::assert_snapshot!(format!("{code}-event-ko"), korean);
    });

    let root = match client {
        Client::NeverMet(why) => {
            assert!(seen_from.is_none() && !why.is_empty(), "{code}");
            return Some(shown.body);
        }
        Client::First(other) => other,
        Client::Same => code,
    };
    let (bench, arguments) = seen_from.unwrap_or_else(|| panic!("{code}: from where?"));
    let data = world.data().display().to_string();
    let mut all = vec!["--data-dir", &*data];
    all.extend(arguments.iter().map(String::as_str));
    let ran = bench.check(&all);
    ran.root(root);
    let data = world.data().display().to_string();
    let neutral = ran.text.replace(&data, "DATA");
    filters().bind(|| {
        insta::assert_snapshot!(format!("{code}-diagnosis"), neutral);
        insta::assert_json_snapshot!(format!("{code}-diagnosis.json"), ran.failures());
    });
    Some(shown.body)
}

/// Beside what differs in every run: seconds to wait, and which of many clients it was.
fn filters() -> insta::Settings {
    let mut settings = bench::filters();
    settings.add_filter(r"\b\d+ (s|ms|초)\b", "[n] $1");
    settings.add_filter(r"192\.0\.2\.\d+", "192.0.2.[n]");
    settings
}

fn judge_all(of: impl Fn(Cause) -> bool) {
    let all: Vec<_> = Cause::ALL.iter().copied().filter(|cause| of(*cause)).collect();
    assert!(!all.is_empty());
    let mut failed = Vec::new();
    for cause in all {
        if let Err(why) = std::panic::catch_unwind(|| judge(cause)) {
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("== {cause}\n{why}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

#[test]
fn credentials_of_accounts() {
    judge_all(|cause| cause.stage() == Stage::Credential && cause < Cause::CredentialInvalid);
}

#[test]
fn credentials_and_tokens() {
    judge_all(|cause| cause.stage() == Stage::Credential && cause >= Cause::CredentialInvalid);
}

#[test]
fn rights() {
    judge_all(|cause| matches!(cause.stage(), Stage::Permission | Stage::Scope));
}

#[test]
fn whatever_else_the_server_refuses() {
    let others = [Stage::Credential, Stage::Permission, Stage::Scope, Stage::Client];
    judge_all(|cause| !others.contains(&cause.stage()));
}

/// What no server gives has its scenario beside the others of `naru check-health`.
#[test]
fn what_the_client_alone_meets_has_a_scenario() {
    let scenarios = [
        include_str!("../config.rs"),
        include_str!("../credentials.rs"),
        include_str!("../environment.rs"),
        include_str!("../network.rs"),
        include_str!("../tls.rs"),
    ];
    for cause in Cause::ALL {
        let client = matches!(known(*cause), Known::ClientSide);
        assert_eq!(client, cause.stage() == Stage::Client, "{cause}");
        let quoted = format!("\"{cause}\"");
        let met = scenarios.iter().any(|text| text.contains(&quoted));
        assert!(!client || met, "{cause} has no scenario");
    }
}
