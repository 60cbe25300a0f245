//! How a runtime ends, and what is recorded of it: what holds for every launcher.

use std::{
    fs,
    time::{Duration, Instant},
};

use libtest_mimic::Trial;
use protocol::shim::ExitCause;

use crate::fixture::{Fixture, runs, trial, until};

const SIGTERM: i32 = 15;
const SIGKILL: i32 = 9;
const SIGSEGV: i32 = 11;
const MIB: u64 = 1024 * 1024;

pub(crate) fn trials() -> Vec<Trial> {
    vec![
        trial("a_stop_lets_the_runtime_end_by_itself", graceful),
        trial("a_runtime_that_ignores_sigterm_dies_with_all_it_started", stubborn),
        trial("a_second_stop_brings_the_kill_forward", sooner),
        trial("the_hard_maximum_holds_unasked", hard_maximum),
        trial("a_deadline_ends_the_runtime", deadline),
        trial("heartbeats_hold_the_idle_deadline_off", idle),
        trial("passing_the_memory_bound_is_told_with_the_figures", memory),
        trial("memory_is_measured_without_a_bound", peak),
        trial("a_crash_is_told_with_its_signal_and_last_lines", crash),
        trial("the_engines_last_word_is_recorded", engine_exit),
        trial("endless_output_is_bounded_and_its_ends_kept", flood),
        trial("what_a_runtime_leaves_behind_ends_with_it", left_behind),
    ]
}

async fn graceful(fixture: &Fixture) {
    let spec = fixture.script("trap 'echo bye; exit 3' TERM; echo > ready; while :; do sleep 0.05; done");
    fixture.launch(&spec).await;
    fixture.written("ready").await;
    fixture.launcher.stop(fixture.session, 1, Duration::from_secs(30)).await.expect("a stop");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code, record.signal), (ExitCause::StopRequested, Some(3), None));
    assert_eq!(record.log_tail.last().map(String::as_str), Some("bye"));
    assert!(record.started_at <= record.ended_at);
}

async fn stubborn(fixture: &Fixture) {
    let status = fixture.launch(&fixture.stubborn()).await;
    let grandchild: u32 = fixture.written("grandchild").await.trim().parse().expect("a pid");
    assert!(runs(grandchild));
    fixture.launcher.stop(fixture.session, 1, Duration::from_millis(200)).await.expect("a stop");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code, record.signal), (ExitCause::StopRequested, None, Some(SIGKILL)));
    assert!(!runs(grandchild) && !runs(status.runtime.pid) && !runs(status.shim.pid));
}

async fn sooner(fixture: &Fixture) {
    fixture.launch(&fixture.stubborn()).await;
    fixture.written("grandchild").await;
    for grace in [Duration::from_secs(3600), Duration::from_secs(7200), Duration::ZERO] {
        fixture.launcher.stop(fixture.session, 1, grace).await.expect("a stop");
    }
    assert_eq!(fixture.exit(1).await.signal, Some(SIGKILL));
}

async fn hard_maximum(fixture: &Fixture) {
    let mut spec = fixture.sleeper();
    spec.hard_stop_ms = 300;
    let begun = Instant::now();
    fixture.launcher.launch(&spec).await.expect("a start");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.signal), (ExitCause::Deadline, Some(SIGTERM)));
    assert!(begun.elapsed() >= Duration::from_millis(300), "not early: {:?}", begun.elapsed());
}

async fn deadline(fixture: &Fixture) {
    let mut spec = fixture.stubborn();
    spec.stop_grace_ms = 100;
    fixture.launch(&spec).await;
    fixture.written("grandchild").await;
    fixture.launcher.set_deadline(fixture.session, 1, Duration::from_millis(100)).await.expect("a deadline");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.signal), (ExitCause::Deadline, Some(SIGKILL)));
}

