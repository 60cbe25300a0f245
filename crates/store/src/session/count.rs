//! The counters of a session, and how many sessions there are.

use domain::Session;
use jiff::Timestamp;
use protocol::{
    SessionId, UserId,
    session::{SessionUsage, Status},
};

use super::{Counts, row};
use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

impl Store {
    /// Adds to what a session has used, beside what its completions count by themselves. None: it is gone.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was added.
    pub async fn add_usage(&self, session: SessionId, usage: SessionUsage) -> Result<Option<Session>, StorageError> {
        self.writer().execute(Count { session, what: What::Usage(usage) }).await
    }

    /// Notes that a session was active at this time; one that was active later stays so. None: it is gone.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was noted.
    pub async fn touch_session(&self, session: SessionId, at: Timestamp) -> Result<Option<Session>, StorageError> {
        self.writer().execute(Count { session, what: What::Activity(at) }).await
    }

    /// Sets the bytes of a session's temporary storage and of its files; its results count by themselves. None: it is
    /// gone.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was set.
    pub async fn set_storage(
        &self,
        session: SessionId,
        temporary_bytes: u64,
        file_bytes: u64,
    ) -> Result<Option<Session>, StorageError> {
        self.writer().execute(Count { session, what: What::Storage { temporary_bytes, file_bytes } }).await
    }

    /// How many sessions each owner has that are not being deleted, and how many of them have not ended.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn count_sessions_by_owner(&self) -> Result<Vec<(UserId, (u64, u64))>, StorageError> {
        let found = sqlx::query(
            "SELECT owner, count(*) AS sessions, sum(phase <> 'ended') AS live FROM session
             WHERE deleting_at IS NULL GROUP BY owner",
        )
        .fetch_all(self.readers())
        .await?;
        let read = |row| {
            let columns = Columns::new(row, "a count");
            Ok((columns.id("owner", UserId::from_bytes)?, (columns.count("sessions")?, columns.count("live")?)))
        };
        found.iter().map(read).collect()
    }

    /// How many sessions an owner has.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn count_sessions(&self, owner: UserId) -> Result<Counts, StorageError> {
        let found = sqlx::query(
            "SELECT status, count(*) AS sessions FROM session WHERE owner = ? AND deleting_at IS NULL GROUP BY status",
        )
        .bind(owner.as_bytes().as_slice())
        .fetch_all(self.readers())
        .await?;
        let mut counts = Counts::default();
        for row in &found {
            let columns = Columns::new(row, "a count");
            let sessions = columns.count("sessions")?;
            match columns.word::<Status>("status")? {
                Status::Initializing => counts.initializing = sessions,
                Status::Running => counts.running = sessions,
                Status::Failed => counts.failed = sessions,
                Status::Stopped => counts.stopped = sessions,
            }
        }
        let holding: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM session
             WHERE (phase <> 'ended' OR unreleased = 1 OR deleting_at IS NOT NULL) AND owner = ? AND deleting_at IS NULL
                AND phase <> 'queued' AND (phase <> 'ended' OR unreleased = 1)",
        )
        .bind(owner.as_bytes().as_slice())
        .fetch_one(self.readers())
        .await?;
        counts.holding = u64::try_from(holding).unwrap_or(0);
        Ok(counts)
    }
}

enum What {
    Usage(SessionUsage),
    Activity(Timestamp),
    Storage { temporary_bytes: u64, file_bytes: u64 },
}

struct Count {
    session: SessionId,
    what: What,
}

impl Command for Count {
    type Output = Option<Session>;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Option<Session>, StorageError> {
        let change = tx.next_change();
        let id = self.session.as_bytes().as_slice();
        let query = match self.what {
            What::Usage(usage) => sqlx::query(
                "UPDATE session SET change = ?2, interactions = interactions + ?3, prompt_tokens = prompt_tokens + ?4,
                    completion_tokens = completion_tokens + ?5 WHERE id = ?1 RETURNING *",
            )
            .bind(id)
            .bind(change)
            .bind(rows::signed(usage.interactions))
            .bind(rows::signed(usage.prompt_tokens))
            .bind(rows::signed(usage.completion_tokens)),
            What::Activity(at) => sqlx::query(
                "UPDATE session SET change = ?2, last_active_at = max(coalesce(last_active_at, ?3), ?3)
                 WHERE id = ?1 RETURNING *",
            )
            .bind(id)
            .bind(change)
            .bind(rows::micros(at)),
            What::Storage { temporary_bytes, file_bytes } => sqlx::query(
                "UPDATE session SET change = ?2, temporary_bytes = ?3, file_bytes = ?4
                 WHERE id = ?1 RETURNING *",
            )
            .bind(id)
            .bind(change)
            .bind(rows::signed(temporary_bytes))
            .bind(rows::signed(file_bytes)),
        };
        let found = query.fetch_optional(&mut *tx.connection).await?;
        found.as_ref().map(row::read).transpose()
    }
}
