//! Users, the hashes of their tokens, passwords and keys. One person alone is the user with the role of owner.

mod identity;
mod key;
mod remove;
mod write;

use std::fmt;

use jiff::Timestamp;
use protocol::{
    UserId,
    user::{Identity, Role},
};
use sqlx::sqlite::SqliteRow;

pub use identity::{Arrival, SignInError, Standing};
pub use key::{KeyRecord, MAX_KEYS, NewKey, NewSessionToken, SessionTokenRecord, Used, WriteKeyError};
pub use remove::{Owned, RemoveUserError};
pub use write::{NewUser, UserChange, WriteUserError};

use crate::{
    StorageError, Store,
    rows::Columns,
    writer::{Command, Tx},
};

/// A person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    pub id: UserId,
    /// Unique, whatever the case of its letters.
    pub name: String,
    pub role: Role,
    pub disabled_at: Option<Timestamp>,
    pub password: Option<PasswordHash>,
    /// Whom an identity provider signs in as this user.
    pub identity: Option<Identity>,
    /// How often all logins of the user were ended.
    pub logins: u32,
    /// Being removed, with all that is theirs.
    pub deleting_at: Option<Timestamp>,
    pub created_at: Timestamp,
}

/// A PHC string: what is kept of a password. It is never printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(pub String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(…)")
    }
}

impl Store {
    /// Everybody, by name.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_users(&self) -> Result<Vec<User>, StorageError> {
        let found = sqlx::query("SELECT * FROM user ORDER BY folded").fetch_all(self.readers()).await?;
        found.iter().map(read).collect()
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

    /// A user by name, whatever the case of its letters.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn find_user_by_name(&self, name: &str) -> Result<Option<User>, StorageError> {
        let found = sqlx::query("SELECT * FROM user WHERE folded = ?")
            .bind(write::folded(name))
            .fetch_optional(self.readers())
            .await?;
        found.as_ref().map(read).transpose()
    }

    /// The SHA-256 of every user's own tokens.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_token_hashes(&self) -> Result<Vec<([u8; 32], UserId)>, StorageError> {
        let found = sqlx::query("SELECT user, sha256 FROM user_token").fetch_all(self.readers()).await?;
        let read = |row| {
            let columns = Columns::new(row, "a user's token");
            Ok((columns.sha256("sha256")?, columns.id("user", UserId::from_bytes)?))
        };
        found.iter().map(read).collect()
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
        role: columns.word("role")?,
        disabled_at: columns.maybe_at("disabled_at")?,
        password: columns.get::<Option<String>>("password")?.map(PasswordHash),
        identity: read_identity(&columns)?,
        logins: columns.small("logins")?,
        deleting_at: columns.maybe_at("deleting_at")?,
        created_at: columns.at("created_at")?,
    })
}

fn read_identity(columns: &Columns<'_>) -> Result<Option<Identity>, StorageError> {
    let (issuer, subject): (Option<String>, Option<String>) = (columns.get("issuer")?, columns.get("subject")?);
    Ok(issuer.zip(subject).map(|(issuer, subject)| Identity { issuer, subject }))
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
