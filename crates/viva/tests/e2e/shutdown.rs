//! The server is told to end: nothing new, what was let in may end, the sessions run on or are stopped, exit 0.

use std::time::{Duration, Instant};

use reqwest::Method;
use rustix::process::Signal;
use serde_json::{Value, json};
use testkit::{
    Viva,
    server::{TOKEN, processes_of},
};

use crate::VIVA;

/// A stream that is as long as the session's context.
fn long(id: &str) -> Value {
    json!({"model": id, "stream": true, "ignore_eos": true,
        "messages": [{"role": "user", "content": "Count from 1 to 60"}]})
}

async fn stream(viva: &Viva, id: &str) -> reqwest::Response {
    let request = viva.client().post(format!("{}/v1/chat/completions", viva.url)).bearer_auth(TOKEN);
    let response = request.json(&long(id)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    response
}

/// The events of a stream, without its end.
fn events(text: &str) -> Vec<Value> {
    let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
    let mut events: Vec<&str> = data.collect();
    assert_eq!(events.pop(), Some("[DONE]"), "{text}");
    events.into_iter().map(|event| serde_json::from_str(event).unwrap()).collect()
}

fn text_of(events: &[Value]) -> String {
    events.iter().filter_map(|event| event["choices"][0]["delta"]["content"].as_str()).collect()
}

/// The phases that the log tells of, in its order.
fn phases(viva: &Viva) -> Vec<char> {
    let log = viva.log();
    let lines = log.lines().filter(|line| line.contains("shutdown: "));
    let mut phases: Vec<char> = lines.filter_map(|line| line.split("phase=").nth(1)?.chars().next()).collect();
    phases.dedup();
    phases
}

#[tokio::test]
async fn a_stop_lets_answers_end_refuses_new_requests_and_hands_the_sessions_over() {
    let mut viva = Viva::start_with(VIVA, "[server]\nshutdown_grace_seconds = 60\n").await;
    let id = viva.running_session(json!({})).await;
    let runtimes = viva.processes();
    let mut streams = Vec::new();
    for _ in 0..4 {
        streams.push(stream(&viva, &id).await);
    }
    viva.signal(Signal::TERM);
    viva.wait_log("nothing new is let in").await;
    let chat = json!({"model": id, "messages": [{"role": "user", "content": "Hi"}]});
    let refused = viva.ask(Method::POST, "/v1/chat/completions", Some(chat)).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"), "{}", refused.text);
    assert!(refused.headers.contains_key("retry-after"));
    let refused = viva.post("/api/v1/sessions", json!({"model": "demo"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (503, "shutting_down"));
    assert!(refused.headers.contains_key("retry-after"));
    viva.get("/healthz").await.expect(200);
    assert_eq!(viva.get("/readyz").await.expect(503)["shutting_down"], true);
    for stream in streams {
        let events = events(&stream.text().await.unwrap());
        assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "length");
    }
    assert_eq!(viva.wait_exit(), Some(0));
    assert_eq!(phases(&viva), ['1', '2', '3', '4', '5']);
    assert_eq!(processes_of(viva.data.path()), runtimes);
    viva.restart();
    assert_eq!(viva.wait_status(&id, "running").await["usage"]["interactions"], 4);
    let kept = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
    assert!(kept["items"].as_array().unwrap().iter().all(|one| one["finish_reason"] == "length"), "{kept}");
}

#[tokio::test]
async fn an_answer_that_outlasts_the_grace_is_cut_told_and_kept_to_its_last_word() {
    let mut viva = Viva::start_with(VIVA, "[server]\nshutdown_grace_seconds = 0\n").await;
    let id = viva.running_session(json!({})).await;
    let stream = stream(&viva, &id).await;
    let path = format!("/api/v1/sessions/{id}/completions");
    viva.wait(&path, |page| page["items"][0]["response"].as_str().is_some_and(|text| !text.is_empty())).await;
    viva.signal(Signal::TERM);
    let events = events(&stream.text().await.unwrap());
    let last = events.last().unwrap();
    assert_eq!(
        (&last["choices"][0]["finish_reason"], &last["error"]["code"]),
        (&json!("error"), &json!("shutting_down"))
    );
    assert_eq!(viva.wait_exit(), Some(0));
    viva.restart();
    let kept = &viva.get(&path).await.expect(200)["items"][0];
    assert_eq!((&kept["status"], &kept["error"]["code"]), (&json!("done"), &json!("server_restarted")));
    assert_eq!(kept["response"], text_of(&events), "what was read is what is kept");
}

#[tokio::test]
async fn a_second_signal_ends_the_waiting() {
    let mut viva = Viva::start_with(VIVA, "[server]\nshutdown_grace_seconds = 600\n").await;
    let id = viva.running_session(json!({"engine": {"parallel": 1}})).await;
    let mut streams = Vec::new();
    for _ in 0..48 {
        let (client, url, id) = (viva.client().clone(), viva.url.clone(), id.clone());
        streams.push(tokio::spawn(async move {
            let request = client.post(format!("{url}/v1/chat/completions")).bearer_auth(TOKEN).json(&long(&id));
            let response = request.send().await.ok()?;
            response.text().await.ok()
        }));
    }
    viva.wait("/api/v1/sessions", |_| true).await;
    let in_flight = |page: &Value| page["items"].as_array().is_some_and(|items| items.len() >= 2);
    viva.wait(&format!("/api/v1/sessions/{id}/completions"), in_flight).await;
    viva.signal(Signal::TERM);
    viva.wait_log("what was let in may end").await;
    let since = Instant::now();
    viva.signal(Signal::TERM);
    assert_eq!(viva.wait_exit(), Some(0));
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    for stream in streams {
        stream.await.unwrap();
    }
    assert!(viva.log().contains("in a hurry"));
    viva.restart();
    viva.wait_status(&id, "running").await;
}

#[tokio::test]
async fn a_stop_that_stops_the_sessions_cuts_their_answers_as_a_stop_does_and_leaves_no_process() {
    let mut viva = Viva::start_with(VIVA, "[server]\nshutdown_grace_seconds = 0\n").await;
    let id = viva.running_session(json!({})).await;
    let waiting = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let waiting = waiting["id"].as_str().unwrap().to_owned();
    let stream = stream(&viva, &id).await;
    // Without a terminal, Ctrl-C is a stop of the sessions.
    viva.signal(Signal::INT);
    let events = events(&stream.text().await.unwrap());
    assert_eq!(events.last().unwrap()["choices"][0]["finish_reason"], "session_stopped");
    assert_eq!(viva.wait_exit(), Some(0));
    assert_eq!(phases(&viva), ['1', '2', '3', '4', '5']);
    assert_eq!(processes_of(viva.data.path()), Vec::<i32>::new());
    viva.restart();
    for id in [id, waiting] {
        assert_eq!(viva.wait_status(&id, "stopped").await["reason"]["code"], "shutdown");
    }
}

#[tokio::test]
async fn a_task_goes_on_after_a_stop_with_no_row_lost_or_doubled() {
    let mut viva = Viva::start_with(VIVA, "[server]\nshutdown_grace_seconds = 30\n").await;
    let id = viva.running_session(json!({})).await;
    let csv: String = (0..150).map(|row| format!("{row} + 1\n")).collect();
    let body = json!({"input": {"text": format!("question\n{csv}"), "format": "csv"}});
    let task = viva.post(&format!("/api/v1/sessions/{id}/tasks"), body).await.expect(201);
    let path = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
    viva.wait(&path, |task| task["progress"]["done"].as_u64() >= Some(10)).await;
    assert_eq!(viva.terminate(), Some(0));
    viva.restart();
    let done = viva.wait(&path, |task| task["status"] == "done").await;
    assert_eq!((&done["progress"]["done"], &done["progress"]["left"]), (&json!(150), &json!(0)));
    // Each row was answered once: those in flight at the stop came to their end.
    assert_eq!(viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200)["usage"]["interactions"], 150);
}
