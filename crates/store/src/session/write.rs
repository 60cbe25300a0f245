//! Writing the lifecycle, by compare-and-set on the revision, and its log.

use domain::Session;
use jiff::Timestamp;
use protocol::{
    SessionId,
    session::{Phase, TimelineEntry},
};
use sqlx::SqliteConnection;

use super::{
    Transition, WriteSessionError,
    row::{self, StateColumns},
};
use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

impl Store {
    /// Writes what was decided on a session's revision `before`: name, description, stop policy, limits, settings,
    /// state, generation, deletion mark; with the transition, where there was one, in the same commit. The counters
    /// stay as they are. Gives the session as it stands then, its revision one higher.
    ///
    /// # Errors
    /// [`WriteSessionError`]; nothing was written.
    pub async fn write_session(
        &self,
        before: u64,
        after: Session,
        transition: Option<Transition>,
    ) -> Result<Session, WriteSessionError> {
        self.writer().execute(Write { before, after: Box::new(after), transition }).await
    }

    /// A session's transitions, oldest first; empty where there is no such session.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_timeline(&self, session: SessionId) -> Result<Vec<TimelineEntry>, StorageError> {
        let found = sqlx::query("SELECT * FROM transition WHERE session = ? ORDER BY number")
            .bind(session.as_bytes().as_slice())
            .fetch_all(self.readers())
            .await?;
        let read = |row| {
            let columns = Columns::new(row, "a transition");
            let to: Phase = columns.word("to_phase")?;
            Ok(TimelineEntry {
                at: columns.at("at")?,
                from: columns.maybe_word("from_phase")?,
                to,
                status: columns.word("status")?,
                phase: to,
                reason: columns.maybe_json("reason")?,
                actor: columns.get("actor")?,
            })
        };
        found.iter().map(read).collect()
    }
}

struct Write {
    before: u64,
    after: Box<Session>,
    transition: Option<Transition>,
}

impl Command for Write {
    type Output = Session;
    type Error = WriteSessionError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Session, WriteSessionError> {
        let change = tx.next_change();
        let Some(written) = update(tx.connection, self.before, &self.after, change).await? else {
            return Err(missed(tx.connection, self.after.id).await?);
        };
        if let Some(Transition { actor, from, at }) = &self.transition {
            log(tx.connection, &written, Some(*from), actor, *at).await?;
        }
        Ok(written)
    }
}

/// What became of a session that was not at the revision expected.
async fn missed(connection: &mut SqliteConnection, id: SessionId) -> Result<WriteSessionError, StorageError> {
    let found: Option<i64> = sqlx::query_scalar("SELECT revision FROM session WHERE id = ?")
        .bind(id.as_bytes().as_slice())
        .fetch_optional(connection)
        .await?;
    Ok(match found.map(u64::try_from) {
        Some(Ok(found)) => WriteSessionError::Conflict { found },
        Some(Err(_)) | None => WriteSessionError::Gone,
    })
}

async fn update(
    connection: &mut SqliteConnection,
    before: u64,
    after: &Session,
    change: i64,
) -> Result<Option<Session>, WriteSessionError> {
    let state = StateColumns::of(&after.state);
    let written = sqlx::query(
        "UPDATE session SET revision = revision + 1, name = ?3, description = ?4, search = ?5, context_length = ?6,
            parallel = ?7, stop = ?8, limits = ?9, memory_needed = ?10, phase = ?11, status = ?12, reason_code = ?13,
            reason = ?14, since_at = ?15, deadline_at = ?16, running_at = ?17, grace_until_at = ?18, unreleased = ?19,
            generation = ?20, deleting_at = ?21, change = ?22
         WHERE id = ?1 AND revision = ?2 RETURNING *",
    )
    .bind(after.id.as_bytes().as_slice())
    .bind(rows::signed(before))
    .bind(after.name.as_str())
    .bind(after.description.as_deref())
    .bind(row::search_text(after))
    .bind(after.engine.context_length)
    .bind(after.engine.parallel)
    .bind(rows::json(&after.stop))
    .bind(rows::json(&after.limits))
    .bind(rows::signed(after.memory_needed))
    .bind(state.phase)
    .bind(state.status)
    .bind(state.reason_code)
    .bind(state.reason)
    .bind(state.since_at)
    .bind(state.deadline_at)
    .bind(state.running_at)
    .bind(state.grace_until_at)
    .bind(state.unreleased)
    .bind(after.generation)
    .bind(after.deleting_at.map(rows::micros))
    .bind(change)
    .fetch_optional(connection)
    .await
    .map_err(|error| match error.as_database_error() {
        Some(cause) if cause.is_unique_violation() => WriteSessionError::NameTaken,
        Some(_) | None => WriteSessionError::Storage(error.into()),
    })?;
    Ok(written.as_ref().map(row::read).transpose()?)
}

/// Appends to a session's timeline.
pub(super) async fn log(
    connection: &mut SqliteConnection,
    session: &Session,
    from: Option<Phase>,
    actor: &str,
    at: Timestamp,
) -> Result<(), StorageError> {
    sqlx::query(
        "INSERT INTO transition (session, number, at, from_phase, to_phase, status, reason, actor)
         VALUES (?1, (SELECT coalesce(max(number), 0) + 1 FROM transition WHERE session = ?1), ?2, ?3, ?4, ?5, ?6, ?7)",
    )
    .bind(session.id.as_bytes().as_slice())
    .bind(rows::micros(at))
    .bind(from.map(Phase::as_str))
    .bind(session.state.phase().as_str())
    .bind(session.state.status().as_str())
    .bind(session.state.reason().map(rows::json))
    .bind(actor)
    .execute(connection)
    .await?;
    Ok(())
}
