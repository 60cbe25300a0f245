//! The server itself as the API shows it, and the way in.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{UserId, user::Role};

/// Body of `POST /api/v1/login`: a token, or a name with its password. It holds a secret: it is never printed.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LogIn {
    /// A user's token.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// A user's name, with `password`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub password: Option<String>,
}

/// Answer of `GET /api/v1/login`: the ways in beside a link, a token and a password.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginWays {
    /// By an identity provider; null: none is configured.
    pub oidc: Option<OidcWay>,
}

/// The way in by an identity provider.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct OidcWay {
    /// The provider's name, for people.
    pub label: String,
    /// Where a browser begins; `?next=` is a path of the console to come back to.
    pub path: String,
}

/// Answer of `POST /api/v1/login-links`. It holds a secret: it is never logged.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoginLink {
    /// Opens the console once.
    pub url: String,
    /// Until when it can be used.
    pub expires_at: Timestamp,
}

/// Answer of `GET /api/v1/system`: the server, the machine, and what the caller may have.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct System {
    pub version: String,
    pub started_at: Timestamp,
    /// Who is asking.
    pub user: SystemUser,
    pub memory: SystemMemory,
    pub quotas: SystemQuotas,
    pub limits: SystemLimits,
    /// The name that a session would get if it were created now without one.
    pub offered_name: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemUser {
    pub id: UserId,
    pub name: String,
    pub role: Role,
}

/// The machine's memory, as far as the operator lets sessions have it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemMemory {
    pub total_bytes: u64,
    /// What a new session could take.
    pub free_bytes: u64,
    /// What is set aside for sessions that hold resources.
    pub reserved_bytes: u64,
}

/// What the caller has of what a user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemQuotas {
    /// Sessions that are not deleted, ended ones included.
    pub sessions: Quota,
    /// Sessions that hold resources.
    pub live: Quota,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Quota {
    pub used: u64,
    pub limit: u64,
}

/// Bounds of what may be asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SystemLimits {
    /// Time limit of a session where none is asked for.
    pub default_seconds: u64,
    /// Longest time limit, from Running, extensions included.
    pub max_seconds: u64,
    /// For requests in flight when a session stops.
    pub grace_seconds: u64,
    /// Longest wait for resources.
    pub queue_seconds: u64,
    /// Unicode scalar values of a session's name.
    pub name_characters: u32,
    /// Unicode scalar values of a session's description.
    pub description_characters: u32,
    /// Tokens of one answer.
    pub output_tokens: u32,
    /// Bytes of a request's body, uploads of models excepted.
    pub body_bytes: u64,
}
