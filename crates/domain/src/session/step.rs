//! The one function that moves a session.

use jiff::{SignedDuration, Timestamp};
use protocol::session::{Phase, Reason, Status};

use super::{Draining, Ended, Event, Session, State, Stay};
use crate::{limits, reason};

/// How long each phase may last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Timing {
    pub queued: SignedDuration,
    pub preparing: SignedDuration,
    pub loading: SignedDuration,
    pub probing: SignedDuration,
    /// For requests in flight when the session stops.
    pub grace: SignedDuration,
    /// For everything to die after the grace.
    pub release: SignedDuration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            queued: SignedDuration::from_hours(24),
            preparing: SignedDuration::from_secs(60),
            loading: SignedDuration::from_mins(30),
            probing: SignedDuration::from_mins(2),
            grace: SignedDuration::from_secs(10),
            release: SignedDuration::from_secs(30),
        }
    }
}

/// What an event did.
#[expect(clippy::large_enum_variant, reason = "it lives for one match; a box would only be taken apart again")]
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// The session stands elsewhere now.
    Moved(State),
    /// It was so already.
    Unchanged,
}

/// Why an event cannot happen now.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A stopped or failed session cannot be restarted or changed.
    #[error("the session has ended ({}) and cannot change; open a new session like this one", .status.as_str())]
    Ended { status: Status },
    /// The event belongs to another phase.
    #[error("that cannot happen while the session is {}", .phase.as_str())]
    WrongPhase { phase: Phase },
}

/// Decides what `event` does to `session` at `now`.
///
/// # Errors
/// A [`Refusal`] where the event has no place in the session's phase.
pub fn step(session: &Session, event: &Event, now: Timestamp, timing: &Timing) -> Result<Step, Refusal> {
    match &session.state {
        State::Queued(_) => queued(session, event, now, timing),
        State::Preparing(_) => starting(session, event, now, timing, |event| match event {
            Event::Admitted => Some(Step::Unchanged),
            Event::Launched => Some(Step::Moved(State::Loading { stay: stay(now, timing.loading), progress: 0.0 })),
            _ => None,
        }),
        State::Loading { stay: current, progress } => starting(session, event, now, timing, |event| match event {
            Event::Admitted | Event::Launched => Some(Step::Unchanged),
            Event::Progressed(share) if share > progress => {
                Some(Step::Moved(State::Loading { stay: *current, progress: share.min(1.0) }))
            }
            Event::Progressed(_) => Some(Step::Unchanged),
            Event::Loaded => Some(Step::Moved(State::Probing(stay(now, timing.probing)))),
            _ => None,
        }),
        State::Probing(_) => starting(session, event, now, timing, |event| match event {
            Event::Admitted | Event::Launched | Event::Progressed(_) | Event::Loaded => Some(Step::Unchanged),
            Event::Probed => Some(Step::Moved(State::Running(running_stay(session, now)))),
            _ => None,
        }),
        State::Running(current) => running(session, event, *current, now, timing),
        State::Draining(draining) => drain(draining, event, now, timing),
        State::Ended(ended) => after_the_end(session, ended, event),
    }
}

fn stay(now: Timestamp, length: SignedDuration) -> Stay {
    Stay { since: now, deadline: later(now, length) }
}

/// `now + length`, at most the end of time.
fn later(now: Timestamp, length: SignedDuration) -> Timestamp {
    now.checked_add(length).unwrap_or(Timestamp::MAX)
}

fn running_stay(session: &Session, now: Timestamp) -> Stay {
    let deadline = limits::time_deadline(&session.limits, now).map_or(Timestamp::MAX, |(at, _)| at);
    Stay { since: now, deadline }
}

fn wrong_phase(session: &Session) -> Refusal {
    Refusal::WrongPhase { phase: session.state.phase() }
}

fn ended(now: Timestamp, reason: Reason) -> Step {
    Step::Moved(State::Ended(Ended { at: now, running_at: None, reason, unreleased: false }))
}

fn draining(session: &Session, now: Timestamp, grace: SignedDuration, timing: &Timing, reason: Reason) -> Step {
    let grace_until = later(now, grace);
    Step::Moved(State::Draining(Draining {
        since: now,
        running_at: session.state.running_at(),
        grace_until,
        deadline: later(grace_until, timing.release),
        reason,
    }))
}

