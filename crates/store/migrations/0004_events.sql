-- Rows that count. Their numbers are never used twice (AUTOINCREMENT), also after the oldest were deleted: an id that was
-- handed out may be such a number in disguise.
--
-- `identity_kind` is the kind of principal where it was proved. `spread` says in what the requests of a row may differ
-- (same, principals, addresses); its other columns are those of the first, `last_…` those of the last.

CREATE TABLE login_event_next (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant            BLOB NOT NULL,
    registry          BLOB NOT NULL,
    time              INTEGER NOT NULL,
    correlation_id    BLOB NOT NULL,
    operation         TEXT NOT NULL,
    identity          TEXT NOT NULL,
    identity_kind     TEXT,
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
    spread            TEXT NOT NULL DEFAULT 'same',
    last_time         INTEGER NOT NULL,
    last_identity     TEXT,
    last_caller_ip    TEXT
) STRICT;
INSERT INTO login_event_next (id, tenant, registry, time, correlation_id, operation, identity, credential, caller_ip,
    result, reason, detail, jwt_id, repository, action, rule, login_server, user_agent, client_request_id, duration_ms,
    count, last_time)
SELECT id, tenant, registry, time, correlation_id, operation, identity, credential, caller_ip, result, reason, detail,
    jwt_id, repository, action, rule, login_server, user_agent, client_request_id, duration_ms, count, last_time
FROM login_event;
DROP TABLE login_event;
ALTER TABLE login_event_next RENAME TO login_event;
CREATE INDEX login_event_time ON login_event (registry, time);
CREATE INDEX login_event_age ON login_event (time);
CREATE INDEX login_event_correlation ON login_event (correlation_id);

CREATE TABLE repository_event_next (
    id                INTEGER PRIMARY KEY AUTOINCREMENT,
    tenant            BLOB NOT NULL,
    registry          BLOB NOT NULL,
    time              INTEGER NOT NULL,
    correlation_id    BLOB NOT NULL,
    operation         TEXT NOT NULL,
    identity          TEXT NOT NULL,
    identity_kind     TEXT,
    credential        TEXT NOT NULL,
    caller_ip         TEXT NOT NULL,
    result            INTEGER NOT NULL,
    reason            TEXT,
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
    spread            TEXT NOT NULL DEFAULT 'same',
    last_time         INTEGER NOT NULL,
    last_identity     TEXT,
    last_caller_ip    TEXT
) STRICT;
INSERT INTO repository_event_next (id, tenant, registry, time, correlation_id, operation, identity, credential,
    caller_ip, result, repository, tag, digest, media_type, artifact_type, size, rule, login_server, user_agent,
    client_request_id, duration_ms, count, last_time)
SELECT id, tenant, registry, time, correlation_id, operation, identity, credential, caller_ip, result, repository, tag,
    digest, media_type, artifact_type, size, rule, login_server, user_agent, client_request_id, duration_ms, count,
    last_time
FROM repository_event;
DROP TABLE repository_event;
ALTER TABLE repository_event_next RENAME TO repository_event;
CREATE INDEX repository_event_time ON repository_event (registry, time);
CREATE INDEX repository_event_age ON repository_event (time);
CREATE INDEX repository_event_correlation ON repository_event (correlation_id);
