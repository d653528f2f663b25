//! What a diagnosis says: checks with their outcomes, findings with certainty and evidence,
//! remedies, and the conclusion that is drawn from them.
//!
//! Values only: what is checked and how is the business of whoever makes a [`Report`]; how it is
//! shown that of whoever reads it. Every sentence is a [`Text`], which becomes words in a language.

mod conclusion;
mod finding;
mod outcome;
mod remedy;
mod text;

pub use conclusion::{Report, Verdict};
pub use finding::{Certainty, Evidence, EvidenceKind, Finding, Lookup, Severity};
pub use outcome::{Because, Category, CheckReport, Outcome, Reach};
pub use remedy::{Actor, Applicability, Purpose, Remedy};
pub use text::Text;
