//! The session's state machine: every pair of phase and event, and what holds over any sequence of events.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use domain::{
    Event, Refusal, Session, State, Step, limits, reason,
    session::{Draining, Ended, Stay, Timing, step},
};
use jiff::{SignedDuration, Timestamp};
use proptest::prelude::*;
use protocol::{
    ModelId, SessionId, UserId,
    model::ModelType,
    session::{
        EffectiveEngine, Phase, Reason, ReasonCode, SessionModel, SessionStorage, SessionUsage, Status, StopPolicy,
    },
};

fn at(second: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + second).unwrap()
}

fn broken() -> Reason {
    reason::plain(ReasonCode::RuntimeCrashed, "The model's runtime was ended by signal 11.")
}

fn session(state: State) -> Session {
    Session {
        id: SessionId::generate(),
        owner: UserId::generate(),
        name: "a".to_owned(),
        description: None,
        model: SessionModel {
            id: ModelId::generate(),
            name: "demo".to_owned(),
            version: "final".to_owned(),
            kind: ModelType::Llm,
        },
        engine: EffectiveEngine { context_length: 1024, parallel: 4 },
        stop: StopPolicy::default(),
        limits: limits::in_force(&StopPolicy::default(), &StopPolicy::default(), &limits::Bounds::default()),
        memory_needed: 1,
        state,
        generation: 1,
        revision: 1,
        change: 0,
        usage: SessionUsage::default(),
        last_active_at: None,
        storage: SessionStorage::default(),
        created_at: at(0),
        deleting_at: None,
    }
}

fn stay() -> Stay {
    Stay { since: at(0), deadline: at(60) }
}

fn draining(running_at: Option<Timestamp>) -> State {
    State::Draining(Draining {
        since: at(0),
        running_at,
        grace_until: at(10),
        deadline: at(40),
        reason: reason::user(),
    })
}

fn ended(unreleased: bool) -> State {
    State::Ended(Ended { at: at(0), running_at: None, reason: reason::user(), unreleased })
}

fn states() -> Vec<State> {
    vec![
        State::Queued(stay()),
        State::Preparing(stay()),
        State::Loading { stay: stay(), progress: 0.5 },
        State::Probing(stay()),
        State::Running(stay()),
        draining(Some(at(0))),
        ended(false),
    ]
}

fn events() -> Vec<Event> {
    vec![
        Event::Admitted,
        Event::Launched,
        Event::Progressed(0.7),
        Event::Loaded,
        Event::Probed,
        Event::StopRequested(reason::user()),
        Event::Broke(broken()),
        Event::Exited(broken()),
        Event::Cut,
        Event::Released,
        Event::DeadlinePassed,
    ]
}

/// One letter per outcome: the phase moved to, `-` unchanged, `!` refused.
fn outcome(state: &State, event: &Event) -> char {
    match step(&session(state.clone()), event, at(5), &Timing::default()) {
        Ok(Step::Moved(state)) => match state.phase() {
            Phase::Queued => 'Q',
            Phase::Preparing => 'P',
            Phase::Loading => 'L',
            Phase::Probing => 'B',
            Phase::Running => 'R',
            Phase::Draining => 'D',
            Phase::Ended => 'E',
        },
        Ok(Step::Unchanged) => '-',
        Err(_) => '!',
    }
}

#[test]
fn every_pair_of_phase_and_event_is_decided() {
    // Admitted, Launched, Progressed, Loaded, Probed, StopRequested, Broke, Exited, Cut, Released, DeadlinePassed
    let table = [
        ("queued", "P!!!!EE!-!E"),
        ("preparing", "-L!!!DDD-!D"),
        ("loading", "--LB!DDD-!D"),
        ("probing", "----RDDD-!D"),
        ("running", "-----DDD-!D"),
        ("draining", "--------DEE"),
        ("ended", "!!!!!-!----"),
    ];
    for (state, (name, row)) in states().iter().zip(table) {
        let seen: String = events().iter().map(|event| outcome(state, event)).collect();
        assert_eq!(seen, row, "{name}");
        assert_eq!(state.phase().as_str(), name);
    }
}

