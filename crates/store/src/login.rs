//! Logins of browsers that were ended before they expired. Kept until then, and no longer.

use jiff::Timestamp;

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

/// A login that opens nothing any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EndedLogin {
    pub id: [u8; 16],
    /// From then on its cookie is refused by itself.
    pub expires_at: Timestamp,
}

impl Store {
    /// Keeps that a login has ended, and forgets those that have expired by `now`. Safe to repeat.
    ///
    /// # Errors
    /// [`StorageError`]; nothing changed.
    pub async fn end_login(&self, login: EndedLogin, now: Timestamp) -> Result<(), StorageError> {
        self.writer().execute(End { login, now }).await
    }

    /// The logins that have ended and would not have expired by `now`.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_ended_logins(&self, now: Timestamp) -> Result<Vec<EndedLogin>, StorageError> {
        let found = sqlx::query("SELECT * FROM ended_login WHERE expires_at > ?")
            .bind(rows::micros(now))
            .fetch_all(self.readers())
            .await?;
        let read = |row| {
            let columns = Columns::new(row, "an ended login");
            Ok(EndedLogin { id: columns.id("id", |id| id)?, expires_at: columns.at("expires_at")? })
        };
        found.iter().map(read).collect()
    }
}

struct End {
    login: EndedLogin,
    now: Timestamp,
}

impl Command for End {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query("DELETE FROM ended_login WHERE expires_at <= ?")
            .bind(rows::micros(self.now))
            .execute(&mut *tx.connection)
            .await?;
        sqlx::query("INSERT OR IGNORE INTO ended_login (id, expires_at) VALUES (?, ?)")
            .bind(self.login.id.as_slice())
            .bind(rows::micros(self.login.expires_at))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
