//! Every limit ends a session when it says, for the reason it says.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

fn chat(more: Value) -> Value {
    let mut body = json!({"model": "demo", "temperature": 0, "messages": [{"role": "user", "content": "Hi"}]});
    for (key, value) in more.as_object().into_iter().flatten() {
        body[key] = value.clone();
    }
    body
}

/// Asks until the door is closed; returns how long after `stops_at` it was still open at most.
async fn open_beyond(viva: &Viva, token: &str, stops_at: &str) -> Duration {
    let stops_at: std::time::SystemTime = stops_at.parse::<jiff::Timestamp>().unwrap().into();
    let mut last_open = None;
    for _ in 0..2000 {
        let asked_at = std::time::SystemTime::now();
        let body = chat(json!({"max_tokens": 0}));
        let answer = viva.ask_with(token, Method::POST, "/v1/chat/completions", Some(body)).await;
        if answer.status == 409 {
            assert!(asked_at + Duration::from_millis(50) >= stops_at, "closed before its time");
            let beyond = last_open.and_then(|open: std::time::SystemTime| open.duration_since(stops_at).ok());
            return beyond.unwrap_or_default();
        }
        assert_eq!(answer.status, 200, "{}", answer.text);
        last_open = Some(asked_at);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("the session does not stop");
}

#[tokio::test]
async fn a_time_limit_closes_the_door_on_time_and_everything_is_gone_right_after() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"stop": {"after_seconds": 2}})).await;
    let (token, _) = viva.endpoint(&id).await;
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    let beyond = open_beyond(&viva, &token, session["stops_at"].as_str().unwrap()).await;
    assert!(beyond <= Duration::from_millis(250), "{beyond:?}");
    let stopped = viva.wait_status(&id, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "time_limit");
    assert_eq!(viva.processes(), Vec::<i32>::new());
    let again = viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(again.status, 200);
    let extended = viva.patch(&format!("/api/v1/sessions/{id}"), json!({"stop": {"after_seconds": 60}})).await;
    assert_eq!((extended.status, extended.code().as_str()), (409, "session_ended"));
}

#[tokio::test]
async fn an_idle_limit_waits_for_what_is_in_flight() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"stop": {"idle_seconds": 2}})).await;
    let started = Instant::now();
    for _ in 0..4 {
        let (token, _) = viva.endpoint(&id).await;
        let answer = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(chat(json!({})))).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    assert!(started.elapsed() > Duration::from_millis(2500));
    let stopped = viva.wait_status(&id, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "idle_limit");
    assert_eq!(stopped["usage"]["interactions"], 4);
}

#[tokio::test]
async fn a_token_budget_cuts_a_running_answer_and_keeps_it() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"stop": {"max_tokens": 60}})).await;
    let (token, _) = viva.endpoint(&id).await;
    let body = chat(json!({"ignore_eos": true}));
    let answer = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await.expect(200);
    assert_eq!(answer["choices"][0]["finish_reason"], "session_stopped", "{answer}");
    let stopped = viva.wait_status(&id, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "token_limit");
    let used =
        stopped["usage"]["prompt_tokens"].as_u64().unwrap() + stopped["usage"]["completion_tokens"].as_u64().unwrap();
    assert!((60..=64).contains(&used), "{used} of 60");
    let page = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
    assert_eq!(page["items"][0]["response"], answer["choices"][0]["message"]["content"]);
}

#[tokio::test]
async fn a_token_budget_cuts_what_is_asked_at_the_same_time() {
    let viva = Viva::start(VIVA).await;
    for _ in 0..4 {
        let id = viva.running_session(json!({"stop": {"max_tokens": 200}})).await;
        let (token, _) = viva.endpoint(&id).await;
        let ask = || {
            let body = chat(json!({"ignore_eos": true}));
            viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body))
        };
        futures::future::join_all((0..6).map(|_| ask())).await;
        viva.wait_status(&id, "stopped").await;
        let page = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
        let of = |completion: &Value, kind: &str| completion["usage"][kind].as_u64().unwrap();
        let answered = page["items"].as_array().unwrap().iter().filter(|one| of(one, "completion_tokens") > 0);
        let used: u64 = answered.map(|one| of(one, "prompt_tokens") + of(one, "completion_tokens")).sum();
        // Each of those that are written at the same time may be one token ahead.
        assert!(used <= 204, "{used} of 200");
        viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    }
}

