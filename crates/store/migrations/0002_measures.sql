-- What is measured of a session while it lives: the bytes of its results, the memory of its runtime.

-- Persistent storage is files, measured on the disk, and results, counted with each of them.
ALTER TABLE session RENAME COLUMN persistent_bytes TO file_bytes;
-- Within a transaction it may be below zero for a moment: a row can change before it is counted.
ALTER TABLE session ADD COLUMN result_bytes INTEGER NOT NULL DEFAULT 0;
UPDATE session SET result_bytes = coalesce((
    SELECT sum(octet_length(request) + octet_length(response) + coalesce(octet_length(choices), 0))
    FROM completion WHERE completion.session = session.id), 0);
UPDATE session SET file_bytes = max(0, file_bytes - result_bytes);

-- What is inserted is counted together with its interaction and its tokens, once for many rows.
CREATE TRIGGER result_written AFTER UPDATE OF response, choices ON completion BEGIN
    UPDATE session SET result_bytes = result_bytes
        + octet_length(new.response) + coalesce(octet_length(new.choices), 0)
        - octet_length(old.response) - coalesce(octet_length(old.choices), 0)
    WHERE id = new.session;
END;
CREATE TRIGGER result_deleted AFTER DELETE ON completion BEGIN
    UPDATE session SET result_bytes = result_bytes
        - octet_length(old.request) - octet_length(old.response) - coalesce(octet_length(old.choices), 0)
    WHERE id = old.session;
END;

CREATE TABLE memory_reading (
    session BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    at      INTEGER NOT NULL,
    bytes   INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (session, at)
) STRICT, WITHOUT ROWID;
