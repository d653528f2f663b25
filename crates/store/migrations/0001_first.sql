-- The first schema.
--
-- Ids are GUIDs in 16 bytes, times milliseconds since 1970, digests one byte for the algorithm (1 sha256, 2 sha512) and
-- its output. A row names its tenant, and its registry where it belongs to one, itself or by the repository, blob or
-- principal that it hangs on. Names are kept as written; a column `…_key` has the form in which they are compared.

CREATE TABLE tenant (
    id           BLOB NOT NULL PRIMARY KEY,
    subscription BLOB NOT NULL,
    created      INTEGER NOT NULL
) STRICT;

CREATE TABLE registry (
    id                   BLOB NOT NULL PRIMARY KEY,
    tenant               BLOB NOT NULL REFERENCES tenant (id),
    name                 TEXT NOT NULL,
    name_key             TEXT NOT NULL UNIQUE,
    anonymous_pull       INTEGER NOT NULL DEFAULT 0,
    anonymous_stamp      INTEGER NOT NULL DEFAULT 1,
    public_network       INTEGER NOT NULL DEFAULT 1,
    default_action       TEXT NOT NULL DEFAULT 'Allow' CHECK (default_action IN ('Allow', 'Deny')),
    denials              TEXT NOT NULL DEFAULT 'explained' CHECK (denials IN ('explained', 'azure')),
    role_assignment_mode TEXT NOT NULL DEFAULT 'LegacyRegistryPermissions',
    sparse_manifests     INTEGER NOT NULL DEFAULT 0,
    created              INTEGER NOT NULL
) STRICT;

CREATE TABLE network_rule (
    registry BLOB NOT NULL REFERENCES registry (id) ON DELETE CASCADE,
    range    TEXT NOT NULL,
    created  INTEGER NOT NULL,
    PRIMARY KEY (registry, range)
) STRICT, WITHOUT ROWID;

CREATE TABLE scope_map (
    id          BLOB NOT NULL PRIMARY KEY,
    tenant      BLOB NOT NULL REFERENCES tenant (id),
    registry    BLOB NOT NULL REFERENCES registry (id) ON DELETE CASCADE,
    name        TEXT NOT NULL,
    name_key    TEXT NOT NULL,
    description TEXT,
    system      INTEGER NOT NULL DEFAULT 0,
    created     INTEGER NOT NULL,
    UNIQUE (registry, name_key)
) STRICT;

CREATE TABLE scope_map_rule (
    scope_map BLOB NOT NULL REFERENCES scope_map (id) ON DELETE CASCADE,
    position  INTEGER NOT NULL,
    pattern   TEXT NOT NULL,
    actions   TEXT NOT NULL, -- blank-separated: content/read metadata/read
    PRIMARY KEY (scope_map, position)
) STRICT, WITHOUT ROWID;

