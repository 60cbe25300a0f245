-- What a repeated request finds again, beside sessions: their keys stand in `idempotency`, written as they are created.
CREATE TABLE made (
    owner       BLOB NOT NULL,
    key_sha256  BLOB NOT NULL CHECK (length(key_sha256) = 32),
    body_sha256 BLOB NOT NULL CHECK (length(body_sha256) = 32),
    completion  BLOB REFERENCES completion (id) ON DELETE CASCADE,
    model       BLOB REFERENCES model (id) ON DELETE CASCADE,
    task        BLOB REFERENCES task (id) ON DELETE CASCADE,
    PRIMARY KEY (owner, key_sha256),
    CHECK ((completion IS NOT NULL) + (model IS NOT NULL) + (task IS NOT NULL) = 1)
) STRICT, WITHOUT ROWID;
CREATE INDEX made_completion ON made (completion);
CREATE INDEX made_model ON made (model);
CREATE INDEX made_task ON made (task);
