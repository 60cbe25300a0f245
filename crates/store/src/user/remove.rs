//! Removing users: what is theirs goes first, by its own ways.

use protocol::{ModelId, SessionId, TestSetId, UserId};

use super::{identity, read};
use crate::{
    StorageError, Store,
    rows::Columns,
    scrub::note_deletion,
    writer::{Command, Tx},
};

/// What a user has.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Owned {
    /// Being deleted or not.
    pub sessions: Vec<SessionId>,
    /// Private ones.
    pub models: Vec<ModelId>,
    pub test_sets: Vec<TestSetId>,
}

impl Owned {
    pub const fn is_empty(&self) -> bool {
        self.sessions.is_empty() && self.models.is_empty() && self.test_sets.is_empty()
    }
}

/// Why a user was not removed.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RemoveUserError {
    #[error("something is still theirs")]
    HasThings,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for RemoveUserError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_foreign_key_violation() => Self::HasThings,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

impl Store {
    /// Everything of a user that has to go before the user can.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_owned(&self, user: UserId) -> Result<Owned, StorageError> {
        let found = sqlx::query(
            "SELECT 1 AS kind, id FROM session WHERE owner = ?1
             UNION ALL SELECT 2, id FROM model WHERE owner = ?1
             UNION ALL SELECT 3, id FROM test_set WHERE owner = ?1",
        )
        .bind(user.as_bytes().as_slice())
        .fetch_all(self.readers())
        .await?;
        let mut owned = Owned::default();
        for row in &found {
            let columns = Columns::new(row, "a thing of a user");
            match columns.get::<i64>("kind")? {
                1 => owned.sessions.push(columns.id("id", SessionId::from_bytes)?),
                2 => owned.models.push(columns.id("id", ModelId::from_bytes)?),
                _ => owned.test_sets.push(columns.id("id", TestSetId::from_bytes)?),
            }
        }
        Ok(owned)
    }

    /// Removes a user who has nothing any more, with tokens, keys and what tells repeated requests; whom an identity
    /// provider signed in as them is not let in again. Of the owner, and of who is gone already, nothing is.
    ///
    /// # Errors
    /// [`RemoveUserError`]; nothing changed.
    pub async fn remove_user(&self, user: UserId) -> Result<(), RemoveUserError> {
        self.writer().execute(Remove(user)).await
    }
}

struct Remove(UserId);

impl Command for Remove {
    type Output = ();
    type Error = RemoveUserError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), RemoveUserError> {
        let id = self.0.as_bytes().as_slice();
        let is_owner: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user WHERE id = ? AND role = 'owner')")
            .bind(id)
            .fetch_one(&mut *tx.connection)
            .await?;
        if is_owner {
            return Ok(());
        }
        let user = sqlx::query("SELECT * FROM user WHERE id = ?").bind(id).fetch_optional(&mut *tx.connection).await?;
        if let Some(identity) = user.as_ref().map(read).transpose()?.and_then(|user| user.identity) {
            identity::bar(tx.connection, &identity).await?;
        }
        for query in [
            "DELETE FROM made WHERE owner = ?",
            "DELETE FROM tombstone WHERE owner = ?",
            "DELETE FROM gone WHERE owner = ?",
            "DELETE FROM user WHERE id = ?",
        ] {
            sqlx::query(query).bind(id).execute(&mut *tx.connection).await?;
        }
        note_deletion(tx.connection).await?;
        Ok(())
    }
}
