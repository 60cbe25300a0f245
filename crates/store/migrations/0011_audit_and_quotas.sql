-- Who did what: appended in the commit of what it tells, each entry chained to the one before by SHA-256. Ids and words
-- alone: never a name, a prompt, an answer.

CREATE TABLE audit (
    number  INTEGER PRIMARY KEY CHECK (number > 0),
    at      INTEGER NOT NULL,
    -- NULL: the server itself.
    actor   BLOB CHECK (length(actor) = 16),
    via     TEXT NOT NULL,
    -- The key that was shown, where one was.
    key     BLOB CHECK (length(key) = 16),
    address TEXT,
    action  TEXT NOT NULL,
    target  TEXT,
    detail  TEXT,
    sha256  BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;

-- The last entry: that it is missing shows here.
CREATE TABLE audit_head (
    one    INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,
    sha256 BLOB NOT NULL CHECK (length(sha256) = 32)
) STRICT;
INSERT INTO audit_head VALUES (1, 0, zeroblob(32));

CREATE TRIGGER audit_in_order BEFORE INSERT ON audit WHEN new.number <> (SELECT number + 1 FROM audit_head) BEGIN
    SELECT RAISE(ABORT, 'the audit log goes on where it ends');
END;
CREATE TRIGGER audit_unchanged BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit log is not changed');
END;
CREATE TRIGGER audit_kept BEFORE DELETE ON audit BEGIN
    SELECT RAISE(ABORT, 'an entry of the audit log is not removed');
END;

-- Quotas that somebody has set; without a user: of all together. What is not set is the configuration's.
CREATE TABLE quota (
    user BLOB REFERENCES user (id) ON DELETE CASCADE,
    kind TEXT NOT NULL,
    most INTEGER NOT NULL CHECK (most >= 0)
) STRICT;
CREATE UNIQUE INDEX quota_of_user ON quota (user, kind) WHERE user IS NOT NULL;
CREATE UNIQUE INDEX quota_of_all ON quota (kind) WHERE user IS NULL;

-- Tokens by day of UTC, counted with those of the session that used them: deleting takes none back.
CREATE TABLE token_use (
    user   BLOB NOT NULL REFERENCES user (id) ON DELETE CASCADE,
    day    INTEGER NOT NULL,
    tokens INTEGER NOT NULL,
    PRIMARY KEY (user, day)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER session_tokens_used AFTER UPDATE OF prompt_tokens, completion_tokens ON session
    WHEN new.prompt_tokens + new.completion_tokens > old.prompt_tokens + old.completion_tokens BEGIN
    INSERT INTO token_use (user, day, tokens)
    VALUES (new.owner, coalesce(new.last_active_at, new.created_at) / 86400000000,
        new.prompt_tokens + new.completion_tokens - old.prompt_tokens - old.completion_tokens)
    ON CONFLICT (user, day) DO UPDATE SET tokens = tokens + excluded.tokens;
END;
