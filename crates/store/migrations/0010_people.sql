-- People: roles, passwords, keys, and further tokens of sessions. The user of before is the owner.

ALTER TABLE user ADD COLUMN role TEXT NOT NULL DEFAULT 'member' CHECK (role IN ('owner', 'admin', 'member', 'viewer'));
-- The name as it is compared, without regard to case.
ALTER TABLE user ADD COLUMN folded TEXT NOT NULL DEFAULT '';
ALTER TABLE user ADD COLUMN disabled_at INTEGER;
-- A PHC string of Argon2id; NULL: no password opens anything.
ALTER TABLE user ADD COLUMN password TEXT;
-- Part of the seal of each login: counting on ends all logins of the user.
ALTER TABLE user ADD COLUMN logins INTEGER NOT NULL DEFAULT 0;
ALTER TABLE user ADD COLUMN deleting_at INTEGER;
UPDATE user SET folded = lower(name), role = iif(name = 'owner', 'owner', 'member');
CREATE UNIQUE INDEX user_folded ON user (folded);
CREATE UNIQUE INDEX user_owner ON user (role) WHERE role = 'owner';

-- Secrets are 256 random bits: one round of SHA-256 is enough.
CREATE TABLE api_key (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    user         BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    name         TEXT NOT NULL CHECK (name <> ''),
    sha256       BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    -- JSON of a list.
    scopes       TEXT NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER,
    last_used_at INTEGER,
    UNIQUE (user, name)
) STRICT, WITHOUT ROWID;

-- Beside the token that is computed from the server's key: each of these can be withdrawn alone.
CREATE TABLE session_token (
    id           BLOB PRIMARY KEY CHECK (length(id) = 16),
    session      BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    name         TEXT NOT NULL CHECK (name <> ''),
    sha256       BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
    created_at   INTEGER NOT NULL,
    last_used_at INTEGER,
    UNIQUE (session, name)
) STRICT, WITHOUT ROWID;
