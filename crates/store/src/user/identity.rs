//! Users whom an identity provider signs in: found by what it calls them, and by nothing else of theirs.

use jiff::Timestamp;
use protocol::{
    UserId,
    audit::{AuditAction, AuditVia},
    user::{Identity, Role},
};
use sha2::{Digest, Sha256};
use sqlx::SqliteConnection;

use super::{NewUser, User, read, write};
use crate::{
    AuditNote, StorageError, Store, audit,
    writer::{Command, Tx},
};

/// What an identity provider told of somebody, and what that makes of them here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub identity: Identity,
    /// What somebody is called who comes for the first time: the first of these that is free.
    pub names: Vec<String>,
    /// The role of somebody who comes for the first time; none: they are not let in.
    pub first_role: Option<Role>,
    /// What becomes of the role of somebody who was here before.
    pub standing: Standing,
    /// Whom the request is from.
    pub address: String,
    pub now: Timestamp,
}

/// What a login makes of the role of somebody who was here before. The owner's stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    Keep,
    Role(Role),
    /// They have none any more, and are not let in.
    Out,
}

/// Why somebody was not signed in.
#[derive(Debug, Clone, thiserror::Error)]
pub enum SignInError {
    #[error("nobody has let them in")]
    NotLetIn,
    #[error("the user is disabled")]
    Disabled,
    #[error("the user was removed")]
    Removed,
    #[error("all names that were offered are taken")]
    NoName,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for SignInError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

impl Store {
    /// Signs somebody in: finds their user or makes one, and writes to the audit log what was done, all at once.
    ///
    /// # Errors
    /// [`SignInError`]; nothing changed.
    pub async fn sign_in(&self, arrival: Arrival) -> Result<User, SignInError> {
        self.writer().execute(SignIn(arrival)).await
    }
}

/// What stays of a removed user's identity.
fn sha256(identity: &Identity) -> [u8; 32] {
    let mut digest = Sha256::new();
    digest.update((identity.issuer.len() as u64).to_le_bytes());
    digest.update(identity.issuer.as_bytes());
    digest.update(identity.subject.as_bytes());
    digest.finalize().into()
}

/// Keeps somebody out whose user is being removed.
pub(super) async fn bar(connection: &mut SqliteConnection, identity: &Identity) -> Result<(), sqlx::Error> {
    sqlx::query("INSERT OR IGNORE INTO removed_identity (sha256) VALUES (?)")
        .bind(sha256(identity).as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

/// Lets somebody in again whose user was removed: an admin has named them.
pub(super) async fn unbar(connection: &mut SqliteConnection, identity: &Identity) -> Result<(), sqlx::Error> {
    sqlx::query("DELETE FROM removed_identity WHERE sha256 = ?")
        .bind(sha256(identity).as_slice())
        .execute(connection)
        .await?;
    Ok(())
}

async fn is_barred(connection: &mut SqliteConnection, identity: &Identity) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM removed_identity WHERE sha256 = ?)")
        .bind(sha256(identity).as_slice())
        .fetch_one(connection)
        .await
}

struct SignIn(Arrival);

impl Command for SignIn {
    type Output = User;
    type Error = SignInError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<User, SignInError> {
        let (arrival, connection) = (self.0, &mut *tx.connection);
        let found = sqlx::query("SELECT * FROM user WHERE issuer = ? AND subject = ?")
            .bind(&arrival.identity.issuer)
            .bind(&arrival.identity.subject)
            .fetch_optional(&mut *connection)
            .await?;
        let user = match found.as_ref().map(read).transpose()? {
            Some(user) => arrival.welcome_back(connection, user).await?,
            None => arrival.make(connection).await?,
        };
        let note = AuditNote { actor: Some(user.id), target: None, ..arrival.note(AuditAction::LoggedIn, user.id) };
        audit::append(connection, &note).await?;
        Ok(user)
    }
}

impl Arrival {
    /// What the server does on the provider's word.
    fn note(&self, action: AuditAction, user: UserId) -> AuditNote {
        AuditNote {
            at: self.now,
            actor: None,
            via: AuditVia::Oidc,
            key: None,
            address: Some(self.address.clone()),
            action,
            target: Some(user.to_string()),
            detail: None,
        }
    }

    async fn welcome_back(&self, connection: &mut SqliteConnection, user: User) -> Result<User, SignInError> {
        if user.deleting_at.is_some() {
            return Err(SignInError::Removed);
        }
        if user.disabled_at.is_some() {
            return Err(SignInError::Disabled);
        }
        let role = match self.standing {
            _ if user.role == Role::Owner => return Ok(user),
            Standing::Keep => return Ok(user),
            Standing::Role(role) if role == user.role => return Ok(user),
            Standing::Role(role) => role,
            Standing::Out => return Err(SignInError::NotLetIn),
        };
        write::set_role(connection, user.id, role).await?;
        let detail = Some(format!("role {}", role.as_str()));
        audit::append(connection, &AuditNote { detail, ..self.note(AuditAction::UserChanged, user.id) }).await?;
        Ok(User { role, ..user })
    }

    async fn make(&self, connection: &mut SqliteConnection) -> Result<User, SignInError> {
        if is_barred(connection, &self.identity).await? {
            return Err(SignInError::Removed);
        }
        let role = self.first_role.ok_or(SignInError::NotLetIn)?;
        let name = self.free_name(connection).await?;
        let identity = Some(self.identity.clone());
        let user = NewUser { id: UserId::generate(), name, role, password: None, identity, now: self.now };
        let user = write::insert(connection, &user).await?;
        let detail = Some(role.as_str().to_owned());
        audit::append(connection, &AuditNote { detail, ..self.note(AuditAction::UserCreated, user.id) }).await?;
        Ok(user)
    }

    async fn free_name(&self, connection: &mut SqliteConnection) -> Result<String, SignInError> {
        for name in &self.names {
            let is_taken: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM user WHERE folded = ?)")
                .bind(write::folded(name))
                .fetch_one(&mut *connection)
                .await?;
            if !is_taken {
                return Ok(name.clone());
            }
        }
        Err(SignInError::NoName)
    }
}
