//! The queue: which waiting session starts next, and each one's place.

use std::{collections::HashMap, sync::Arc, time::Duration};

use domain::{
    Event, Session, State,
    admission::{Held, Hold, Waiting, admit},
    limits, reason,
};
use protocol::{SessionId, session::SessionUsage};

use super::{
    apply,
    machine::{self, Room},
    supervise,
};
use crate::{app::App, quota};

/// A session's place in the queue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place {
    /// From 1.
    pub(crate) position: u64,
    /// What it waits for.
    pub(crate) hold: Hold,
}

/// How often the queue is looked at when nothing wakes it: memory comes free without a word.
const PERIOD: Duration = Duration::from_secs(1);

/// Looks after the queue until the server goes down.
pub(crate) async fn run(app: Arc<App>) {
    loop {
        if let Err(error) = pass(&app).await {
            tracing::error!(error = &*error, "the queue could not be looked after");
        }
        tokio::select! {
            () = app.shutdown.cancelled() => return,
            () = app.supervisors.queue.notified() => {}
            () = tokio::time::sleep(PERIOD) => {}
        }
    }
}

async fn pass(app: &Arc<App>) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    if !app.store.is_anyone_queued().await? {
        app.supervisors.set_places(&HashMap::new());
        return Ok(());
    }
    let Standing { queued, holding } = standing(app).await?;
    let queued = end_overdue(app, queued).await?;
    let held = held(&holding, machine::room(app, &holding)?);
    let verdicts = admit(&waiting(&queued), &held, |owner| quota::limits_of(app, owner).admission());
    for (id, _) in verdicts.iter().filter(|(_, verdict)| verdict.is_ok()) {
        apply(app, *id, &Event::Admitted, "system").await?;
        supervise(app, *id);
    }
    let changed = app.supervisors.set_places(&places(&verdicts));
    for id in changed {
        tell(app, id).await?;
    }
    Ok(())
}

/// Who waits, oldest first, and who holds resources.
pub(super) struct Standing {
    pub(super) queued: Vec<Session>,
    pub(super) holding: Vec<Session>,
}

pub(super) async fn standing(app: &App) -> Result<Standing, store::StorageError> {
    let (mut queued, mut holding): (Vec<Session>, Vec<Session>) =
        app.store.list_unfinished().await?.into_iter().partition(|session| matches!(session.state, State::Queued(_)));
    queued.sort_by_key(|session| session.id);
    holding.retain(|session| session.state.holds_resources());
    Ok(Standing { queued, holding })
}

pub(super) fn waiting(queued: &[Session]) -> Vec<Waiting> {
    let waiting =
        |session: &Session| Waiting { id: session.id, owner: session.owner, memory_needed: session.memory_needed };
    queued.iter().map(waiting).collect()
}

pub(super) fn held(holding: &[Session], room: Room) -> Held {
    let mut active = HashMap::new();
    for session in holding {
        *active.entry(session.owner).or_default() += 1;
    }
    Held { active, memory_free: room.free }
}

/// The places of those that do not start.
pub(super) fn places(verdicts: &[(SessionId, Result<(), Hold>)]) -> HashMap<SessionId, Place> {
    let held = verdicts.iter().filter_map(|(id, verdict)| verdict.err().map(|hold| (*id, hold)));
    held.zip(1..).map(|((id, hold), position)| (id, Place { position, hold })).collect()
}

/// Ends what has waited too long, or whose stop time came first; returns the others.
async fn end_overdue(
    app: &Arc<App>,
    queued: Vec<Session>,
) -> Result<Vec<Session>, Box<dyn std::error::Error + Send + Sync>> {
    let now = app.clock.now();
    let mut left = Vec::new();
    for session in queued {
        let at = limits::wall_clock(&session.limits);
        let event = if at.is_some_and(|at| at <= now) {
            let limit =
                session.limits.iter().find(|limit| at.map(protocol::session::LimitValue::At) == Some(limit.value));
            Event::StopRequested(reason::time_limit(limit.copied()))
        } else if session.state.deadline().is_some_and(|deadline| deadline <= now) {
            Event::DeadlinePassed
        } else {
            left.push(session);
            continue;
        };
        end(app, session.id, &event).await?;
    }
    Ok(left)
}

async fn end(app: &Arc<App>, id: SessionId, event: &Event) -> Result<(), super::ApplyError> {
    apply(app, id, event, "policy").await?;
    supervise(app, id);
    Ok(())
}

/// Has the queue looked at now.
pub(crate) fn nudge(app: &App) {
    app.supervisors.queue.notify_one();
}

/// Has the event stream tell of something that is not in the session's row: its place, its load's progress.
pub(super) async fn tell(app: &App, id: SessionId) -> Result<(), store::StorageError> {
    app.store.add_usage(id, SessionUsage::default()).await.map(|_| ())
}
