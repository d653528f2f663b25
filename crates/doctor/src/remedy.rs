//! What helps against each cause, with the values of the moment, as commands that no shell reads.

use naru_codes::Cause;
use naru_codes::report::{Actor, Applicability, Remedy, Text};

use crate::finding::Place;

/// The remedies of a cause; the best first.
#[expect(clippy::too_many_lines, reason = "a table: a row for each cause")]
pub(crate) fn remedies(cause: Cause, place: &Place) -> Vec<Remedy> {
    use Actor::{NetworkAdmin, RegistryAdmin, You};
    use Applicability::{HasPlaceholders, NeedsReview, Safe};
    let host = place.host.as_str();
    let tool = place.tool.unwrap_or("docker");
    let user = place.user.as_deref().unwrap_or("NAME");
    let repository = place.repository.as_deref().unwrap_or("REPOSITORY");
    let item = place.item.as_deref().unwrap_or("FILE");
    let new =
        |id, actor, applicability| Remedy::new(Text::new(id), actor, applicability, place.verify);
    let look = |id, actor| Remedy::look(Text::new(id), actor, place.verify);
    let log_in = || {
        let applicability = if place.user.is_some() { Safe } else { HasPlaceholders };
        new("fix-log-in", You, applicability).command(&[tool, "login", host, "-u", user])
    };
    let log_out = || {
        let fix = new("fix-log-out", You, Safe);
        match &place.item {
            // Of its files, podman takes a login out of the first alone.
            Some(file) => fix.command(&[tool, "logout", "--authfile", file, host]),
            None => fix.command(&[tool, "logout", host]),
        }
    };
    let check_again = || new("fix-use-name", You, Safe).command(&["naru", "check-health", host]);
    match cause {
        Cause::DockerCliMissing | Cause::DockerCliTooOld => {
            vec![new("fix-install-tool", You, NeedsReview)]
        }
        Cause::DockerVersionUnknown => {
            vec![look("fix-see-version", You).command(&[item, "--version"])]
        }
        Cause::DockerDaemonUnreachable => vec![
            new("fix-start-engine", You, NeedsReview).command(&[
                "sudo",
                "systemctl",
                "start",
                "docker",
            ]),
            look("fix-see-context", You).command(&["docker", "context", "ls"]),
        ],
        Cause::DockerSocketPermission => vec![
            new("fix-docker-group", You, NeedsReview)
                .command(&["sudo", "usermod", "-aG", "docker", "USER"]),
        ],
        Cause::DockerConfigInvalid => vec![new("fix-move-file", You, NeedsReview).command(&[
            "mv",
            item,
            &format!("{item}.broken"),
        ])],
        Cause::DockerHelperMissing => {
            vec![new("fix-install-helper", You, NeedsReview)]
        }
        Cause::DockerHelperFailed => {
            vec![look("fix-try-helper", You).command(&[item, "list"])]
        }
        Cause::DockerInsecureRegistry => vec![new("fix-insecure-registry", You, NeedsReview)],
        Cause::DockerProxy => {
            vec![look("fix-see-proxy", You).command(&[
                "docker",
                "info",
                "--format",
                "{{.HTTPSProxy}}",
            ])]
        }
        Cause::NetworkProxy => vec![new("fix-proxy", NetworkAdmin, NeedsReview)],
        Cause::NameHasSchemeOrPath | Cause::NameUppercase => vec![check_again()],
        Cause::NameResourceNotLoginServer | Cause::NameNotFound => {
            vec![new("fix-login-server", You, HasPlaceholders).command(&[
                "naru",
                "check-health",
                "LOGIN-SERVER",
            ])]
        }
        Cause::NameRepositoryInvalid => match &place.repository {
            Some(repository) => vec![new("fix-use-repository", You, Safe).command(&[
                "naru",
                "check-health",
                host,
                "--repository",
                repository,
            ])],
            None => vec![new("fix-repository-name", You, NeedsReview)],
        },
        Cause::NameRepositoryUnknown => vec![new("fix-repository-name", You, NeedsReview)],
        Cause::NetworkDns => {
            vec![look("fix-resolver", NetworkAdmin).command(&["getent", "hosts", host])]
        }
        Cause::NetworkRefused | Cause::NetworkTimeout => {
            vec![new("fix-way", NetworkAdmin, NeedsReview)]
        }
        Cause::NetworkIpDenied => {
            vec![new("fix-network-rule", RegistryAdmin, HasPlaceholders).command(&[
                "naru",
                "network-rule",
                "add",
                "--ip-address",
                "ADDRESS",
            ])]
        }
        Cause::NetworkPublicAccessDisabled => {
            vec![new("fix-public-access", RegistryAdmin, NeedsReview).command(&[
                "naru",
                "registry",
                "update",
                "--public-network-enabled",
                "true",
            ])]
        }
        Cause::NetworkTlsUntrusted => {
            let target = format!("/etc/docker/certs.d/{host}/ca.crt");
            vec![
                new("fix-trust", You, HasPlaceholders)
                    .command(&["sudo", "install", "-D", "-m", "644", "CA.pem", &target]),
            ]
        }
        Cause::NetworkTlsExpired => {
            vec![new("fix-renew-certificate", RegistryAdmin, NeedsReview)]
        }
        Cause::NetworkTlsHostname => {
            vec![new("fix-certificate-name", RegistryAdmin, NeedsReview)]
        }
        Cause::NetworkTlsProtocol => vec![new("fix-tls", RegistryAdmin, NeedsReview)],
        Cause::CredentialNotYetValid | Cause::NetworkClockSkew => {
            vec![new("fix-clock", You, NeedsReview).command(&[
                "sudo",
                "timedatectl",
                "set-ntp",
                "true",
            ])]
        }
        Cause::RegistryNoChallenge | Cause::RegistryBadChallenge => {
            vec![new("fix-challenge", RegistryAdmin, NeedsReview)]
        }
        Cause::RegistryRateLimited | Cause::RegistryUnavailable | Cause::CredentialThrottled => {
            vec![new("fix-wait", You, NeedsReview)]
        }
        Cause::RegistryLocked => vec![new("fix-lock", RegistryAdmin, NeedsReview)],
        Cause::CredentialStaleBlocksAnonymous => vec![log_out()],
        Cause::CredentialExpiredEntra
        | Cause::CredentialMissing
        | Cause::CredentialRevoked
        | Cause::DockerConfigWrongFile
        | Cause::NamePortMismatch
        | Cause::PermissionAnonymousWrite => vec![log_in()],
        Cause::CredentialInvalid
        | Cause::CredentialMalformed
        | Cause::CredentialExpiredAccessToken
        | Cause::CredentialUntrustedIssuer
        | Cause::CredentialWrongAudience
        | Cause::CredentialWrongRegistry
        | Cause::CredentialWrongTenant
        | Cause::CredentialWrongUsername => {
            vec![
                new("fix-log-in-anew", You, HasPlaceholders)
                    .command(&[tool, "login", host, "-u", "NAME"]),
            ]
        }
        Cause::CredentialAdminDisabled => vec![
            new("fix-other-login", You, HasPlaceholders)
                .command(&[tool, "login", host, "-u", "NAME"]),
            new("fix-admin-user", RegistryAdmin, NeedsReview).command(&[
                "naru",
                "registry",
                "update",
                "--admin-enabled",
                "true",
            ]),
        ],
        Cause::CredentialDisabled => {
            let fix = new("fix-enable", RegistryAdmin, NeedsReview);
            vec![if is_application(user) {
                fix.command(&["naru", "sp", "update", "-n", user, "--enabled", "true"])
            } else {
                fix.command(&["naru", "token", "update", "-n", user, "--status", "enabled"])
            }]
        }
        Cause::CredentialExpiredPassword => {
            let make = ["naru", "token", "credential", "generate", "-n", user, "--password1"];
            let fix = new("fix-new-password", RegistryAdmin, NeedsReview).command(&make);
            vec![fix.command(&[tool, "login", host, "-u", user])]
        }
        Cause::CredentialExpiredSecret => {
            let make = ["naru", "sp", "credential", "reset", "-n", user];
            let fix = new("fix-new-secret", Actor::IdentityAdmin, NeedsReview).command(&make);
            vec![fix.command(&[tool, "login", host, "-u", user])]
        }
        Cause::PermissionInsufficientScope => vec![new("fix-scope", You, NeedsReview)],
        Cause::PermissionNoRole
        | Cause::PermissionPull
        | Cause::PermissionCatalog
        | Cause::PermissionMetadataRead => vec![assign(place, user, "AcrPull")],
        Cause::PermissionPush => vec![assign(place, user, "AcrPush")],
        Cause::PermissionDelete => vec![assign(place, user, "AcrDelete")],
        Cause::PermissionMetadataWrite | Cause::PermissionManagement => {
            vec![assign(place, user, "Contributor")]
        }
        Cause::PermissionScopeMap => {
            vec![new("fix-scope-map", RegistryAdmin, HasPlaceholders).command(&[
                "naru",
                "scope-map",
                "update",
                "-n",
                "MAP",
                "--add-repository",
                repository,
                "content/read",
            ])]
        }
    }
}

