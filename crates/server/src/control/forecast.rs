//! What would become of a session that is created now: the queue's own decision, asked beforehand.

use domain::admission::{Waiting, admit};
use protocol::{SessionId, UserId};

use super::{
    machine::{self, MemoryError, Room},
    queue::{self, Standing},
};
use crate::{app::App, quota};

/// What a session that is created now would meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Forecast {
    pub(crate) room: Room,
    /// Its place in the queue, from 1; none where it would start at once.
    pub(crate) position: Option<u64>,
}

/// The queue or the machine could not be looked at.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookError {
    #[error(transparent)]
    Memory(#[from] MemoryError),
    #[error(transparent)]
    Storage(#[from] store::StorageError),
}

/// Says what a session of `owner` that needs this much memory would meet.
///
/// # Errors
/// [`LookError`]
pub(crate) async fn forecast(app: &App, owner: UserId, memory_needed: u64) -> Result<Forecast, LookError> {
    let Standing { queued, holding } = queue::standing(app).await?;
    let room = machine::room(app, &holding)?;
    let newcomer = Waiting { id: SessionId::generate(), owner, memory_needed };
    let mut waiting = queue::waiting(&queued);
    waiting.push(newcomer);
    let verdicts = admit(&waiting, &queue::held(&holding, room), |owner| quota::limits_of(app, owner).admission());
    let position = queue::places(&verdicts).get(&newcomer.id).map(|place| place.position);
    Ok(Forecast { room, position })
}

/// The memory for all sessions, and what of it is set aside.
///
/// # Errors
/// [`LookError`]
pub(crate) async fn room(app: &App) -> Result<Room, LookError> {
    Ok(machine::room(app, &queue::standing(app).await?.holding)?)
}
