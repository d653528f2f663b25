//! A finding: a reason why a claim about the world is false.

use super::{Remedy, Text};
use crate::Cause;

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A login, pull or push cannot work.
    Error,
    /// It works, and will break or is unsafe.
    Warning,
    /// It could be better.
    Advice,
}

/// How sure it is. What is likely is never told as a fact.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Certainty {
    /// The server said so, or it was seen.
    Proven,
    /// Everything speaks for it.
    Likely,
    /// It would explain what was seen.
    Possible,
}

/// What something was established by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Evidence {
    /// What it is.
    pub kind: EvidenceKind,
    /// It, in one line: values and no sentence, the same in every language.
    pub text: String,
}

/// What a piece of evidence is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum EvidenceKind {
    /// What a certificate says.
    Certificate,
    /// Two times side by side.
    Clock,
    /// What the resolver answered.
    Dns,
    /// What a file says.
    File,
    /// A request and its answer.
    Http,
    /// What a connection did.
    Network,
    /// What a program did.
    Program,
    /// What the server has recorded.
    Server,
    /// What a token says of itself.
    Token,
}

/// Where the registry's operator finds the same thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lookup {
    /// The id of the request.
    pub correlation_id: String,
    /// The server's own time then, as it wrote it.
    pub server_time: Option<String>,
}

/// A reason why a claim is false.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Its code.
    pub code: Cause,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it is about: a host, a repository, a file.
    pub subject: String,
    /// What happened, with the values, in a line that stands alone.
    pub summary: Text,
    /// What should be.
    pub expected: Option<Text>,
    /// What is.
    pub observed: Option<Text>,
    /// What it was established by.
    pub evidence: Vec<Evidence>,
    /// The finding that explains this one; none where it is a root.
    pub explained_by: Option<Cause>,
    /// What helps, the best first.
    pub remedies: Vec<Remedy>,
    /// Where the operator finds it.
    pub lookup: Option<Lookup>,
}

impl Severity {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Advice => "advice",
        }
    }
}

impl Certainty {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Proven => "proven",
            Self::Likely => "likely",
            Self::Possible => "possible",
        }
    }
}

impl EvidenceKind {
    /// Its name in JSON.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Dns => "dns",
            Self::File => "file",
            Self::Http => "http",
            Self::Network => "network",
            Self::Program => "program",
            Self::Server => "server",
            Self::Token => "token",
        }
    }
}

impl Evidence {
    /// A piece of evidence.
    pub fn new(kind: EvidenceKind, text: impl Into<String>) -> Self {
        Self { kind, text: text.into() }
    }
}

impl Finding {
    /// A finding with the severity that its code has, which may only be lowered.
    pub fn new(
        code: Cause,
        certainty: Certainty,
        subject: impl Into<String>,
        summary: Text,
    ) -> Self {
        Self {
            code,
            severity: code.severity(),
            certainty,
            subject: subject.into(),
            summary,
            expected: None,
            observed: None,
            evidence: Vec::new(),
            explained_by: None,
            remedies: Vec::new(),
            lookup: None,
        }
    }

    /// No worse than this.
    #[must_use]
    pub fn at_most(mut self, severity: Severity) -> Self {
        self.severity = self.severity.max(severity);
        self
    }

    /// With what should be, and what is.
    #[must_use]
    pub fn expected(mut self, expected: Text, observed: Text) -> Self {
        self.expected = Some(expected);
        self.observed = Some(observed);
        self
    }

    /// With what it was established by.
    #[must_use]
    pub fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// With what helps.
    #[must_use]
    pub fn remedy(mut self, remedies: impl IntoIterator<Item = Remedy>) -> Self {
        self.remedies.extend(remedies);
        self
    }

    /// With where the operator finds it.
    #[must_use]
    pub fn lookup(mut self, lookup: Option<Lookup>) -> Self {
        self.lookup = lookup;
        self
    }
}
