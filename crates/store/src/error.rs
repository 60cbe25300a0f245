//! What can go wrong with the storage itself, apart from what an operation refuses.

use std::sync::Arc;

/// The storage cannot be read or written. Nothing of the operation is kept, unless the answer was lost on the way.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StorageError {
    /// The disk, or the space that the database is allowed, is full; writes succeed again once there is space.
    #[error("the storage is full")]
    Full,
    /// The database could not be read or written.
    #[error("the database cannot be read or written")]
    Unavailable(#[source] Arc<sqlx::Error>),
    /// The file is not, or no longer, a whole database.
    #[error("the database is damaged")]
    Damaged(#[source] Arc<sqlx::Error>),
    /// A row holds what this version cannot read.
    #[error("{what} in the database cannot be read")]
    Unreadable { what: &'static str },
    /// The store was closed.
    #[error("the store is closed")]
    Closed,
}

/// Primary result codes of SQLite (<https://sqlite.org/rescode.html>).
const CORRUPT: i32 = 11;
const FULL: i32 = 13;
const NOT_A_DATABASE: i32 = 26;

/// The extended result code of an error that SQLite gave.
pub(crate) fn result_code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

impl From<sqlx::Error> for StorageError {
    fn from(error: sqlx::Error) -> Self {
        match result_code(&error).map(|code| code & 0xff) {
            Some(FULL) => Self::Full,
            Some(CORRUPT | NOT_A_DATABASE) => Self::Damaged(Arc::new(error)),
            _ if matches!(error, sqlx::Error::PoolClosed) => Self::Closed,
            _ => Self::Unavailable(Arc::new(error)),
        }
    }
}

/// A cursor that no list has given out, or that belongs to another list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the cursor is not one that this list has given")]
pub struct BadCursor;

/// Why a list could not be given.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ListError {
    #[error(transparent)]
    BadCursor(#[from] BadCursor),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for ListError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}
