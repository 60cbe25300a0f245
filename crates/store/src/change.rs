//! The order of all visible changes: what the event stream replays.

use domain::Session;
use protocol::{SessionId, TaskId, TestSetId, UserId, task::Task, test_set::TestSet};

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    session::row,
    task, test_set,
};

/// One visible change of a session, a task or a test set; only its latest is kept.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// It is as given since the change that it names.
    Session(Box<Session>),
    /// Its deletion was asked for, or it is gone.
    Deleted(u64, SessionId),
    /// A task is as given since the change that it names.
    Task(Box<Task>),
    /// It was deleted by itself; with its session, the session alone is told.
    TaskDeleted(u64, TaskId),
    /// A test set is as given since the change that it names.
    TestSet(Box<TestSet>),
    TestSetDeleted(u64, TestSetId),
}

impl Change {
    /// Its place in the order of changes.
    pub const fn number(&self) -> u64 {
        match self {
            Self::Session(session) => session.change,
            Self::Deleted(number, _) | Self::TaskDeleted(number, _) | Self::TestSetDeleted(number, _) => *number,
            Self::Task(task) => task.change,
            Self::TestSet(set) => set.change,
        }
    }
}

impl Store {
    /// What of an owner's sessions, tasks and test sets has changed after the change with this number, in order: at most
    /// `limit` (up to 1,000). Of several changes of one of them the latest alone is told.
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
        let sets = test_set::changed_after(&mut reader, owner, change, limit).await?;
        let others =
            sqlx::query("SELECT change, kind, id FROM gone WHERE owner = ?1 AND change > ?2 ORDER BY change LIMIT ?3")
                .bind(owner.as_bytes().as_slice())
                .bind(rows::signed(change))
                .bind(limit)
                .fetch_all(&mut *reader)
                .await?;
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
        for found in &others {
            let columns = Columns::new(found, "what is gone");
            let number = columns.count("change")?;
            changes.push(match columns.get::<String>("kind")?.as_str() {
                "task" => Change::TaskDeleted(number, columns.id("id", TaskId::from_bytes)?),
                _ => Change::TestSetDeleted(number, columns.id("id", TestSetId::from_bytes)?),
            });
        }
        changes.extend(tasks.into_iter().map(|task| Change::Task(Box::new(task))));
        changes.extend(sets.into_iter().map(|set| Change::TestSet(Box::new(set))));
        changes.sort_unstable_by_key(Change::number);
        changes.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
        Ok(changes)
    }
}
