//! Finding and listing files.

use protocol::{FileId, SessionId, UserId, file::File, session::Page};
use sqlx::sqlite::SqliteRow;

use super::{Garbage, PartialUpload};
use crate::{
    ListError, StorageError, Store,
    page::{self, List, Paging},
    rows::Columns,
};

/// Bytes that files have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FileBytes {
    pub session: u64,
    /// Of all the owner's sessions.
    pub user: u64,
}

impl Store {
    /// Bytes of the files of all sessions of a user.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn measure_user_files(&self, user: UserId) -> Result<u64, StorageError> {
        let bytes: i64 = sqlx::query_scalar(
            "SELECT coalesce(sum(bytes), 0) FROM file JOIN session ON session.id = file.session WHERE owner = ?",
        )
        .bind(user.as_bytes().as_slice())
        .fetch_one(self.readers())
        .await?;
        Ok(u64::try_from(bytes).unwrap_or(0))
    }

    /// A session's file by its path.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_file(&self, session: SessionId, path: &str) -> Result<Option<File>, StorageError> {
        let found = sqlx::query("SELECT * FROM file WHERE session = ? AND path = ?")
            .bind(session.as_bytes().as_slice())
            .bind(path)
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// A session's file by its id.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_file_by_id(&self, session: SessionId, id: FileId) -> Result<Option<File>, StorageError> {
        let found = sqlx::query("SELECT * FROM file WHERE id = ? AND session = ?")
            .bind(id.as_bytes().as_slice())
            .bind(session.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// A session's files, the one written last first.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_files(&self, session: SessionId, paging: &Paging) -> Result<Page<File>, ListError> {
        let limit = paging.bounded();
        let found = sqlx::query("SELECT * FROM file WHERE session = ? AND id < ? ORDER BY id DESC LIMIT ?")
            .bind(session.as_bytes().as_slice())
            .bind(paging.before(List::Files)?)
            .bind(i64::from(limit) + 1)
            .fetch_all(self.readers())
            .await?;
        let items = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        Ok(page::cut(items, limit, List::Files, |file| *file.id.as_bytes()))
    }

    /// Bytes of the files of a session, and of all sessions of its owner.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn measure_files(&self, session: SessionId, owner: UserId) -> Result<FileBytes, StorageError> {
        let (session, user): (i64, i64) = sqlx::query_as(
            "SELECT coalesce(sum(iif(file.session = ?1, bytes, 0)), 0), coalesce(sum(bytes), 0)
             FROM file JOIN session ON session.id = file.session WHERE owner = ?2",
        )
        .bind(session.as_bytes().as_slice())
        .bind(owner.as_bytes().as_slice())
        .fetch_one(self.readers())
        .await?;
        let count = |bytes: i64| u64::try_from(bytes).unwrap_or(0);
        Ok(FileBytes { session: count(session), user: count(user) })
    }

    /// The upload in parts to this path, where one is under way.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_partial_file(
        &self,
        session: SessionId,
        path: &str,
    ) -> Result<Option<PartialUpload>, StorageError> {
        let found = sqlx::query("SELECT * FROM partial_file WHERE session = ? AND path = ? AND bytes IS NOT NULL")
            .bind(session.as_bytes().as_slice())
            .bind(path)
            .fetch_optional(self.readers())
            .await?;
        let read = |row: &SqliteRow| {
            let columns = Columns::new(row, "an upload");
            Ok(PartialUpload {
                id: columns.id("id", FileId::from_bytes)?,
                session: columns.id("session", SessionId::from_bytes)?,
                path: columns.get("path")?,
                bytes: Some(columns.count("bytes")?),
            })
        };
        found.as_ref().map(read).transpose()
    }

    /// Contents that are to be removed from the sessions' folders.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_garbage_files(&self) -> Result<Vec<Garbage>, StorageError> {
        let found = sqlx::query("SELECT id, session FROM garbage_file").fetch_all(self.readers()).await?;
        let read = |row: &SqliteRow| {
            let columns = Columns::new(row, "a removed file");
            Ok(Garbage {
                session: columns.id("session", SessionId::from_bytes)?,
                id: columns.id("id", FileId::from_bytes)?,
            })
        };
        found.iter().map(read).collect()
    }
}

pub(super) fn read(row: &SqliteRow) -> Result<File, StorageError> {
    let columns = Columns::new(row, "a file");
    Ok(File {
        id: columns.id("id", FileId::from_bytes)?,
        session_id: columns.id("session", SessionId::from_bytes)?,
        path: columns.get("path")?,
        bytes: columns.count("bytes")?,
        sha256: columns.get("sha256")?,
        purpose: columns.get("purpose")?,
        created_at: columns.at("created_at")?,
    })
}
