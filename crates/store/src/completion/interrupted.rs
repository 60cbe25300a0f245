//! What was being written when the last server died.

use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId,
    completion::{Choice, CompletionError, FinishReason},
};
use sqlx::SqliteConnection;

use super::write;
use crate::{
    StorageError, Store,
    rows::{self, Columns},
    search,
    writer::{Command, Tx},
};

/// Completions that one commit ends.
const STEP: i64 = 200;

impl Store {
    /// Ends every completion that is still running, as `error` with the code `server_restarted`, the text of its last
    /// checkpoint kept, and gives their number. To be called at the start, before anything new begins.
    ///
    /// # Errors
    /// [`StorageError`]; safe to repeat.
    pub async fn finish_interrupted(&self, now: Timestamp) -> Result<u64, StorageError> {
        let mut ended = 0;
        loop {
            let step = self.writer().execute(Interrupted { now }).await?;
            if step == 0 {
                return Ok(ended);
            }
            ended += step;
        }
    }
}

struct Interrupted {
    now: Timestamp,
}

impl Command for Interrupted {
    type Output = u64;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<u64, StorageError> {
        let found = sqlx::query("SELECT id, session, choices FROM completion WHERE status = 'running' LIMIT ?")
            .bind(STEP)
            .fetch_all(&mut *tx.connection)
            .await?;
        let error = rows::json(&CompletionError {
            code: "server_restarted".to_owned(),
            message: "The server was restarted while this was being written.".to_owned(),
        });
        let mut ended = 0;
        for row in &found {
            let columns = Columns::new(row, "a completion");
            let id = columns.id("id", CompletionId::from_bytes)?;
            let session = columns.id("session", SessionId::from_bytes)?;
            let mut choices: Vec<Choice> = columns.maybe_json("choices")?.unwrap_or_default();
            for choice in &mut choices {
                choice.finish_reason = Some(FinishReason::Error);
            }
            end(tx.connection, id, &choices, &error, self.now).await?;
            let words = search::words(choices.iter().map(|choice| choice.text.as_str()));
            write::insert_words(&mut *tx.connection, &[(session, id, &words)]).await?;
            let change = tx.next_change();
            sqlx::query(
                "UPDATE session SET last_active_at = max(coalesce(last_active_at, ?2), ?2), change = ?3 WHERE id = ?1",
            )
            .bind(session.as_bytes().as_slice())
            .bind(rows::micros(self.now))
            .bind(change)
            .execute(&mut *tx.connection)
            .await?;
            ended += 1;
        }
        Ok(ended)
    }
}

async fn end(
    connection: &mut SqliteConnection,
    id: CompletionId,
    choices: &[Choice],
    error: &str,
    now: Timestamp,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "UPDATE completion SET status = 'done', finish_reason = ?2, error = ?3, choices = ?4, finished_at = ?5
         WHERE id = ?1",
    )
    .bind(id.as_bytes().as_slice())
    .bind(FinishReason::Error.as_str())
    .bind(error)
    .bind(rows::json(choices))
    .bind(rows::micros(now))
    .execute(connection)
    .await?;
    Ok(())
}
