//! A task's way: started, its rows failed or scored, ended, summed up.

use jiff::Timestamp;
use protocol::{
    SessionId, TaskId,
    task::{RowError, Task, TaskReason, TaskScore, TaskStatus},
};

use super::{Scores, read};
use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

impl Store {
    /// A queued task begins. None: it is not queued any more.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn start_task(&self, id: TaskId, now: Timestamp) -> Result<Option<Task>, StorageError> {
        let move_to = TaskEnd { status: TaskStatus::Running, reason: None, scores: None };
        self.writer().execute(MoveTask { id, move_to, now }).await
    }

    /// A task that is not over ends. None: it was over.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn end_task(&self, id: TaskId, end: TaskEnd, now: Timestamp) -> Result<Option<Task>, StorageError> {
        self.writer().execute(MoveTask { id, move_to: end, now }).await
    }

    /// The tasks of a session that are over and have not been summed up.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_unsummed_tasks(&self, session: SessionId) -> Result<Vec<Task>, StorageError> {
        let unsummed = "WHERE task.session = ? AND scores IS NULL AND status IN ('done', 'cut', 'failed')
            AND is_ready = 1 ORDER BY task.id";
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{} {unsummed}", read::SELECT)))
            .bind(session.as_bytes().as_slice())
            .fetch_all(self.readers())
            .await?;
        found.iter().map(read::read).collect()
    }

    /// Tells that a task has come further.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn touch_task(&self, id: TaskId) -> Result<(), StorageError> {
        self.writer().execute(Touch { id }).await
    }

    /// A row that could not be answered, and has no completion that says so.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn fail_task_row(&self, task: TaskId, number: u64, error: RowError) -> Result<(), StorageError> {
        self.writer().execute(FailRow { task, number, error }).await
    }

    /// Keeps the scores of a row.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn score_task_row(&self, task: TaskId, number: u64, scores: Scores) -> Result<(), StorageError> {
        self.writer().execute(ScoreRow { task, number, scores }).await
    }

    /// Keeps the scores in sum of a task that is over and has none yet. Without any, it counts as summed up all the same.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn score_task(&self, task: TaskId, scores: Vec<TaskScore>) -> Result<(), StorageError> {
        self.writer().execute(ScoreTask { task, scores }).await
    }

    /// The sessions that have tasks that are not over, or not summed up.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_sessions_with_tasks(&self) -> Result<Vec<SessionId>, StorageError> {
        let found = sqlx::query(
            "SELECT session FROM task WHERE status IN ('queued', 'running') AND is_ready = 1
             UNION SELECT session FROM task WHERE scores IS NULL AND status IN ('done', 'cut', 'failed')",
        )
        .fetch_all(self.readers())
        .await?;
        found.iter().map(|row| Columns::new(row, "a task").id("session", SessionId::from_bytes)).collect()
    }
}

/// How a task ends.
#[derive(Debug, Clone, PartialEq)]
pub struct TaskEnd {
    pub status: TaskStatus,
    /// Of a task that was cut or failed.
    pub reason: Option<TaskReason>,
    /// In sum; none: to be summed up afterwards.
    pub scores: Option<Vec<TaskScore>>,
}

struct MoveTask {
    id: TaskId,
    move_to: TaskEnd,
    now: Timestamp,
}

impl Command for MoveTask {
    type Output = Option<Task>;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Option<Task>, StorageError> {
        let TaskEnd { status, reason, scores } = self.move_to;
        let change = tx.next_change();
        let found = sqlx::query(
            "UPDATE task SET status = ?2, reason = ?3, change = ?5,
                started_at = coalesce(started_at, iif(?2 = 'running', ?4, NULL)),
                finished_at = iif(?2 = 'running', NULL, ?4), scores = coalesce(?6, scores)
             WHERE id = ?1 AND (status = 'queued' OR (status = 'running' AND ?2 <> 'running'))
             RETURNING *, NULL AS resumed_by",
        )
        .bind(self.id.as_bytes().as_slice())
        .bind(status.as_str())
        .bind(reason.as_ref().map(rows::json))
        .bind(rows::micros(self.now))
        .bind(change)
        .bind(scores.as_ref().map(rows::json))
        .fetch_optional(&mut *tx.connection)
        .await?;
        found.as_ref().map(read::read).transpose()
    }
}

struct Touch {
    id: TaskId,
}

impl Command for Touch {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let change = tx.next_change();
        sqlx::query("UPDATE task SET change = ? WHERE id = ?")
            .bind(change)
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct FailRow {
    task: TaskId,
    number: u64,
    error: RowError,
}

impl Command for FailRow {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query(
            "UPDATE task_row SET state = 'failed', error = ?3 WHERE task = ?1 AND number = ?2 AND state = 'pending'",
        )
        .bind(self.task.as_bytes().as_slice())
        .bind(rows::signed(self.number))
        .bind(rows::json(&self.error))
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

struct ScoreRow {
    task: TaskId,
    number: u64,
    scores: Scores,
}

impl Command for ScoreRow {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query("UPDATE task_row SET scores = ?3 WHERE task = ?1 AND number = ?2")
            .bind(self.task.as_bytes().as_slice())
            .bind(rows::signed(self.number))
            .bind(rows::json(&self.scores))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct ScoreTask {
    task: TaskId,
    scores: Vec<TaskScore>,
}

impl Command for ScoreTask {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let change = tx.next_change();
        sqlx::query(
            "UPDATE task SET scores = ?2, change = ?3
             WHERE id = ?1 AND scores IS NULL AND status NOT IN ('queued', 'running')",
        )
        .bind(self.task.as_bytes().as_slice())
        .bind(rows::json(&self.scores))
        .bind(change)
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}
