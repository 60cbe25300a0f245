//! Finding and listing models. An owner sees the catalog and what is their own.

use protocol::{
    ModelId, UserId,
    model::{ModelFile, ModelScope},
};
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

use super::{ModelFilter, ModelRecord, read};
use crate::{StorageError, Store, rows::Columns, search};

impl Store {
    /// A model, whoever may see it.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_model(&self, id: ModelId) -> Result<Option<ModelRecord>, StorageError> {
        let found = sqlx::query("SELECT * FROM model WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        self.with_files(found).await
    }

    /// The model that an owner means by an id, a `name` or `name:version`, among those that they see. Without a
    /// version: the newest of that name. The owner's own go before the catalog's.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn resolve_model(&self, owner: UserId, reference: &str) -> Result<Option<ModelRecord>, StorageError> {
        if let Ok(id) = reference.parse::<ModelId>() {
            let found = self.find_model(id).await?;
            return Ok(found.filter(|model| model.owner.is_none_or(|of| of == owner)));
        }
        if let Some(model) = self.find_model_named(owner, reference, None).await? {
            return Ok(Some(model));
        }
        match reference.rsplit_once(':') {
            Some((name, version)) => self.find_model_named(owner, name, Some(version)).await,
            None => Ok(None),
        }
    }

    async fn find_model_named(
        &self,
        owner: UserId,
        name: &str,
        version: Option<&str>,
    ) -> Result<Option<ModelRecord>, StorageError> {
        let found = sqlx::query(
            "SELECT * FROM model WHERE (owner IS NULL OR owner = ?1) AND name = ?2 AND (?3 IS NULL OR version = ?3)
             ORDER BY owner IS NULL, created_at DESC, id DESC LIMIT 1",
        )
        .bind(owner.as_bytes().as_slice())
        .bind(name)
        .bind(version)
        .fetch_optional(self.readers())
        .await?;
        self.with_files(found).await
    }

    /// The models that an owner sees, newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_models(&self, owner: UserId, filter: &ModelFilter) -> Result<Vec<ModelRecord>, StorageError> {
        let mut query: QueryBuilder<Sqlite> = QueryBuilder::new("SELECT * FROM model WHERE ");
        match filter.scope {
            None => query.push("(owner IS NULL OR owner = ").push_bind(owner.as_bytes().to_vec()).push(")"),
            Some(ModelScope::Catalog) => query.push("owner IS NULL"),
            Some(ModelScope::Private) => query.push("owner = ").push_bind(owner.as_bytes().to_vec()),
        };
        if let Some(q) = filter.q.as_deref().map(str::trim).filter(|q| !q.is_empty()) {
            query.push(" AND instr(search, ").push_bind(search::folded(q)).push(") > 0");
        }
        query.push(" ORDER BY created_at DESC, id DESC");
        let found = query.build().fetch_all(self.readers()).await?;
        let mut models = Vec::with_capacity(found.len());
        for row in &found {
            models.push(read(row, self.files(row).await?)?);
        }
        Ok(models)
    }

    /// Whether a file of any model has this content (lower-case hexadecimal SHA-256).
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn is_blob_used(&self, sha256: &str) -> Result<bool, StorageError> {
        let used = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM model_file WHERE sha256 = ?)")
            .bind(sha256)
            .fetch_one(self.readers())
            .await?;
        Ok(used)
    }

    async fn with_files(&self, found: Option<SqliteRow>) -> Result<Option<ModelRecord>, StorageError> {
        match found {
            Some(row) => Ok(Some(read(&row, self.files(&row).await?)?)),
            None => Ok(None),
        }
    }

    async fn files(&self, model: &SqliteRow) -> Result<Vec<ModelFile>, StorageError> {
        let id = Columns::new(model, "a model").id("id", ModelId::from_bytes)?;
        let found = sqlx::query("SELECT path, bytes, sha256 FROM model_file WHERE model = ? ORDER BY path")
            .bind(id.as_bytes().as_slice())
            .fetch_all(self.readers())
            .await?;
        let read = |row| {
            let columns = Columns::new(row, "a model's file");
            Ok(ModelFile { path: columns.get("path")?, bytes: columns.count("bytes")?, sha256: columns.get("sha256")? })
        };
        found.iter().map(read).collect()
    }
}
