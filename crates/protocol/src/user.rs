//! People: users and their roles, their keys, and the tokens of sessions.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    KeyId, SessionId, SessionTokenId, UserId,
    session::{Phase, Status, present},
};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Everything. There is one, whose machine it is.
    Owner,
    /// Manages users and the catalog, sees what runs and can stop it; cannot read what others have said or kept.
    Admin,
    /// Opens sessions and has what is theirs.
    Member,
    /// Looks at what is theirs, and changes nothing.
    Viewer,
}

impl Role {
    pub const ALL: [Self; 4] = [Self::Owner, Self::Admin, Self::Member, Self::Viewer];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Owner => "owner",
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

/// A person who may log in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct User {
    pub id: UserId,
    /// Unique, whatever the case of its letters.
    pub name: String,
    pub role: Role,
    /// Nothing of theirs opens anything until they are enabled again.
    pub disabled: bool,
    pub has_password: bool,
    /// Whom an identity provider signs in as this user; null: it signs nobody in as them.
    pub identity: Option<Identity>,
    /// Sessions that are not deleted.
    pub sessions: u64,
    /// Of these, those that have not ended.
    pub live_sessions: u64,
    pub created_at: Timestamp,
}

/// Somebody as an identity provider knows them. It gives a subject to one person and never to another.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
pub struct Identity {
    /// The provider's address.
    pub issuer: String,
    /// What the provider calls them: its `sub`.
    pub subject: String,
}

/// Answer of `GET /api/v1/users`: everybody, by name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserList {
    pub items: Vec<User>,
}

/// Body of `POST /api/v1/users`. It may hold a secret: it is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateUser {
    /// 1 to 64 characters.
    pub name: String,
    /// Any but owner.
    pub role: Role,
    /// 12 to 256 characters; absent: they log in by a link.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
    /// What the configured identity provider calls them, its `sub`: whom it signs in as this user.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub oidc_subject: Option<String>,
}

/// Body of `PATCH /api/v1/users/{id}`: an absent field stays.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct UpdateUser {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Any but owner.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disabled: Option<bool>,
    /// What the configured identity provider calls them, its `sub`: whom it signs in as this user. `null`: it signs
    /// nobody in as them any more. Needs a login or a user's own token.
    #[serde(deserialize_with = "present", skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    pub oidc_subject: Option<Option<String>>,
}

/// Body of `PUT /api/v1/users/{id}/password`. It holds secrets: it is never printed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetPassword {
    /// 12 to 256 characters.
    pub password: String,
    /// The one so far: needed to change one's own, where there is one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub current: Option<String>,
}

/// What was removed with a user.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UserReceipt {
    pub sessions: u64,
    pub models: u64,
    pub test_sets: u64,
}

/// Answer of `GET /api/v1/me`: who is asking, and what they may do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Me {
    pub id: UserId,
    pub name: String,
    pub role: Role,
    pub has_password: bool,
    /// Whether an identity provider signs them in.
    pub has_identity: bool,
    /// Of the key that asks; null where it is no key.
    pub scopes: Option<Vec<Scope>>,
}

/// What a key may be used for, within what its user's role allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Looking at sessions, completions, tasks, files and models.
    Read,
    /// Asking models: `/v1`, and the playground's answers.
    Infer,
    /// Looking, creating, changing, stopping and deleting.
    Manage,
    /// What admins do: users, what runs on the machine, the catalog.
    Admin,
}

impl Scope {
    pub const ALL: [Self; 4] = [Self::Read, Self::Infer, Self::Manage, Self::Admin];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Infer => "infer",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

/// An API key, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Key {
    pub id: KeyId,
    /// Unique among the user's keys.
    pub name: String,
    pub scopes: Vec<Scope>,
    pub created_at: Timestamp,
    /// From then on it opens nothing; null: never.
    pub expires_at: Option<Timestamp>,
    /// To the minute; null: never.
    pub last_used_at: Option<Timestamp>,
}

/// Answer of `GET /api/v1/keys`: your keys, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct KeyList {
    pub items: Vec<Key>,
}

/// Body of `POST /api/v1/keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateKey {
    /// 1 to 100 characters.
    pub name: String,
    /// At least one.
    pub scopes: Vec<Scope>,
    /// Absent: it does not expire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires_at: Option<Timestamp>,
}

/// A new API key. Its secret is shown here and never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedKey {
    #[serde(flatten)]
    pub key: Key,
    /// Send it as `Authorization: Bearer`.
    pub secret: String,
}

/// A named token of a session, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionToken {
    pub id: SessionTokenId,
    pub session_id: SessionId,
    /// Unique among the session's tokens.
    pub name: String,
    pub created_at: Timestamp,
    /// To the minute; null: never.
    pub last_used_at: Option<Timestamp>,
}

/// Answer of `GET /api/v1/sessions/{id}/tokens`: the named tokens, the newest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionTokenList {
    pub items: Vec<SessionToken>,
}

/// Body of `POST /api/v1/sessions/{id}/tokens`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateSessionToken {
    /// 1 to 100 characters.
    pub name: String,
}

/// A new token of a session. Its secret is shown here and never again.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CreatedSessionToken {
    #[serde(flatten)]
    pub token: SessionToken,
    /// Send it as `Authorization: Bearer`.
    pub secret: String,
}

/// A session as somebody sees who looks after the machine: nothing of what is in it, its name included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineSession {
    pub id: SessionId,
    pub owner: MachineOwner,
    pub status: Status,
    pub phase: Phase,
    pub stopping: bool,
    /// Bytes set aside for it.
    pub memory_bytes: u64,
    pub created_at: Timestamp,
    pub running_at: Option<Timestamp>,
    pub stops_at: Option<Timestamp>,
}

/// Whose session it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineOwner {
    pub id: UserId,
    pub name: String,
}

/// Answer of `GET /api/v1/machine/sessions`: every session that has not ended, the oldest first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MachineSessions {
    pub items: Vec<MachineSession>,
}
