//! What a table shows of collection and verification.

use super::{Column, Form, Layout, field};

/// Something that was collected.
pub(crate) static COLLECTED: Layout = Layout {
    columns: columns![
        "head-reason" "reason" Reason,
        "head-repository" "repository" Plain & "head-file" "file" Plain,
        "head-digest" "digest" Digest & "head-size" "bytes" Size,
    ],
    details: &[],
};

/// What collection came to.
pub(crate) static COLLECTION: Layout = Layout {
    columns: &[],
    details: columns![
        "head-dry-run" "dryRun" Plain,
        "head-blobs-checked" "checked" Plain,
        "head-unlinked" "links" Plain,
        "head-blobs-removed" "blobs" Plain,
        "head-files-removed" "files" Plain,
        "head-freed" "bytes" Size,
        "head-not-shown" "more" Plain,
        "head-interrupted" "interrupted" Plain,
    ],
};

/// Something that verification found.
pub(crate) static FAULT: Layout = Layout {
    columns: &[],
    details: columns![
        "head-fault" "code" Plain,
        "head-meaning" "message" Plain,
        "head-digest" "digest" Plain,
        "head-manifest" "manifest" Plain,
        "head-file" "file" Plain,
        "head-found" "detail" Plain,
        "head-repositories" "repositories" Plain,
        "head-remedy" "remedy" Plain,
    ],
};

/// What verification came to.
pub(crate) static VERIFICATION: Layout = Layout {
    columns: &[],
    details: columns![
        "head-clean" "clean" Plain,
        "head-blobs" "blobs" Plain,
        "head-size" "bytes" Size,
        "head-manifests" "manifests" Plain,
        "head-files" "files" Plain,
        "head-faults" "faultCount" Plain,
        "head-remarks" "remarkCount" Plain,
        "head-not-shown" "more" Plain,
        "head-resumed-from" "resumedFrom" Time,
        "head-interrupted" "interrupted" Plain,
    ],
};

/// A size as people read it.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    let mut tenths = u128::from(bytes) * 10;
    let mut unit = "B";
    for next in UNITS {
        if tenths < 10_240 {
            break;
        }
        (tenths, unit) = (tenths / 1024, next);
    }
    if unit == "B" {
        format!("{bytes} B")
    } else {
        format!("{}.{} {unit}", tenths / 10, tenths % 10)
    }
}
