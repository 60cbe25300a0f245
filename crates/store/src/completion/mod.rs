//! Completions: begun, checkpointed, finished, read, starred, deleted.
//!
//! A finish carries the whole record: it stands even where its begin never reached the disk.

mod conversation;
mod edit;
mod interrupted;
mod read;
pub(crate) mod write;

use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId, TaskId, UserId,
    completion::{Choice, CompletionError, CompletionTiming, CompletionUsage, FinishReason, Order, Origin},
};

use tokio::sync::oneshot;

use crate::{Idempotency, StorageError, Store, search};

/// A completion as it begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Begin {
    pub id: CompletionId,
    pub session_id: SessionId,
    pub conversation: Option<String>,
    pub origin: Origin,
    /// The row that it answers, where it is a task's.
    pub task_row: Option<(TaskId, u64)>,
    /// The body as sent, JSON.
    pub request: String,
    pub created_at: Timestamp,
    /// Under what a repeated request finds it, and whose key that is.
    pub repeatable: Option<(UserId, Idempotency)>,
}

/// A begin on its way to the disk.
#[derive(Debug)]
#[must_use = "only `stored` tells whether it reached the disk"]
pub struct Begun(oneshot::Receiver<Result<(), WriteCompletionError>>);

impl Begun {
    /// Returns once it is durable and can be found.
    ///
    /// # Errors
    /// [`WriteCompletionError`]; nothing was kept.
    pub async fn stored(self) -> Result<(), WriteCompletionError> {
        self.0.await.unwrap_or(Err(WriteCompletionError::Storage(StorageError::Closed)))
    }
}

/// How far a running completion has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkpoint {
    pub session_id: SessionId,
    /// The text of each choice so far, by index.
    pub texts: Vec<String>,
    /// Tokens so far, as far as known.
    pub usage: CompletionUsage,
}

/// A completion as it ended.
#[derive(Debug, Clone, PartialEq)]
pub struct Finish {
    pub begin: Begin,
    pub choices: Vec<Choice>,
    pub finish_reason: FinishReason,
    pub error: Option<CompletionError>,
    pub usage: CompletionUsage,
    pub timing: CompletionTiming,
    pub finished_at: Timestamp,
}

/// Which completions of a session are listed, and in which order; the default is all, the newest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CompletionFilter {
    /// Words that the answer must hold, each as the beginning of a word.
    pub q: Option<String>,
    pub picks: Picks,
    pub origin: Option<Origin>,
    pub conversation: Option<String>,
    pub order: Order,
}

/// All completions or the starred ones.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Picks {
    #[default]
    All,
    Starred,
    Unstarred,
}

impl Picks {
    /// Those with this star, or all.
    #[must_use]
    pub const fn of(starred: Option<bool>) -> Self {
        match starred {
            Some(true) => Self::Starred,
            Some(false) => Self::Unstarred,
            None => Self::All,
        }
    }
}

/// What becomes of a completion's star.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Star {
    Set,
    Cleared,
}

/// Why a completion could not be written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteCompletionError {
    #[error("the completion's session is gone")]
    SessionGone,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for WriteCompletionError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_foreign_key_violation() => Self::SessionGone,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

/// Why a completion could not be starred.
#[derive(Debug, Clone, thiserror::Error)]
pub enum StarError {
    #[error("there is no such completion")]
    NotFound,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// Why a completion could not be deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeleteCompletionError {
    #[error("there is no such completion")]
    NotFound,
    #[error("the completion is still being written")]
    Running,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl Store {
    /// Takes note of a completion that begins, and counts an interaction on its session. Returns once queued: it is
    /// stored within 50 ms, or together with its end where that comes sooner.
    ///
    /// # Errors
    /// [`StorageError::Closed`]; nothing else is known yet.
    pub async fn begin_completion(&self, begin: Begin) -> Result<(), StorageError> {
        self.writer().begin(begin).await
    }

    /// As [`begin_completion`](Self::begin_completion), but it is written at once. Returns once queued, so that other
    /// work goes on meanwhile; [`Begun::stored`] waits for the disk.
    ///
    /// # Errors
    /// [`StorageError::Closed`]; nothing else is known yet.
    pub async fn begin_completion_durably(&self, begin: Begin) -> Result<Begun, StorageError> {
        self.writer().begin_durably(begin).await.map(Begun)
    }

    /// Keeps the text so far of a running completion; a later checkpoint replaces it. Returns once queued.
    ///
    /// # Errors
    /// [`StorageError::Closed`]; nothing else is known yet.
    pub async fn checkpoint_completion(&self, id: CompletionId, checkpoint: Checkpoint) -> Result<(), StorageError> {
        self.writer().checkpoint(id, checkpoint).await
    }

    /// Stores a completion's end; returns once it is durable. Its tokens are counted on its session, whose
    /// `last_active_at` becomes `finished_at` at least. Safe to repeat after an error: nothing is counted twice.
    ///
    /// # Errors
    /// [`WriteCompletionError`]; nothing was kept.
    pub async fn finish_completion(&self, finish: Finish) -> Result<(), WriteCompletionError> {
        let words = search::words(finish.choices.iter().map(|choice| choice.text.as_str()));
        self.writer().finish(finish, words).await
    }
}
