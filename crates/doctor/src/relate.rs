//! Which finding explains which: a table of causes and what follows from them, applied to what a
//! run has found.

use naru_codes::Cause;
use naru_codes::report::{CheckReport, Finding, Outcome, Severity};

/// A cause with the causes that it explains, where both were found.
const EXPLAINS: &[(Cause, &[Cause])] = &[
    (
        Cause::NetworkClockSkew,
        &[
            Cause::CredentialExpiredAccessToken,
            Cause::CredentialExpiredEntra,
            Cause::CredentialNotYetValid,
            Cause::NetworkTlsExpired,
        ],
    ),
    (Cause::DockerConfigInvalid, &[Cause::CredentialMissing]),
    (Cause::DockerConfigWrongFile, &[Cause::CredentialMissing]),
    (Cause::DockerHelperFailed, &[Cause::CredentialMissing]),
    (Cause::DockerHelperMissing, &[Cause::CredentialMissing]),
    (Cause::NamePortMismatch, &[Cause::CredentialMissing]),
    (Cause::NameUppercase, &[Cause::CredentialMissing, Cause::NameRepositoryInvalid]),
    (
        Cause::NameResourceNotLoginServer,
        &[
            Cause::NetworkDns,
            Cause::NetworkRefused,
            Cause::NetworkTimeout,
            Cause::CredentialMissing,
        ],
    ),
    (Cause::NameHasSchemeOrPath, &[Cause::CredentialMissing]),
    (Cause::DockerProxy, &[Cause::NetworkProxy]),
    (Cause::DockerSocketPermission, &[Cause::DockerDaemonUnreachable]),
    (Cause::NetworkIpDenied, &[Cause::RegistryNoChallenge, Cause::CredentialInvalid]),
    (
        Cause::CredentialStaleBlocksAnonymous,
        &[
            Cause::CredentialDisabled,
            Cause::CredentialExpiredAccessToken,
            Cause::CredentialExpiredEntra,
            Cause::CredentialExpiredPassword,
            Cause::CredentialExpiredSecret,
            Cause::CredentialInvalid,
            Cause::CredentialRevoked,
            Cause::CredentialUntrustedIssuer,
        ],
    ),
    (Cause::CredentialMalformed, &[Cause::CredentialInvalid, Cause::CredentialMissing]),
    (
        Cause::CredentialExpiredEntra,
        &[Cause::CredentialInvalid, Cause::CredentialUntrustedIssuer, Cause::CredentialMalformed],
    ),
    (
        Cause::CredentialExpiredAccessToken,
        &[Cause::CredentialInvalid, Cause::CredentialUntrustedIssuer, Cause::CredentialMalformed],
    ),
    (Cause::CredentialWrongRegistry, &[Cause::CredentialInvalid, Cause::CredentialUntrustedIssuer]),
    (Cause::CredentialWrongUsername, &[Cause::CredentialInvalid]),
    (Cause::CredentialNotYetValid, &[Cause::CredentialInvalid]),
];

/// What the server's record says explains what it told a stranger.
const TOLD_TO_STRANGERS: Cause = Cause::CredentialInvalid;

/// Draws the lines between findings. A root is as bad as the worst that follows from it.
pub fn relate(checks: &mut [CheckReport]) {
    connect(checks);
    let explained: Vec<(Cause, Severity)> = checks
        .iter()
        .flat_map(|check| check.outcome.findings())
        .filter_map(|finding| Some((finding.explained_by?, finding.severity)))
        .collect();
    for check in checks {
        let (Outcome::Failed { findings } | Outcome::Warned { findings }) = &mut check.outcome
        else {
            continue;
        };
        for finding in &mut *findings {
            let worst = explained.iter().filter(|(root, _)| *root == finding.code);
            let worst = worst.map(|(_, severity)| *severity).min();
            finding.severity = worst.map_or(finding.severity, |worst| worst.min(finding.severity));
        }
        let findings = std::mem::take(findings);
        check.outcome = Outcome::of_findings(findings, Vec::new());
    }
}