-- Everybody who can hold rights. Users and service principals belong to the tenant, tokens and the admin user to a
-- registry. Login names are one namespace, without case: the tenant's names and those of each of its registries.
CREATE TABLE principal (
    id           BLOB NOT NULL PRIMARY KEY,
    tenant       BLOB NOT NULL REFERENCES tenant (id),
    registry     BLOB REFERENCES registry (id) ON DELETE CASCADE,
    kind         TEXT NOT NULL CHECK (kind IN ('admin', 'service-principal', 'token', 'user')),
    login_name   TEXT NOT NULL,
    login_key    TEXT NOT NULL,
    display_name TEXT NOT NULL,
    enabled      INTEGER NOT NULL,
    stamp        INTEGER NOT NULL DEFAULT 1,
    scope_map    BLOB REFERENCES scope_map (id),
    created      INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX principal_login ON principal (tenant, login_key, coalesce(registry, x''));
CREATE INDEX principal_scope_map ON principal (scope_map);

-- Secrets. A generated one is found by its keyed hash; what a person thought up is an Argon2id PHC string.
CREATE TABLE secret (
    id         BLOB NOT NULL PRIMARY KEY,
    principal  BLOB NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    slot       TEXT NOT NULL,
    form       TEXT NOT NULL CHECK (form IN ('generated', 'human')),
    verifier   BLOB NOT NULL,
    hint       TEXT NOT NULL DEFAULT '',
    generation INTEGER NOT NULL DEFAULT 1,
    stamp      INTEGER NOT NULL DEFAULT 1,
    created    INTEGER NOT NULL,
    expires    INTEGER,
    UNIQUE (principal, slot)
) STRICT;
CREATE UNIQUE INDEX secret_generated ON secret (verifier) WHERE form = 'generated';

-- Roles are data: Azure's action strings, as JSON arrays. Built-in roles have no tenant.
CREATE TABLE role_definition (
    id               BLOB NOT NULL PRIMARY KEY,
    tenant           BLOB REFERENCES tenant (id),
    name             TEXT NOT NULL,
    name_key         TEXT NOT NULL,
    actions          TEXT NOT NULL,
    not_actions      TEXT NOT NULL,
    data_actions     TEXT NOT NULL,
    not_data_actions TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX role_definition_name ON role_definition (name_key, coalesce(tenant, x''));

CREATE TABLE role_assignment (
    id                BLOB NOT NULL PRIMARY KEY,
    tenant            BLOB NOT NULL REFERENCES tenant (id),
    scope             TEXT NOT NULL,
    scope_key         TEXT NOT NULL,
    principal         BLOB NOT NULL REFERENCES principal (id) ON DELETE CASCADE,
    role              BLOB NOT NULL REFERENCES role_definition (id),
    condition         TEXT,
    condition_version TEXT,
    created           INTEGER NOT NULL,
    UNIQUE (principal, role, scope_key)
) STRICT;

-- A repository exists from its first linked blob, and is listed from its first manifest.
CREATE TABLE repository (
    id       INTEGER PRIMARY KEY,
    tenant   BLOB NOT NULL REFERENCES tenant (id),
    registry BLOB NOT NULL REFERENCES registry (id),
    name     TEXT NOT NULL,
    listed   INTEGER NOT NULL DEFAULT 0,
    created  INTEGER NOT NULL,
    UNIQUE (registry, name)
) STRICT;
CREATE INDEX repository_listed ON repository (registry, name) WHERE listed = 1;

-- Bytes by digest, once a tenant: small ones beside the row, others in the content store under `location`. `lease` is
-- the last time that somebody could still be about to use it.
CREATE TABLE blob (
    id       INTEGER PRIMARY KEY,
    tenant   BLOB NOT NULL REFERENCES tenant (id),
    digest   BLOB NOT NULL,
    size     INTEGER NOT NULL,
    location TEXT UNIQUE,
    lease    INTEGER NOT NULL,
    UNIQUE (tenant, digest)
) STRICT;

CREATE TABLE blob_content (
    blob  INTEGER PRIMARY KEY REFERENCES blob (id) ON DELETE CASCADE,
    bytes BLOB NOT NULL
) STRICT;

-- The only way from a repository to a blob.
CREATE TABLE blob_link (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    blob       INTEGER NOT NULL REFERENCES blob (id),
    lease      INTEGER NOT NULL,
    PRIMARY KEY (repository, blob)
) STRICT, WITHOUT ROWID;
CREATE INDEX blob_link_blob ON blob_link (blob);

CREATE TABLE manifest (
    id            INTEGER PRIMARY KEY,
    repository    INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest        BLOB NOT NULL,
    media_type    TEXT NOT NULL,
    artifact_type TEXT,
    annotations   TEXT, -- JSON, where there is a subject
    subject       BLOB,
    size          INTEGER NOT NULL,
    created       INTEGER NOT NULL,
    UNIQUE (repository, digest)
) STRICT;
CREATE INDEX manifest_subject ON manifest (repository, subject, id) WHERE subject IS NOT NULL;

CREATE TABLE manifest_content (
    manifest INTEGER PRIMARY KEY REFERENCES manifest (id) ON DELETE CASCADE,
    bytes    BLOB NOT NULL
) STRICT;

-- What a manifest names in its repository: 'blob' or 'manifest'.
CREATE TABLE manifest_reference (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    digest     BLOB NOT NULL,
    manifest   INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    kind       TEXT NOT NULL,
    PRIMARY KEY (repository, digest, manifest)
) STRICT, WITHOUT ROWID;
CREATE INDEX manifest_reference_manifest ON manifest_reference (manifest);

-- Ordered by (lower case, then bytes), which is the order of the lists.
CREATE TABLE tag (
    repository INTEGER NOT NULL REFERENCES repository (id) ON DELETE CASCADE,
    name_key   TEXT NOT NULL,
    name       TEXT NOT NULL,
    manifest   INTEGER NOT NULL REFERENCES manifest (id) ON DELETE CASCADE,
    created    INTEGER NOT NULL,
    updated    INTEGER NOT NULL,
    PRIMARY KEY (repository, name_key, name)
) STRICT, WITHOUT ROWID;
CREATE INDEX tag_manifest ON tag (manifest);

CREATE TABLE login_event (
    id                INTEGER PRIMARY KEY,
    tenant            BLOB NOT NULL,
    registry          BLOB NOT NULL,
    time              INTEGER NOT NULL,
    correlation_id    BLOB NOT NULL,
    operation         TEXT NOT NULL,
    identity          TEXT NOT NULL,
    credential        TEXT NOT NULL,
    caller_ip         TEXT NOT NULL,
    result            INTEGER NOT NULL,
    reason            TEXT,
    detail            TEXT,
    jwt_id            TEXT,
    repository        TEXT,
    action            TEXT,
    rule              TEXT,
    login_server      TEXT NOT NULL,
    user_agent        TEXT NOT NULL,
    client_request_id TEXT,
    duration_ms       INTEGER NOT NULL,
    count             INTEGER NOT NULL DEFAULT 1,
    last_time         INTEGER NOT NULL
) STRICT;
CREATE INDEX login_event_time ON login_event (registry, time);
CREATE INDEX login_event_correlation ON login_event (correlation_id);

CREATE TABLE repository_event (
    id                INTEGER PRIMARY KEY,
    tenant            BLOB NOT NULL,
    registry          BLOB NOT NULL,
    time              INTEGER NOT NULL,
    correlation_id    BLOB NOT NULL,
    operation         TEXT NOT NULL,
    identity          TEXT NOT NULL,
    credential        TEXT NOT NULL,
    caller_ip         TEXT NOT NULL,
    result            INTEGER NOT NULL,
    repository        TEXT NOT NULL,
    tag               TEXT,
    digest            TEXT,
    media_type        TEXT,
    artifact_type     TEXT,
    size              INTEGER,
    rule              TEXT,
    login_server      TEXT NOT NULL,
    user_agent        TEXT NOT NULL,
    client_request_id TEXT,
    duration_ms       INTEGER NOT NULL,
    count             INTEGER NOT NULL DEFAULT 1,
    last_time         INTEGER NOT NULL
) STRICT;
CREATE INDEX repository_event_time ON repository_event (registry, time);
CREATE INDEX repository_event_correlation ON repository_event (correlation_id);
