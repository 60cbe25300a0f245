//! Starting, seeing and asking: what holds for every launcher.

use std::time::Duration;

use launcher::{ConnectError, ControlError, LaunchError, Observation, Role};
use libtest_mimic::Trial;
use protocol::shim::{ExitCause, Refusal, ShimState};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::fixture::{Fixture, trial, until};

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_started_runtime_can_be_reached", reached),
        trial("launching_a_living_generation_again_changes_nothing", again),
        trial("launches_at_once_start_one", at_once),
        trial("an_ended_generation_is_not_started_again", ended_once),
        trial("generations_follow_one_another", follow),
        trial("a_missing_program_is_recorded", missing_program),
        trial("an_unknown_session_is_absent_and_holds_nothing", unknown),
        trial("another_generation_is_not_obeyed", other_generation),
        trial("deadlines_are_shortened_extended_and_bounded", deadlines_move),
    ]
}

async fn reached(fixture: &Fixture) {
    let status = fixture.launch(&fixture.server()).await;
    assert_eq!(status.state, ShimState::Running);
    for _ in 0..3 {
        let mut stream = fixture.launcher.connect_runtime(fixture.session).await.expect("a connection");
        stream.write_all(b"hello").await.expect("a reader");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.expect("an answer");
        assert_eq!(answer, "hello");
    }
    fixture.launcher.stop(fixture.session, 1, Duration::from_secs(10)).await.expect("a stop");
    fixture.exit(1).await;
    let gone = fixture.launcher.connect_runtime(fixture.session).await;
    assert!(matches!(gone, Err(ConnectError::Gone(_))), "{gone:?}");
}

async fn again(fixture: &Fixture) {
    let first = fixture.launch(&fixture.sleeper()).await;
    let second = fixture.launch(&fixture.sleeper()).await;
    assert_eq!(first.shim, second.shim);
    assert_eq!(first.runtime, second.runtime);
}

async fn at_once(fixture: &Fixture) {
    let spec = fixture.sleeper();
    let launch = || fixture.launcher.launch(&spec);
    let (a, b, c, d) = tokio::join!(launch(), launch(), launch(), launch());
    for launched in [a, b, c, d] {
        launched.expect("each caller finds it started");
    }
    let found = fixture.launcher.sweep().await.expect("a sweep");
    assert_eq!(found.iter().filter(|process| process.role == Role::Shim).count(), 1, "{found:?}");
    assert_eq!(found.len(), 2, "{found:?}");
}

async fn ended_once(fixture: &Fixture) {
    let spec = fixture.script("exit 7");
    // The end may be seen by the launch itself.
    let _ = fixture.launcher.launch(&spec).await;
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code, record.signal), (ExitCause::Exited, Some(7), None));
    match fixture.launcher.launch(&spec).await {
        Err(LaunchError::Ended(again)) => assert_eq!(*again, record),
        other => panic!("expected the record, got {other:?}"),
    }
}

async fn follow(fixture: &Fixture) {
    let first = fixture.sleeper();
    let mut second = fixture.sleeper();
    second.generation = 2;
    fixture.launch(&first).await;
    let early = fixture.launcher.launch(&second).await;
    assert!(matches!(early, Err(LaunchError::OtherGeneration { alive: 1 })), "{early:?}");
    fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await.expect("a stop");
    fixture.exit(1).await;
    fixture.launch(&second).await;
    let superseded = fixture.launcher.observe(fixture.session, 3).await.expect("an observation");
    assert_eq!(superseded, Observation::Absent);
    fixture.launcher.stop(fixture.session, 2, Duration::ZERO).await.expect("a stop");
    assert_eq!(fixture.exit(2).await.generation, 2);
    let late = fixture.launcher.launch(&first).await;
    assert!(matches!(late, Err(LaunchError::Superseded { latest: 2 })), "{late:?}");
}

async fn missing_program(fixture: &Fixture) {
    let mut spec = fixture.sleeper();
    spec.program = "/nowhere/at/all".into();
    match fixture.launcher.launch(&spec).await {
        Err(LaunchError::Ended(record)) => {
            assert_eq!(record.cause, ExitCause::LaunchFailed);
            let detail = record.detail.expect("what the system said");
            assert!(detail.contains("/nowhere/at/all") && detail.contains("No such file"), "{detail}");
        }
        other => panic!("expected the record of a failed launch, got {other:?}"),
    }
    assert_eq!(fixture.exit(1).await.cause, ExitCause::LaunchFailed);
}

async fn unknown(fixture: &Fixture) {
    let seen = fixture.launcher.observe(fixture.session, 1).await.expect("an observation");
    assert_eq!(seen, Observation::Absent);
    fixture.launcher.wait_exit(fixture.session, 1).await.expect("nothing to wait for");
    assert!(fixture.launcher.released(fixture.session).await.expect("a look").is_complete());
    assert!(fixture.launcher.kill(fixture.session).await.expect("nothing to kill").is_empty());
    assert!(fixture.launcher.sweep().await.expect("a sweep").is_empty());
    let nobody = fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await;
    assert!(matches!(nobody, Err(ControlError::Gone(_))), "{nobody:?}");
}

async fn other_generation(fixture: &Fixture) {
    fixture.launch(&fixture.sleeper()).await;
    let refused = fixture.launcher.stop(fixture.session, 2, Duration::ZERO).await;
    let expected = Refusal::OtherGeneration { running: 1 };
    assert!(matches!(refused, Err(ControlError::Refused(refusal)) if refusal == expected), "{refused:?}");
    assert_eq!(fixture.alive(1).await.state, ShimState::Running);
}

async fn deadlines_move(fixture: &Fixture) {
    let minutes = |count: u64| Duration::from_secs(60 * count);
    let about = |ms: u64, minutes: u64| (minutes - 1) * 60_000 < ms && ms <= minutes * 60_000;
    let launched = fixture.launch(&fixture.stubborn()).await;
    assert!(about(launched.deadline_in_ms, 10) && launched.idle_deadline_in_ms.is_none(), "{launched:?}");
    let session = fixture.session;
    let shorter = fixture.launcher.set_deadline(session, 1, minutes(5)).await.expect("a deadline");
    assert!(about(shorter.deadline_in_ms, 5), "{shorter:?}");
    let longer = fixture.launcher.set_deadline(session, 1, minutes(8)).await.expect("a deadline");
    assert!(about(longer.deadline_in_ms, 8), "{longer:?}");
    let bounded = fixture.launcher.set_deadline(session, 1, minutes(100)).await.expect("a deadline");
    assert!(about(bounded.deadline_in_ms, 10), "{bounded:?}");
    let idle = fixture.launcher.heartbeat(session, 1, Some(minutes(3))).await.expect("a heartbeat");
    assert!(about(idle.idle_deadline_in_ms.expect("an idle deadline"), 3), "{idle:?}");
    let lifted = fixture.launcher.heartbeat(session, 1, None).await.expect("a heartbeat");
    assert_eq!(lifted.idle_deadline_in_ms, None);
    fixture.written("grandchild").await;
    fixture.launcher.stop(session, 1, minutes(1)).await.expect("a stop");
    until("it is stopping", async || (fixture.alive(1).await.state == ShimState::Stopping).then_some(())).await;
    let refused = fixture.launcher.set_deadline(session, 1, minutes(9)).await;
    assert!(matches!(refused, Err(ControlError::Refused(Refusal::Stopping))), "{refused:?}");
}
