//! Whether a running session's runtime is well: it answers when it is asked, and gets on while somebody waits for it.
//!
//! A long prompt gives no sign of life for minutes on a slow machine, and nothing is wrong. So silence alone is no fault:
//! where a request has waited for long without any, the runtime is asked for the rounds that it has computed, twice. One
//! that stands still has hung, and one that does not answer has, too.

use std::{sync::Arc, time::Duration};

use domain::{Session, reason};
use protocol::{
    SessionId,
    engine::EngineHealth,
    session::{Reason, ReasonCode},
};
use tokio::time::{Instant, MissedTickBehavior};

use super::running::offset;
use crate::{app::App, gateway::live::Live};

/// How often the signs of life are looked at.
const LOOK: Duration = Duration::from_secs(1);
/// How often the runtime is asked whether it is well, and how often it may fail to answer.
const ASK: Duration = Duration::from_secs(5);
const FAILURES: u32 = 2;
/// How long it may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);
/// From one count of its rounds to the next.
const BETWEEN: Duration = Duration::from_secs(1);

/// Resolves when the runtime is there but does not answer, or does not get on while a request waits.
pub(super) async fn wait_unwell(app: &Arc<App>, session: &Session, live: &Live) -> Reason {
    let allowed = Duration::from_secs(app.config.sessions.hang_seconds);
    let mut ticks = tokio::time::interval_at(Instant::now() + offset(session.id, LOOK), LOOK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let (mut signs, mut since) = (live.signs(), Instant::now());
    let (mut failures, mut asked) = (0, Instant::now());
    loop {
        ticks.tick().await;
        if live.signs() != signs || live.in_flight() == 0 {
            (signs, since) = (live.signs(), Instant::now());
        }
        if since.elapsed() >= allowed {
            let waiting = live.in_flight();
            if has_hung(app, session.id, allowed).await && live.signs() == signs {
                let waited = since.elapsed().as_secs();
                return hung(&format!(
                    "The model's runtime has made no progress for {waited} seconds while {waiting} requests waited."
                ));
            }
            since = Instant::now();
        }
        if asked.elapsed() >= ASK {
            asked = Instant::now();
            failures = if ask(app, session.id, PATIENCE).await.is_some() { 0 } else { failures + 1 };
            if failures >= FAILURES {
                return hung("The model's runtime is there but has stopped answering.");
            }
        }
    }
}

/// What the runtime says of itself; none where it does not answer.
async fn ask(app: &App, session: SessionId, patience: Duration) -> Option<EngineHealth> {
    match tokio::time::timeout(patience, app.runtimes.get(session, "/health")).await {
        Ok(Ok((200, body))) => Some(serde_json::from_slice(&body).unwrap_or_else(|_| unknown())),
        Ok(_) | Err(_) => None,
    }
}

/// A runtime of another kind, which answers and tells no rounds.
fn unknown() -> EngineHealth {
    EngineHealth {
        status: protocol::engine::EngineStatus::Ok,
        progress: 1.0,
        model: String::new(),
        context_length: 0,
        training_context_length: 0,
        parallel: 0,
        active: 0,
        queued: 0,
        rounds: None,
    }
}

/// Whether it does not answer, or computes nothing though it has something to compute.
async fn has_hung(app: &App, session: SessionId, allowed: Duration) -> bool {
    let patience = PATIENCE.min(allowed);
    let Some(before) = ask(app, session, patience).await else { return true };
    tokio::time::sleep(BETWEEN).await;
    let Some(after) = ask(app, session, patience).await else { return true };
    stands_still(&before, &after)
}

fn stands_still(before: &EngineHealth, after: &EngineHealth) -> bool {
    let has_work = after.active + after.queued > 0;
    has_work && before.rounds.is_some() && before.rounds == after.rounds
}

pub(super) fn hung(message: &str) -> Reason {
    let mut reason = reason::plain(ReasonCode::RuntimeHung, message);
    reason.details.hints =
        vec!["Read the last lines of its log.".to_owned(), "Open a new session like this one.".to_owned()];
    reason
}

#[cfg(test)]
mod tests {
    use super::*;

    fn health(rounds: Option<u64>, active: u32) -> EngineHealth {
        EngineHealth { rounds, active, ..unknown() }
    }

    #[test]
    fn only_a_runtime_with_work_whose_rounds_stand_still_has_hung() {
        assert!(stands_still(&health(Some(7), 1), &health(Some(7), 1)));
        assert!(!stands_still(&health(Some(7), 1), &health(Some(8), 1)), "it computes");
        assert!(!stands_still(&health(Some(7), 0), &health(Some(7), 0)), "it has nothing to do");
        assert!(!stands_still(&health(None, 1), &health(None, 1)), "it tells no rounds");
    }
}
