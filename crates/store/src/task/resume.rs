//! Going on with a cut task: another task has the rows that are left.

use jiff::Timestamp;
use protocol::{SessionId, TaskId, task::Task};

use super::{
    ResumeTaskError,
    create::{require_open, tell_session},
    read,
};
use crate::{
    Store, rows,
    writer::{Command, Tx},
};

impl Store {
    /// Makes a task of this session that goes on with a cut one: it has the rows that were not tried to their end, and
    /// its counts begin where those of the cut one ended.
    ///
    /// # Errors
    /// [`ResumeTaskError`]
    pub async fn resume_task(
        &self,
        cut: TaskId,
        id: TaskId,
        session: SessionId,
        now: Timestamp,
    ) -> Result<Task, ResumeTaskError> {
        self.writer().execute(Resume { cut, id, session, now }).await
    }
}

struct Resume {
    cut: TaskId,
    id: TaskId,
    session: SessionId,
    now: Timestamp,
}

impl Command for Resume {
    type Output = Task;
    type Error = ResumeTaskError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Task, ResumeTaskError> {
        let cut = self.cut.as_bytes().as_slice();
        let select = format!("{} WHERE task.id = ? AND is_ready = 1", read::SELECT);
        let found = sqlx::query(sqlx::AssertSqlSafe(select)).bind(cut).fetch_optional(&mut *tx.connection).await?;
        let before = read::read(&found.ok_or(ResumeTaskError::NotFound)?)?;
        if let Some(by) = before.resumed_by {
            return Err(ResumeTaskError::Resumed { by });
        }
        if before.status != protocol::task::TaskStatus::Cut {
            return Err(ResumeTaskError::NotCut { status: before.status.as_str() });
        }
        require_open(tx.connection, self.session).await?;
        let change = tx.next_change();
        sqlx::query(
            "INSERT INTO task (id, session, name, status, spec, is_ready, row_count, done, failed, invalid,
                prompt_tokens, completion_tokens, resumed_from, created_at, change, test_set, scores)
             SELECT ?2, ?3, name, 'queued', spec, 1, row_count, done, failed, invalid, prompt_tokens, completion_tokens,
                id, ?4, ?5, test_set, iif(json_array_length(spec, '$.scoring') = 0, '[]', NULL) FROM task WHERE id = ?1",
        )
        .bind(cut)
        .bind(self.id.as_bytes().as_slice())
        .bind(self.session.as_bytes().as_slice())
        .bind(rows::micros(self.now))
        .bind(change)
        .execute(&mut *tx.connection)
        .await?;
        sqlx::query(
            "INSERT INTO task_row (task, number, line, custom_id, content, state)
             SELECT ?2, number, line, custom_id, content, 'pending' FROM task_row WHERE task = ?1 AND state = 'pending'",
        )
        .bind(cut)
        .bind(self.id.as_bytes().as_slice())
        .execute(&mut *tx.connection)
        .await?;
        sqlx::query(
            "UPDATE session SET result_bytes = result_bytes + coalesce((
                SELECT sum(coalesce(octet_length(content), 0) + coalesce(octet_length(custom_id), 0))
                FROM task_row WHERE task = ?1), 0)
             WHERE id = ?2",
        )
        .bind(self.id.as_bytes().as_slice())
        .bind(self.session.as_bytes().as_slice())
        .execute(&mut *tx.connection)
        .await?;
        tell_session(tx, self.id).await?;
        // The one before has changed too: it is gone on with.
        let change = tx.next_change();
        sqlx::query("UPDATE task SET change = ? WHERE id = ?")
            .bind(change)
            .bind(cut)
            .execute(&mut *tx.connection)
            .await?;
        let select = format!("{} WHERE task.id = ?", read::SELECT);
        let found = sqlx::query(sqlx::AssertSqlSafe(select))
            .bind(self.id.as_bytes().as_slice())
            .fetch_one(&mut *tx.connection)
            .await?;
        Ok(read::read(&found)?)
    }
}
