//! What an `Idempotency-Key` made, so that a repeated request finds it again. Sessions and completions remember their
//! keys in the transaction that creates them.

use protocol::{CompletionId, ModelId, TaskId, UserId};
use sqlx::SqliteConnection;

use crate::{
    Idempotency, StorageError, Store,
    rows::Columns,
    writer::{Command, Tx},
};

/// Something that was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    Completion(CompletionId),
    Model(ModelId),
    Task(TaskId),
}

/// Why what was made is not told.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RecallError {
    #[error("the key was used for another request")]
    Conflict,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Store {
    /// What the owner's request with this key made, while it is there.
    ///
    /// # Errors
    /// [`RecallError`].
    pub async fn recall_made(&self, owner: UserId, key: &Idempotency) -> Result<Option<Made>, RecallError> {
        let found =
            sqlx::query("SELECT body_sha256, completion, model, task FROM made WHERE owner = ? AND key_sha256 = ?")
                .bind(owner.as_bytes().as_slice())
                .bind(key.key_sha256.as_slice())
                .fetch_optional(self.readers())
                .await
                .map_err(StorageError::from)?;
        let Some(found) = found else { return Ok(None) };
        let columns = Columns::new(&found, "an idempotency key");
        if columns.get::<Vec<u8>>("body_sha256")? != key.body_sha256 {
            return Err(RecallError::Conflict);
        }
        Ok(Some(match columns.get::<Option<Vec<u8>>>("completion")? {
            Some(_) => Made::Completion(columns.id("completion", CompletionId::from_bytes)?),
            None if columns.get::<Option<Vec<u8>>>("task")?.is_some() => {
                Made::Task(columns.id("task", TaskId::from_bytes)?)
            }
            None => Made::Model(columns.id("model", ModelId::from_bytes)?),
        }))
    }

    /// Notes what a request with this key made. What is deleted by now is not noted.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn remember_made(&self, owner: UserId, key: Idempotency, made: Made) -> Result<(), StorageError> {
        self.writer().execute(Remember { owner, key, made }).await
    }
}

struct Remember {
    owner: UserId,
    key: Idempotency,
    made: Made,
}

impl Command for Remember {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        Ok(note(tx.connection, self.owner, &self.key, self.made).await?)
    }
}

/// Notes it in the transaction that is open.
pub(crate) async fn note(
    connection: &mut SqliteConnection,
    owner: UserId,
    key: &Idempotency,
    made: Made,
) -> Result<(), sqlx::Error> {
    let (insert, id) = match made {
        Made::Completion(id) => (
            "INSERT OR IGNORE INTO made (owner, key_sha256, body_sha256, completion)
             SELECT ?, ?, ?, id FROM completion WHERE id = ?",
            id.as_bytes().to_vec(),
        ),
        Made::Task(id) => (
            "INSERT OR IGNORE INTO made (owner, key_sha256, body_sha256, task)
             SELECT ?, ?, ?, id FROM task WHERE id = ?",
            id.as_bytes().to_vec(),
        ),
        Made::Model(id) => (
            "INSERT OR IGNORE INTO made (owner, key_sha256, body_sha256, model)
             SELECT ?, ?, ?, id FROM model WHERE id = ?",
            id.as_bytes().to_vec(),
        ),
    };
    sqlx::query(insert)
        .bind(owner.as_bytes().as_slice())
        .bind(key.key_sha256.as_slice())
        .bind(key.body_sha256.as_slice())
        .bind(id)
        .execute(connection)
        .await?;
    Ok(())
}
