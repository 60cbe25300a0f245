//! The audit log: who did what to which thing.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::{KeyId, UserId};

macro_rules! actions {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal;)+) => {
        /// What was done.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum AuditAction {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)+
        }

        impl AuditAction {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }
        }
    };
}

actions! {
    /// A browser logged in.
    LoggedIn = "login";
    /// A browser logged out.
    LoggedOut = "logout";
    /// All logins of a user were ended.
    LoginsEnded = "logins.end";
    /// A login link was made; the target is whom it logs in.
    LinkMade = "login_link.create";
    /// A user was created; the detail is the role.
    UserCreated = "user.create";
    /// A user was changed; the detail names what.
    UserChanged = "user.change";
    /// A user's removal began.
    UserDeleted = "user.delete";
    /// A user's password was set.
    PasswordSet = "password.set";
    /// A user's password was taken away.
    PasswordRemoved = "password.remove";
    /// An API key was created; the detail is its scopes.
    KeyCreated = "key.create";
    /// An API key was withdrawn.
    KeyRevoked = "key.revoke";
    /// A named token of a session was created; the detail is its id.
    TokenCreated = "token.create";
    /// A named token of a session was withdrawn; the detail is its id.
    TokenRevoked = "token.revoke";
    /// A user's quota was changed.
    QuotaSet = "quota.set";
    /// A session was created.
    SessionCreated = "session.create";
    /// A session's name, description or limits were changed.
    SessionChanged = "session.change";
    /// A session was stopped by hand.
    SessionStopped = "session.stop";
    /// A session's deletion began.
    SessionDeleted = "session.delete";
    /// A completion was deleted.
    CompletionDeleted = "completion.delete";
    /// A task was deleted.
    TaskDeleted = "task.delete";
    /// A test set was deleted.
    TestSetDeleted = "test_set.delete";
    /// A file of a session was removed; the target is the session.
    FileDeleted = "file.delete";
    /// A model was added.
    ModelAdded = "model.create";
    /// A model's entry was changed.
    ModelChanged = "model.change";
    /// A model was removed.
    ModelRemoved = "model.delete";
}

// Written by hand: the derive does not see the words that the macro gives.
impl utoipa::PartialSchema for AuditAction {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What was done."))
            .enum_values(Some(Self::ALL.iter().map(|action| action.as_str())))
            .into()
    }
}

impl ToSchema for AuditAction {}

/// What somebody had shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AuditVia {
    /// A browser's login.
    Login,
    /// A user's own token.
    Token,
    /// An API key.
    Key,
    /// A login link.
    Link,
    /// A password.
    Password,
    /// The word of an identity provider, by OpenID Connect.
    Oidc,
    /// Nobody: the server did it by itself.
    Server,
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditEntry {
    /// From 1, without gaps.
    pub number: u64,
    pub at: Timestamp,
    /// Who; null: the server itself.
    pub actor: Option<UserId>,
    /// The actor's name today; null where they are gone.
    pub actor_name: Option<String>,
    pub via: AuditVia,
    /// The key that was shown, where one was.
    pub key: Option<KeyId>,
    /// Whom the request came from.
    pub address: Option<String>,
    pub action: AuditAction,
    /// The id of what it was done to.
    pub target: Option<String>,
    /// Words of the server's own, or ids.
    pub detail: Option<String>,
    /// Lower-case hexadecimal SHA-256 over the entry before and this one.
    pub sha256: String,
}

/// The end of the log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditHead {
    /// The number of the last entry; 0: there is none.
    pub number: u64,
    /// Lower-case hexadecimal.
    pub sha256: String,
}

/// An entry that is not as it was written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditFault {
    pub number: u64,
    pub message: String,
}

/// Answer of `GET /api/v1/audit/check`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AuditCheck {
    /// Entries that were read.
    pub entries: u64,
    /// To be kept elsewhere and held against a later one: whoever can write the whole database could write the chain
    /// anew.
    pub head: AuditHead,
    /// The first faults, at most 20; empty: the log is whole.
    pub faults: Vec<AuditFault>,
}
