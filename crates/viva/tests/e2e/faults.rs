//! Faults of runtimes and of what supervises them: each ends in the right status, for the right reason, soon.

use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::{
    Viva,
    server::{TOKEN, processes_of},
};

use crate::VIVA;

/// The session's process of this role: `engine` or `shim`.
fn process(viva: &Viva, role: &str) -> Option<Pid> {
    let pid = viva.processes().into_iter().find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).split('\0').nth(1) == Some(role)
    });
    pid.and_then(Pid::from_raw)
}

fn signal(pid: Option<Pid>, signal: Signal) {
    kill_process(pid.expect("it runs"), signal).unwrap();
}

/// Begins an answer that takes as long as the context is, and waits for its first words.
async fn begin_answer(viva: &Viva, id: &str) -> (tokio::task::JoinHandle<String>, String) {
    let body = json!({"model": id, "stream": true, "ignore_eos": true,
        "messages": [{"role": "user", "content": "Count from 1 to 60"}]});
    let request = viva.client().post(format!("{}/v1/chat/completions", viva.url)).bearer_auth(TOKEN).json(&body);
    let response = request.send().await.unwrap();
    let streaming = tokio::spawn(async move { response.text().await.unwrap_or_default() });
    let page =
        viva.wait(&format!("/api/v1/sessions/{id}/completions"), |page| page["items"][0]["id"].is_string()).await;
    let completion = page["items"][0]["id"].as_str().unwrap().to_owned();
    let has_words = |answer: &Value| answer["response"].as_str().is_some_and(|text| !text.is_empty());
    viva.wait(&format!("/api/v1/completions/{completion}"), has_words).await;
    (streaming, completion)
}

async fn failed(viva: &Viva, id: &str, code: &str) -> Value {
    let failed = viva.wait_status(id, "failed").await;
    assert_eq!(failed["reason"]["code"], code, "{failed:#}");
    assert_eq!(viva.processes(), Vec::<i32>::new());
    failed
}

#[tokio::test]
async fn a_runtime_that_hangs_under_a_request_fails_soon_and_what_it_had_said_is_kept() {
    let viva = Viva::start_with(VIVA, "[sessions]\nhang_seconds = 1\n").await;
    let id = viva.running_session(json!({})).await;
    let (streaming, completion) = begin_answer(&viva, &id).await;
    // Others wait behind it, should it be over before the signal.
    for _ in 0..12 {
        let request = viva.client().post(format!("{}/v1/chat/completions", viva.url)).bearer_auth(TOKEN);
        let body = json!({"model": id, "ignore_eos": true, "messages": [{"role": "user", "content": "Count"}]});
        tokio::spawn(request.json(&body).send());
    }
    tokio::time::sleep(Duration::from_millis(50)).await;
    signal(process(&viva, "engine"), Signal::STOP);
    let since = jiff::Timestamp::now();
    let session = failed(&viva, &id, "runtime_hung").await;
    assert!(session["reason"]["message"].as_str().unwrap().contains("progress"), "{session:#}");
    assert!(streaming.await.unwrap().ends_with("data: [DONE]\n\n"));
    let kept = viva.get(&format!("/api/v1/completions/{completion}")).await.expect(200);
    assert_eq!(kept["status"], "done");
    assert!(!kept["response"].as_str().unwrap().is_empty());
    let timeline = viva.get(&format!("/api/v1/sessions/{id}/timeline")).await.expect(200);
    let at = |phase: &str| -> jiff::Timestamp {
        let steps = timeline["items"].as_array().unwrap();
        steps.iter().find(|step| step["to"] == phase).unwrap()["at"].as_str().unwrap().parse().unwrap()
    };
    // A second of silence, one to look, one for no answer.
    let found = at("draining").duration_since(since);
    assert!(found.as_secs() < 8, "{found:?}");
    let release = at("ended").duration_since(at("draining"));
    assert!(release.as_millis() < 2000, "{release:?} from its detection to its end");
}

