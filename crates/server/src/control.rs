//! Control: what carries the decisions out. One supervisor per session looks at where the session stands and does
//! the work of that phase; everything it does can be done again, so that a restart simply begins anew.

mod drain;
mod erase;
mod exit;
mod forecast;
mod machine;
#[cfg(debug_assertions)]
mod passing;
mod probe;
mod queue;
mod running;
mod start;
mod supervisor;
mod unwell;

pub(crate) use erase::delete;
pub(crate) use exit::bytes;
pub(crate) use forecast::{LookError, forecast, room};
pub(crate) use machine::{MemoryError, memory};
#[cfg(debug_assertions)]
pub(crate) use passing::PassingLauncher;
pub(crate) use queue::{nudge as nudge_queue, run as run_queue};
pub(crate) use supervisor::{Supervisors, adopt, supervise};

use domain::{Event, Refusal, Session, State, Step};
use jiff::Timestamp;
use protocol::{SessionId, session::Phase};
use store::{AuditNote, Transition};

use crate::{app::App, figures};

/// What an event did to a session.
#[derive(Debug, Clone)]
pub(crate) enum Applied {
    Moved(Session),
    Unchanged(Session),
}

impl Applied {
    pub(crate) fn into_session(self) -> Session {
        match self {
            Self::Moved(session) | Self::Unchanged(session) => session,
        }
    }
}

/// An event could not be applied.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ApplyError {
    #[error("there is no such session")]
    Gone,
    #[error(transparent)]
    Refused(#[from] Refusal),
    #[error("could not read the session")]
    Read(#[source] store::StorageError),
    #[error("could not write the session")]
    Write(#[source] store::WriteSessionError),
}

/// How often a write is tried again when somebody else wrote in between.
const ATTEMPTS: u32 = 8;

/// Applies an event to a session: decides on what is stored, and stores the outcome only if that has not changed.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn apply(app: &App, id: SessionId, event: &Event, actor: &str) -> Result<Applied, ApplyError> {
    apply_noted(app, id, event, (actor, None)).await
}

/// As [`apply`], on somebody's word: what the audit log is to tell is appended with the move.
///
/// # Errors
/// [`ApplyError`]
pub(crate) async fn apply_noted(
    app: &App,
    id: SessionId,
    event: &Event,
    (actor, note): (&str, Option<&AuditNote>),
) -> Result<Applied, ApplyError> {
    let store = note.map_or_else(|| app.store.clone(), |note| app.store.audited(note.clone()));
    let mut attempt = 1;
    loop {
        let before = app.store.find_session(id).await.map_err(ApplyError::Read)?.ok_or(ApplyError::Gone)?;
        let now = app.clock.now();
        let state = match domain::session::step(&before, event, now, &app.config.timing())? {
            Step::Unchanged => return Ok(Applied::Unchanged(before)),
            Step::Moved(state) => state,
        };
        let after = moved(&before, state, now);
        let from = before.state.phase();
        let transition = Transition { actor: actor.to_owned(), from, at: now };
        match store.write_session(before.revision, after, Some(transition)).await {
            Ok(session) => {
                log_transition(&session, from, actor);
                app.supervisors.nudge(id);
                return Ok(Applied::Moved(session));
            }
            Err(store::WriteSessionError::Conflict { .. }) if attempt < ATTEMPTS => attempt += 1,
            Err(error) => return Err(ApplyError::Write(error)),
        }
    }
}

fn moved(before: &Session, state: State, now: Timestamp) -> Session {
    let mut after = Session { state, ..before.clone() };
    match after.state.phase() {
        // A launch is an incarnation: what an earlier one left cannot be taken for this one's.
        Phase::Preparing => after.generation += 1,
        Phase::Running => after.last_active_at = Some(now),
        Phase::Queued | Phase::Loading | Phase::Probing | Phase::Draining | Phase::Ended => {}
    }
    after
}

fn log_transition(session: &Session, from: Phase, actor: &str) {
    let to = session.state.phase().as_str();
    metrics::counter!(figures::TRANSITIONS, "to" => to).increment(1);
    tracing::info!(
        session = %session.id,
        from = from.as_str(),
        to,
        status = session.state.status().as_str(),
        reason = session.state.reason().map_or("", |reason| reason.code.as_str()),
        actor,
        "session"
    );
}
