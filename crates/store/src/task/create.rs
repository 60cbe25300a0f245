//! Creating a task: first itself, shown to nobody, then its rows a batch at a time, then it is ready.

use jiff::Timestamp;
use protocol::{SessionId, TaskId, task::Task};
use sqlx::SqliteConnection;

use super::{CreateTaskError, NewRow, TaskSpec, read};
use crate::{
    StorageError, Store,
    bulk::{repeated, runs},
    rows,
    scrub::note_deletion,
    writer::{Command, Tx},
};

impl Store {
    /// Begins a task of a session that has not ended. It is shown and run once it is ready.
    ///
    /// # Errors
    /// [`CreateTaskError`]
    pub async fn begin_task(
        &self,
        id: TaskId,
        session: SessionId,
        name: &str,
        now: Timestamp,
    ) -> Result<(), CreateTaskError> {
        self.writer().execute(Begin { id, session, name: name.to_owned(), now }).await
    }

    /// Adds rows to a task that is not ready yet.
    ///
    /// # Errors
    /// [`CreateTaskError`]; the task, with its session, may be gone meanwhile.
    pub async fn add_task_rows(&self, task: TaskId, rows: Vec<NewRow>) -> Result<(), CreateTaskError> {
        self.writer().execute(AddRows { task, rows }).await
    }

    /// Makes a task ready: its rows are all there, and this is to be done with them.
    ///
    /// # Errors
    /// [`CreateTaskError`]: its session may have ended meanwhile.
    pub async fn ready_task(&self, task: TaskId, spec: TaskSpec) -> Result<Task, CreateTaskError> {
        self.writer().execute(Ready { task, spec }).await
    }

    /// Removes the tasks that were never made ready.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn remove_unready_tasks(&self, which: Unready) -> Result<(), StorageError> {
        self.writer().execute(RemoveUnready { which }).await
    }

    /// How many tasks a session has had; for the names that are offered.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn count_tasks(&self, session: SessionId) -> Result<u64, StorageError> {
        let count: i64 = sqlx::query_scalar("SELECT count(*) FROM task WHERE session = ? AND is_ready = 1")
            .bind(session.as_bytes().as_slice())
            .fetch_one(self.readers())
            .await?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}

/// Which of the tasks that are not ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unready {
    /// All: at a start nobody is reading their rows any more.
    All,
    One(TaskId),
}

struct Begin {
    id: TaskId,
    session: SessionId,
    name: String,
    now: Timestamp,
}

impl Command for Begin {
    type Output = ();
    type Error = CreateTaskError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), CreateTaskError> {
        require_open(tx.connection, self.session).await?;
        sqlx::query(
            "INSERT INTO task (id, session, name, status, spec, is_ready, row_count, done, failed, invalid, created_at, change)
             VALUES (?, ?, ?, 'queued', '', 0, 0, 0, 0, 0, ?, 0)",
        )
        .bind(self.id.as_bytes().as_slice())
        .bind(self.session.as_bytes().as_slice())
        .bind(self.name)
        .bind(rows::micros(self.now))
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

/// A session takes tasks until it has ended.
pub(super) async fn require_open(connection: &mut SqliteConnection, session: SessionId) -> Result<(), CreateTaskError> {
    let ended: Option<bool> =
        sqlx::query_scalar("SELECT phase IN ('draining', 'ended') FROM session WHERE id = ? AND deleting_at IS NULL")
            .bind(session.as_bytes().as_slice())
            .fetch_optional(connection)
            .await?;
    match ended {
        None => Err(CreateTaskError::SessionGone),
        Some(true) => Err(CreateTaskError::SessionEnded),
        Some(false) => Ok(()),
    }
}

struct AddRows {
    task: TaskId,
    rows: Vec<NewRow>,
}

impl Command for AddRows {
    type Output = ();
    type Error = CreateTaskError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), CreateTaskError> {
        let head = "INSERT INTO task_row (task, number, line, custom_id, content, state, error) VALUES ";
        let (mut invalid, mut bytes) = (0i64, 0);
        for run in runs(&self.rows) {
            let mut query = sqlx::query(repeated(head, "(?,?,?,?,?,?,?)", run.len(), ""));
            for row in run {
                let (content, error) = match &row.content {
                    Ok(content) => (Some(content.as_str()), None),
                    Err(error) => (None, Some(rows::json(error))),
                };
                invalid += i64::from(error.is_some());
                bytes += content.map_or(0, str::len) + row.custom_id.as_deref().map_or(0, str::len);
                query = query
                    .bind(self.task.as_bytes().as_slice())
                    .bind(rows::signed(row.number))
                    .bind(rows::signed(row.line))
                    .bind(row.custom_id.as_deref())
                    .bind(content)
                    .bind(if error.is_some() { "invalid" } else { "pending" })
                    .bind(error);
            }
            query.execute(&mut *tx.connection).await?;
        }
        sqlx::query("UPDATE task SET row_count = row_count + ?2, invalid = invalid + ?3 WHERE id = ?1")
            .bind(self.task.as_bytes().as_slice())
            .bind(i64::try_from(self.rows.len()).unwrap_or(i64::MAX))
            .bind(invalid)
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query(
            "UPDATE session SET result_bytes = result_bytes + ?2 WHERE id = (SELECT session FROM task WHERE id = ?1)",
        )
        .bind(self.task.as_bytes().as_slice())
        .bind(i64::try_from(bytes).unwrap_or(i64::MAX))
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

struct Ready {
    task: TaskId,
    spec: TaskSpec,
}

impl Command for Ready {
    type Output = Task;
    type Error = CreateTaskError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Task, CreateTaskError> {
        let change = tx.next_change();
        let found = sqlx::query(
            "UPDATE task SET is_ready = 1, spec = ?2, change = ?3, test_set = ?4, scores = ?5
             WHERE id = ?1 AND status = 'queued' AND (SELECT deleting_at IS NULL FROM session WHERE id = task.session)
             RETURNING *, NULL AS resumed_by",
        )
        .bind(self.task.as_bytes().as_slice())
        .bind(rows::json(&self.spec))
        .bind(change)
        .bind(self.spec.test_set.as_ref().map(|set| set.as_bytes().as_slice()))
        .bind(self.spec.scoring.is_empty().then_some("[]"))
        .fetch_optional(&mut *tx.connection)
        .await?;
        let task = read::read(&found.ok_or(CreateTaskError::SessionEnded)?)?;
        tell_session(tx, self.task).await?;
        Ok(task)
    }
}

/// The session of a task has more bytes now.
pub(super) async fn tell_session(tx: &mut Tx<'_>, task: TaskId) -> Result<(), sqlx::Error> {
    let change = tx.next_change();
    sqlx::query("UPDATE session SET change = ?2 WHERE id = (SELECT session FROM task WHERE id = ?1)")
        .bind(task.as_bytes().as_slice())
        .bind(change)
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

struct RemoveUnready {
    which: Unready,
}

impl Command for RemoveUnready {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        note_deletion(tx.connection).await?;
        let one = match self.which {
            Unready::All => None,
            Unready::One(id) => Some(id.as_bytes().to_vec()),
        };
        sqlx::query("DELETE FROM task WHERE is_ready = 0 AND (?1 IS NULL OR id = ?1)")
            .bind(one)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
