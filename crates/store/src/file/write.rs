//! Files coming, replaced and going: what is on its way in, what is kept, what becomes garbage.

use jiff::{SignedDuration, Timestamp};
use protocol::{FileId, SessionId, file::File};
use sqlx::SqliteConnection;

use super::{FileQuotas, Garbage, PartialUpload, PutFileError, Whose, read};
use crate::{
    StorageError, Store, rows,
    scrub::note_deletion,
    writer::{Command, Tx},
};

/// How long an upload in parts that nobody goes on with is kept.
const PARTIAL_KEPT: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Store {
    /// Takes note of an upload that begins; its contents may be written from then on. One in parts takes the place of
    /// an earlier one to the same path, whose contents become garbage.
    ///
    /// # Errors
    /// [`PutFileError`]: the session is gone or has ended, or the storage.
    pub async fn begin_file(&self, upload: PartialUpload, now: Timestamp) -> Result<(), PutFileError> {
        self.writer().execute(BeginFile { upload, now }).await
    }

    /// Keeps a file whose contents are on disk, in the place of one of the same path; that one's contents become
    /// garbage.
    ///
    /// # Errors
    /// [`PutFileError`]; the upload is then as it was.
    pub async fn put_file(&self, file: File, quotas: FileQuotas) -> Result<(), PutFileError> {
        self.writer().execute(PutFile { file, quotas }).await
    }

    /// Whether a file of so many bytes would be taken now: for whoever is about to send them.
    ///
    /// # Errors
    /// [`PutFileError`], as it would be answered at the end.
    pub async fn check_file(
        &self,
        session: SessionId,
        path: &str,
        bytes: u64,
        quotas: FileQuotas,
    ) -> Result<(), PutFileError> {
        let mut reader = self.readers().acquire().await?;
        check_quotas(&mut reader, (session, path), bytes, quotas).await
    }

    /// Notes what a file is for. False: there is no such file any more.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn set_file_purpose(&self, id: FileId, purpose: &str) -> Result<bool, StorageError> {
        self.writer().execute(SetPurpose { id, purpose: purpose.to_owned() }).await
    }

    /// Gives up an upload; its contents become garbage.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn abandon_file(&self, id: FileId) -> Result<(), StorageError> {
        self.writer().execute(Abandon::One(id)).await
    }

    /// Gives up the uploads that nobody can go on with after a restart at `now`: those in one go, those of ended
    /// sessions, and those begun long ago.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn abandon_stale_files(&self, now: Timestamp) -> Result<(), StorageError> {
        self.writer().execute(Abandon::Stale(now)).await
    }

    /// Removes a file; its contents become garbage. None: there is no such file.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn delete_file(&self, session: SessionId, path: &str) -> Result<Option<File>, StorageError> {
        self.writer().execute(DeleteFile { session, path: path.to_owned() }).await
    }

    /// These contents were removed from the folders.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn forget_garbage_files(&self, removed: Vec<Garbage>) -> Result<(), StorageError> {
        self.writer().execute(Forget { removed }).await
    }
}

struct BeginFile {
    upload: PartialUpload,
    now: Timestamp,
}

impl Command for BeginFile {
    type Output = ();
    type Error = PutFileError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), PutFileError> {
        let Self { upload, now } = self;
        require_open(tx.connection, upload.session).await?;
        if upload.bytes.is_some() {
            let earlier = "SELECT id FROM partial_file WHERE session = ? AND path = ? AND bytes IS NOT NULL";
            let earlier: Option<Vec<u8>> = sqlx::query_scalar(earlier)
                .bind(upload.session.as_bytes().as_slice())
                .bind(upload.path.as_str())
                .fetch_optional(&mut *tx.connection)
                .await?;
            if let Some(id) = earlier {
                abandon(tx.connection, &id).await?;
            }
        }
        sqlx::query("INSERT INTO partial_file (id, session, path, bytes, created_at) VALUES (?, ?, ?, ?, ?)")
            .bind(upload.id.as_bytes().as_slice())
            .bind(upload.session.as_bytes().as_slice())
            .bind(upload.path.as_str())
            .bind(upload.bytes.map(rows::signed))
            .bind(rows::micros(now))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

/// Files can be written until the session has ended.
async fn require_open(connection: &mut SqliteConnection, session: SessionId) -> Result<(), PutFileError> {
    let ended: Option<bool> =
        sqlx::query_scalar("SELECT phase = 'ended' FROM session WHERE id = ? AND deleting_at IS NULL")
            .bind(session.as_bytes().as_slice())
            .fetch_optional(connection)
            .await?;
    match ended {
        None => Err(PutFileError::SessionGone),
        Some(true) => Err(PutFileError::SessionEnded),
        Some(false) => Ok(()),
    }
}

async fn abandon(connection: &mut SqliteConnection, id: &[u8]) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR IGNORE INTO garbage_file (id, session) SELECT id, session FROM partial_file WHERE id = ?")
        .bind(id)
        .execute(&mut *connection)
        .await?;
    sqlx::query("DELETE FROM partial_file WHERE id = ?").bind(id).execute(connection).await?;
    Ok(())
}

struct PutFile {
    file: File,
    quotas: FileQuotas,
}

