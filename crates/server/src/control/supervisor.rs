//! One supervisor per session that is not at rest: it looks where the session stands, does that phase's work, and
//! looks again. It holds no state of its own, so a restart of the server begins where the session is.

use std::{
    collections::HashMap,
    ops::ControlFlow,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use domain::State;
use protocol::{SessionId, session::DeletionReceipt};
use tokio::sync::{Notify, watch};

use super::{drain, erase, queue::Place, running, start};
use crate::{app::App, storage, tasks};

/// What the server knows of sessions beside what is stored: who supervises them, how far their load is, where they
/// stand in the queue.
#[derive(Debug, Default)]
pub(crate) struct Supervisors {
    sessions: Mutex<HashMap<SessionId, Supervised>>,
    /// Wakes the queue.
    pub(crate) queue: Notify,
}

#[derive(Debug, Default)]
struct Supervised {
    nudge: Arc<Notify>,
    is_running: bool,
    /// Asked for while it was running: it looks once more before it rests.
    is_wanted: bool,
    /// Share of the model that is loaded.
    progress: Option<f64>,
    place: Option<Place>,
    /// Filled once its deletion is done.
    receipt: Option<watch::Sender<Option<DeletionReceipt>>>,
}

impl Supervisors {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Supervised>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the session's supervisor, and the queue.
    pub(crate) fn nudge(&self, id: SessionId) {
        if let Some(supervised) = self.lock().get(&id) {
            supervised.nudge.notify_one();
        }
        self.queue.notify_one();
    }

    /// The share of the model that is loaded, while it loads.
    pub(crate) fn progress(&self, id: SessionId) -> Option<f64> {
        self.lock().get(&id).and_then(|supervised| supervised.progress)
    }

    /// Notes the share of the model that is loaded.
    pub(crate) fn set_progress(&self, id: SessionId, progress: Option<f64>) {
        if let Some(supervised) = self.lock().get_mut(&id) {
            supervised.progress = progress;
        }
    }

    /// Where the session stands in the queue, while it waits.
    pub(crate) fn place(&self, id: SessionId) -> Option<Place> {
        self.lock().get(&id).and_then(|supervised| supervised.place)
    }

    /// Notes the places of all waiting sessions. Returns those whose place has changed.
    pub(crate) fn set_places(&self, places: &HashMap<SessionId, Place>) -> Vec<SessionId> {
        let mut sessions = self.lock();
        for id in places.keys() {
            sessions.entry(*id).or_default();
        }
        let mut changed = Vec::new();
        for (id, supervised) in sessions.iter_mut() {
            let place = places.get(id).copied();
            if supervised.place != place {
                supervised.place = place;
                changed.push(*id);
            }
        }
        changed
    }

    /// Tells when the session's deletion is done.
    pub(crate) fn watch_deletion(&self, id: SessionId) -> watch::Receiver<Option<DeletionReceipt>> {
        let mut sessions = self.lock();
        sessions.entry(id).or_default().receipt.get_or_insert_with(|| watch::Sender::new(None)).subscribe()
    }

    fn begin(&self, id: SessionId) -> Option<Arc<Notify>> {
        let mut sessions = self.lock();
        let supervised = sessions.entry(id).or_default();
        if supervised.is_running {
            supervised.is_wanted = true;
            supervised.nudge.notify_one();
            return None;
        }
        supervised.is_running = true;
        Some(Arc::clone(&supervised.nudge))
    }

    /// Ends the supervision, unless it was asked for again meanwhile: then it goes on.
    fn rest(&self, id: SessionId, rest: Rest) -> ControlFlow<()> {
        let mut sessions = self.lock();
        let Some(supervised) = sessions.get_mut(&id) else { return ControlFlow::Break(()) };
        match rest {
            Rest::Quiet if supervised.is_wanted => {
                supervised.is_wanted = false;
                return ControlFlow::Continue(());
            }
            // A place in the queue stays known, and whoever waits for a deletion is about to ask for it.
            Rest::Quiet if supervised.place.is_some() || supervised.receipt.is_some() => supervised.is_running = false,
            Rest::Quiet | Rest::Gone => {
                sessions.remove(&id);
            }
            Rest::Deleted(receipt) => {
                if let Some(sender) = sessions.remove(&id).and_then(|supervised| supervised.receipt) {
                    sender.send_replace(Some(receipt));
                }
            }
        }
        ControlFlow::Break(())
    }
}

/// Why a supervisor has nothing more to do.
enum Rest {
    Quiet,
    /// There is no such session (any more).
    Gone,
    Deleted(DeletionReceipt),
}

/// What a phase's work came to.
pub(super) enum Outcome {
    /// The session stands elsewhere, or should be looked at again.
    Again,
    /// Nothing to do until somebody asks for something.
    AtRest,
    /// It is deleted.
    Deleted(DeletionReceipt),
}

/// How long to wait before a phase's work is tried again after the store failed.
const RETRY: Duration = Duration::from_millis(500);

/// Sees to it that the session is supervised. Returns at once; safe to call again.
pub(crate) fn supervise(app: &Arc<App>, id: SessionId) {
    if let Some(nudge) = app.supervisors.begin(id) {
        let app = Arc::clone(app);
        tokio::spawn(async move {
            tokio::select! {
                () = app.shutdown.cancelled() => {}
                () = async {
                    while app.supervisors.rest(id, run(&app, id, &nudge).await).is_continue() {}
                } => app.supervisors.queue.notify_one(),
            }
        });
    }
}

async fn run(app: &Arc<App>, id: SessionId, nudge: &Notify) -> Rest {
    loop {
        let session = match app.store.find_session(id).await {
            Ok(Some(session)) => session,
            Ok(None) => return Rest::Gone,
            Err(error) => {
                tracing::error!(session = %id, error = &error as &dyn std::error::Error, "a session could not be read");
                tokio::time::sleep(RETRY).await;
                continue;
            }
        };
        if matches!(session.state, State::Ended(_)) && session.deleting_at.is_none() {
            // Its tasks were cut with it: what they came to is summed up.
            tasks::ensure_runner(app, id);
        }
        let outcome = match &session.state {
            State::Queued(_) => Ok(Outcome::AtRest),
            State::Preparing(_) => start::prepare(app, &session).await,
            State::Loading { .. } => start::load(app, &session, nudge).await,
            State::Probing(_) => start::probe(app, &session, nudge).await,
            State::Running(_) => running::run(app, &session, nudge).await,
            State::Draining(_) => drain::drain(app, &session, nudge).await,
            State::Ended(ended) if ended.unreleased => drain::sweep(app, &session, nudge).await,
            State::Ended(_) if session.deleting_at.is_some() => erase::erase(app, &session).await,
            State::Ended(_) => drain::tidy(app, &session).await,
        };
        match outcome {
            Ok(Outcome::Again) => {}
            Ok(Outcome::AtRest) => return Rest::Quiet,
            Ok(Outcome::Deleted(receipt)) => return Rest::Deleted(receipt),
            Err(error) => {
                tracing::error!(session = %id, error = &*error, "a session's work failed and is tried again");
                tokio::time::sleep(RETRY).await;
            }
        }
    }
}

/// Takes over what an earlier run of the server left: every session that is not at rest.
///
/// # Errors
/// The store cannot be read, or the machine's processes cannot be listed.
pub(crate) async fn adopt(app: &Arc<App>) -> Result<usize, Box<dyn std::error::Error + Send + Sync>> {
    let sessions = app.store.list_unfinished().await?;
    let now = app.clock.now();
    for session in &sessions {
        if matches!(session.state, State::Running(_) | State::Draining(_)) {
            app.live.ensure(session, now);
        }
        if !matches!(session.state, State::Queued(_)) || session.deleting_at.is_some() {
            supervise(app, session.id);
        }
    }
    sweep_strangers(app, &sessions).await?;
    tidy_leftovers(app, &sessions).await?;
    Ok(sessions.len())
}

/// Has the temporary storage removed that a session's end left, because the server died right after it.
async fn tidy_leftovers(app: &Arc<App>, sessions: &[domain::Session]) -> std::io::Result<()> {
    for id in storage::list_with_temporary(&app.data).await? {
        if !sessions.iter().any(|session| session.id == id) {
            supervise(app, id);
        }
    }
    Ok(())
}

/// Ends processes of this data folder whose session has ended or does not exist.
async fn sweep_strangers(
    app: &Arc<App>,
    sessions: &[domain::Session],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let mut strangers: Vec<SessionId> = app.launcher.sweep().await?.iter().map(|process| process.session).collect();
    strangers.sort_unstable();
    strangers.dedup();
    strangers.retain(|id| !sessions.iter().any(|session| session.id == *id && session.state.holds_resources()));
    for id in strangers {
        tracing::warn!(session = %id, "processes of a session that has ended were found and are killed");
        app.launcher.kill(id).await?;
    }
    Ok(())
}
