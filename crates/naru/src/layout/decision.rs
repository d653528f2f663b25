//! What a table shows of a decision that was asked for.

use super::{Column, Form, Layout, field};

/// A rule that was looked at.
pub(crate) static STEP: Layout = Layout {
    columns: columns![
        "head-effect" "effect" Plain,
        "head-kind" "kind" Plain,
        "head-why" "why" Plain,
        "head-rule" "rule" Wide,
    ],
    details: &[],
};

/// What it came to.
pub(crate) static DECISION: Layout = Layout {
    columns: &[],
    details: columns![
        "head-allowed" "allowed" Plain,
        "head-rule" "rule" Plain,
        "head-cause" "cause" Plain,
        "head-reason" "reason" Plain,
        "head-advice" "advice" Plain,
    ],
};
