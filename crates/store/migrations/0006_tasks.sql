-- Tasks: sets of rows that run over a session. What a row came to is decided by its completion, in the same commit.

CREATE TABLE task (
    id                BLOB PRIMARY KEY CHECK (length(id) = 16),
    session           BLOB NOT NULL REFERENCES session (id) ON DELETE CASCADE,
    name              TEXT NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('queued', 'running', 'done', 'cut', 'failed')),
    -- JSON of code and message.
    reason            TEXT,
    -- JSON of what is to be done.
    spec              TEXT NOT NULL,
    -- 0 while its rows are being read: shown to nobody, removed at the next start.
    is_ready          INTEGER NOT NULL CHECK (is_ready IN (0, 1)),
    row_count         INTEGER NOT NULL,
    done              INTEGER NOT NULL,
    failed            INTEGER NOT NULL,
    invalid           INTEGER NOT NULL,
    prompt_tokens     INTEGER NOT NULL DEFAULT 0,
    completion_tokens INTEGER NOT NULL DEFAULT 0,
    -- JSON of the scores in sum, once it is over and they have been summed up.
    scores            TEXT,
    resumed_from      BLOB,
    created_at        INTEGER NOT NULL,
    started_at        INTEGER,
    finished_at       INTEGER,
    change            INTEGER NOT NULL,

    CHECK ((status IN ('cut', 'failed')) = (reason IS NOT NULL)),
    CHECK ((status IN ('queued', 'running')) = (finished_at IS NULL))
) STRICT;
CREATE INDEX task_newest ON task (session, id);
CREATE INDEX task_unfinished ON task (session, id) WHERE status IN ('queued', 'running');
CREATE UNIQUE INDEX task_resumed ON task (resumed_from) WHERE resumed_from IS NOT NULL;
CREATE INDEX task_change ON task (change);

CREATE TABLE task_row (
    task       BLOB NOT NULL REFERENCES task (id) ON DELETE CASCADE,
    number     INTEGER NOT NULL CHECK (number >= 0),
    line       INTEGER NOT NULL,
    custom_id  TEXT,
    -- JSON of the columns or the request; NULL of an invalid row.
    content    TEXT,
    state      TEXT NOT NULL CHECK (state IN ('pending', 'done', 'failed', 'invalid')),
    -- JSON of code and message.
    error      TEXT,
    completion BLOB,
    -- JSON of the scores by name; NULL until it was scored.
    scores     TEXT,
    PRIMARY KEY (task, number),
    CHECK ((state IN ('failed', 'invalid')) = (error IS NOT NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX task_row_state ON task_row (task, state, number);

ALTER TABLE completion ADD COLUMN task BLOB;
ALTER TABLE completion ADD COLUMN task_row INTEGER;
CREATE INDEX completion_task ON completion (task) WHERE task IS NOT NULL;

-- The end of an answer is the end of its row, unless it was cut or lost with the server or the runtime: then the row is
-- to be tried again.
CREATE TRIGGER task_answer_inserted AFTER INSERT ON completion WHEN new.task IS NOT NULL AND new.status = 'done' BEGIN
    UPDATE task_row SET
        state = iif(new.finish_reason = 'error', 'failed', 'done'),
        error = iif(new.finish_reason = 'error', new.error, NULL),
        completion = new.id
    WHERE task = new.task AND number = new.task_row AND state = 'pending' AND (new.finish_reason IN ('stop', 'length')
        OR (new.finish_reason = 'error'
            AND json_extract(new.error, '$.code') NOT IN ('server_restarted', 'runtime_unavailable')));
    UPDATE task SET prompt_tokens = prompt_tokens + new.prompt_tokens,
        completion_tokens = completion_tokens + new.completion_tokens WHERE id = new.task;
END;
CREATE TRIGGER task_answer_ended AFTER UPDATE OF status ON completion
    WHEN new.task IS NOT NULL AND new.status = 'done' AND old.status = 'running' BEGIN
    UPDATE task_row SET
        state = iif(new.finish_reason = 'error', 'failed', 'done'),
        error = iif(new.finish_reason = 'error', new.error, NULL),
        completion = new.id
    WHERE task = new.task AND number = new.task_row AND state = 'pending' AND (new.finish_reason IN ('stop', 'length')
        OR (new.finish_reason = 'error'
            AND json_extract(new.error, '$.code') NOT IN ('server_restarted', 'runtime_unavailable')));
    UPDATE task SET prompt_tokens = prompt_tokens + new.prompt_tokens,
        completion_tokens = completion_tokens + new.completion_tokens WHERE id = new.task;
END;
CREATE TRIGGER task_answer_deleted AFTER DELETE ON completion WHEN old.task IS NOT NULL BEGIN
    UPDATE task_row SET completion = NULL WHERE task = old.task AND number = old.task_row AND completion = old.id;
END;
CREATE TRIGGER task_row_moved AFTER UPDATE OF state ON task_row WHEN new.state <> old.state BEGIN
    UPDATE task SET
        done = done + (new.state = 'done') - (old.state = 'done'),
        failed = failed + (new.state = 'failed') - (old.state = 'failed')
    WHERE id = new.task;
END;

-- With its session a task ends too.
CREATE TRIGGER session_ended_tasks AFTER UPDATE OF phase ON session WHEN new.phase = 'ended' AND old.phase <> 'ended' BEGIN
    UPDATE task SET status = 'cut', finished_at = new.since_at, change = new.change,
        reason = json_object('code', 'session_stopped', 'message', json_extract(new.reason, '$.message'))
    WHERE session = new.id AND status IN ('queued', 'running');
END;

-- A person's choice between the answers of tasks to a row; their ids in order, in hexadecimal, are the key.
CREATE TABLE vote (
    tasks    TEXT NOT NULL,
    task_row INTEGER NOT NULL,
    choice   BLOB,
    at       INTEGER NOT NULL,
    PRIMARY KEY (tasks, task_row)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER task_deleted_votes AFTER DELETE ON task BEGIN
    DELETE FROM vote WHERE instr(tasks, hex(old.id)) > 0;
END;
