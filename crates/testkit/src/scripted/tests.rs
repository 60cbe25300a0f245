//! The promises of [`Launcher`](launcher::Launcher), kept without processes.

use std::{collections::BTreeMap, time::Duration};

use launcher::{ConnectError, ControlError, LaunchError, Launcher, Observation};
use protocol::{
    SessionId,
    shim::{ExitCause, LaunchSpec, Sandbox},
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Handle,
};

use super::{Script, ScriptedLauncher};

fn launcher() -> ScriptedLauncher {
    ScriptedLauncher::new(&Script::default(), Handle::current())
}

fn spec(session: SessionId, generation: u32) -> LaunchSpec {
    LaunchSpec {
        session,
        generation,
        program: "/scripted".into(),
        args: Vec::new(),
        environment: BTreeMap::new(),
        log_bound_bytes: 16 << 10,
        memory_bound_bytes: None,
        hard_stop_ms: 3_600_000,
        stop_grace_ms: 1000,
        folder_bound_bytes: None,
        sandbox: Sandbox::Open,
    }
}

#[tokio::test]
async fn a_generation_is_started_at_most_once() {
    let (launcher, id) = (launcher(), SessionId::generate());
    launcher.launch(&spec(id, 1)).await.unwrap();
    launcher.launch(&spec(id, 1)).await.unwrap();
    assert!(matches!(launcher.launch(&spec(id, 2)).await, Err(LaunchError::OtherGeneration { alive: 1 })));
    launcher.stop(id, 1, Duration::ZERO).await.unwrap();
    assert!(matches!(launcher.launch(&spec(id, 1)).await, Err(LaunchError::Ended(_))));
    launcher.launch(&spec(id, 2)).await.unwrap();
    assert_eq!(launcher.observe(id, 1).await.unwrap(), Observation::Absent);
}

#[tokio::test]
async fn a_stop_leaves_a_record_and_holds_nothing() {
    let (launcher, id) = (launcher(), SessionId::generate());
    launcher.launch(&spec(id, 1)).await.unwrap();
    assert!(!launcher.released(id).await.unwrap().is_complete());
    launcher.stop(id, 1, Duration::ZERO).await.unwrap();
    launcher.wait_exit(id, 1).await.unwrap();
    assert!(launcher.released(id).await.unwrap().is_complete());
    let seen = launcher.observe(id, 1).await.unwrap();
    assert!(matches!(seen, Observation::Exited(record) if record.cause == ExitCause::StopRequested));
    assert!(matches!(launcher.stop(id, 1, Duration::ZERO).await, Err(ControlError::Gone(_))));
    assert!(matches!(launcher.connect_runtime(id).await, Err(ConnectError::Gone(_))));
    assert_eq!(launcher.stopped().len(), 1);
}

#[tokio::test]
async fn a_kill_leaves_no_record() {
    let (launcher, id) = (launcher(), SessionId::generate());
    launcher.adopt(id, 3, Duration::from_secs(60));
    assert_eq!(launcher.sweep().await.unwrap().len(), 1);
    assert_eq!(launcher.kill(id).await.unwrap().len(), 1);
    assert_eq!(launcher.observe(id, 3).await.unwrap(), Observation::Vanished);
    assert_eq!(launcher.kill(id).await.unwrap(), []);
}

#[tokio::test(start_paused = true)]
async fn a_deadline_that_was_brought_forward_ends_the_session() {
    let (launcher, id) = (launcher(), SessionId::generate());
    launcher.launch(&spec(id, 1)).await.unwrap();
    let exit = launcher.wait_exit(id, 1);
    launcher.set_deadline(id, 1, Duration::from_secs(5)).await.unwrap();
    launcher.heartbeat(id, 1, Some(Duration::from_secs(2))).await.unwrap();
    launcher.heartbeat(id, 1, None).await.unwrap();
    exit.await.unwrap();
    let seen = launcher.observe(id, 1).await.unwrap();
    assert!(matches!(seen, Observation::Exited(record) if record.cause == ExitCause::Deadline));
}

#[tokio::test]
async fn a_runtime_answers_its_script() {
    let (launcher, id) = (launcher(), SessionId::generate());
    launcher.launch(&spec(id, 1)).await.unwrap();
    let body = r#"{"stream":true}"#;
    let mut runtime = launcher.connect_runtime(id).await.unwrap();
    let head =
        format!("POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: {}", body.len());
    runtime.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).await.unwrap();
    let mut text = String::new();
    runtime.read_to_string(&mut text).await.unwrap();
    assert!(text.contains("answer ") && text.contains("usage") && text.contains("[DONE]"), "{text}");
    launcher.stop(id, 1, Duration::ZERO).await.unwrap();
}
