//! Tasks: sets of prompts that run over a session in the background.

mod compare;
mod row;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::{
    FileId, SessionId, TaskId, TestSetId,
    completion::CompletionUsage,
    dataset::Format,
    scoring::{Scoring, Summary},
};

pub use compare::{ComparedRow, Comparisons, Pair, RowVote, ScoringComparison, Tally, Vote};
pub use row::{RowError, RowState, TaskRow};

/// Longest name of a task, in Unicode scalar values.
pub const MAX_TASK_NAME: usize = 100;
/// Most entries of a task's metadata, and most characters of a key and of a value.
pub const MAX_METADATA: (usize, usize, usize) = (16, 64, 512);
/// Most rows that a task has in flight at a time.
pub const MAX_CONCURRENCY: u32 = 64;

/// Where a task stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskStatus {
    /// Waits for its session to be Running, or for an earlier task of it.
    Queued,
    Running,
    /// Every row was tried; some may have failed.
    Done,
    /// Ended before its end: what is done stays, the rest can be resumed.
    Cut,
    /// Cannot go on by a fault of its own or of the server.
    Failed,
}

impl TaskStatus {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Done => "done",
            Self::Cut => "cut",
            Self::Failed => "failed",
        }
    }

    /// Whether it will not change any more.
    pub const fn is_over(self) -> bool {
        match self {
            Self::Queued | Self::Running => false,
            Self::Done | Self::Cut | Self::Failed => true,
        }
    }
}

/// Why a task was cut or failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TaskReasonCode {
    /// Cut: somebody cancelled it.
    Cancelled,
    /// Cut: its session stopped or failed; the message says why.
    SessionStopped,
    /// Failed: what it is to do can no longer be understood, for example after an upgrade.
    Unreadable,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskReason {
    pub code: TaskReasonCode,
    /// One sentence.
    pub message: String,
}

/// Body of `POST /api/v1/sessions/{id}/tasks`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateTask {
    /// 1 to 100 characters; `task-1`, `task-2` … if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    pub input: TaskInput,
    /// A template over the input's columns, `{{question}}`; absent: the column that is the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prompt: Option<String>,
    /// A system message for every row.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Sampling parameters of every row, as in a chat request. Greedy (`temperature` 0) unless they say otherwise.
    #[serde(default)]
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    /// How the answers are judged; nothing: not at all.
    #[serde(default)]
    pub scoring: Vec<Scoring>,
    /// Rows in flight at a time, 1 to 64; absent: what keeps the engine's places full.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Up to 16 words of your own, kept with the task.
    #[serde(default)]
    pub metadata: BTreeMap<String, String>,
}

/// The rows of a task: one of `file`, `rows`, `text` and `test_set`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct TaskInput {
    /// Path or id of a file of the session.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<String>,
    /// The rows themselves: objects of columns, batch lines, or strings, which are prompts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Vec<Object>>)]
    pub rows: Option<Vec<Value>>,
    /// The contents of a file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub text: Option<String>,
    /// A test set: its cases are rows with `messages` and `expected`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_set: Option<TestSetId>,
    /// How the file or text is written; absent: told by its name and its beginning.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<Format>,
}

/// Body of `POST /api/v1/tasks/{id}/resume`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResumeTask {
    /// The session to go on in; of the same owner, not ended.
    pub session: SessionId,
}

/// What a task reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskSource {
    pub format: Format,
    /// The file, where it was one. It may be gone or changed by now: the rows were read at the creation.
    pub file: Option<SourceFile>,
    /// The test set, where it was one.
    pub test_set: Option<TestSetId>,
    /// The columns that the rows have.
    pub columns: Vec<String>,
    /// SHA-256 of the rows in their order: tasks with the same one can be compared row by row.
    pub sha256: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SourceFile {
    pub id: FileId,
    pub path: String,
}

/// How far a task has come. Exact: counted in the same commit as each row's end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskProgress {
    pub rows: u64,
    /// Answered.
    pub done: u64,
    /// Tried and not answered.
    pub failed: u64,
    /// Cannot be tried: what their line holds is no row.
    pub invalid: u64,
    /// Still to be tried.
    pub left: u64,
    /// Completion tokens per second over the last while; `null` unless running.
    pub tokens_per_second: Option<f64>,
    /// When it will end at this pace; `null` unless running.
    pub ends_at: Option<Timestamp>,
}

/// The score of all rows by one scoring.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskScore {
    /// What the scoring is called.
    pub name: String,
    #[serde(flatten)]
    pub summary: Summary,
}

/// A task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Task {
    pub id: TaskId,
    pub session_id: SessionId,
    pub name: String,
    pub status: TaskStatus,
    pub reason: Option<TaskReason>,
    pub input: TaskSource,
    pub prompt: Option<String>,
    pub system: Option<String>,
    #[schema(value_type = Object)]
    pub parameters: Map<String, Value>,
    pub scoring: Vec<Scoring>,
    /// Rows in flight at a time.
    pub concurrency: u32,
    pub metadata: BTreeMap<String, String>,
    pub progress: TaskProgress,
    pub usage: CompletionUsage,
    /// By scoring, in the order of `scoring`; with intervals once the task is over.
    pub scores: Vec<TaskScore>,
    /// The cut task that this one goes on with. Its rows that were done count as this task's own.
    pub resumed_from: Option<TaskId>,
    /// The task that goes on with this one.
    pub resumed_by: Option<TaskId>,
    pub created_at: Timestamp,
    pub started_at: Option<Timestamp>,
    pub finished_at: Option<Timestamp>,
    /// Number of its latest change, in the order of all changes of sessions and tasks.
    pub change: u64,
}

/// Data of an `event: task_deleted`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskDeleted {
    pub id: TaskId,
}

/// What deleting a task removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TaskReceipt {
    pub rows: u64,
    pub completions: u64,
}
