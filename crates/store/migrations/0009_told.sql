-- What the event stream tells beside sessions and tasks: test sets, and what of both is gone.
ALTER TABLE test_set ADD COLUMN change INTEGER NOT NULL DEFAULT 0;
CREATE INDEX test_set_change ON test_set (owner, change);

CREATE TABLE gone (
    change INTEGER PRIMARY KEY,
    kind   TEXT NOT NULL CHECK (kind IN ('task', 'test_set')),
    id     BLOB NOT NULL CHECK (length(id) = 16),
    owner  BLOB NOT NULL
) STRICT;
CREATE INDEX gone_owner ON gone (owner, change);

-- The values of scores by themselves, narrow: tasks are compared through them and not through the rows.
CREATE TABLE row_score (
    task   BLOB NOT NULL,
    name   TEXT NOT NULL,
    number INTEGER NOT NULL,
    value  REAL NOT NULL,
    PRIMARY KEY (task, name, number)
) STRICT, WITHOUT ROWID;
INSERT INTO row_score (task, name, number, value)
    SELECT task, key, number, json_extract(value, '$.value') FROM task_row, json_each(scores)
    WHERE scores IS NOT NULL AND json_extract(value, '$.value') IS NOT NULL;
CREATE TRIGGER task_row_scored AFTER UPDATE OF scores ON task_row WHEN new.scores IS NOT NULL BEGIN
    INSERT OR REPLACE INTO row_score (task, name, number, value)
    SELECT new.task, key, new.number, json_extract(value, '$.value') FROM json_each(new.scores)
    WHERE json_extract(value, '$.value') IS NOT NULL;
END;

-- A row's input counts as a result of its session. What is inserted is added once for many rows, what is deleted is given
-- back row by row.
UPDATE session SET result_bytes = result_bytes + coalesce((
    SELECT sum(coalesce(octet_length(content), 0) + coalesce(octet_length(custom_id), 0))
    FROM task_row JOIN task ON task.id = task_row.task WHERE task.session = session.id), 0);
CREATE TRIGGER task_row_deleted AFTER DELETE ON task_row BEGIN
    UPDATE session SET result_bytes = result_bytes
        - coalesce(octet_length(old.content), 0) - coalesce(octet_length(old.custom_id), 0)
    WHERE id = (SELECT session FROM task WHERE id = old.task);
    DELETE FROM row_score WHERE task = old.task AND number = old.number
        AND name IN (SELECT key FROM json_each(old.scores));
END;
-- Before the task itself: what a cascade deletes finds no task any more that says whose rows they were.
CREATE TRIGGER task_deleting BEFORE DELETE ON task BEGIN
    DELETE FROM task_row WHERE task = old.id;
END;

-- NULL is from here on: to be summed up. Without a scoring there is nothing to sum up.
UPDATE task SET scores = '[]' WHERE scores IS NULL AND is_ready = 1 AND json_array_length(spec, '$.scoring') = 0;
CREATE INDEX task_unsummed ON task (session, id) WHERE scores IS NULL AND status IN ('done', 'cut', 'failed');
