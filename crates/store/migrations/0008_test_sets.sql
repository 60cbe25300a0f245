-- Cases that a person has kept to try models on, again and again. They are the person's, not a session's.
CREATE TABLE test_set (
    id         BLOB PRIMARY KEY CHECK (length(id) = 16),
    owner      BLOB NOT NULL REFERENCES user (id),
    name       TEXT NOT NULL CHECK (name <> ''),
    -- JSON of how it is run by itself on the next sessions; NULL: it is not.
    run        TEXT,
    -- Sessions that become Running after this run it.
    run_since  INTEGER,
    created_at INTEGER NOT NULL,
    UNIQUE (owner, name)
) STRICT;

CREATE TABLE test_case (
    test_set   BLOB NOT NULL REFERENCES test_set (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL,
    -- JSON of the conversation up to what is to be answered.
    messages   TEXT NOT NULL,
    expected   TEXT,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (test_set, number)
) STRICT, WITHOUT ROWID;

ALTER TABLE task ADD COLUMN test_set BLOB;
CREATE INDEX task_test_set ON task (test_set, id) WHERE test_set IS NOT NULL;
