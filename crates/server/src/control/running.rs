//! Running: waits for whatever ends the session first, and keeps the shim's own limits in step.

use std::{sync::Arc, time::Duration};

use domain::{Event, Session};
use launcher::Observation;
use protocol::{SessionId, readings::MemoryReading, session::Reason};
use tokio::sync::Notify;

use super::{
    apply,
    start::{Work, move_deadline, wait_exit},
    supervisor::Outcome,
    unwell,
};
use crate::{
    app::App,
    clock::until,
    gateway::live::{Live, Outlook},
    tasks,
};

/// How often the runtime's memory is read.
const READING_PERIOD: Duration = Duration::from_secs(5);
/// How often in a row a shim may not answer that.
const SILENCES: u32 = 3;
/// What the shim's idle deadline allows beyond the control plane's.
pub(super) const IDLE_MARGIN: Duration = Duration::from_secs(5);

/// Watches a running session until it has to end, or is to be looked at again.
pub(super) async fn run(app: &Arc<App>, session: &Session, nudge: &Notify) -> Work {
    let live = app.live.ensure(session, app.clock.now());
    live.set_limits(session);
    tasks::session_runs(app, session);
    if let Err(error) = move_deadline(app, session).await {
        tracing::warn!(session = %session.id, error = &error as &dyn std::error::Error, "a shim's deadline could not be moved");
    }
    let event = tokio::select! {
        event = wait_exit(app, session) => event?,
        reason = wait_limit(app, &live) => Event::StopRequested(reason),
        reason = unwell::wait_unwell(app, session, &live) => Event::Broke(reason),
        reason = take_readings(app, session) => Event::Broke(reason),
        never = beat(app, &live) => match never {},
        () = nudge.notified() => return Ok(Outcome::Again),
    };
    if let Event::StopRequested(reason) | Event::Exited(reason) | Event::Broke(reason) = &event {
        live.close(reason);
    }
    apply(app, session.id, &event, "policy").await?;
    Ok(Outcome::Again)
}

/// Resolves with the limit that is reached first.
async fn wait_limit(app: &Arc<App>, live: &Live) -> Reason {
    loop {
        let changed = live.changed.notified();
        let now = app.clock.now();
        match live.outlook(now) {
            Outlook::Stop(reason) => return reason,
            Outlook::Until(at) => {
                // Wake often enough to notice that the machine slept or its clock was set.
                let pause = until(now, at).min(Duration::from_secs(30));
                tokio::select! {
                    () = changed => {}
                    () = tokio::time::sleep(pause) => {}
                }
            }
        }
    }
}

/// Keeps what the runtime's memory is, now and then. Resolves when the shim does not tell it any more: then nobody holds
/// the session's bounds.
async fn take_readings(app: &Arc<App>, session: &Session) -> Reason {
    let (mut pause, mut silences) = (offset(session.id, READING_PERIOD), 0);
    loop {
        match app.launcher.observe(session.id, session.generation).await {
            Ok(Observation::Alive(status)) => {
                silences = 0;
                let reading = MemoryReading { at: app.clock.now(), bytes: status.memory_bytes };
                if let Err(error) = app.store.add_memory_reading(session.id, reading).await {
                    tracing::warn!(session = %session.id, error = &error as &dyn std::error::Error, "a reading was not kept");
                }
            }
            Ok(Observation::Unresponsive { .. }) => silences += 1,
            // Its end is another's concern.
            Ok(Observation::Exited(_) | Observation::Vanished | Observation::Absent) | Err(_) => {}
        }
        if silences >= SILENCES {
            return unwell::hung("The process that supervises the model's runtime has stopped answering.");
        }
        tokio::time::sleep(std::mem::replace(&mut pause, READING_PERIOD)).await;
    }
}

/// A part of the period that differs from session to session: after a restart all begin at the same moment, and are
/// not to go on together for ever.
pub(super) fn offset(id: SessionId, period: Duration) -> Duration {
    let random = id.as_bytes().iter().rev().take(4).fold(0u32, |random, byte| random << 8 | u32::from(*byte));
    period.mul_f64(f64::from(random) / f64::from(u32::MAX))
}

/// Moves the shim's idle deadline along, so that an idle session ends also without the control plane.
async fn beat(app: &Arc<App>, live: &Live) -> std::convert::Infallible {
    loop {
        let Some(seconds) = live.idle_limit() else {
            std::future::pending::<()>().await;
            continue;
        };
        let idle = Duration::from_secs(seconds);
        let now = app.clock.now();
        let since = until(live.last_active_at(now), now);
        let remaining = idle.saturating_sub(since) + IDLE_MARGIN;
        if let Err(error) = app.launcher.heartbeat(live.id, live.generation, Some(remaining)).await {
            tracing::debug!(session = %live.id, error = &error as &dyn std::error::Error, "no heartbeat");
        }
        // A request that comes just now moves the deadline only with the next beat: that must come before it.
        let pause = (idle / 4).clamp(Duration::from_millis(500), Duration::from_secs(10));
        tokio::time::sleep(pause.min(remaining / 2)).await;
    }
}
