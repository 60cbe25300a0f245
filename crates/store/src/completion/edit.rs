//! Stars, and deleting one completion.

use protocol::CompletionId;

use super::{DeleteCompletionError, Star, StarError};
use crate::{
    Store,
    scrub::note_deletion,
    writer::{Command, Tx},
};

impl Store {
    /// Sets or clears a completion's star.
    ///
    /// # Errors
    /// [`StarError`]; nothing changed.
    pub async fn star_completion(&self, id: CompletionId, star: Star) -> Result<(), StarError> {
        self.writer().execute(SetStar { id, star }).await
    }

    /// Deletes a finished completion. Its bytes are gone from the data directory after the next
    /// [`scrub`](Self::scrub). What it counted on its session stays counted.
    ///
    /// # Errors
    /// [`DeleteCompletionError`]; nothing was deleted.
    pub async fn delete_completion(&self, id: CompletionId) -> Result<(), DeleteCompletionError> {
        self.writer().execute(Delete { id }).await
    }
}

struct SetStar {
    id: CompletionId,
    star: Star,
}

impl From<sqlx::Error> for StarError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Command for SetStar {
    type Output = ();
    type Error = StarError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StarError> {
        let done = sqlx::query("UPDATE completion SET starred = ? WHERE id = ?")
            .bind(self.star == Star::Set)
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut *tx.connection)
            .await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(StarError::NotFound) }
    }
}

struct Delete {
    id: CompletionId,
}

impl From<sqlx::Error> for DeleteCompletionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Command for Delete {
    type Output = ();
    type Error = DeleteCompletionError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), DeleteCompletionError> {
        let id = self.id.as_bytes().as_slice();
        let found: Option<(Vec<u8>, String)> = sqlx::query_as("SELECT session, status FROM completion WHERE id = ?")
            .bind(id)
            .fetch_optional(&mut *tx.connection)
            .await?;
        let (session, status) = found.ok_or(DeleteCompletionError::NotFound)?;
        if status == "running" {
            return Err(DeleteCompletionError::Running);
        }
        note_deletion(tx.connection).await?;
        sqlx::query("DELETE FROM completion_words WHERE session = ? AND completion = ?")
            .bind(session)
            .bind(id)
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query("DELETE FROM completion WHERE id = ?").bind(id).execute(&mut *tx.connection).await?;
        Ok(())
    }
}
