//! Ending the server, in five phases: each is logged as it begins, and none can hold the end up for ever.
//!
//! 1. Nothing new is let in: 503 `shutting_down`. What is asked of the server's health is still answered.
//! 2. What was let in may end within the grace; then answers are cut, and their text is kept.
//! 3. The sessions are handed over, running on under their shims, or stopped.
//! 4. Connections are closed.
//! 5. What was accepted is written, and the storage is closed.
//!
//! Somebody in a hurry ends the waiting of the phases, and leaves out none.

use std::{sync::Arc, time::Duration};

use domain::{Event, State, reason};
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;

use crate::{
    app::App,
    boot::Server,
    connection::{self, Bounds},
    control,
    gateway::exchange::Cut,
    router,
};

/// What becomes of the sessions when the server ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// They run on; the next start takes them over.
    HandOver,
    /// They are stopped first.
    StopSessions,
}

/// For the records of answers that were cut.
const RECORDS: Duration = Duration::from_secs(5);
/// For connections whose last answer is on its way, such as a download, where nothing is left of the grace.
const CONNECTIONS: Duration = Duration::from_secs(2);
/// For work of the server's own.
const WORK: Duration = Duration::from_secs(2);
/// Pause between two looks at what is in flight.
const LOOK: Duration = Duration::from_millis(10);

impl Server {
    /// Serves until `ending` resolves, then ends in phases. Once `hurry` resolves, no phase waits any more.
    pub async fn run(self, ending: impl Future<Output = Ending>, hurry: impl Future<Output = ()>) {
        let Self { app, listener, door, .. } = self;
        let serving =
            connection::serve(listener, router::router(&app), Bounds::of_this_process(), door, app.shutdown.clone());
        tokio::pin!(serving);
        let hurried = CancellationToken::new();
        let grace_over = {
            let closing = async {
                let ending = ending.await;
                let grace_over = close_door(&app);
                let waiting = async {
                    let_end(&app, ending, grace_over, &hurried).await;
                    leave_sessions(&app, ending, &hurried).await;
                };
                tokio::pin!(waiting);
                tokio::select! {
                    () = &mut waiting => {}
                    () = hurry => {
                        tracing::info!("shutdown: in a hurry");
                        hurried.cancel();
                        waiting.await;
                    }
                }
                grace_over
            };
            tokio::select! {
                grace_over = closing => grace_over,
                // It ends by the word that is given below alone.
                () = &mut serving => Instant::now(),
            }
        };
        tracing::info!(phase = 4, "shutdown: closing connections");
        app.shutdown.cancel();
        let patience = grace_over.saturating_duration_since(Instant::now()).max(CONNECTIONS);
        tokio::select! {
            _ = timeout(patience, &mut serving) => {}
            () = hurried.cancelled() => {}
        }
        flush(&app).await;
    }
}

/// Phase 1. Returns when the grace is over.
fn close_door(app: &App) -> Instant {
    let live = app.live.all();
    let answers: usize = live.iter().map(|live| live.in_flight()).sum();
    tracing::info!(phase = 1, sessions = live.len(), answers, "shutdown: nothing new is let in");
    app.closing.cancel();
    app.requests.close();
    Instant::now() + Duration::from_secs(app.config.server.shutdown_grace_seconds)
}

/// Phase 2.
async fn let_end(app: &App, ending: Ending, grace_over: Instant, hurried: &CancellationToken) {
    tracing::info!(phase = 2, "shutdown: what was let in may end");
    let ended = async {
        app.requests.wait().await;
        wait_answered(app).await;
    };
    tokio::select! {
        () = ended => return,
        () = tokio::time::sleep_until(grace_over) => {}
        () = hurried.cancelled() => {}
    }
    let cut = match ending {
        Ending::HandOver => Cut::Shutdown,
        Ending::StopSessions => Cut::SessionStopped,
    };
    let answers: usize = app.live.all().iter().map(|live| live.in_flight()).sum();
    tracing::info!(phase = 2, answers, "shutdown: the grace is over; what is being written is cut, and kept");
    let cutting = async {
        loop {
            app.live.all().iter().for_each(|live| live.cut_all(cut));
            tokio::time::sleep(LOOK).await;
        }
    };
    tokio::select! {
        () = wait_answered(app) => {}
        () = cutting => {}
        () = tokio::time::sleep(RECORDS) => tracing::warn!("some answers were not recorded; the next start closes them"),
    }
}

async fn wait_answered(app: &App) {
    while app.live.all().iter().any(|live| live.in_flight() > 0) {
        tokio::time::sleep(LOOK).await;
    }
}

/// Phase 3.
async fn leave_sessions(app: &Arc<App>, ending: Ending, hurried: &CancellationToken) {
    match ending {
        Ending::HandOver => {
            let sessions = app.store.list_unfinished().await.map_or(0, |sessions| sessions.len());
            tracing::info!(phase = 3, sessions, "shutdown: sessions are handed over to the next start");
        }
        Ending::StopSessions => {
            tracing::info!(phase = 3, "shutdown: sessions are stopped");
            tokio::select! {
                () = stop_all(app) => {}
                () = hurried.cancelled() => tracing::warn!("some sessions are left to the next start, which goes on with them"),
            }
        }
    }
}

/// Phase 5.
async fn flush(app: &App) {
    tracing::info!(phase = 5, "shutdown: what was accepted is written");
    app.tasks.close();
    if timeout(WORK, app.tasks.wait()).await.is_err() {
        tracing::debug!("some work of the server was dropped; the next start does it");
    }
    match app.store.close().await {
        Ok(()) => tracing::info!("shutdown: done"),
        Err(error) => {
            tracing::error!(error = &error as &dyn std::error::Error, "the store did not close cleanly");
        }
    }
}

/// Stops every session and waits until they have ended.
async fn stop_all(app: &Arc<App>) {
    let timing = app.config.timing();
    let patience = Duration::try_from(timing.grace + timing.release).unwrap_or(Duration::from_secs(60));
    let work = async {
        loop {
            let Ok(sessions) = app.store.list_unfinished().await else { return };
            let open: Vec<_> = sessions.into_iter().filter(|session| !session.state.is_terminal()).collect();
            if open.is_empty() {
                return;
            }
            for session in open.iter().filter(|session| !matches!(session.state, State::Draining(_))) {
                let event = Event::StopRequested(reason::shutdown());
                if let Err(error) = control::apply(app, session.id, &event, "system").await {
                    tracing::warn!(session = %session.id, error = &error as &dyn std::error::Error, "not stopped");
                }
                control::supervise(app, session.id);
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    if timeout(patience + Duration::from_secs(5), work).await.is_err() {
        tracing::warn!("some sessions did not end in time; the next start goes on with them");
    }
}
