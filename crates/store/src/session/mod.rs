//! Sessions: created within the quota, written by compare-and-set, listed, followed.
//!
//! A row has two halves. The lifecycle is written by `Store::write_session` alone, on the revision that the
//! decision was based on. The counters (usage, last activity, storage) are added to by commands of their own, which
//! leave the revision as it is; a lifecycle write never touches them.

mod count;
mod create;
mod list;
pub(crate) mod row;
mod write;

use domain::{
    Session,
    admission::{QuotaReached, Quotas},
};
use jiff::Timestamp;
use protocol::session::{Phase, Status};

use crate::StorageError;

/// What creates a session.
#[derive(Debug, Clone, PartialEq)]
pub struct Creation {
    /// As it is to be; its revision and counters start at zero whatever it says.
    pub session: Session,
    /// Who creates it: a user id.
    pub actor: String,
    pub quotas: Quotas,
    pub idempotency: Option<Idempotency>,
}

/// What tells a repeated request from a new one; hashes only, as keys and bodies may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Idempotency {
    /// SHA-256 of the `Idempotency-Key`.
    pub key_sha256: [u8; 32],
    /// SHA-256 of the request's body.
    pub body_sha256: [u8; 32],
}

/// A session that exists now.
#[derive(Debug, Clone, PartialEq)]
pub enum Created {
    New(Session),
    /// The request was a repetition; the session is as it stands now.
    Repeated(Session),
}

/// Why a session was not created.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateSessionError {
    #[error("another session of yours has this name")]
    NameTaken,
    #[error(transparent)]
    QuotaReached(#[from] QuotaReached),
    /// The key came before, with another body.
    #[error("the idempotency key was used for another request")]
    IdempotencyConflict,
    #[error("there is no such user")]
    OwnerUnknown,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// A step in a session's life, for its timeline. Where it leads, and why, is what is written with it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transition {
    /// A user id, `system`, `shim` or `policy`.
    pub actor: String,
    pub from: Phase,
    pub at: Timestamp,
}

/// Why a session was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteSessionError {
    #[error("the session is gone")]
    Gone,
    /// Somebody else wrote it meanwhile: read it again, decide again.
    #[error("the session is at revision {found} by now")]
    Conflict { found: u64 },
    #[error("another session of the owner has this name")]
    NameTaken,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Which sessions of an owner are listed; the default is all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SessionFilter {
    pub status: Option<Status>,
    /// Text that the name, the description or the model's name and version holds; case and diacritics do not matter.
    pub q: Option<String>,
}

/// An owner's sessions that are not being deleted, by status.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    pub initializing: u64,
    pub running: u64,
    pub failed: u64,
    pub stopped: u64,
    /// Of all of them, those that hold resources.
    pub holding: u64,
}

impl Counts {
    /// All of them: what the quota of sessions counts.
    pub const fn sessions(&self) -> u64 {
        self.initializing + self.running + self.failed + self.stopped
    }
}
