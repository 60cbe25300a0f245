//! API keys of users, and the named tokens of sessions: hashes of secrets that can be withdrawn.

use domain::permission::Scopes;
use jiff::Timestamp;
use protocol::{
    KeyId, SessionId, SessionTokenId, UserId,
    user::{Scope, SessionToken},
};
use sqlx::{Row as _, sqlite::SqliteRow};

use crate::{
    StorageError, Store,
    rows::{self, Columns, micros},
    scrub::note_deletion,
    writer::{Command, Tx},
};

/// Most keys of a user, and most named tokens of a session.
pub const MAX_KEYS: u32 = 100;

/// An API key as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyRecord {
    pub id: KeyId,
    pub user: UserId,
    pub name: String,
    pub sha256: [u8; 32],
    pub scopes: Scopes,
    pub created_at: Timestamp,
    pub expires_at: Option<Timestamp>,
    pub last_used_at: Option<Timestamp>,
}

/// A key to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewKey {
    pub id: KeyId,
    pub user: UserId,
    pub name: String,
    pub sha256: [u8; 32],
    pub scopes: Scopes,
    pub expires_at: Option<Timestamp>,
    pub now: Timestamp,
}

/// A named token of a session as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionTokenRecord {
    pub token: SessionToken,
    pub sha256: [u8; 32],
}

/// A named token of a session to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSessionToken {
    pub id: SessionTokenId,
    pub session: SessionId,
    pub name: String,
    pub sha256: [u8; 32],
    pub now: Timestamp,
}

/// What was used, and when last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Used {
    Key(KeyId, Timestamp),
    SessionToken(SessionTokenId, Timestamp),
}

/// Why a key or token was not added.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteKeyError {
    #[error("another one has this name")]
    NameTaken,
    #[error("there are {MAX_KEYS} already, as many as are allowed")]
    Full,
    /// The user, or the session, is gone.
    #[error("whose it is to be is gone")]
    OwnerGone,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for WriteKeyError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Self::NameTaken,
            Some(cause) if cause.is_foreign_key_violation() => Self::OwnerGone,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

impl Store {
    /// Adds a key.
    ///
    /// # Errors
    /// [`WriteKeyError`]; none was added.
    pub async fn create_key(&self, key: NewKey) -> Result<(), WriteKeyError> {
        self.writer().execute(CreateKey(key)).await
    }

    /// Everybody's keys, or one user's, the newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_keys(&self, user: Option<UserId>) -> Result<Vec<KeyRecord>, StorageError> {
        let found = sqlx::query("SELECT * FROM api_key WHERE ?1 IS NULL OR user = ?1 ORDER BY id DESC")
            .bind(user.map(|user| user.as_bytes().to_vec()))
            .fetch_all(self.readers())
            .await?;
        found.iter().map(read_key).collect()
    }

    /// Withdraws a user's key. False: there is none.
    ///
    /// # Errors
    /// [`StorageError`]; nothing changed.
    pub async fn revoke_key(&self, user: UserId, id: KeyId) -> Result<bool, StorageError> {
        let (id, owner) = (*id.as_bytes(), *user.as_bytes());
        self.writer().execute(Revoke { query: "DELETE FROM api_key WHERE id = ? AND user = ?", id, owner }).await
    }

    /// Adds a named token of a session.
    ///
    /// # Errors
    /// [`WriteKeyError`]; none was added.
    pub async fn create_session_token(&self, token: NewSessionToken) -> Result<(), WriteKeyError> {
        self.writer().execute(CreateSessionToken(token)).await
    }

    /// The named tokens of all sessions, or of one, the newest first.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn list_session_tokens(
        &self,
        session: Option<SessionId>,
    ) -> Result<Vec<SessionTokenRecord>, StorageError> {
        let found = sqlx::query("SELECT * FROM session_token WHERE ?1 IS NULL OR session = ?1 ORDER BY id DESC")
            .bind(session.map(|session| session.as_bytes().to_vec()))
            .fetch_all(self.readers())
            .await?;
        found.iter().map(read_token).collect()
    }

    /// Withdraws a named token of a session. False: there is none.
    ///
    /// # Errors
    /// [`StorageError`]; nothing changed.
    pub async fn revoke_session_token(&self, session: SessionId, id: SessionTokenId) -> Result<bool, StorageError> {
        let (id, owner) = (*id.as_bytes(), *session.as_bytes());
        self.writer()
            .execute(Revoke { query: "DELETE FROM session_token WHERE id = ? AND session = ?", id, owner })
            .await
    }

    /// Notes when keys and tokens were used last. What is gone meanwhile stays gone.
    ///
    /// # Errors
    /// [`StorageError`]; nothing changed.
    pub async fn note_used(&self, used: Vec<Used>) -> Result<(), StorageError> {
        self.writer().execute(NoteUsed(used)).await
    }
}