#[tokio::test]
async fn a_long_answer_and_an_idle_session_are_no_hang() {
    let viva = Viva::start_with(VIVA, "[sessions]\nhang_seconds = 1\n").await;
    let id = viva.running_session(json!({"engine": {"parallel": 1}})).await;
    let clients = (0..6).map(|number| {
        let (viva, id) = (&viva, &id);
        async move { viva.say(id, &format!("{number} + 10")).await }
    });
    futures::future::join_all(clients).await;
    tokio::time::sleep(Duration::from_secs(4)).await;
    viva.wait_status(&id, "running").await;
}

#[tokio::test]
async fn an_idle_runtime_that_hangs_is_found_out_too() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    signal(process(&viva, "engine"), Signal::STOP);
    failed(&viva, &id, "runtime_hung").await;
}

#[tokio::test]
async fn a_session_whose_shim_hangs_is_ended_as_nobody_holds_its_bounds() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    signal(process(&viva, "shim"), Signal::STOP);
    let session = failed(&viva, &id, "runtime_hung").await;
    assert!(session["reason"]["message"].as_str().unwrap().contains("supervises"), "{session:#}");
}

#[tokio::test]
async fn a_runtime_that_does_not_take_a_stop_is_killed_and_the_stop_is_a_stop() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    // Stopped, it takes no SIGTERM.
    signal(process(&viva, "engine"), Signal::STOP);
    let since = Instant::now();
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    let stopped = viva.wait_status(&id, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "user");
    assert!(since.elapsed() < Duration::from_secs(6), "{:?}", since.elapsed());
    assert_eq!(viva.processes(), Vec::<i32>::new());
}

#[tokio::test]
async fn a_runtime_that_crashes_tells_its_signal_at_once() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (streaming, completion) = begin_answer(&viva, &id).await;
    // Not SIGSEGV, whose first one the standard library takes for a look at the stack.
    signal(process(&viva, "engine"), Signal::ILL);
    let since = Instant::now();
    let session = failed(&viva, &id, "runtime_crashed").await;
    assert!(since.elapsed() < Duration::from_secs(2), "{:?}", since.elapsed());
    assert_eq!(session["reason"]["details"]["signal"], 4);
    assert!(session["reason"]["details"]["log_tail"].as_array().is_some_and(|lines| !lines.is_empty()), "{session:#}");
    streaming.await.unwrap();
    let kept = viva.get(&format!("/api/v1/completions/{completion}")).await.expect(200);
    assert_eq!((&kept["status"], &kept["finish_reason"]), (&json!("done"), &json!("error")));
}

#[tokio::test]
async fn a_start_that_does_not_get_on_fails_when_its_time_is_over() {
    let viva = Viva::start_with(VIVA, "[start]\nloading_seconds = 1\n").await;
    for _ in 0..20 {
        let session = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
        let id = session["id"].as_str().unwrap().to_owned();
        let until = Instant::now() + Duration::from_secs(10);
        while process(&viva, "engine").is_none() && Instant::now() < until {
            tokio::task::yield_now().await;
        }
        signal(process(&viva, "engine"), Signal::STOP);
        tokio::time::sleep(Duration::from_millis(20)).await;
        let phase = viva.get(&format!("/api/v1/sessions/{id}")).await.json()["phase"].clone();
        if phase == "loading" {
            let session = failed(&viva, &id, "start_timeout").await;
            assert!(session["reason"]["message"].as_str().is_some_and(|message| !message.is_empty()));
            return;
        }
        // It was faster than the signal.
        viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    }
    panic!("no start was caught while it was loading");
}

#[tokio::test]
async fn with_the_server_frozen_sessions_end_on_time_and_it_says_so_when_it_goes_on() {
    for (stop, reason) in [("after_seconds", "time_limit"), ("idle_seconds", "idle_limit")] {
        let viva = Viva::start_with(VIVA, "[sessions]\ngrace_seconds = 60\n").await;
        let id = viva.running_session(json!({"stop": {stop: 2}})).await;
        viva.signal(Signal::STOP);
        let since = Instant::now();
        let server = viva.pid().as_raw_nonzero().get();
        while processes_of(viva.data.path()).iter().any(|pid| *pid != server) {
            assert!(since.elapsed() < Duration::from_secs(12), "its processes live on");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        viva.signal(Signal::CONT);
        assert_eq!(viva.wait_status(&id, "stopped").await["reason"]["code"], reason);
    }
}
