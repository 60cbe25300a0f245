-- Instants are microseconds since the epoch, UTC. Ids are the 16 bytes of the UUID.

CREATE TABLE user (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    name       TEXT NOT NULL UNIQUE,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE user_token (
    user       BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name       TEXT NOT NULL,
    sha256     BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    PRIMARY KEY (user, name)
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner             BLOB NOT NULL REFERENCES user (id),
    name              TEXT NOT NULL CHECK (name <> ''),
    description       TEXT,
    search            TEXT NOT NULL,
    model_id          BLOB NOT NULL,
    model_name        TEXT NOT NULL,
    model_version     TEXT NOT NULL,
    model_kind        TEXT NOT NULL,
    context_length    INTEGER NOT NULL,
    parallel          INTEGER NOT NULL,
    stop              TEXT NOT NULL,
    limits            TEXT NOT NULL,
    memory_needed     INTEGER NOT NULL CHECK (memory_needed >= 0),
    -- Lifecycle: written by compare-and-set on the revision.
    phase             TEXT NOT NULL,
    status            TEXT NOT NULL,
    reason_code       TEXT,
    reason            TEXT,
    since_at          INTEGER NOT NULL,
    deadline_at       INTEGER,
    running_at        INTEGER,
    grace_until_at    INTEGER,
    unreleased        INTEGER NOT NULL DEFAULT 0 CHECK (unreleased IN (0, 1)),
    generation        INTEGER NOT NULL CHECK (generation >= 0),
    revision          INTEGER NOT NULL CHECK (revision >= 0),
    created_at        INTEGER NOT NULL,
    deleting_at       INTEGER,
    -- Counters: added to by commands of their own, never by a lifecycle write.
    interactions      INTEGER NOT NULL DEFAULT 0 CHECK (interactions >= 0),
    prompt_tokens     INTEGER NOT NULL DEFAULT 0 CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER NOT NULL DEFAULT 0 CHECK (completion_tokens >= 0),
    last_active_at    INTEGER,
    temporary_bytes   INTEGER NOT NULL DEFAULT 0 CHECK (temporary_bytes >= 0),
    persistent_bytes  INTEGER NOT NULL DEFAULT 0 CHECK (persistent_bytes >= 0),
    -- Place in the order of all visible changes.
    change            INTEGER NOT NULL,

    CHECK ((reason_code IS NULL) = (reason IS NULL)),
    CHECK (unreleased = 0 OR phase = 'ended'),
    CHECK ((deadline_at IS NULL) = (phase = 'ended')),
    CHECK ((grace_until_at IS NULL) = (phase <> 'draining')),
    CHECK (CASE phase
        WHEN 'queued' THEN status = 'initializing' AND reason_code IS NULL AND running_at IS NULL
        WHEN 'preparing' THEN status = 'initializing' AND reason_code IS NULL AND running_at IS NULL
        WHEN 'loading' THEN status = 'initializing' AND reason_code IS NULL AND running_at IS NULL
        WHEN 'probing' THEN status = 'initializing' AND reason_code IS NULL AND running_at IS NULL
        WHEN 'running' THEN status = 'running' AND reason_code IS NULL AND running_at = since_at
        WHEN 'draining' THEN status = iif(running_at IS NULL, 'initializing', 'running') AND reason_code IS NOT NULL
        WHEN 'ended' THEN status = iif(reason_code IN ('user', 'time_limit', 'idle_limit', 'interaction_limit',
            'token_limit', 'model_limit', 'shutdown'), 'stopped', 'failed') AND reason_code IS NOT NULL
        ELSE 0 END)
) STRICT;

CREATE UNIQUE INDEX session_name ON session (owner, name) WHERE deleting_at IS NULL;
CREATE INDEX session_newest ON session (owner, id, search) WHERE deleting_at IS NULL;
CREATE INDEX session_status ON session (owner, status, id) WHERE deleting_at IS NULL;
CREATE INDEX session_change ON session (owner, change);
CREATE INDEX session_unfinished ON session (id) WHERE phase <> 'ended' OR unreleased = 1 OR deleting_at IS NOT NULL;
CREATE INDEX session_live_model ON session (model_id) WHERE phase <> 'ended' OR unreleased = 1;

-- What the event stream tells of a session that is gone: no more than that.
CREATE TABLE tombstone (
    change  INTEGER PRIMARY KEY,
    session BLOB NOT NULL,
    owner   BLOB NOT NULL
) STRICT;
CREATE INDEX tombstone_owner ON tombstone (owner, change);

CREATE TABLE transition (
    session    BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    at         INTEGER NOT NULL,
    from_phase TEXT,
    to_phase   TEXT NOT NULL,
    status     TEXT NOT NULL,
    reason     TEXT,
    actor      TEXT NOT NULL,
    PRIMARY KEY (session, number)
) STRICT, WITHOUT ROWID;

CREATE TABLE idempotency (
    owner       BLOB NOT NULL,
    key_sha256  BLOB NOT NULL CHECK (length(key_sha256) = 32),
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
    session     BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    PRIMARY KEY (owner, key_sha256)
) STRICT, WITHOUT ROWID;
CREATE INDEX idempotency_session ON idempotency (session);

CREATE TABLE completion (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    session           BLOB NOT NULL REFERENCES session (id),
    conversation      TEXT,
    origin            TEXT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('running', 'done')),
    request           TEXT NOT NULL,
    response          TEXT NOT NULL,
    -- JSON of all choices; NULL where the only one is `response` with `finish_reason`.
    choices           TEXT,
    finish_reason     TEXT,
    error             TEXT,
    prompt_tokens     INTEGER NOT NULL CHECK (prompt_tokens >= 0),
    completion_tokens INTEGER NOT NULL CHECK (completion_tokens >= 0),
    queued_ms         REAL,
    first_token_ms    REAL,
    total_ms          REAL,
    tokens_per_second REAL,
    created_at        INTEGER NOT NULL,
    finished_at       INTEGER,
    starred           INTEGER NOT NULL DEFAULT 0 CHECK (starred IN (0, 1)),

    CHECK ((status = 'done') = (finished_at IS NOT NULL))
) STRICT;

