-- Logins of browsers that were ended before their time: their cookies open nothing any more. A cookie is genuine by
-- itself; one that is not listed here stands until it expires.
CREATE TABLE ended_login (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
