-- The contents lie in the session's folder, each under its id: whatever lies there is named by one of these tables.

CREATE TABLE file (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    session    BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    path       TEXT NOT NULL CHECK (path <> ''),
    bytes      INTEGER NOT NULL CHECK (bytes >= 0),
    sha256     TEXT NOT NULL CHECK (length(sha256) = 64),
    purpose    TEXT,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX file_path ON file (session, path);
CREATE INDEX file_newest ON file (session, id);

-- What is on its way in. With the length of the whole, it comes in parts and can be gone on with.
CREATE TABLE partial_file (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    session    BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    path       TEXT NOT NULL,
    bytes      INTEGER CHECK (bytes >= 0),
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX partial_file_path ON partial_file (session, path) WHERE bytes IS NOT NULL;
CREATE INDEX partial_file_session ON partial_file (session);

-- Contents that nothing names any more and that are to be removed from the folder.
CREATE TABLE garbage_file (
    id      BLOB PRIMARY KEY CHECK (length(id) = 16),
    session BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE
) STRICT, WITHOUT ROWID;
CREATE INDEX garbage_file_session ON garbage_file (session);

CREATE TRIGGER file_written AFTER INSERT ON file BEGIN
    UPDATE session SET file_bytes = file_bytes + new.bytes WHERE id = new.session;
END;
CREATE TRIGGER file_deleted AFTER DELETE ON file BEGIN
    UPDATE session SET file_bytes = max(0, file_bytes - old.bytes) WHERE id = old.session;
END;