fn connect(checks: &mut [CheckReport]) {
    let recorded: Vec<Cause> = checks
        .iter()
        .filter(|check| check.id == "server.decision")
        .flat_map(|check| check.outcome.findings())
        .map(|finding| finding.code)
        .collect();
    let found: Vec<Cause> = checks
        .iter()
        .flat_map(|check| check.outcome.findings())
        .filter(|finding| finding.explained_by.is_none())
        .map(|finding| finding.code)
        .collect();
    for check in &mut *checks {
        let own = check.id == "server.decision";
        let (Outcome::Failed { findings } | Outcome::Warned { findings }) = &mut check.outcome
        else {
            continue;
        };
        for finding in findings {
            // Where the record says no more than the answer did, the answer is what is told.
            let hidden = |cause: &&Cause| {
                !own && finding.code == TOLD_TO_STRANGERS && **cause != finding.code
            };
            let recorded = recorded.first().filter(hidden);
            if let Some(cause) = recorded {
                finding.explained_by = Some(*cause);
            } else {
                explain(finding, &found);
            }
        }
    }
}

fn explain(finding: &mut Finding, found: &[Cause]) {
    if finding.explained_by.is_none() {
        let explains = |(cause, explained): &&(Cause, &[Cause])| {
            found.contains(cause) && explained.contains(&finding.code)
        };
        finding.explained_by = EXPLAINS.iter().find(explains).map(|(cause, _)| *cause);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use naru_codes::report::{Category, Certainty, Report, Text};

    fn check(id: &'static str, code: Cause) -> CheckReport {
        let finding = Finding::new(code, Certainty::Proven, "x", Text::new("x"));
        CheckReport {
            id,
            category: Category::Token,
            claim: Text::new("x"),
            outcome: Outcome::of_findings(vec![finding], Vec::new()),
            started: Timestamp::UNIX_EPOCH,
            duration_ms: 0,
            attempts: 1,
        }
    }

    fn roots(mut checks: Vec<CheckReport>) -> Vec<Cause> {
        relate(&mut checks);
        let started = Timestamp::UNIX_EPOCH;
        let target = String::new();
        let report = Report { target, principal: None, started, duration_ms: 0, checks };
        report.roots().iter().map(|root| root.code).collect()
    }

    #[test]
    fn no_cause_explains_itself_or_one_that_explains_it() {
        for (cause, explained) in EXPLAINS {
            assert!(!explained.contains(cause), "{cause}");
            for other in *explained {
                let back = EXPLAINS.iter().filter(|(cause, _)| cause == other);
                assert!(
                    back.flat_map(|(_, all)| *all).all(|code| code != cause),
                    "{cause} {other}"
                );
            }
        }
    }

    #[test]
    fn a_wrong_clock_explains_a_certificate_out_of_date() {
        let all = vec![
            check("tls.dates-valid", Cause::NetworkTlsExpired),
            check("clock.agrees", Cause::NetworkClockSkew),
        ];
        assert_eq!(roots(all), [Cause::NetworkClockSkew]);
    }

    #[test]
    fn what_the_server_recorded_explains_what_it_told_a_stranger() {
        let all = vec![
            check("token.accepted", Cause::CredentialInvalid),
            check("server.decision", Cause::CredentialDisabled),
        ];
        assert_eq!(roots(all), [Cause::CredentialDisabled]);
    }

    #[test]
    fn what_the_server_recorded_explains_nothing_where_it_is_the_same() {
        let mut all = vec![
            check("token.accepted", Cause::CredentialInvalid),
            check("server.decision", Cause::CredentialInvalid),
        ];
        relate(&mut all);
        let explained = |check: &CheckReport| check.outcome.findings()[0].explained_by;
        assert_eq!([explained(&all[0]), explained(&all[1])], [None, None]);
    }
}