CREATE INDEX completion_newest ON completion (session, id);
CREATE INDEX completion_starred ON completion (session, id) WHERE starred = 1;
CREATE INDEX completion_conversation ON completion (session, conversation, id) WHERE conversation IS NOT NULL;
CREATE INDEX completion_running ON completion (id) WHERE status = 'running';

-- The distinct words of a finished answer, each with a space before it: what a search looks through.
CREATE TABLE completion_words (
    session    BLOB NOT NULL,
    completion BLOB NOT NULL,
    words      TEXT NOT NULL,
    PRIMARY KEY (session, completion)
) STRICT, WITHOUT ROWID;

-- Whether anything was deleted since the last scrub of the file began.
CREATE TABLE scrub (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    deleted  INTEGER NOT NULL,
    scrubbed INTEGER NOT NULL
) STRICT;
INSERT INTO scrub VALUES (1, 0, 0);

CREATE TABLE model (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    -- NULL in the catalog.
    owner             BLOB REFERENCES user (id),
    name              TEXT NOT NULL CHECK (name <> ''),
    version           TEXT NOT NULL,
    search            TEXT NOT NULL,
    family            TEXT NOT NULL,
    kind              TEXT NOT NULL,
    parameters        INTEGER NOT NULL,
    size_bytes        INTEGER NOT NULL,
    format            TEXT NOT NULL,
    quantization      TEXT,
    context_length    INTEGER,
    has_chat_template INTEGER NOT NULL CHECK (has_chat_template IN (0, 1)),
    learning_stage    TEXT NOT NULL,
    tags              TEXT NOT NULL,
    limits            TEXT NOT NULL,
    -- What the inspection of the files found for the reckoning of memory, as JSON.
    inspection        TEXT,
    created_at        INTEGER NOT NULL
) STRICT;
CREATE UNIQUE INDEX model_catalog_name ON model (name, version) WHERE owner IS NULL;
CREATE UNIQUE INDEX model_private_name ON model (owner, name, version) WHERE owner IS NOT NULL;

CREATE TABLE model_file (
    model  BLOB NOT NULL REFERENCES model (id) ON DELETE CASCADE,
    path   TEXT NOT NULL,
    bytes  INTEGER NOT NULL CHECK (bytes >= 0),
    sha256 TEXT NOT NULL CHECK (length(sha256) = 64),
    PRIMARY KEY (model, path)
) STRICT, WITHOUT ROWID;
CREATE INDEX model_file_blob ON model_file (sha256);
