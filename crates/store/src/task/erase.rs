//! Deleting a task with its rows and their answers, in steps that each commit.

use protocol::{TaskId, task::TaskReceipt};

use super::DeleteTaskError;
use crate::{
    Store,
    scrub::note_deletion,
    writer::{Command, Tx},
};

/// Rows, and answers, that one commit removes: bounds how long other writes wait.
const STEP: i64 = 500;

impl Store {
    /// Removes a task that is over, with its rows and their completions. What a crash interrupts, another call goes on
    /// with.
    ///
    /// # Errors
    /// [`DeleteTaskError`]
    pub async fn delete_task(&self, id: TaskId) -> Result<TaskReceipt, DeleteTaskError> {
        let mut receipt = TaskReceipt { rows: 0, completions: 0 };
        loop {
            let step = self.writer().execute(Delete { id }).await?;
            receipt.rows += step.rows;
            receipt.completions += step.completions;
            if step.rows + step.completions == 0 {
                return Ok(receipt);
            }
        }
    }
}

struct Delete {
    id: TaskId,
}

impl Command for Delete {
    type Output = TaskReceipt;
    type Error = DeleteTaskError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<TaskReceipt, DeleteTaskError> {
        let id = self.id.as_bytes().as_slice();
        let live: Option<bool> = sqlx::query_scalar("SELECT status IN ('queued', 'running') FROM task WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *tx.connection)
            .await?;
        if live == Some(true) {
            return Err(DeleteTaskError::NotOver);
        }
        note_deletion(tx.connection).await?;
        let completions = "SELECT id FROM completion WHERE task = ?1 LIMIT ?2";
        sqlx::query(sqlx::AssertSqlSafe(format!(
            "DELETE FROM completion_words WHERE completion IN ({completions})
                AND session = (SELECT session FROM task WHERE id = ?1)"
        )))
        .bind(id)
        .bind(STEP)
        .execute(&mut *tx.connection)
        .await?;
        let completions =
            sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM completion WHERE id IN ({completions})")))
                .bind(id)
                .bind(STEP)
                .execute(&mut *tx.connection)
                .await?
                .rows_affected();
        let rows = remove_rows(tx, id).await?;
        if rows + completions == 0 {
            remove_task(tx, id).await?;
        }
        Ok(TaskReceipt { rows, completions })
    }
}

/// The last step: the task itself; its id and owner stay for the event stream. Its session has fewer bytes now.
async fn remove_task(tx: &mut Tx<'_>, id: &[u8]) -> Result<(), sqlx::Error> {
    let (gone, changed) = (tx.next_change(), tx.next_change());
    for (sql, change) in [
        (
            "INSERT INTO gone (change, kind, id, owner)
             SELECT ?2, 'task', task.id, owner FROM task JOIN session ON session.id = task.session
             WHERE task.id = ?1 AND is_ready = 1",
            gone,
        ),
        ("UPDATE session SET change = ?2 WHERE id = (SELECT session FROM task WHERE id = ?1)", changed),
        ("DELETE FROM task WHERE id = ?1 AND ?2", changed),
    ] {
        sqlx::query(sql).bind(id).bind(change).execute(&mut *tx.connection).await?;
    }
    Ok(())
}

async fn remove_rows(tx: &mut Tx<'_>, task: &[u8]) -> Result<u64, sqlx::Error> {
    let removed = sqlx::query(
        "DELETE FROM task_row WHERE task = ?1 AND number IN (SELECT number FROM task_row WHERE task = ?1 LIMIT ?2)",
    )
    .bind(task)
    .bind(STEP)
    .execute(&mut *tx.connection)
    .await?;
    Ok(removed.rows_affected())
}

/// Removes some rows of the tasks of a session; 0 where there are none left.
pub(crate) async fn remove_session_rows(tx: &mut Tx<'_>, session: &[u8]) -> Result<u64, sqlx::Error> {
    let task: Option<Vec<u8>> = sqlx::query_scalar(
        "SELECT task.id FROM task WHERE session = ? AND EXISTS (SELECT 1 FROM task_row WHERE task_row.task = task.id) LIMIT 1",
    )
    .bind(session)
    .fetch_optional(&mut *tx.connection)
    .await?;
    match task {
        Some(task) => remove_rows(tx, &task).await,
        None => Ok(0),
    }
}
