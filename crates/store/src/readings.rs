//! Readings: a session's memory over time, kept at a bounded number of points, and the figures of its completions.

use protocol::{
    CompletionId, SessionId,
    readings::{CompletionReading, MemoryReading},
};

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

/// Most memory readings that are kept of a session.
const MOST_MEMORY: i64 = 720;
/// Most completions whose figures are listed.
const MOST_COMPLETIONS: i64 = 2000;

impl Store {
    /// Keeps a reading of a session's memory, unless one is kept already that is near enough: of a longer time
    /// fewer are kept, spread over all of it. Of a session that is gone nothing is kept.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was kept.
    pub async fn add_memory_reading(&self, session: SessionId, reading: MemoryReading) -> Result<(), StorageError> {
        self.writer().execute(Add { session, reading }).await
    }

    /// A session's memory readings, oldest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_memory_readings(&self, session: SessionId) -> Result<Vec<MemoryReading>, StorageError> {
        let found = sqlx::query("SELECT at, bytes FROM memory_reading WHERE session = ? ORDER BY at")
            .bind(session.as_bytes().as_slice())
            .fetch_all(self.readers())
            .await?;
        let read = |row| {
            let columns = Columns::new(row, "a memory reading");
            Ok(MemoryReading { at: columns.at("at")?, bytes: columns.count("bytes")? })
        };
        found.iter().map(read).collect()
    }

    /// The figures of a session's newest 2,000 finished completions, oldest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_completion_readings(&self, session: SessionId) -> Result<Vec<CompletionReading>, StorageError> {
        let found = sqlx::query(
            "SELECT id, created_at, first_token_ms, tokens_per_second, prompt_tokens, completion_tokens
             FROM completion WHERE session = ? AND status = 'done' ORDER BY id DESC LIMIT ?",
        )
        .bind(session.as_bytes().as_slice())
        .bind(MOST_COMPLETIONS)
        .fetch_all(self.readers())
        .await?;
        let read = |row| {
            let columns = Columns::new(row, "a completion");
            Ok(CompletionReading {
                id: columns.id("id", CompletionId::from_bytes)?,
                at: columns.at("created_at")?,
                first_token_ms: columns.get("first_token_ms")?,
                tokens_per_second: columns.get("tokens_per_second")?,
                prompt_tokens: columns.count("prompt_tokens")?,
                completion_tokens: columns.count("completion_tokens")?,
            })
        };
        found.iter().rev().map(read).collect()
    }
}

struct Add {
    session: SessionId,
    reading: MemoryReading,
}

impl Command for Add {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let session = self.session.as_bytes().as_slice();
        let (kept, first, last): (i64, Option<i64>, Option<i64>) =
            sqlx::query_as("SELECT count(*), min(at), max(at) FROM memory_reading WHERE session = ?")
                .bind(session)
                .fetch_one(&mut *tx.connection)
                .await?;
        if !is_wanted(rows::micros(self.reading.at), first.zip(last)) {
            return Ok(());
        }
        if kept >= MOST_MEMORY {
            sqlx::query(
                "DELETE FROM memory_reading WHERE session = ?1 AND at IN (
                    SELECT at FROM (SELECT at, row_number() OVER (ORDER BY at) AS number FROM memory_reading
                        WHERE session = ?1) WHERE number % 2 = 0)",
            )
            .bind(session)
            .execute(&mut *tx.connection)
            .await?;
        }
        sqlx::query("INSERT INTO memory_reading (session, at, bytes) SELECT id, ?2, ?3 FROM session WHERE id = ?1")
            .bind(session)
            .bind(rows::micros(self.reading.at))
            .bind(rows::signed(self.reading.bytes))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

/// Whether a reading at this time adds to those between the first and the last: it is to be as far from the last as
/// they are from each other when all places are taken. A clock that was set back adds nothing until it has caught up.
fn is_wanted(at: i64, kept: Option<(i64, i64)>) -> bool {
    kept.is_none_or(|(first, last)| at > last && at - last >= (last - first) / MOST_MEMORY)
}
