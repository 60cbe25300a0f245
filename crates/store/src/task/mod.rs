//! Tasks and their rows. What became of a row is decided by its completion, in the same commit (the triggers of the
//! schema): no row is answered twice and none is lost, wherever the server dies.
//!
//! A task that goes on with a cut one has the rows that were left; those that were done stay with the one before. Both
//! are read together, as a chain.

mod chain;
mod compare;
mod create;
mod erase;
mod progress;
mod read;
mod resume;
mod rows;

use std::collections::BTreeMap;

use protocol::{
    TaskId, TestSetId,
    dataset::Format,
    scoring::{RowScore, Scoring},
    task::{RowError, SourceFile},
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::StorageError;

pub use compare::ComparedRows;
pub use create::Unready;
pub(crate) use erase::remove_session_rows;
pub use progress::TaskEnd;
pub(crate) use read::{SELECT, changed_after, read};
pub use rows::{PendingRow, RowFilter, ScoredRow, UnscoredRow};

/// What a task is to do, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskSpec {
    pub format: Format,
    pub file: Option<SourceFile>,
    #[serde(default)]
    pub test_set: Option<TestSetId>,
    pub columns: Vec<String>,
    /// Of the rows in their order.
    pub sha256: String,
    pub prompt: Option<String>,
    pub system: Option<String>,
    pub parameters: Map<String, Value>,
    pub scoring: Vec<Scoring>,
    pub concurrency: u32,
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// A row as it was read.
#[derive(Debug, Clone, PartialEq)]
pub struct NewRow {
    pub number: u64,
    pub line: u64,
    pub custom_id: Option<String>,
    /// JSON of the columns or the request, or why there is none.
    pub content: Result<String, RowError>,
}

/// Why a task was not created.
#[derive(Debug, Clone, thiserror::Error)]
pub enum CreateTaskError {
    #[error("the task's session is gone")]
    SessionGone,
    #[error("the task's session has ended")]
    SessionEnded,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for CreateTaskError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_foreign_key_violation() => Self::SessionGone,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

/// Why a task is not gone on with.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ResumeTaskError {
    #[error("there is no such task")]
    NotFound,
    #[error("only a task that was cut can be gone on with; this one is {status}")]
    NotCut { status: &'static str },
    #[error("the task is gone on with by {by} already")]
    Resumed { by: TaskId },
    #[error("the session to go on in is gone")]
    SessionGone,
    #[error("the session to go on in has ended")]
    SessionEnded,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<CreateTaskError> for ResumeTaskError {
    fn from(error: CreateTaskError) -> Self {
        match error {
            CreateTaskError::SessionGone => Self::SessionGone,
            CreateTaskError::SessionEnded => Self::SessionEnded,
            CreateTaskError::Storage(error) => Self::Storage(error),
        }
    }
}

impl From<sqlx::Error> for ResumeTaskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Why a task was not deleted.
#[derive(Debug, Clone, thiserror::Error)]
pub enum DeleteTaskError {
    #[error("the task is not over")]
    NotOver,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for DeleteTaskError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// The scores of a row, by the name of the scoring.
pub(crate) type Scores = BTreeMap<String, RowScore>;