async fn idle(fixture: &Fixture) {
    fixture.launch(&fixture.sleeper()).await;
    let begun = Instant::now();
    let span = Duration::from_millis(1500);
    let mut last = begun;
    while begun.elapsed() < span * 2 {
        last = Instant::now();
        fixture.launcher.heartbeat(fixture.session, 1, Some(span)).await.expect("alive while it is active");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let record = fixture.exit(1).await;
    assert_eq!(record.cause, ExitCause::Idle);
    assert!(last.elapsed() >= span, "not early: {:?}", last.elapsed());
}

async fn memory(fixture: &Fixture) {
    let mut spec = fixture.script(r#"exec "$0" runtime eat 4000 "$@""#);
    spec.memory_bound_bytes = Some(64 * MIB);
    fixture.launcher.launch(&spec).await.expect("a start");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.signal), (ExitCause::Memory, Some(SIGKILL)));
    assert_eq!(record.memory_bound_bytes, Some(64 * MIB));
    assert!(record.peak_memory_bytes > 64 * MIB, "{record:?}");
    assert!(record.peak_memory_bytes < 4000 * MIB, "stopped on the way: {record:?}");
}

async fn peak(fixture: &Fixture) {
    fixture.launch(&fixture.script(r#"exec "$0" runtime eat 48 "$@""#)).await;
    until("48 MiB are seen", async || (fixture.alive(1).await.memory_bytes >= 48 * MIB).then_some(())).await;
    fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await.expect("a stop");
    assert!(fixture.exit(1).await.peak_memory_bytes >= 48 * MIB);
}

async fn crash(fixture: &Fixture) {
    let spec = fixture.script("for n in $(seq 1 30); do echo line $n; done; echo last words >&2; kill -SEGV $$");
    let _ = fixture.launcher.launch(&spec).await;
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code, record.signal), (ExitCause::Exited, None, Some(SIGSEGV)));
    assert_eq!(record.log_tail.len(), 20);
    assert_eq!(record.log_tail.last().map(String::as_str), Some("last words"));
    let log = fs::read_to_string(fixture.folder().runtime_log(1)).expect("the log");
    assert!(log.starts_with("line 1\n") && log.ends_with("last words\n"));
}

async fn engine_exit(fixture: &Fixture) {
    let line = r#"{"viva_engine_exit":{"code":"model_invalid","message":"no tensors"}}"#;
    let _ = fixture.launcher.launch(&fixture.script(&format!("echo '{line}' >&2; exit 65"))).await;
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code), (ExitCause::Exited, Some(65)));
    let exit = record.engine_exit.expect("the engine's word");
    assert_eq!((exit.code.as_str(), exit.message.as_str()), ("model_invalid", "no tensors"));
}

async fn flood(fixture: &Fixture) {
    let mut spec = fixture.script("echo the beginning; yes; ");
    spec.stop_grace_ms = 0;
    fixture.launch(&spec).await;
    let path = fixture.folder().runtime_log(1);
    until("something was left out", async || {
        let text = fs::read_to_string(&path).unwrap_or_default();
        assert!(text.len() as u64 <= spec.log_bound_bytes);
        text.contains("bytes left out").then_some(())
    })
    .await;
    // A runtime that floods its log does not hold the shim up.
    fixture.alive(1).await;
    fixture.launcher.stop(fixture.session, 1, Duration::ZERO).await.expect("a stop");
    fixture.exit(1).await;
    let text = fs::read_to_string(&path).expect("the log");
    assert!(text.starts_with("the beginning\n") && text.len() as u64 <= spec.log_bound_bytes);
}

async fn left_behind(fixture: &Fixture) {
    let spec =
        fixture.script("setsid sh -c 'trap \"\" TERM HUP; cd /; exec sleep 1000' & echo $! > child; sleep 0.1; exit 0");
    fixture.launcher.launch(&spec).await.expect("a start");
    let child: u32 = fixture.written("child").await.trim().parse().expect("a pid");
    let record = fixture.exit(1).await;
    assert_eq!((record.cause, record.exit_code), (ExitCause::Exited, Some(0)));
    assert!(!runs(child), "what it left is gone too");
}
