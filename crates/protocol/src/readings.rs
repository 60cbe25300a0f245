//! What was measured of a session, over time.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::CompletionId;

/// Answer of `GET /api/v1/sessions/{id}/readings`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Readings {
    /// The runtime's memory while the session was Running, oldest first: about every 5 seconds at first, ever further
    /// apart in a long session, at most 720 in all.
    pub memory: Vec<MemoryReading>,
    /// The newest 2,000 finished completions, oldest first.
    pub completions: Vec<CompletionReading>,
}

/// Memory that the runtime held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct MemoryReading {
    pub at: Timestamp,
    /// Anonymous and shared-anonymous memory: what the session alone holds, without the weights that are shared.
    pub bytes: u64,
}

/// The figures of a completion; `null` where it did not come to that.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CompletionReading {
    pub id: CompletionId,
    /// When it was asked for.
    pub at: Timestamp,
    /// Milliseconds from the request to the first text.
    pub first_token_ms: Option<f64>,
    /// Completion tokens per second of writing.
    pub tokens_per_second: Option<f64>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
}
