//! Files of sessions: their names, sizes and hashes. The contents lie in the session's folder, under the file's id.
//!
//! Whatever lies there is named here as a file, as one on its way in, or as garbage: what a crash leaves behind is
//! found without looking through any folder.

mod read;
mod write;

use protocol::{FileId, SessionId};

use crate::StorageError;

pub use read::FileBytes;

/// A file on its way in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PartialUpload {
    pub id: FileId,
    pub session: SessionId,
    pub path: String,
    /// Bytes of the whole, where it comes in parts; none: it comes in one go and cannot be gone on with.
    pub bytes: Option<u64>,
}

/// Most bytes that files may have, and most files of one session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileQuotas {
    pub session_bytes: u64,
    pub user_bytes: u64,
    pub session_files: u64,
}

/// Contents that are to be removed from a session's folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Garbage {
    pub session: SessionId,
    pub id: FileId,
}

/// Why a file was not kept.
#[derive(Debug, Clone, thiserror::Error)]
pub enum PutFileError {
    #[error("the file's session is gone")]
    SessionGone,
    #[error("the file's session has ended")]
    SessionEnded,
    #[error("the files of {whose} would have {bytes} bytes; {quota} are allowed")]
    Bytes { whose: Whose, bytes: u64, quota: u64 },
    #[error("the session has {files} files, as many as are allowed")]
    Files { files: u64 },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Whose quota it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    Session,
    User,
}

impl std::fmt::Display for Whose {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Session => "the session",
            Self::User => "all your sessions",
        })
    }
}

impl From<sqlx::Error> for PutFileError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_foreign_key_violation() => Self::SessionGone,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}
