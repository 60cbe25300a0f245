//! What a session is and where it stands.

use jiff::Timestamp;
use protocol::{
    SessionId, UserId,
    session::{EffectiveEngine, Limit, Phase, Reason, SessionModel, SessionStorage, SessionUsage, Status, StopPolicy},
};
use serde::{Deserialize, Serialize};

/// A session, as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Session {
    pub id: SessionId,
    pub owner: UserId,
    pub name: String,
    pub description: Option<String>,
    pub model: SessionModel,
    pub engine: EffectiveEngine,
    /// As the user asked.
    pub stop: StopPolicy,
    /// Every limit in force, the user's, the default, the operator's and the model's.
    pub limits: Vec<Limit>,
    /// Bytes that are reserved for it while it holds resources.
    pub memory_needed: u64,
    pub state: State,
    /// Number of the incarnation of its runtime: 0 before the first launch.
    pub generation: u32,
    /// Rises by one with each write; a write names the revision it was decided on.
    pub revision: u64,
    /// Place of its latest visible change, its counters' too, in the order of all changes; set by the store.
    pub change: u64,
    pub usage: SessionUsage,
    /// End of the last byte of the last request, from Running on.
    pub last_active_at: Option<Timestamp>,
    pub storage: SessionStorage,
    pub created_at: Timestamp,
    /// Set once its deletion was asked for; it is then shown to nobody.
    pub deleting_at: Option<Timestamp>,
}

/// How long the session may stay where it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stay {
    pub since: Timestamp,
    pub deadline: Timestamp,
}

/// The internal phase and what is valid in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "phase", rename_all = "snake_case")]
pub enum State {
    /// Waits for its turn or for memory; holds nothing.
    Queued(Stay),
    /// Its folder and its shim are being made.
    Preparing(Stay),
    /// The runtime reads the model; `progress` goes from 0 to 1.
    Loading {
        #[serde(flatten)]
        stay: Stay,
        progress: f64,
    },
    /// The model was asked its first question.
    Probing(Stay),
    /// The model has answered; the deadline is the earliest end that time brings.
    Running(Stay),
    /// New requests are refused, those in flight have the grace, then everything is released.
    Draining(Draining),
    Ended(Ended),
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Draining {
    pub since: Timestamp,
    /// When it became Running, if it ever did.
    pub running_at: Option<Timestamp>,
    /// Requests in flight are cut at this time.
    pub grace_until: Timestamp,
    /// What is alive at this time would not die.
    pub deadline: Timestamp,
    pub reason: Reason,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ended {
    pub at: Timestamp,
    pub running_at: Option<Timestamp>,
    pub reason: Reason,
    /// Something of it was still alive: its memory stays reserved, and the sweep goes on.
    pub unreleased: bool,
}

impl State {
    pub const fn phase(&self) -> Phase {
        match self {
            Self::Queued(_) => Phase::Queued,
            Self::Preparing(_) => Phase::Preparing,
            Self::Loading { .. } => Phase::Loading,
            Self::Probing(_) => Phase::Probing,
            Self::Running(_) => Phase::Running,
            Self::Draining(_) => Phase::Draining,
            Self::Ended(_) => Phase::Ended,
        }
    }

    /// The public status: the one place where it is computed.
    ///
    /// A session that drains without ever having been Running is not called Running: it stays Initializing,
    /// and says that it is stopping.
    pub const fn status(&self) -> Status {
        match self {
            Self::Queued(_) | Self::Preparing(_) | Self::Loading { .. } | Self::Probing(_) => Status::Initializing,
            Self::Running(_) => Status::Running,
            Self::Draining(draining) => match draining.running_at {
                Some(_) => Status::Running,
                None => Status::Initializing,
            },
            Self::Ended(ended) => ended.reason.code.status(),
        }
    }

    /// When the state is left by force, if nothing leaves it before.
    pub const fn deadline(&self) -> Option<Timestamp> {
        match self {
            Self::Queued(stay) | Self::Preparing(stay) | Self::Probing(stay) | Self::Running(stay) => {
                Some(stay.deadline)
            }
            Self::Loading { stay, .. } => Some(stay.deadline),
            Self::Draining(draining) => Some(draining.deadline),
            Self::Ended(_) => None,
        }
    }

    /// When the session became Running, if it did.
    pub const fn running_at(&self) -> Option<Timestamp> {
        match self {
            Self::Queued(_) | Self::Preparing(_) | Self::Loading { .. } | Self::Probing(_) => None,
            Self::Running(stay) => Some(stay.since),
            Self::Draining(draining) => draining.running_at,
            Self::Ended(ended) => ended.running_at,
        }
    }

    pub const fn reason(&self) -> Option<&Reason> {
        match self {
            Self::Queued(_) | Self::Preparing(_) | Self::Loading { .. } | Self::Probing(_) | Self::Running(_) => None,
            Self::Draining(draining) => Some(&draining.reason),
            Self::Ended(ended) => Some(&ended.reason),
        }
    }

    /// No event leads out of it.
    pub const fn is_terminal(&self) -> bool {
        matches!(self, Self::Ended(_))
    }

    /// Counts against the quota of sessions that hold resources.
    pub const fn holds_resources(&self) -> bool {
        match self {
            Self::Queued(_) => false,
            Self::Preparing(_) | Self::Loading { .. } | Self::Probing(_) | Self::Running(_) | Self::Draining(_) => true,
            Self::Ended(ended) => ended.unreleased,
        }
    }
}

impl Session {
    /// When time ends it, as far as that is known: the wall-clock limit, and the others from Running on.
    pub fn stops_at(&self) -> Option<Timestamp> {
        match &self.state {
            State::Running(stay) => Some(stay.deadline),
            State::Queued(_) | State::Preparing(_) | State::Loading { .. } | State::Probing(_) => {
                crate::limits::wall_clock(&self.limits)
            }
            State::Draining(draining) => draining
                .running_at
                .and_then(|running_at| crate::limits::time_deadline(&self.limits, running_at))
                .map(|(at, _)| at),
            State::Ended(ended) => ended
                .running_at
                .and_then(|running_at| crate::limits::time_deadline(&self.limits, running_at))
                .map(|(at, _)| at),
        }
    }
}
