//! Adding, changing and removing models.

use protocol::{ModelId, SessionId};
use sqlx::SqliteConnection;

use super::{DeleteModelError, ModelRecord, StoredShape, WriteModelError};
use crate::{
    StorageError, Store, rows, search,
    writer::{Command, Tx},
};

impl Store {
    /// Adds a model with its files.
    ///
    /// # Errors
    /// [`WriteModelError::NameTaken`] where its list holds this name and version; nothing was added.
    pub async fn insert_model(&self, model: ModelRecord) -> Result<(), WriteModelError> {
        self.writer().execute(Insert(Box::new(model))).await
    }

    /// Replaces what is stored of the model of this id, its files included.
    ///
    /// # Errors
    /// [`WriteModelError`]; nothing changed.
    pub async fn update_model(&self, model: ModelRecord) -> Result<(), WriteModelError> {
        self.writer().execute(Update(Box::new(model))).await
    }

    /// Removes a model that no live session uses. Its content may be removed where
    /// [`is_blob_used`](Self::is_blob_used) says that nothing else has it.
    ///
    /// # Errors
    /// [`DeleteModelError::InUse`] with the sessions that have not ended; nothing was removed.
    pub async fn delete_model(&self, id: ModelId) -> Result<(), DeleteModelError> {
        self.writer().execute(Delete(id)).await
    }
}

impl From<sqlx::Error> for WriteModelError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() && cause.message().contains("model.name") => Self::NameTaken,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

struct Insert(Box<ModelRecord>);

impl Command for Insert {
    type Output = ();
    type Error = WriteModelError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), WriteModelError> {
        sqlx::query(
            "INSERT INTO model (id, owner, name, version, search, family, kind, parameters, size_bytes, format,
                quantization, context_length, has_chat_template, learning_stage, tags, limits, inspection, created_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)",
        )
        .bind_all(&self.0)
        .execute(&mut *tx.connection)
        .await?;
        insert_files(tx.connection, &self.0).await
    }
}

struct Update(Box<ModelRecord>);

impl Command for Update {
    type Output = ();
    type Error = WriteModelError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), WriteModelError> {
        let done = sqlx::query(
            "UPDATE model SET owner = ?2, name = ?3, version = ?4, search = ?5, family = ?6, kind = ?7,
                parameters = ?8, size_bytes = ?9, format = ?10, quantization = ?11, context_length = ?12,
                has_chat_template = ?13, learning_stage = ?14, tags = ?15, limits = ?16, inspection = ?17,
                created_at = ?18
             WHERE id = ?1",
        )
        .bind_all(&self.0)
        .execute(&mut *tx.connection)
        .await?;
        if done.rows_affected() != 1 {
            return Err(WriteModelError::NotFound);
        }
        sqlx::query("DELETE FROM model_file WHERE model = ?")
            .bind(self.0.id.as_bytes().as_slice())
            .execute(&mut *tx.connection)
            .await?;
        insert_files(tx.connection, &self.0).await
    }
}

/// Binds a model's columns in the order of the table.
trait BindAll {
    fn bind_all(self, model: &ModelRecord) -> Self;
}

impl BindAll for sqlx::query::Query<'_, sqlx::Sqlite, sqlx::sqlite::SqliteArguments> {
    fn bind_all(self, model: &ModelRecord) -> Self {
        self.bind(model.id.as_bytes().to_vec())
            .bind(model.owner.map(|owner| owner.as_bytes().to_vec()))
            .bind(model.name.clone())
            .bind(model.version.clone())
            .bind(search::folded(&format!(
                "{}:{}\n{}\n{}",
                model.name,
                model.version,
                model.family,
                model.tags.join("\n")
            )))
            .bind(model.family.clone())
            .bind(rows::word(&model.kind))
            .bind(rows::signed(model.parameters))
            .bind(rows::signed(model.size_bytes))
            .bind(model.format.clone())
            .bind(model.quantization.clone())
            .bind(model.context_length)
            .bind(model.has_chat_template)
            .bind(rows::json(&model.learning_stage))
            .bind(rows::json(&model.tags))
            .bind(rows::json(&model.limits))
            .bind(model.shape.as_ref().map(|shape| rows::json(&StoredShape::from(shape))))
            .bind(rows::micros(model.created_at))
    }
}

async fn insert_files(connection: &mut SqliteConnection, model: &ModelRecord) -> Result<(), WriteModelError> {
    for file in &model.files {
        sqlx::query("INSERT INTO model_file (model, path, bytes, sha256) VALUES (?, ?, ?, ?)")
            .bind(model.id.as_bytes().as_slice())
            .bind(file.path.as_str())
            .bind(rows::signed(file.bytes))
            .bind(file.sha256.as_str())
            .execute(&mut *connection)
            .await?;
    }
    Ok(())
}

struct Delete(ModelId);

impl From<sqlx::Error> for DeleteModelError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Command for Delete {
    type Output = ();
    type Error = DeleteModelError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), DeleteModelError> {
        let id = self.0.as_bytes().as_slice();
        let live: Vec<Vec<u8>> = sqlx::query_scalar(
            "SELECT id FROM session WHERE model_id = ? AND (phase <> 'ended' OR unreleased = 1) ORDER BY id",
        )
        .bind(id)
        .fetch_all(&mut *tx.connection)
        .await?;
        if !live.is_empty() {
            let session = |id: Vec<u8>| {
                let bytes = id.try_into().map_err(|_| StorageError::Unreadable { what: "a session" })?;
                Ok(SessionId::from_bytes(bytes))
            };
            let sessions = live.into_iter().map(session).collect::<Result<_, StorageError>>()?;
            return Err(DeleteModelError::InUse { sessions });
        }
        let done = sqlx::query("DELETE FROM model WHERE id = ?").bind(id).execute(&mut *tx.connection).await?;
        if done.rows_affected() == 1 { Ok(()) } else { Err(DeleteModelError::NotFound) }
    }
}
