//! How values stand in rows: instants in microseconds, ids as bytes, words and small structures as text.

use jiff::Timestamp;
use serde::{Serialize, de::DeserializeOwned};
use sqlx::{Row as _, sqlite::SqliteRow};

use crate::StorageError;

/// Microseconds since the epoch; what is finer is cut off.
pub(crate) fn micros(at: Timestamp) -> i64 {
    at.as_microsecond()
}

/// A count as SQLite's integer; what is larger than its largest stays at the largest.
pub(crate) fn signed(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}

pub(crate) fn json<T: Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("our own structures have text keys and serialize")
}

/// The word that an enum without fields has in JSON.
pub(crate) fn word<T: Serialize>(value: &T) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        Ok(_) | Err(_) => unreachable!("an enum without fields serializes as a text"),
    }
}

/// Reads columns by name, with typed errors.
pub(crate) struct Columns<'r> {
    row: &'r SqliteRow,
    /// What the row is, for errors.
    what: &'static str,
}

impl<'r> Columns<'r> {
    pub(crate) const fn new(row: &'r SqliteRow, what: &'static str) -> Self {
        Self { row, what }
    }

    fn unreadable(&self) -> StorageError {
        StorageError::Unreadable { what: self.what }
    }

    pub(crate) fn get<T>(&self, column: &str) -> Result<T, StorageError>
    where
        T: sqlx::Decode<'r, sqlx::Sqlite> + sqlx::Type<sqlx::Sqlite>,
    {
        self.row.try_get(column).map_err(|_| self.unreadable())
    }

    pub(crate) fn count(&self, column: &str) -> Result<u64, StorageError> {
        u64::try_from(self.get::<i64>(column)?).map_err(|_| self.unreadable())
    }

    pub(crate) fn small(&self, column: &str) -> Result<u32, StorageError> {
        u32::try_from(self.get::<i64>(column)?).map_err(|_| self.unreadable())
    }

    pub(crate) fn at(&self, column: &str) -> Result<Timestamp, StorageError> {
        self.maybe_at(column)?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn maybe_at(&self, column: &str) -> Result<Option<Timestamp>, StorageError> {
        let micros: Option<i64> = self.get(column)?;
        micros.map(Timestamp::from_microsecond).transpose().map_err(|_| self.unreadable())
    }

    pub(crate) fn id<T>(&self, column: &str, from_bytes: fn([u8; 16]) -> T) -> Result<T, StorageError> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map(from_bytes).map_err(|_| self.unreadable())
    }

    pub(crate) fn sha256(&self, column: &str) -> Result<[u8; 32], StorageError> {
        let bytes: &[u8] = self.get(column)?;
        bytes.try_into().map_err(|_| self.unreadable())
    }

    pub(crate) fn json<T: DeserializeOwned>(&self, column: &str) -> Result<T, StorageError> {
        self.maybe_json(column)?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn maybe_json<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StorageError> {
        let text: Option<&str> = self.get(column)?;
        text.map(serde_json::from_str).transpose().map_err(|_| self.unreadable())
    }

    pub(crate) fn word<T: DeserializeOwned>(&self, column: &str) -> Result<T, StorageError> {
        self.maybe_word(column)?.ok_or_else(|| self.unreadable())
    }

    pub(crate) fn maybe_word<T: DeserializeOwned>(&self, column: &str) -> Result<Option<T>, StorageError> {
        let word: Option<String> = self.get(column)?;
        word.map(|word| serde_json::from_value(serde_json::Value::String(word)))
            .transpose()
            .map_err(|_| self.unreadable())
    }
}
