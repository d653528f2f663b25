//! What became of a check. Every check has exactly one outcome, and none is left out.

use jiff::Timestamp;

use super::{Evidence, Finding, Severity, Text};

/// The part of a login's path that a check belongs to, in the order of that path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Category {
    /// The tools on this machine.
    Environment,
    /// Their configuration.
    Config,
    /// The stored credentials.
    Credentials,
    /// The way to the host.
    Network,
    /// The certificate.
    Tls,
    /// The registry's API.
    Protocol,
    /// The exchange of a credential for a token.
    Exchange,
    /// The token.
    Token,
    /// What it may do.
    Authorization,
    /// What is there.
    Repository,
    /// The time.
    Clock,
    /// The server's own view.
    Server,
}

/// How far a check reaches: the consent that it needs. Each includes those before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reach {
    /// This machine alone.
    Offline,
    /// The registry, without a credential.
    Network,
    /// A credential is sent to the host that it belongs to.
    SendsCredential,
    /// Something is changed.
    Mutates,
}

/// Why a check was skipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Because {
    /// This check did not come through.
    Check(&'static str),
    /// It reaches further than was agreed to.
    Consent(Reach),
}

/// What became of a check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The claim is true.
    Passed {
        /// What shows it.
        evidence: Vec<Evidence>,
    },
    /// The claim is false.
    Failed {
        /// Why; one at least is an error.
        findings: Vec<Finding>,
    },
    /// The claim is true for now.
    Warned {
        /// What speaks against it; none is an error.
        findings: Vec<Finding>,
    },
    /// It was not looked at.
    Skipped {
        /// Why not.
        because: Because,
    },
    /// There is nothing to look at.
    NotApplicable {
        /// Why.
        reason: Text,
    },
    /// It was looked at, and it is not known.
    Inconclusive {
        /// What was tried, and what is missing.
        tried: Text,
        /// What was seen.
        evidence: Vec<Evidence>,
    },
    /// The check itself is at fault.
    Crashed {
        /// How.
        error: String,
    },
}

/// A check with what became of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckReport {
    /// Its stable id.
    pub id: &'static str,
    /// Its category.
    pub category: Category,
    /// What it claims.
    pub claim: Text,
    /// What became of it.
    pub outcome: Outcome,
    /// When it began.
    pub started: Timestamp,
    /// How long it took, in milliseconds.
    pub duration_ms: i64,
    /// How often it was tried.
    pub attempts: u32,
}

impl Category {
    /// Every category, in the order of the path.
    pub const ALL: &'static [Self] = &[
        Self::Environment,
        Self::Config,
        Self::Credentials,
        Self::Network,
        Self::Tls,
        Self::Protocol,
        Self::Exchange,
        Self::Token,
        Self::Authorization,
        Self::Repository,
        Self::Clock,
        Self::Server,
    ];

    /// Its name in JSON, and on the command line.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Environment => "environment",
            Self::Config => "config",
            Self::Credentials => "credentials",
            Self::Network => "network",
            Self::Tls => "tls",
            Self::Protocol => "protocol",
            Self::Exchange => "exchange",
            Self::Token => "token",
            Self::Authorization => "authorization",
            Self::Repository => "repository",
            Self::Clock => "clock",
            Self::Server => "server",
        }
    }
}

impl Reach {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Offline => "offline",
            Self::Network => "network",
            Self::SendsCredential => "sends-credential",
            Self::Mutates => "mutates",
        }
    }
}

impl Outcome {
    /// Its name in JSON.
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Passed { .. } => "passed",
            Self::Failed { .. } => "failed",
            Self::Warned { .. } => "warned",
            Self::Skipped { .. } => "skipped",
            Self::NotApplicable { .. } => "not-applicable",
            Self::Inconclusive { .. } => "inconclusive",
            Self::Crashed { .. } => "crashed",
        }
    }

    /// What findings come to. Nothing but advice leaves the claim true.
    pub fn of_findings(findings: Vec<Finding>, evidence: Vec<Evidence>) -> Self {
        if findings.is_empty() {
            Self::Passed { evidence }
        } else if findings.iter().any(|finding| finding.severity == Severity::Error) {
            Self::Failed { findings }
        } else {
            Self::Warned { findings }
        }
    }

    /// Its findings.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Failed { findings } | Self::Warned { findings } => findings,
            Self::Passed { .. }
            | Self::Skipped { .. }
            | Self::NotApplicable { .. }
            | Self::Inconclusive { .. }
            | Self::Crashed { .. } => &[],
        }
    }

    /// What it was established by.
    pub fn evidence(&self) -> Vec<&Evidence> {
        match self {
            Self::Passed { evidence } | Self::Inconclusive { evidence, .. } => {
                evidence.iter().collect()
            }
            Self::Failed { findings } | Self::Warned { findings } => {
                let mut all: Vec<&Evidence> = Vec::new();
                for piece in findings.iter().flat_map(|finding| &finding.evidence) {
                    if !all.contains(&piece) {
                        all.push(piece);
                    }
                }
                all
            }
            Self::Skipped { .. } | Self::NotApplicable { .. } | Self::Crashed { .. } => Vec::new(),
        }
    }
}
