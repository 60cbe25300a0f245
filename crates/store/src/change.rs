//! The order of all visible changes: what the event stream replays.

use domain::Session;
use protocol::{SessionId, UserId, task::Task};

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    session::row,
    task,
};

/// One visible change of a session or a task; only its latest is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is as given since the change that it names.
    Session(Box<Session>),
    /// Its deletion was asked for, or it is gone.
    Deleted(u64, SessionId),
    /// A task is as given since the change that it names.
    Task(Box<Task>),
}

impl Change {
    /// Its place in the order of changes.
    pub const fn number(&self) -> u64 {
        match self {
            Self::Session(session) => session.change,
            Self::Deleted(number, _) => *number,
            Self::Task(task) => task.change,
        }
    }
}

impl Store {
    /// What of an owner's sessions and tasks has changed after the change with this number, in order: at most `limit` (up to
    /// 1,000). Of several changes of one session the latest alone is told.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn changes_after(&self, owner: UserId, change: u64, limit: u32) -> Result<Vec<Change>, StorageError> {
        let limit = i64::from(limit.clamp(1, 1000));
        let mut reader = self.readers().begin().await?;
        let sessions = sqlx::query("SELECT * FROM session WHERE owner = ?1 AND change > ?2 ORDER BY change LIMIT ?3")
            .bind(owner.as_bytes().as_slice())
            .bind(rows::signed(change))
            .bind(limit)
            .fetch_all(&mut *reader)
            .await?;
        let gone = sqlx::query(
            "SELECT change, session FROM tombstone WHERE owner = ?1 AND change > ?2 ORDER BY change LIMIT ?3",
        )
        .bind(owner.as_bytes().as_slice())
        .bind(rows::signed(change))
        .bind(limit)
        .fetch_all(&mut *reader)
        .await?;
        let tasks = task::changed_after(&mut reader, owner, change, limit).await?;
        drop(reader);
        let mut changes = Vec::with_capacity(sessions.len() + gone.len());
        for found in &sessions {
            let session = row::read(found)?;
            changes.push(match session.deleting_at {
                Some(_) => Change::Deleted(session.change, session.id),
                None => Change::Session(Box::new(session)),
            });
        }
        for found in &gone {
            let columns = Columns::new(found, "a tombstone");
            changes.push(Change::Deleted(columns.count("change")?, columns.id("session", SessionId::from_bytes)?));
        }
        changes.extend(tasks.into_iter().map(|task| Change::Task(Box::new(task))));
        changes.sort_unstable_by_key(Change::number);
        changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(changes)
    }
}