impl Command for PutFile {
    type Output = ();
    type Error = PutFileError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), PutFileError> {
        let Self { file, quotas } = self;
        require_open(tx.connection, file.session_id).await?;
        remove(tx.connection, file.session_id, &file.path).await?;
        check_quotas(tx.connection, (file.session_id, &file.path), file.bytes, quotas).await?;
        sqlx::query("DELETE FROM partial_file WHERE id = ?")
            .bind(file.id.as_bytes().as_slice())
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query(
            "INSERT INTO file (id, session, path, bytes, sha256, purpose, created_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(file.id.as_bytes().as_slice())
        .bind(file.session_id.as_bytes().as_slice())
        .bind(file.path.as_str())
        .bind(rows::signed(file.bytes))
        .bind(file.sha256.as_str())
        .bind(file.purpose.as_deref())
        .bind(rows::micros(file.created_at))
        .execute(&mut *tx.connection)
        .await?;
        tell_change(tx, file.session_id).await?;
        Ok(())
    }
}

struct SetPurpose {
    id: FileId,
    purpose: String,
}

impl Command for SetPurpose {
    type Output = bool;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<bool, StorageError> {
        let done = sqlx::query("UPDATE file SET purpose = ? WHERE id = ?")
            .bind(self.purpose)
            .bind(self.id.as_bytes().as_slice())
            .execute(&mut *tx.connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

/// Whether a file of so many bytes would fit in, in the place of the one that has its path.
async fn check_quotas(
    connection: &mut SqliteConnection,
    (of, path): (SessionId, &str),
    more: u64,
    quotas: FileQuotas,
) -> Result<(), PutFileError> {
    let (files, session, user): (i64, i64, i64) = sqlx::query_as(
        "SELECT coalesce(sum(file.session = ?1), 0), coalesce(sum(iif(file.session = ?1, bytes, 0)), 0),
            coalesce(sum(bytes), 0)
         FROM file JOIN session ON session.id = file.session
         WHERE owner = (SELECT owner FROM session WHERE id = ?1) AND NOT (file.session = ?1 AND path = ?2)",
    )
    .bind(of.as_bytes().as_slice())
    .bind(path)
    .fetch_one(connection)
    .await?;
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    let files = count(files);
    if files >= quotas.session_files {
        return Err(PutFileError::Files { files });
    }
    for (whose, have, quota) in
        [(Whose::Session, session, quotas.session_bytes), (Whose::User, user, quotas.user_bytes)]
    {
        let bytes = count(have).saturating_add(more);
        if bytes > quota {
            return Err(PutFileError::Bytes { whose, bytes, quota });
        }
    }
    Ok(())
}

/// Takes a file's row away and leaves its contents as garbage.
async fn remove(
    connection: &mut SqliteConnection,
    session: SessionId,
    path: &str,
) -> Result<Option<File>, StorageError> {
    let found = sqlx::query("DELETE FROM file WHERE session = ? AND path = ? RETURNING *")
        .bind(session.as_bytes().as_slice())
        .bind(path)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(file) = found.as_ref().map(read::read).transpose()? else { return Ok(None) };
    sqlx::query("INSERT OR IGNORE INTO garbage_file (id, session) VALUES (?, ?)")
        .bind(file.id.as_bytes().as_slice())
        .bind(session.as_bytes().as_slice())
        .execute(&mut *connection)
        .await?;
    note_deletion(connection).await?;
    Ok(Some(file))
}

/// The session's storage has changed visibly.
async fn tell_change(tx: &mut Tx<'_>, session: SessionId) -> Result<(), sqlx::Error> {
    let change = tx.next_change();
    sqlx::query("UPDATE session SET change = ? WHERE id = ?")
        .bind(change)
        .bind(session.as_bytes().as_slice())
        .execute(&mut *tx.connection)
        .await?;
    Ok(())
}

enum Abandon {
    One(FileId),
    Stale(Timestamp),
}

impl Command for Abandon {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        let ids: Vec<Vec<u8>> = match self {
            Self::One(id) => vec![id.as_bytes().to_vec()],
            Self::Stale(now) => {
                sqlx::query_scalar(
                    "SELECT partial_file.id FROM partial_file JOIN session ON session.id = partial_file.session
                     WHERE bytes IS NULL OR phase = 'ended' OR partial_file.created_at < ?",
                )
                .bind(rows::micros(now.saturating_sub(PARTIAL_KEPT).unwrap_or(Timestamp::MIN)))
                .fetch_all(&mut *tx.connection)
                .await?
            }
        };
        for id in ids {
            abandon(tx.connection, &id).await?;
        }
        Ok(())
    }
}

struct DeleteFile {
    session: SessionId,
    path: String,
}

impl Command for DeleteFile {
    type Output = Option<File>;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Option<File>, StorageError> {
        let removed = remove(tx.connection, self.session, &self.path).await?;
        if removed.is_some() {
            tell_change(tx, self.session).await?;
        }
        Ok(removed)
    }
}

struct Forget {
    removed: Vec<Garbage>,
}

impl Command for Forget {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        for garbage in self.removed {
            sqlx::query("DELETE FROM garbage_file WHERE id = ?")
                .bind(garbage.id.as_bytes().as_slice())
                .execute(&mut *tx.connection)
                .await?;
        }
        Ok(())
    }
}
