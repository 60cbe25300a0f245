//! Finding and listing tasks.

use protocol::{
    SessionId, TaskId, UserId,
    completion::CompletionUsage,
    dataset::Format,
    session::Page,
    task::{Task, TaskProgress, TaskScore, TaskSource},
};
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use super::TaskSpec;
use crate::{
    ListError, StorageError, Store,
    page::{self, List, Paging},
    rows::Columns,
};

/// A task's columns, and who goes on with it.
pub(crate) const SELECT: &str =
    "SELECT task.*, (SELECT id FROM task AS later WHERE later.resumed_from = task.id) AS resumed_by FROM task ";

impl Store {
    /// A task that is ready.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn find_task(&self, id: TaskId) -> Result<Option<Task>, StorageError> {
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE task.id = ? AND is_ready = 1")))
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// A task of a session of this owner that is not being deleted.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn find_task_of(&self, owner: UserId, id: TaskId) -> Result<Option<Task>, StorageError> {
        let own = "JOIN session ON session.id = task.session
            WHERE task.id = ? AND is_ready = 1 AND owner = ? AND deleting_at IS NULL";
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} {own}")))
            .bind(id.as_bytes().as_slice())
            .bind(owner.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// The tasks of an owner, or of one session of the owner, of any format or of one, newest first.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_tasks(
        &self,
        owner: UserId,
        session: Option<SessionId>,
        format: Option<Format>,
        paging: &Paging,
    ) -> Result<Page<Task>, ListError> {
        let limit = paging.bounded();
        let wanted =
            "JOIN session ON session.id = task.session WHERE owner = ?1 AND deleting_at IS NULL AND is_ready = 1
            AND (?2 IS NULL OR task.session = ?2) AND (?5 IS NULL OR json_extract(spec, '$.format') = ?5) AND task.id < ?3 ORDER BY task.id DESC LIMIT ?4";
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} {wanted}")))
            .bind(owner.as_bytes().as_slice())
            .bind(session.map(|session| session.as_bytes().to_vec()))
            .bind(paging.before(List::Tasks)?)
            .bind(i64::from(limit) + 1)
            .bind(format.map(Format::as_str))
            .fetch_all(self.readers())
            .await?;
        let items = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut(items, limit, List::Tasks, |task| *task.id.as_bytes()))
    }

    /// The task of a session whose turn it is: the oldest that is not over.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn find_next_task(&self, session: SessionId) -> Result<Option<Task>, StorageError> {
        let next =
            "WHERE task.session = ? AND status IN ('queued', 'running') AND is_ready = 1 ORDER BY task.id LIMIT 1";
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} {next}")))
            .bind(session.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }
}

/// The tasks of an owner that have changed after the change with this number, in order. Read in the transaction that
/// the sessions are read in: a change that is committed in between would never be told.
pub(crate) async fn changed_after(
    reader: &mut SqliteConnection,
    owner: UserId,
    change: u64,
    limit: i64,
) -> Result<Vec<Task>, StorageError> {
    let wanted = "JOIN session ON session.id = task.session WHERE task.change > ?1 AND owner = ?2
        AND deleting_at IS NULL AND is_ready = 1 ORDER BY task.change LIMIT ?3";
    let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} {wanted}")))
        .bind(crate::rows::signed(change))
        .bind(owner.as_bytes().as_slice())
        .bind(limit)
        .fetch_all(reader)
        .await?;
    found.iter().map(read).collect()
}

pub(crate) fn read(row: &SqliteRow) -> Result<Task, StorageError> {
    let columns = Columns::new(row, "a task");
    let spec: TaskSpec = columns.json("spec")?;
    let (rows, done, failed, invalid) =
        (columns.count("row_count")?, columns.count("done")?, columns.count("failed")?, columns.count("invalid")?);
    let maybe_task = |column: &str| {
        let bytes: Option<Vec<u8>> = columns.get(column)?;
        bytes
            .map(|bytes| bytes.as_slice().try_into().map(TaskId::from_bytes))
            .transpose()
            .map_err(|_| StorageError::Unreadable { what: "a task" })
    };
    Ok(Task {
        id: columns.id("id", TaskId::from_bytes)?,
        session_id: columns.id("session", SessionId::from_bytes)?,
        name: columns.get("name")?,
        status: columns.word("status")?,
        reason: columns.maybe_json("reason")?,
        input: TaskSource {
            format: spec.format,
            file: spec.file,
            test_set: spec.test_set,
            columns: spec.columns,
            sha256: spec.sha256,
        },
        prompt: spec.prompt,
        system: spec.system,
        parameters: spec.parameters,
        scoring: spec.scoring,
        concurrency: spec.concurrency,
        metadata: spec.metadata,
        progress: TaskProgress {
            rows,
            done,
            failed,
            invalid,
            left: rows.saturating_sub(done + failed + invalid),
            tokens_per_second: None,
            ends_at: None,
        },
        usage: CompletionUsage {
            prompt_tokens: columns.count("prompt_tokens")?,
            completion_tokens: columns.count("completion_tokens")?,
        },
        scores: columns.maybe_json::<Vec<TaskScore>>("scores")?.unwrap_or_default(),
        resumed_from: maybe_task("resumed_from")?,
        resumed_by: maybe_task("resumed_by")?,
        created_at: columns.at("created_at")?,
        started_at: columns.maybe_at("started_at")?,
        finished_at: columns.maybe_at("finished_at")?,
        change: columns.count("change")?,
    })
}