fn assign(place: &Place, user: &str, role: &str) -> Remedy {
    let title = Text::new("fix-role").with("role", role);
    Remedy::new(title, Actor::RegistryAdmin, Applicability::NeedsReview, place.verify).command(&[
        "naru",
        "role",
        "assignment",
        "create",
        "--assignee",
        user,
        "--role",
        role,
    ])
}

/// Whether a user name is the id of an application; of the others, only the registry knows whose
/// they are.
fn is_application(user: &str) -> bool {
    user.len() == 36 && user.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use naru_codes::report::Purpose;
    use naru_codes::{Language, texts};

    #[test]
    fn every_cause_has_a_remedy_with_a_title_in_every_language() {
        for cause in Cause::ALL {
            let host = "r.example".to_owned();
            let bare = Place { host: host.clone(), ..Place::default() };
            let known = Place {
                host,
                repository: Some("team/app".to_owned()),
                user: Some("alice".to_owned()),
                ..Place::default()
            };
            let all = [remedies(*cause, &bare), remedies(*cause, &known)];
            assert!(all.iter().all(|some| !some.is_empty()), "{cause}");
            for remedy in all.into_iter().flatten() {
                for language in Language::ALL {
                    let title = texts().find(*language, remedy.title.id(), &[]);
                    assert!(title.is_some(), "{}", remedy.title.id());
                }
                let capitals = |word: &String| {
                    word.len() > 3 && word.chars().all(|c| c.is_ascii_uppercase() || c == '-')
                };
                let placeholder = remedy.commands.iter().flatten().any(capitals);
                assert!(
                    !placeholder || remedy.applicability != Applicability::Safe,
                    "{cause}: {:?}",
                    remedy.commands
                );
                // What a program can apply fixes something, by a command.
                let applied = remedy.purpose == Purpose::Fix && !remedy.commands.is_empty();
                assert!(applied || remedy.applicability != Applicability::Safe, "{cause}");
                let looks = remedy.purpose == Purpose::Look;
                assert!(!looks || !remedy.commands.is_empty(), "{cause}: nothing to look at");
            }
        }
    }
}