fn queued(session: &Session, event: &Event, now: Timestamp, timing: &Timing) -> Result<Step, Refusal> {
    match event {
        Event::Admitted => Ok(Step::Moved(State::Preparing(stay(now, timing.preparing)))),
        Event::StopRequested(reason) | Event::Broke(reason) => Ok(ended(now, reason.clone())),
        Event::DeadlinePassed => Ok(ended(now, reason::start_timeout(Phase::Queued, timing.queued))),
        Event::Cut => Ok(Step::Unchanged),
        Event::Launched | Event::Progressed(_) | Event::Loaded | Event::Probed | Event::Exited(_) | Event::Released => {
            Err(wrong_phase(session))
        }
    }
}

/// Preparing, Loading and Probing: `own` decides the events that lead onwards, the ways out are shared.
fn starting(
    session: &Session,
    event: &Event,
    now: Timestamp,
    timing: &Timing,
    own: impl Fn(&Event) -> Option<Step>,
) -> Result<Step, Refusal> {
    if let Some(step) = own(event) {
        return Ok(step);
    }
    match event {
        Event::StopRequested(reason) | Event::Broke(reason) | Event::Exited(reason) => {
            Ok(draining(session, now, SignedDuration::ZERO, timing, reason.clone()))
        }
        Event::DeadlinePassed => {
            let phase = session.state.phase();
            let allowed = match phase {
                Phase::Preparing => timing.preparing,
                Phase::Loading => timing.loading,
                Phase::Queued | Phase::Probing | Phase::Running | Phase::Draining | Phase::Ended => timing.probing,
            };
            Ok(draining(session, now, SignedDuration::ZERO, timing, reason::start_timeout(phase, allowed)))
        }
        Event::Cut => Ok(Step::Unchanged),
        Event::Admitted | Event::Launched | Event::Progressed(_) | Event::Loaded | Event::Probed | Event::Released => {
            Err(wrong_phase(session))
        }
    }
}

fn running(session: &Session, event: &Event, current: Stay, now: Timestamp, timing: &Timing) -> Result<Step, Refusal> {
    match event {
        Event::Admitted | Event::Launched | Event::Progressed(_) | Event::Loaded | Event::Probed | Event::Cut => {
            Ok(Step::Unchanged)
        }
        Event::StopRequested(reason) => Ok(draining(session, now, timing.grace, timing, reason.clone())),
        Event::Broke(reason) | Event::Exited(reason) => {
            Ok(draining(session, now, SignedDuration::ZERO, timing, reason.clone()))
        }
        Event::DeadlinePassed => {
            let limit = limits::time_deadline(&session.limits, current.since).map(|(_, limit)| limit);
            Ok(draining(session, now, timing.grace, timing, reason::time_limit(limit)))
        }
        Event::Released => Err(wrong_phase(session)),
    }
}

fn drain(draining: &Draining, event: &Event, now: Timestamp, timing: &Timing) -> Result<Step, Refusal> {
    match event {
        Event::Released => Ok(Step::Moved(State::Ended(Ended {
            at: now,
            running_at: draining.running_at,
            reason: draining.reason.clone(),
            unreleased: false,
        }))),
        Event::Cut if draining.grace_until > now => Ok(Step::Moved(State::Draining(Draining {
            grace_until: now,
            deadline: later(now, timing.release),
            ..draining.clone()
        }))),
        Event::DeadlinePassed => Ok(Step::Moved(State::Ended(Ended {
            at: now,
            running_at: draining.running_at,
            reason: reason::release_unconfirmed(&draining.reason, timing.release),
            unreleased: true,
        }))),
        Event::Cut
        | Event::Admitted
        | Event::Launched
        | Event::Progressed(_)
        | Event::Loaded
        | Event::Probed
        | Event::StopRequested(_)
        | Event::Broke(_)
        | Event::Exited(_) => Ok(Step::Unchanged),
    }
}

fn after_the_end(session: &Session, ended: &Ended, event: &Event) -> Result<Step, Refusal> {
    match event {
        Event::Released if ended.unreleased => {
            Ok(Step::Moved(State::Ended(Ended { unreleased: false, ..ended.clone() })))
        }
        Event::Released | Event::StopRequested(_) | Event::Cut | Event::DeadlinePassed | Event::Exited(_) => {
            Ok(Step::Unchanged)
        }
        Event::Admitted | Event::Launched | Event::Progressed(_) | Event::Loaded | Event::Probed | Event::Broke(_) => {
            Err(Refusal::Ended { status: session.state.status() })
        }
    }
}
