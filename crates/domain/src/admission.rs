//! Who may have how much: the quota at creation, and which of the waiting sessions starts next.

use std::collections::HashMap;

use protocol::{SessionId, UserId};

/// How many sessions one user may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quotas {
    /// Not deleted, ended ones included.
    pub sessions: u64,
    /// Holding resources at the same time.
    pub active: u64,
    /// As `sessions`, of all users together.
    pub all_sessions: Option<u64>,
    /// As `active`, of all users together.
    pub all_active: Option<u64>,
}

impl Default for Quotas {
    fn default() -> Self {
        Self { sessions: 20, active: 2, all_sessions: None, all_active: None }
    }
}

/// Refused for the number of sessions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{} {have} sessions of {allowed}; delete one that you no longer need", .whose.as_str())]
pub struct QuotaReached {
    pub have: u64,
    pub allowed: u64,
    pub whose: Whose,
}

/// Whose number is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    User,
    AllUsers,
}

impl Whose {
    const fn as_str(self) -> &'static str {
        match self {
            Self::User => "you have",
            Self::AllUsers => "all users together have",
        }
    }
}

/// Decides whether an owner of `have` sessions, of `all` of everybody, may create one more.
///
/// # Errors
/// [`QuotaReached`] with the figures.
pub const fn may_create(have: u64, all: u64, quotas: &Quotas) -> Result<(), QuotaReached> {
    if have >= quotas.sessions {
        return Err(QuotaReached { have, allowed: quotas.sessions, whose: Whose::User });
    }
    match quotas.all_sessions {
        Some(allowed) if all >= allowed => Err(QuotaReached { have: all, allowed, whose: Whose::AllUsers }),
        Some(_) | None => Ok(()),
    }
}

/// A session that waits, oldest first in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Waiting {
    pub id: SessionId,
    pub owner: UserId,
    pub memory_needed: u64,
}

/// Why a waiting session does not start yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Hold {
    /// Its owner has as many sessions active as the quota allows.
    Quota { active: u64, allowed: u64 },
    /// Too little memory is free.
    Memory { needed: u64, free: u64 },
    /// An older session waits for memory; starting this one would starve it.
    Behind,
}

/// What the machine and the owners hold at present.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Held {
    /// Sessions that hold resources, by owner.
    pub active: HashMap<UserId, u64>,
    /// Bytes that a new session could take.
    pub memory_free: u64,
}

/// Goes through the queue, oldest first, and says of each session whether it starts now.
///
/// A session held by its owner's quota lets others pass; one held by memory does not, or a large model would
/// wait for ever behind small ones.
pub fn admit(
    queue: &[Waiting],
    held: &Held,
    quotas_of: impl Fn(UserId) -> Quotas,
) -> Vec<(SessionId, Result<(), Hold>)> {
    let mut held = held.clone();
    let mut all: u64 = held.active.values().sum();
    let mut blocked = false;
    queue
        .iter()
        .map(|waiting| {
            let quotas = quotas_of(waiting.owner);
            let active = held.active.entry(waiting.owner).or_default();
            let verdict = if *active >= quotas.active {
                Err(Hold::Quota { active: *active, allowed: quotas.active })
            } else if let Some(allowed) = quotas.all_active.filter(|allowed| all >= *allowed) {
                Err(Hold::Quota { active: all, allowed })
            } else if blocked {
                Err(Hold::Behind)
            } else if waiting.memory_needed > held.memory_free {
                blocked = true;
                Err(Hold::Memory { needed: waiting.memory_needed, free: held.memory_free })
            } else {
                *active += 1;
                all += 1;
                held.memory_free -= waiting.memory_needed;
                Ok(())
            };
            (waiting.id, verdict)
        })
        .collect()
}
