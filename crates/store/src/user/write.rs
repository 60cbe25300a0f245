//! Making and changing users.

use jiff::Timestamp;
use protocol::{
    UserId,
    user::{Identity, Role},
};
use sqlx::SqliteConnection;

use super::{PasswordHash, User, identity, read};
use crate::{
    StorageError, Store,
    rows::{self, micros},
    writer::{Command, Tx},
};

/// The name that the owner has until they choose another.
const OWNER: &str = "owner";

/// Somebody to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub password: Option<PasswordHash>,
    /// Whom an identity provider signs in as this user.
    pub identity: Option<Identity>,
    pub now: Timestamp,
}

/// One change of a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum UserChange {
    Rename(String),
    SetRole(Role),
    /// From then on nothing of theirs opens anything; all their logins end.
    Disable(Timestamp),
    Enable,
    /// Ends all their logins.
    SetPassword(Option<PasswordHash>),
    EndLogins,
    /// Whom an identity provider signs in as this user; none: nobody.
    SetIdentity(Option<Identity>),
    /// Their removal has begun: they are disabled for good.
    MarkDeleting(Timestamp),
}

/// Why a user was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteUserError {
    #[error("there is no such user")]
    NotFound,
    #[error("another user has this name")]
    NameTaken,
    #[error("this identity is another user's")]
    IdentityTaken,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for WriteUserError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() && cause.message().contains("user.subject") => {
                Self::IdentityTaken
            }
            Some(cause) if cause.is_unique_violation() => Self::NameTaken,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

impl Store {
    /// The owner, made at `now` where there is none yet.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn ensure_owner(&self, now: Timestamp) -> Result<User, StorageError> {
        let owner = NewUser {
            id: UserId::generate(),
            name: OWNER.to_owned(),
            role: Role::Owner,
            password: None,
            identity: None,
            now,
        };
        self.writer().execute(EnsureOwner(owner)).await
    }

    /// Adds a user.
    ///
    /// # Errors
    /// [`WriteUserError`]; nobody was added.
    pub async fn create_user(&self, user: NewUser) -> Result<User, WriteUserError> {
        self.writer().execute(Create(user)).await
    }

    /// Changes a user, all of it or nothing. A user who is being removed is gone already.
    ///
    /// # Errors
    /// [`WriteUserError`]; nothing changed.
    pub async fn change_user(&self, id: UserId, changes: Vec<UserChange>) -> Result<User, WriteUserError> {
        self.writer().execute(Change { id, changes }).await
    }
}

/// Names differ by more than the case of their letters.
pub(super) fn folded(name: &str) -> String {
    name.to_lowercase()
}

pub(super) async fn insert(connection: &mut SqliteConnection, user: &NewUser) -> Result<User, sqlx::Error> {
    if let Some(identity) = &user.identity {
        identity::unbar(connection, identity).await?;
    }
    let query = "INSERT INTO user (id, name, folded, role, password, issuer, subject, created_at)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?)";
    sqlx::query(query)
        .bind(user.id.as_bytes().as_slice())
        .bind(user.name.as_str())
        .bind(folded(&user.name))
        .bind(user.role.as_str())
        .bind(user.password.as_ref().map(|password| password.0.as_str()))
        .bind(user.identity.as_ref().map(|identity| identity.issuer.as_str()))
        .bind(user.identity.as_ref().map(|identity| identity.subject.as_str()))
        .bind(micros(user.now))
        .execute(connection)
        .await?;
    Ok(User {
        id: user.id,
        name: user.name.clone(),
        role: user.role,
        disabled_at: None,
        password: user.password.clone(),
        identity: user.identity.clone(),
        logins: 0,
        deleting_at: None,
        created_at: Timestamp::from_microsecond(micros(user.now)).unwrap_or(user.now),
    })
}

struct EnsureOwner(NewUser);

impl Command for EnsureOwner {
    type Output = User;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<User, StorageError> {
        let found = sqlx::query("SELECT * FROM user WHERE role = 'owner'").fetch_optional(&mut *tx.connection).await?;
        match found {
            Some(found) => read(&found),
            None => Ok(insert(tx.connection, &self.0).await?),
        }
    }
}

struct Create(NewUser);

impl Command for Create {
    type Output = User;
    type Error = WriteUserError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<User, WriteUserError> {
        Ok(insert(tx.connection, &self.0).await?)
    }
}

struct Change {
    id: UserId,
    changes: Vec<UserChange>,
}

impl Command for Change {
    type Output = User;
    type Error = WriteUserError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<User, WriteUserError> {
        let id = self.id.as_bytes().as_slice();
        for change in &self.changes {
            write(tx.connection, id, change).await?;
        }
        let found = sqlx::query("SELECT * FROM user WHERE id = ?").bind(id).fetch_optional(&mut *tx.connection).await?;
        let user = found.as_ref().map(read).transpose()?.ok_or(WriteUserError::NotFound)?;
        let begins = self.changes.iter().any(|change| matches!(change, UserChange::MarkDeleting(_)));
        if user.deleting_at.is_some() && !begins { Err(WriteUserError::NotFound) } else { Ok(user) }
    }
}

/// Gives a user another role.
pub(super) async fn set_role(connection: &mut SqliteConnection, id: UserId, role: Role) -> Result<(), sqlx::Error> {
    write(connection, id.as_bytes().as_slice(), &UserChange::SetRole(role)).await
}

async fn write(connection: &mut SqliteConnection, id: &[u8], change: &UserChange) -> Result<(), sqlx::Error> {
    let query = match change {
        UserChange::Rename(name) => {
            sqlx::query("UPDATE user SET name = ?2, folded = ?3 WHERE id = ?1").bind(id).bind(name).bind(folded(name))
        }
        UserChange::SetRole(role) => {
            sqlx::query("UPDATE user SET role = ?2 WHERE id = ?1").bind(id).bind(rows::word(role))
        }
        UserChange::Disable(now) => {
            sqlx::query("UPDATE user SET disabled_at = coalesce(disabled_at, ?2), logins = logins + 1 WHERE id = ?1")
                .bind(id)
                .bind(micros(*now))
        }
        UserChange::Enable => sqlx::query("UPDATE user SET disabled_at = NULL WHERE id = ?1").bind(id),
        UserChange::SetPassword(password) => {
            sqlx::query("UPDATE user SET password = ?2, logins = logins + 1 WHERE id = ?1")
                .bind(id)
                .bind(password.as_ref().map(|password| password.0.as_str()))
        }
        UserChange::SetIdentity(told) => {
            if let Some(identity) = told {
                identity::unbar(connection, identity).await?;
            }
            sqlx::query("UPDATE user SET issuer = ?2, subject = ?3 WHERE id = ?1")
                .bind(id)
                .bind(told.as_ref().map(|identity| identity.issuer.as_str()))
                .bind(told.as_ref().map(|identity| identity.subject.as_str()))
        }
        UserChange::EndLogins => sqlx::query("UPDATE user SET logins = logins + 1 WHERE id = ?1").bind(id),
        UserChange::MarkDeleting(now) => sqlx::query(
            "UPDATE user SET deleting_at = coalesce(deleting_at, ?2), disabled_at = coalesce(disabled_at, ?2),
                logins = logins + 1 WHERE id = ?1",
        )
        .bind(id)
        .bind(micros(*now)),
    };
    query.execute(connection).await?;
    Ok(())
}