#[test]
fn stop_is_idempotent_in_every_phase() {
    for state in states() {
        let before = session(state);
        let stop = Event::StopRequested(reason::user());
        let Ok(Step::Moved(state)) = step(&before, &stop, at(5), &Timing::default()) else { continue };
        let after = Session { state, ..before };
        assert_eq!(step(&after, &stop, at(6), &Timing::default()), Ok(Step::Unchanged));
    }
}

#[test]
fn a_session_that_never_ran_is_not_called_running_while_it_drains() {
    assert_eq!(draining(None).status(), Status::Initializing);
    assert_eq!(draining(Some(at(0))).status(), Status::Running);
}

#[test]
fn what_would_not_die_keeps_its_memory_until_it_is_gone() {
    let Ok(Step::Moved(state)) =
        step(&session(draining(Some(at(0)))), &Event::DeadlinePassed, at(41), &Timing::default())
    else {
        panic!("the deadline moves it")
    };
    assert!(state.holds_resources() && state.is_terminal());
    assert_eq!(state.reason().map(|reason| reason.code), Some(ReasonCode::ReleaseUnconfirmed));
    let Ok(Step::Moved(state)) = step(&session(state), &Event::Released, at(50), &Timing::default()) else {
        panic!("the sweep found it free")
    };
    assert!(!state.holds_resources());
    assert_eq!(state.status(), Status::Failed);
}

#[test]
fn an_ended_session_refuses_to_go_on() {
    let refusal = step(&session(ended(false)), &Event::Probed, at(5), &Timing::default()).unwrap_err();
    assert_eq!(refusal, Refusal::Ended { status: Status::Stopped });
    assert!(refusal.to_string().contains("new session like this one"));
}

#[test]
fn a_cut_ends_the_grace_at_once() {
    let Ok(Step::Moved(State::Draining(draining))) =
        step(&session(draining(Some(at(0)))), &Event::Cut, at(5), &Timing::default())
    else {
        panic!("cut moves the grace")
    };
    assert_eq!(draining.grace_until, at(5));
    assert!(draining.deadline > at(5));
}

fn any_event() -> impl Strategy<Value = Event> {
    (0..events().len(), 0.0..1.0f64).prop_map(|(index, share)| match events().swap_remove(index) {
        Event::Progressed(_) => Event::Progressed(share),
        event => event,
    })
}

proptest! {
    #[test]
    fn any_sequence_of_events_keeps_the_promises(steps in prop::collection::vec((any_event(), 0i64..20), 0..40)) {
        let mut current = session(State::Queued(stay()));
        let (mut now, mut was_running, mut was_ended) = (0, false, false);
        for (event, pause) in steps {
            now += pause;
            let Ok(Step::Moved(state)) = step(&current, &event, at(now), &Timing::default()) else { continue };
            // Running comes only from a model that has answered.
            prop_assert!(state.phase() != Phase::Running || event == Event::Probed);
            was_running |= state.phase() == Phase::Running;
            prop_assert!(was_running || state.status() != Status::Running);
            // The end is final, and nothing but the end is without a deadline.
            prop_assert!(!was_ended || state.is_terminal());
            was_ended |= state.is_terminal();
            prop_assert_eq!(state.deadline().is_none(), state.is_terminal());
            // A reason comes with the decision to end and stays, except where the release failed.
            prop_assert_eq!(state.reason().is_some(), matches!(state.phase(), Phase::Draining | Phase::Ended));
            if let (Some(before), Some(after)) = (current.state.reason(), state.reason()) {
                prop_assert!(before == after || after.code == ReasonCode::ReleaseUnconfirmed);
            }
            current = Session { state, ..current };
        }
    }

    #[test]
    fn no_phase_can_be_stuck(index in 0usize..6) {
        let state = states().swap_remove(index);
        let mut current = session(state);
        // Nothing but deadlines: two of them at most lead to the end.
        for _ in 0..2 {
            let now = current.state.deadline().unwrap_or(at(0)) + SignedDuration::from_secs(1);
            if let Ok(Step::Moved(state)) = step(&current, &Event::DeadlinePassed, now, &Timing::default()) {
                current = Session { state, ..current };
            }
        }
        prop_assert!(current.state.is_terminal());
    }
}
