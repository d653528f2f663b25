//! What is shown of an account alone: also when it was last used, and what expires when.

use super::{Column, Form, Layout, field};

/// A token.
pub(crate) static SHOWN_TOKEN: Layout = Layout {
    columns: &[],
    details: columns![
        "head-name" "name" Plain,
        "head-status" "status" Plain,
        "head-scope-map" "scopeMapId" Last,
        "head-user-name" "credentials/username" Plain,
        "head-passwords" "credentials/passwords" Passwords,
        "head-created" "creationDate" Time,
        "head-last-use" "lastUse/time" Time,
        "head-last-address" "lastUse/address" Plain,
        "head-id" "id" Plain,
    ],
};

/// A service principal.
pub(crate) static SHOWN_SERVICE_PRINCIPAL: Layout = Layout {
    columns: &[],
    details: columns![
        "head-name" "displayName" Plain,
        "head-app-id" "appId" Plain,
        "head-enabled" "enabled" Plain,
        "head-secrets" "secrets" Passwords,
        "head-created" "creationDate" Time,
        "head-last-use" "lastUse/time" Time,
        "head-last-address" "lastUse/address" Plain,
        "head-id" "id" Plain,
    ],
};
