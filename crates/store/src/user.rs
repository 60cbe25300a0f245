//! Users and the hashes of their tokens. One person alone is the user `owner`.

use jiff::Timestamp;
use protocol::UserId;
use sqlx::sqlite::SqliteRow;

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    writer::{Command, Tx},
};

/// The name of the one user where there is one.
const OWNER: &str = "owner";

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Unique.
    pub name: String,
    pub created_at: Timestamp,
}

impl Store {
    /// The user `owner`, made at `now` where there is none yet.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn ensure_owner(&self, now: Timestamp) -> Result<User, StorageError> {
        self.ensure_user(OWNER, now).await
    }

    /// The user of this name, made at `now` where there is none yet.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn ensure_user(&self, name: &str, now: Timestamp) -> Result<User, StorageError> {
        self.writer().execute(Ensure { name: name.to_owned(), now }).await
    }

    /// A user by id.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_user(&self, id: UserId) -> Result<Option<User>, StorageError> {
        let found = sqlx::query("SELECT * FROM user WHERE id = ?")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// Whose token has this SHA-256.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_user_by_token_hash(&self, sha256: [u8; 32]) -> Result<Option<User>, StorageError> {
        let found =
            sqlx::query("SELECT user.* FROM user_token JOIN user ON user.id = user_token.user WHERE sha256 = ?")
                .bind(sha256.as_slice())
                .fetch_optional(self.readers())
                .await?;
        found.as_ref().map(read).transpose()
    }

    /// Sets the SHA-256 of the user's token of this name; the one before opens nothing any more.
    ///
    /// # Errors
    /// [`StorageError`], also where there is no such user.
    pub async fn set_token_hash(&self, user: UserId, name: &str, sha256: [u8; 32]) -> Result<(), StorageError> {
        self.writer().execute(SetToken { user, name: name.to_owned(), sha256 }).await
    }
}

fn read(row: &SqliteRow) -> Result<User, StorageError> {
    let columns = Columns::new(row, "a user");
    Ok(User {
        id: columns.id("id", UserId::from_bytes)?,
        name: columns.get("name")?,
        created_at: columns.at("created_at")?,
    })
}

struct Ensure {
    name: String,
    now: Timestamp,
}

impl Command for Ensure {
    type Output = User;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<User, StorageError> {
        sqlx::query("INSERT INTO user (id, name, created_at) VALUES (?, ?, ?) ON CONFLICT (name) DO NOTHING")
            .bind(UserId::generate().as_bytes().as_slice())
            .bind(self.name.as_str())
            .bind(rows::micros(self.now))
            .execute(&mut *tx.connection)
            .await?;
        let found = sqlx::query("SELECT * FROM user WHERE name = ?")
            .bind(self.name.as_str())
            .fetch_one(&mut *tx.connection)
            .await?;
        read(&found)
    }
}

struct SetToken {
    user: UserId,
    name: String,
    sha256: [u8; 32],
}

impl Command for SetToken {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query("INSERT OR REPLACE INTO user_token (user, name, sha256) VALUES (?, ?, ?)")
            .bind(self.user.as_bytes().as_slice())
            .bind(self.name.as_str())
            .bind(self.sha256.as_slice())
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
