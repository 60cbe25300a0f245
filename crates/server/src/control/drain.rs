//! Draining: no new requests, the grace for those in flight, then everything is released, and seen to be.

use std::{sync::Arc, time::Duration};

use domain::{Event, Session, State};
use jiff::Timestamp;
use protocol::{
    session::{ReasonCode, Status},
    shim::SessionFolder,
};
use tokio::sync::Notify;

use super::{
    apply,
    start::{Work, end_by},
    supervisor::Outcome,
};
use crate::{app::App, clock::until, gateway::exchange::Cut, storage};

/// From SIGTERM to SIGKILL of a runtime that has nothing left to do.
const RUNTIME_GRACE: Duration = Duration::from_secs(2);
/// How long the shim may take beyond that before it is killed itself.
const SHIM_GRACE: Duration = Duration::from_secs(3);
/// For the records of answers that were cut.
const RECORDS: Duration = Duration::from_secs(5);
/// Pause between two looks at what is left.
const LOOK: Duration = Duration::from_millis(20);
/// Pause between two attempts to end what would not die.
const SWEEP: Duration = Duration::from_secs(2);

/// Ends a session that is to end, and says so once nothing of it is left.
pub(super) async fn drain(app: &Arc<App>, session: &Session, nudge: &Notify) -> Work {
    let State::Draining(draining) = &session.state else { return Ok(Outcome::Again) };
    if let Some(live) = app.live.find(session.id) {
        live.close(&draining.reason);
        // The shim would act right after a limit. One that has begun to, or is gone, need not be asked.
        if let Err(error) = ask_grace(app, session, draining.grace_until).await {
            tracing::debug!(session = %session.id, error = &error as &dyn std::error::Error, "no grace from the shim");
        }
        let at_once = draining.reason.code.status() == Status::Failed || draining.reason.code == ReasonCode::TokenLimit;
        let grace_over = async {
            if !at_once {
                tokio::time::sleep(until(app.clock.now(), draining.grace_until)).await;
            }
        };
        tokio::select! {
            () = wait_empty(&live) => {}
            () = grace_over => live.cut_all(Cut::SessionStopped),
            () = nudge.notified() => return Ok(Outcome::Again),
        }
        // What was admitted just before the door closed may come in now: cut it as well.
        let cut = async {
            loop {
                live.cut_all(Cut::SessionStopped);
                tokio::time::sleep(LOOK).await;
            }
        };
        tokio::select! {
            () = wait_empty(&live) => {}
            () = cut => {}
            () = tokio::time::sleep(RECORDS) => {}
        }
    }
    let event = tokio::select! {
        released = release(app, session) => { released?; Event::Released }
        () = tokio::time::sleep(until(app.clock.now(), draining.deadline)) => Event::DeadlinePassed,
    };
    apply(app, session.id, &event, "system").await?;
    app.live.remove(session.id);
    app.runtimes.forget(session.id);
    Ok(Outcome::Again)
}

/// Has the shim leave the session alone until its grace is over, and end it then should the control plane be gone.
async fn ask_grace(app: &App, session: &Session, until: Timestamp) -> Result<(), launcher::ControlError> {
    end_by(app, session, until).await?;
    app.launcher.heartbeat(session.id, session.generation, None).await.map(|_| ())
}

async fn wait_empty(live: &crate::gateway::live::Live) {
    while live.in_flight() > 0 {
        let _ = tokio::time::timeout(LOOK, live.changed.notified()).await;
    }
}

/// Has the processes end, by force if need be, and waits until nothing of them is seen.
async fn release(app: &Arc<App>, session: &Session) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let (id, generation) = (session.id, session.generation);
    // What has hung takes no notice of a request: it would only cost the grace.
    let has_hung = session.state.reason().is_some_and(|reason| reason.code == ReasonCode::RuntimeHung);
    let grace = if has_hung { Duration::ZERO } else { RUNTIME_GRACE };
    let asked = app.launcher.stop(id, generation, grace).await;
    if asked.is_ok() {
        let _ = tokio::time::timeout(RUNTIME_GRACE + SHIM_GRACE, app.launcher.wait_exit(id, generation)).await;
    }
    loop {
        if app.launcher.released(id).await?.is_complete() {
            return Ok(());
        }
        if let Err(error) = app.launcher.kill(id).await {
            tracing::warn!(session = %id, error = &error as &dyn std::error::Error, "something of a session is not dead yet");
        }
        tokio::time::sleep(LOOK).await;
    }
}

/// Goes on ending what would not die.
pub(super) async fn sweep(app: &Arc<App>, session: &Session, nudge: &Notify) -> Work {
    let _ = app.launcher.kill(session.id).await;
    if app.launcher.released(session.id).await?.is_complete() {
        apply(app, session.id, &Event::Released, "system").await?;
        return Ok(Outcome::Again);
    }
    tokio::select! {
        () = tokio::time::sleep(SWEEP) => {}
        () = nudge.notified() => {}
    }
    Ok(Outcome::Again)
}

/// Removes the temporary storage of a session that has ended, its size kept.
pub(super) async fn tidy(app: &Arc<App>, session: &Session) -> Work {
    app.live.remove(session.id);
    let folder = SessionFolder::new(&app.data, session.id);
    let removed = storage::remove_temporary(&folder).await?;
    if removed > 0 || session.storage.temporary_bytes == 0 {
        let files = storage::measure(folder.files()).await?.bytes;
        app.store.set_storage(session.id, session.storage.temporary_bytes.max(removed), files).await?;
    }
    Ok(Outcome::AtRest)
}