#[tokio::test]
async fn a_stop_gives_what_is_in_flight_its_grace_then_cuts_and_keeps_it() {
    let viva = Viva::start_with(VIVA, "[sessions]\ngrace_seconds = 1\n").await;
    let id = viva.running_session(json!({})).await;
    let (token, _) = viva.endpoint(&id).await;
    let body = chat(json!({"stream": true, "ignore_eos": true}));
    let client = viva.client().clone();
    let url = format!("{}/v1/chat/completions", viva.url);
    let streaming = tokio::spawn(async move {
        let response = client.post(url).bearer_auth(token).json(&body).send().await.unwrap();
        response.text().await.unwrap()
    });
    let path = format!("/api/v1/sessions/{id}/completions");
    viva.wait(&path, |page| page["items"][0]["status"] == "running").await;
    let accepted = viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await;
    assert_eq!(accepted.status, 202);
    assert_eq!(accepted.json()["stopping"], true);
    let text = streaming.await.unwrap();
    assert!(text.ends_with("data: [DONE]\n\n"), "{text}");
    viva.wait_status(&id, "stopped").await;
    let page = viva.get(&path).await.expect(200);
    let kept = &page["items"][0];
    // A context that ends first is as good an end as the cut.
    let reason = kept["finish_reason"].as_str().unwrap();
    assert!(["session_stopped", "length"].contains(&reason), "{reason}");
    assert!(!kept["response"].as_str().unwrap().is_empty());
}

#[tokio::test]
async fn over_the_active_quota_a_session_waits_with_its_place() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 1\nquota = 3\n").await;
    let first = viva.running_session(json!({})).await;
    let second = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let second = second["id"].as_str().unwrap();
    let path = format!("/api/v1/sessions/{second}");
    let waiting = viva.wait(&path, |session| session["queue_position"] == 1).await;
    assert_eq!((&waiting["status"], &waiting["phase"]), (&json!("initializing"), &json!("queued")));
    let third = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let refused = viva.post("/api/v1/sessions", json!({"model": "demo"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "quota_reached"));
    assert!(refused.headers.contains_key("retry-after"));
    // A queued session is stopped at once.
    let third = format!("/api/v1/sessions/{}/stop", third["id"].as_str().unwrap());
    viva.post(&third, json!({})).await;
    viva.post(&format!("/api/v1/sessions/{first}/stop"), json!({})).await.expect(202);
    viva.wait_status(second, "running").await;
    let timeline = viva.get(&format!("{path}/timeline")).await.expect(200);
    let phases: Vec<&str> =
        timeline["items"].as_array().unwrap().iter().map(|entry| entry["to"].as_str().unwrap()).collect();
    assert_eq!(phases, ["queued", "preparing", "loading", "probing", "running"]);
}

#[tokio::test]
async fn limits_can_be_moved_while_running() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"stop": {"after_seconds": 600}})).await;
    let path = format!("/api/v1/sessions/{id}");
    let moved = viva.patch(&path, json!({"name": "renamed", "stop": {"after_seconds": 1200}})).await.expect(200);
    assert_eq!((&moved["name"], &moved["stop"]["after_seconds"]), (&json!("renamed"), &json!(1200)));
    let beyond = viva.patch(&path, json!({"stop": {"after_seconds": 86401}})).await;
    assert_eq!((beyond.status, &beyond.json()["errors"][0]["field"]), (422, &json!("stop.after_seconds")));
    // Counted from Running, which on a busy machine was some time ago: what has passed already is refused.
    let running_at: jiff::Timestamp = moved["running_at"].as_str().unwrap().parse().unwrap();
    let soon = jiff::Timestamp::now().duration_since(running_at).as_secs() + 3;
    viva.patch(&path, json!({"stop": {"after_seconds": soon}})).await.expect(200);
    let ended = viva.wait_status(&id, "stopped").await;
    assert_eq!(ended["reason"]["code"], "time_limit");
}
