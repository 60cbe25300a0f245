//! Creating: the name, the quota and the idempotency key are decided in the one transaction.

use domain::{
    Session,
    admission::{self, Quotas},
};
use protocol::UserId;
use sqlx::SqliteConnection;

use super::{
    CreateSessionError, Created, Creation, Idempotency,
    row::{self, StateColumns},
};
use crate::{
    StorageError, Store, rows,
    writer::{Command, Tx},
};

impl Store {
    /// Creates a session, its timeline's first entry with it.
    ///
    /// # Errors
    /// [`CreateSessionError`]; nothing was created.
    pub async fn create_session(&self, creation: Creation) -> Result<Created, CreateSessionError> {
        self.writer().execute(Create(Box::new(creation))).await
    }

    /// Whether a session of this name could be created now; nothing is.
    ///
    /// # Errors
    /// What creating would be refused for: the name, the quota.
    pub async fn check_creation(&self, owner: UserId, name: &str, quotas: &Quotas) -> Result<(), CreateSessionError> {
        let mut reader = self.readers().acquire().await?;
        admissible(&mut reader, owner, name, quotas).await
    }

    /// Whether a session of the owner that is not being deleted has this name.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn is_name_taken(&self, owner: UserId, name: &str) -> Result<bool, StorageError> {
        Ok(is_taken(&mut *self.readers().acquire().await?, owner, name).await?)
    }
}

async fn is_taken(connection: &mut SqliteConnection, owner: UserId, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM session WHERE owner = ? AND name = ? AND deleting_at IS NULL)")
        .bind(owner.as_bytes().as_slice())
        .bind(name)
        .fetch_one(connection)
        .await
}

/// The name first: of two refusals it is the more useful one.
async fn admissible(
    connection: &mut SqliteConnection,
    owner: UserId,
    name: &str,
    quotas: &Quotas,
) -> Result<(), CreateSessionError> {
    if is_taken(connection, owner, name).await? {
        return Err(CreateSessionError::NameTaken);
    }
    let have: i64 = sqlx::query_scalar("SELECT count(*) FROM session WHERE owner = ? AND deleting_at IS NULL")
        .bind(owner.as_bytes().as_slice())
        .fetch_one(&mut *connection)
        .await?;
    let all: i64 = match quotas.all_sessions {
        Some(_) => {
            sqlx::query_scalar("SELECT count(*) FROM session WHERE deleting_at IS NULL").fetch_one(connection).await?
        }
        None => 0,
    };
    let count = |count: i64| u64::try_from(count).unwrap_or(0);
    Ok(admission::may_create(count(have), count(all), quotas)?)
}

struct Create(Box<Creation>);

impl From<sqlx::Error> for CreateSessionError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Command for Create {
    type Output = Created;
    type Error = CreateSessionError;

    fn has_changed(created: &Created) -> bool {
        matches!(created, Created::New(_))
    }

    async fn apply(self, tx: &mut Tx<'_>) -> Result<Created, CreateSessionError> {
        let Creation { session, actor, quotas, idempotency } = *self.0;
        if let Some(key) = &idempotency
            && let Some(repeated) = find_repeated(tx.connection, session.owner, key).await?
        {
            return Ok(Created::Repeated(repeated));
        }
        admissible(tx.connection, session.owner, &session.name, &quotas).await?;
        let change = tx.next_change();
        let stored = insert(tx.connection, &session, change).await?;
        super::write::log(tx.connection, &stored, None, &actor, stored.created_at).await?;
        if let Some(key) = &idempotency {
            remember(tx.connection, &stored, key).await?;
        }
        Ok(Created::New(stored))
    }
}

async fn find_repeated(
    connection: &mut SqliteConnection,
    owner: UserId,
    key: &Idempotency,
) -> Result<Option<Session>, CreateSessionError> {
    let found = sqlx::query(
        "SELECT session.*, body_sha256 FROM idempotency JOIN session ON session.id = idempotency.session
         WHERE idempotency.owner = ? AND key_sha256 = ?",
    )
    .bind(owner.as_bytes().as_slice())
    .bind(key.key_sha256.as_slice())
    .fetch_optional(connection)
    .await?;
    let Some(found) = found else { return Ok(None) };
    let body: Vec<u8> = rows::Columns::new(&found, "an idempotency key").get("body_sha256")?;
    if body != key.body_sha256 {
        return Err(CreateSessionError::IdempotencyConflict);
    }
    Ok(Some(row::read(&found)?))
}

async fn remember(
    connection: &mut SqliteConnection,
    session: &Session,
    key: &Idempotency,
) -> Result<(), CreateSessionError> {
    sqlx::query("INSERT INTO idempotency (owner, key_sha256, body_sha256, session) VALUES (?, ?, ?, ?)")
        .bind(session.owner.as_bytes().as_slice())
        .bind(key.key_sha256.as_slice())
        .bind(key.body_sha256.as_slice())
        .bind(session.id.as_bytes().as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

async fn insert(
    connection: &mut SqliteConnection,
    session: &Session,
    change: i64,
) -> Result<Session, CreateSessionError> {
    let state = StateColumns::of(&session.state);
    let inserted = sqlx::query(
        "INSERT INTO session (id, owner, name, description, search, model_id, model_name, model_version, model_kind,
            context_length, parallel, stop, limits, memory_needed, phase, status, reason_code, reason, since_at,
            deadline_at, running_at, grace_until_at, unreleased, generation, revision, created_at, deleting_at, change)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 0, ?, ?, ?) RETURNING *",
    )
    .bind(session.id.as_bytes().as_slice())
    .bind(session.owner.as_bytes().as_slice())
    .bind(session.name.as_str())
    .bind(session.description.as_deref())
    .bind(row::search_text(session))
    .bind(session.model.id.as_bytes().as_slice())
    .bind(session.model.name.as_str())
    .bind(session.model.version.as_str())
    .bind(rows::word(&session.model.kind))
    .bind(session.engine.context_length)
    .bind(session.engine.parallel)
    .bind(rows::json(&session.stop))
    .bind(rows::json(&session.limits))
    .bind(rows::signed(session.memory_needed))
    .bind(state.phase)
    .bind(state.status)
    .bind(state.reason_code)
    .bind(state.reason)
    .bind(state.since_at)
    .bind(state.deadline_at)
    .bind(state.running_at)
    .bind(state.grace_until_at)
    .bind(state.unreleased)
    .bind(session.generation)
    .bind(rows::micros(session.created_at))
    .bind(session.deleting_at.map(rows::micros))
    .bind(change)
    .fetch_one(connection)
    .await
    .map_err(refused)?;
    Ok(row::read(&inserted)?)
}

fn refused(error: sqlx::Error) -> CreateSessionError {
    match error.as_database_error() {
        Some(cause) if cause.is_foreign_key_violation() => CreateSessionError::OwnerUnknown,
        Some(_) | None => CreateSessionError::Storage(error.into()),
    }
}