fn read_key(row: &SqliteRow) -> Result<KeyRecord, StorageError> {
    let columns = Columns::new(row, "an API key");
    Ok(KeyRecord {
        id: columns.id("id", KeyId::from_bytes)?,
        user: columns.id("user", UserId::from_bytes)?,
        name: columns.get("name")?,
        sha256: columns.sha256("sha256")?,
        scopes: Scopes::new(columns.json::<Vec<Scope>>("scopes")?),
        created_at: columns.at("created_at")?,
        expires_at: columns.maybe_at("expires_at")?,
        last_used_at: columns.maybe_at("last_used_at")?,
    })
}

fn read_token(row: &SqliteRow) -> Result<SessionTokenRecord, StorageError> {
    let columns = Columns::new(row, "a session's token");
    let token = SessionToken {
        id: columns.id("id", SessionTokenId::from_bytes)?,
        session_id: columns.id("session", SessionId::from_bytes)?,
        name: columns.get("name")?,
        created_at: columns.at("created_at")?,
        last_used_at: columns.maybe_at("last_used_at")?,
    };
    Ok(SessionTokenRecord { token, sha256: columns.sha256("sha256")? })
}

/// Refuses where as many are there as may be.
async fn require_room(tx: &mut Tx<'_>, count: &'static str, owner: &[u8]) -> Result<(), WriteKeyError> {
    let have: i64 = sqlx::query(count).bind(owner).fetch_one(&mut *tx.connection).await?.try_get(0)?;
    if have < i64::from(MAX_KEYS) { Ok(()) } else { Err(WriteKeyError::Full) }
}

struct CreateKey(NewKey);

impl Command for CreateKey {
    type Output = ();
    type Error = WriteKeyError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), WriteKeyError> {
        let key = self.0;
        let user = key.user.as_bytes().as_slice();
        require_room(tx, "SELECT count(*) FROM api_key WHERE user = ?", user).await?;
        sqlx::query(
            "INSERT INTO api_key (id, user, name, sha256, scopes, created_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(key.id.as_bytes().as_slice())
        .bind(user)
        .bind(key.name.as_str())
        .bind(key.sha256.as_slice())
        .bind(rows::json(&key.scopes.list()))
        .bind(micros(key.now))
        .bind(key.expires_at.map(micros))
        .execute(&mut *tx.connection)
        .await?;
        Ok(())
    }
}

struct CreateSessionToken(NewSessionToken);

impl Command for CreateSessionToken {
    type Output = ();
    type Error = WriteKeyError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), WriteKeyError> {
        let token = self.0;
        let session = token.session.as_bytes().as_slice();
        require_room(tx, "SELECT count(*) FROM session_token WHERE session = ?", session).await?;
        sqlx::query("INSERT INTO session_token (id, session, name, sha256, created_at) VALUES (?, ?, ?, ?, ?)")
            .bind(token.id.as_bytes().as_slice())
            .bind(session)
            .bind(token.name.as_str())
            .bind(token.sha256.as_slice())
            .bind(micros(token.now))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct Revoke {
    query: &'static str,
    id: [u8; 16],
    owner: [u8; 16],
}

impl Command for Revoke {
    type Output = bool;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<bool, StorageError> {
        note_deletion(tx.connection).await?;
        let done = sqlx::query(self.query)
            .bind(self.id.as_slice())
            .bind(self.owner.as_slice())
            .execute(&mut *tx.connection)
            .await?;
        Ok(done.rows_affected() == 1)
    }
}

struct NoteUsed(Vec<Used>);

impl Command for NoteUsed {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        for used in self.0 {
            let (query, id, at) = match used {
                Used::Key(id, at) => (
                    "UPDATE api_key SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
                    *id.as_bytes(),
                    at,
                ),
                Used::SessionToken(id, at) => (
                    "UPDATE session_token SET last_used_at = max(coalesce(last_used_at, 0), ?) WHERE id = ?",
                    *id.as_bytes(),
                    at,
                ),
            };
            sqlx::query(query).bind(micros(at)).bind(id.as_slice()).execute(&mut *tx.connection).await?;
        }
        Ok(())
    }
}
