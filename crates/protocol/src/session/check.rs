//! What would become of a session, before it is created.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{EffectiveEngine, Limit, SessionModel};

/// Answer of `POST /api/v1/sessions/check`: the session that creation would make now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionCheck {
    /// The name asked for, trimmed, or the one that is offered.
    pub name: String,
    pub model: SessionModel,
    pub engine: EffectiveEngine,
    /// Every limit that would be in force.
    pub limits: Vec<Limit>,
    /// The shortest time limit, in seconds from Running.
    pub stops_after_seconds: Option<u64>,
    /// The wall-clock limit, where it would end a session that is Running at once before its time limit does.
    pub stops_at: Option<Timestamp>,
    pub memory: SessionMemory,
    pub starts: Starts,
    /// Place in the queue from 1, where it would wait.
    pub queue_position: Option<u64>,
}

/// What a session needs of the machine's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct SessionMemory {
    pub needed_bytes: u64,
    /// What a new session could take now.
    pub free_bytes: u64,
    /// What all sessions together may have.
    pub total_bytes: u64,
}

/// When a session would start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Starts {
    Now,
    /// It would wait for its turn, or for memory.
    Queued,
}
