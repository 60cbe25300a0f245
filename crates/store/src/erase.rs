//! Removing a session's rows, in steps that each commit. What deleted rows leave in the files is `scrub`'s.

use protocol::SessionId;

use crate::{
    StorageError, Store,
    rows::Columns,
    scrub::note_deletion,
    task,
    writer::{Command, Tx},
};

/// Completions that one commit removes: bounds how long other writes wait.
const STEP: i64 = 200;

/// What was removed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ErasedRows {
    pub completions: u64,
}

/// Why a session's rows were not, or not all, removed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EraseError {
    /// Its deletion was not asked for, or it still holds resources.
    #[error("the session is not ready to be erased: it must be marked for deletion and have released everything")]
    NotReady,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for EraseError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Store {
    /// Removes all rows of a session that is marked for deletion and holds nothing any more, and leaves its id and
    /// owner for the event stream. Steps of 200 completions or 500 rows of tasks; what a crash or an error interrupts, another call goes
    /// on with. A session that is gone already: nothing was removed. [`scrub`](Self::scrub) then wipes the files.
    ///
    /// # Errors
    /// [`EraseError`]; what was removed before stays removed.
    pub async fn erase_session_rows(&self, session: SessionId) -> Result<ErasedRows, EraseError> {
        let mut erased = ErasedRows::default();
        loop {
            match self.writer().execute(Erase { session }).await? {
                Step::Removed(completions) => erased.completions += completions,
                Step::Gone => return Ok(erased),
            }
        }
    }
}

struct Erase {
    session: SessionId,
}

enum Step {
    Removed(u64),
    Gone,
}

impl Command for Erase {
    type Output = Step;
    type Error = EraseError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Step, EraseError> {
        let id = self.session.as_bytes().as_slice();
        let found = sqlx::query(
            "SELECT deleting_at IS NOT NULL AND (phase IN ('queued', 'ended') AND unreleased = 0) AS ready
             FROM session WHERE id = ?",
        )
        .bind(id)
        .fetch_optional(&mut *tx.connection)
        .await?;
        let Some(found) = found else { return Ok(Step::Gone) };
        if !Columns::new(&found, "a session").get::<bool>("ready")? {
            return Err(EraseError::NotReady);
        }
        note_deletion(tx.connection).await?;
        if task::remove_session_rows(tx, id).await? > 0 {
            return Ok(Step::Removed(0));
        }
        let last: Option<Vec<u8>> =
            sqlx::query_scalar("SELECT max(id) FROM (SELECT id FROM completion WHERE session = ? ORDER BY id LIMIT ?)")
                .bind(id)
                .bind(STEP)
                .fetch_one(&mut *tx.connection)
                .await?;
        let Some(last) = last else {
            remove_session(tx, id).await?;
            return Ok(Step::Gone);
        };
        sqlx::query("DELETE FROM completion_words WHERE session = ? AND completion <= ?")
            .bind(id)
            .bind(last.as_slice())
            .execute(&mut *tx.connection)
            .await?;
        let removed = sqlx::query("DELETE FROM completion WHERE session = ? AND id <= ?")
            .bind(id)
            .bind(last.as_slice())
            .execute(&mut *tx.connection)
            .await?;
        Ok(Step::Removed(removed.rows_affected()))
    }
}

/// The last step: the row itself, with its timeline and idempotency key; the tombstone takes its place.
async fn remove_session(tx: &mut Tx<'_>, id: &[u8]) -> Result<(), EraseError> {
    sqlx::query("DELETE FROM completion_words WHERE session = ?").bind(id).execute(&mut *tx.connection).await?;
    let change = tx.next_change();
    sqlx::query("INSERT INTO tombstone (change, session, owner) SELECT ?2, id, owner FROM session WHERE id = ?1")
        .bind(id)
        .bind(change)
        .execute(&mut *tx.connection)
        .await?;
    sqlx::query("DELETE FROM session WHERE id = ?").bind(id).execute(&mut *tx.connection).await?;
    Ok(())
}
