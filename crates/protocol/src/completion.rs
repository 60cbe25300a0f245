//! Completions as the API shows them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{CompletionId, SessionId};

/// Where a completion came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The console and `viva chat`: owned by the server.
    Playground,
    /// The inference API.
    Api,
    /// A task's row.
    Task,
}

impl Origin {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Playground => "playground",
            Self::Api => "api",
            Self::Task => "task",
        }
    }
}

/// In which order a list is given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    #[default]
    Newest,
    Oldest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompletionStatus {
    Running,
    Done,
}

/// How an answer ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum FinishReason {
    /// By itself, or at a stop sequence.
    Stop,
    /// At its length, or at the end of the context.
    Length,
    /// The session stopped meanwhile.
    SessionStopped,
    /// The client stopped it, or went away.
    Cancelled,
    Error,
}

impl FinishReason {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stop => "stop",
            Self::Length => "length",
            Self::SessionStopped => "session_stopped",
            Self::Cancelled => "cancelled",
            Self::Error => "error",
        }
    }
}

/// What broke an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletionError {
    /// `server_restarted`, `runtime_unavailable`, or a code of the runtime.
    pub code: String,
    pub message: String,
}

/// One of the answers to a request with `n`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Choice {
    pub index: u32,
    pub text: String,
    pub finish_reason: Option<FinishReason>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletionUsage {
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}

/// How long it took; `null` where it did not come to that.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompletionTiming {
    /// Milliseconds in the queue of the runtime.
    pub queued_ms: Option<f64>,
    /// Milliseconds from the request to the first text.
    pub first_token_ms: Option<f64>,
    /// Milliseconds from the request to the end.
    pub total_ms: Option<f64>,
    /// Completion tokens per second of writing.
    pub tokens_per_second: Option<f64>,
}

/// One exchange.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Completion {
    pub id: CompletionId,
    pub session_id: SessionId,
    /// Groups the turns of one conversation.
    pub conversation: Option<String>,
    pub origin: Origin,
    pub status: CompletionStatus,
    /// The body as sent.
    #[schema(value_type = Object)]
    pub request: serde_json::Value,
    /// The first choice's text.
    pub response: String,
    pub choices: Vec<Choice>,
    pub finish_reason: Option<FinishReason>,
    pub error: Option<CompletionError>,
    pub usage: CompletionUsage,
    pub timing: CompletionTiming,
    pub created_at: Timestamp,
    pub finished_at: Option<Timestamp>,
    pub starred: bool,
}

/// The turns of one talk: the completions that name the same `conversation`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Conversation {
    /// What its completions name as `conversation`.
    pub id: String,
    /// The first 80 characters of its first user message; `null` where that has no text.
    pub title: Option<String>,
    pub completions: u64,
    /// When its first completion was asked for.
    pub created_at: Timestamp,
    /// When its last completion ended, or was asked for while it is being written.
    pub updated_at: Timestamp,
}

/// Body of `PATCH /api/v1/completions/{id}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateCompletion {
    pub starred: bool,
}

/// Data of an event of `GET /api/v1/completions/{id}/stream`.
///
/// `event: text` carries `text` from the offset `from` on; `event: done` carries the whole completion.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct CompletionText {
    /// Offset of `text` in the response, in Unicode scalar values.
    pub from: u64,
    pub text: String,
}

/// Answer of `POST /api/v1/sessions/{id}/render`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RenderedPrompt {
    /// The prompt as the model's chat template renders it.
    pub prompt: String,
    /// Its tokens.
    pub tokens: u32,
    /// Tokens that prompt and answer may have together.
    pub context_length: u32,
}
