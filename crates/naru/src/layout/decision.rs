//! What a table shows of a decision that was asked for, and of a network rule that is only tried.

use super::{Column, Form, Layout, field};

/// A rule that was looked at.
pub(crate) static STEP: Layout = Layout {
    columns: columns![
        "head-effect" "effect" Plain,
        "head-kind" "kind" Plain & "head-rule" "rule" Plain,
        "head-why" "why" Plain,
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
        "head-reason" "reason" Prose,
        "head-advice" "advice" Prose,
    ],
};

/// Somebody whom a network rule would shut out.
pub(crate) static SHUT_OUT: Layout = Layout {
    columns: columns![
        "head-shut-out" "identity" Plain,
        "head-address" "address" Plain,
        "head-last-seen" "lastSeen" Time,
        "head-count" "count" Plain,
    ],
    details: &[],
};

/// What a network rule would come to.
pub(crate) static NETWORK_TRIAL: Layout = Layout {
    columns: &[],
    details: columns![
        "head-network-rules" "rules" Plain,
        "head-address" "clientIp" Plain,
        "head-allowed" "clientAllowed" Plain,
        "head-since" "since" Time,
        "head-still-allowed" "stillAllowed" Plain,
    ],
};
