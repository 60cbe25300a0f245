//! A row of a task: what was asked, what came, and how it was judged.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use crate::{
    CompletionId,
    completion::{CompletionTiming, CompletionUsage, FinishReason},
    scoring::RowScore,
};

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum RowState {
    /// To be tried, or being tried.
    Pending,
    /// Answered.
    Done,
    /// Tried and not answered; its error says why.
    Failed,
    /// Its line holds no row; its error says why.
    Invalid,
}

impl RowState {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Invalid => "invalid",
        }
    }
}

/// Why a row has no answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowError {
    /// `invalid_row`, or an error code of `/v1`, or a code of the runtime.
    pub code: String,
    pub message: String,
}

/// A row of a task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TaskRow {
    /// From 0, in the order of the input.
    pub number: u64,
    /// The line of the input that it starts in, from 1.
    pub line: u64,
    /// The name that a batch line brought.
    pub custom_id: Option<String>,
    pub state: RowState,
    /// The columns, or a batch line's body; `null` where the line holds no row.
    #[schema(value_type = Object)]
    pub input: Value,
    /// The answer's completion; `null` before it, and once it was deleted.
    pub completion_id: Option<CompletionId>,
    pub response: Option<String>,
    pub finish_reason: Option<FinishReason>,
    pub error: Option<RowError>,
    /// By the name of the scoring.
    pub scores: BTreeMap<String, RowScore>,
    pub usage: CompletionUsage,
    pub timing: CompletionTiming,
}
