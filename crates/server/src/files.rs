//! Files of sessions: coming in, going out, removed. The store knows their names; the contents lie in the session's
//! folder, each under its id, so that no name that a client chooses ever becomes a path on this machine.

mod incoming;
pub(crate) mod range;

use std::{collections::HashSet, fs, io, path::PathBuf, sync::Mutex, sync::PoisonError};

use domain::Session;
use protocol::{ErrorCode, FieldError, FileId, Problem, SessionId, file::File, shim::SessionFolder};
use serde_json::json;
use store::{Garbage, PutFileError, StorageError};

use crate::{api::problem::ApiError, app::App};

pub(crate) use incoming::{Contents, Stored, put};
pub(crate) use range::{ContentRange, wanted_sha256};

/// Where the contents of a file lie.
pub(crate) fn contents_path(app: &App, session: SessionId, id: FileId) -> PathBuf {
    SessionFolder::new(&app.data, session).files().join(id.to_string())
}

/// Paths that are being written to: one upload at a time.
#[derive(Debug, Default)]
pub(crate) struct Uploads {
    paths: Mutex<HashSet<(SessionId, String)>>,
}

/// Leave to write to a path, until it is dropped.
#[derive(Debug)]
pub(crate) struct Writing<'a> {
    uploads: &'a Uploads,
    key: (SessionId, String),
}

impl Uploads {
    /// # Errors
    /// `conflict`: another upload is writing to this path.
    pub(crate) fn begin(&self, session: SessionId, path: &str) -> Result<Writing<'_>, ApiError> {
        let key = (session, path.to_owned());
        let mut paths = self.paths.lock().unwrap_or_else(PoisonError::into_inner);
        if paths.insert(key.clone()) {
            return Ok(Writing { uploads: self, key });
        }
        Err(ApiError::new(ErrorCode::Conflict, format!("another upload is writing to `{path}`; try again after it")))
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        self.uploads.paths.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

/// Removes a file. None: there is none.
///
/// # Errors
/// The storage failed; what it had begun is finished by the next start.
pub(crate) async fn delete(app: &App, session: SessionId, path: &str) -> Result<Option<File>, ApiError> {
    let Some(file) = app.store.delete_file(session, path).await? else { return Ok(None) };
    remove_garbage(app, vec![Garbage { session, id: file.id }]).await?;
    app.store.scrub().await?;
    Ok(Some(file))
}

/// Removes what an earlier run left of uploads and deletions.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn sweep(app: &App) -> Result<usize, StorageError> {
    app.store.abandon_stale_files(app.clock.now()).await?;
    let garbage = app.store.list_garbage_files().await?;
    let count = garbage.len();
    remove_garbage(app, garbage).await?;
    Ok(count)
}

/// Unlinks contents, then forgets that they were to be. What cannot be unlinked stays noted for the next start.
async fn remove_garbage(app: &App, garbage: Vec<Garbage>) -> Result<(), StorageError> {
    if garbage.is_empty() {
        return Ok(());
    }
    let mut removed = Vec::with_capacity(garbage.len());
    for one in garbage {
        match tokio::fs::remove_file(contents_path(app, one.session, one.id)).await {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                tracing::error!(session = %one.session, %error, "a removed file's contents could not be unlinked");
            }
            Ok(()) | Err(_) => removed.push(one),
        }
    }
    app.store.forget_garbage_files(removed).await
}

/// Refuses a path that breaks the rules for names.
///
/// # Errors
/// The field `path` with what is wrong.
pub(crate) fn check_path(path: &str) -> Result<(), ApiError> {
    domain::naming::file_path(path).map_err(ApiError::field)
}

/// The bytes are more than one file may have.
fn too_large(max: u64) -> ApiError {
    let problem =
        Problem::new(ErrorCode::TooLarge, format!("a file may have {max} bytes at the most; this one is larger"));
    ApiError::from(problem.with_figures(json!({"file_max": max})))
}

fn not_written(error: &io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ApiError::new(ErrorCode::StorageUnavailable, "the server's disk is full; free some space and try again")
        }
        io::ErrorKind::NotFound => ApiError::not_found("session"),
        _ => {
            tracing::error!(%error, "a file could not be written");
            ApiError::new(ErrorCode::StorageUnavailable, "the file could not be written; the server's log says more")
        }
    }
}

impl From<PutFileError> for ApiError {
    fn from(error: PutFileError) -> Self {
        match error {
            PutFileError::SessionGone => Self::not_found("session"),
            PutFileError::SessionEnded => Self::new(
                ErrorCode::SessionEnded,
                "the session has ended: its files can be read and removed, and no more can be added",
            ),
            PutFileError::Bytes { bytes, quota, .. } => {
                let detail = format!("{error}; remove files that are no longer needed, or ask for a larger quota");
                let figures = json!({"bytes": bytes, "quota": quota});
                Self::from(Problem::new(ErrorCode::QuotaReached, detail).with_figures(figures))
            }
            PutFileError::Files { files } => {
                let detail = format!("{error}; remove some, or pack several into one");
                Self::from(Problem::new(ErrorCode::QuotaReached, detail).with_figures(json!({"files": files})))
            }
            PutFileError::Storage(error) => error.into(),
        }
    }
}

/// Makes the folder of a session's files, where it is not there yet.
fn ensure_folder(app: &App, session: &Session) -> io::Result<PathBuf> {
    use std::os::unix::fs::DirBuilderExt;
    let folder = SessionFolder::new(&app.data, session.id).files();
    fs::DirBuilder::new().recursive(true).mode(0o700).create(&folder)?;
    Ok(folder)
}

/// The digest of a request's head is not that of its body.
fn wrong_digest(expected: &str, actual: &str) -> ApiError {
    let message = format!(
        "the contents have the SHA-256 {actual}, not {expected}: they were changed on the way; send them again"
    );
    ApiError::field(FieldError::new("Repr-Digest", "mismatch", message))
}
