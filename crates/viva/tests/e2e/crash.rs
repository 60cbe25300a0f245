//! The control plane is killed, runtimes die, clients vanish: nothing that was acknowledged is lost.

use std::time::{Duration, Instant};

use futures::StreamExt;
use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use testkit::{
    Viva,
    server::{TOKEN, processes_of},
};

use crate::VIVA;

fn chat(content: &str) -> Value {
    json!({"model": "demo", "temperature": 0, "messages": [{"role": "user", "content": content}]})
}

#[tokio::test]
async fn a_killed_server_is_back_within_a_second_with_its_sessions_and_every_answer() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (token, _) = viva.endpoint(&id).await;
    let acknowledged = std::sync::Arc::new(std::sync::Mutex::new(Vec::<(String, String)>::new()));
    let mut clients = Vec::new();
    for number in 0..8 {
        let (client, url, token) = (viva.client().clone(), viva.url.clone(), token.clone());
        let acknowledged = std::sync::Arc::clone(&acknowledged);
        clients.push(tokio::spawn(async move {
            loop {
                let request = client.post(format!("{url}/v1/chat/completions")).bearer_auth(&token);
                let body = chat(&format!("{number} + 12"));
                let Ok(response) = request.json(&body).send().await else { return };
                let Ok(answer) = response.json::<Value>().await else { return };
                let text = answer["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned();
                acknowledged.lock().unwrap().push((answer["id"].as_str().unwrap().to_owned(), text));
            }
        }));
    }
    let until = Instant::now() + Duration::from_secs(30);
    while acknowledged.lock().unwrap().len() < 24 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let runtimes = viva.processes();
    viva.kill();
    for client in clients {
        client.await.unwrap();
    }
    let started = Instant::now();
    viva.restart();
    viva.get("/readyz").await.expect(200);
    let back = started.elapsed();
    assert!(back < Duration::from_secs(3), "back after {back:?}");
    // The same processes serve on, and the same token opens them.
    assert_eq!(viva.processes(), runtimes);
    let session = viva.wait_status(&id, "running").await;
    viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(chat("Hi"))).await.expect(200);
    let acknowledged = acknowledged.lock().unwrap().clone();
    assert!(acknowledged.len() >= 24);
    for (completion, text) in &acknowledged {
        let stored = viva.get(&format!("/api/v1/completions/{completion}")).await.expect(200);
        assert_eq!((&stored["response"], &stored["status"]), (&json!(text), &json!("done")));
    }
    assert!(session["usage"]["interactions"].as_u64().unwrap() >= acknowledged.len() as u64);
}

#[tokio::test]
async fn with_the_server_dead_a_session_still_ends_on_time() {
    // The grace is for requests in flight: a server that is dead has none, and it delays nothing.
    let mut viva = Viva::start_with(VIVA, "[sessions]\ngrace_seconds = 60\n").await;
    for (stop, reason) in [("after_seconds", "time_limit"), ("idle_seconds", "idle_limit")] {
        let id = viva.running_session(json!({"stop": {stop: 2}})).await;
        viva.kill();
        let until = Instant::now() + Duration::from_secs(20);
        while !processes_of(viva.data.path()).is_empty() {
            assert!(Instant::now() < until, "its processes live on");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        viva.restart();
        let stopped = viva.wait_status(&id, "stopped").await;
        assert_eq!(stopped["reason"]["code"], reason);
    }
}

#[tokio::test]
async fn a_stream_whose_runtime_was_killed_ends_with_its_finish_reason_and_an_error() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let mut body = chat("Count from 1 to 60");
    body["ignore_eos"] = json!(true);
    body["stream"] = json!(true);
    body["model"] = json!(id);
    let url = format!("{}/v1/chat/completions", viva.url);
    let answer = viva.client().post(url).bearer_auth(TOKEN).json(&body).send().await.unwrap();
    kill_process(Pid::from_raw(engine_of(&viva)).unwrap(), Signal::KILL).unwrap();
    let text = answer.text().await.unwrap();
    let events: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let [.., last, done] = events.as_slice() else { panic!("{text}") };
    let last: serde_json::Value = serde_json::from_str(last).unwrap();
    assert_eq!(*done, "[DONE]");
    assert_eq!(last["choices"][0]["finish_reason"], "error", "{last}");
    assert_eq!(last["error"]["code"], "runtime_unavailable", "{last}");
    viva.wait_status(&id, "failed").await;
}

/// The session's engine.
fn engine_of(viva: &Viva) -> i32 {
    let engine = viva.processes().into_iter().find(|pid| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        String::from_utf8_lossy(&line).split('\0').nth(1) == Some("engine")
    });
    engine.expect("an engine runs")
}

#[tokio::test]
async fn a_killed_runtime_is_told_with_its_signal() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    kill_process(Pid::from_raw(engine_of(&viva)).unwrap(), Signal::ABORT).unwrap();
    let failed = viva.wait_status(&id, "failed").await;
    assert_eq!(
        (&failed["reason"]["code"], &failed["reason"]["details"]["signal"]),
        (&json!("runtime_crashed"), &json!(6))
    );
    assert!(failed["reason"]["details"]["log_tail"].is_array());
    let logs = viva.get(&format!("/api/v1/sessions/{id}/logs?tail=5")).await;
    assert_eq!(logs.status, 200);
    assert_eq!(viva.processes(), Vec::<i32>::new());
}

#[tokio::test]
async fn an_answer_in_flight_when_the_server_died_keeps_its_text() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let mut body = chat("Count from 1 to 60");
    body["ignore_eos"] = json!(true);
    let own = viva.post(&format!("/api/v1/sessions/{id}/completions"), body).await.expect(201);
    let path = format!("/api/v1/completions/{}", own["id"].as_str().unwrap());
    viva.wait(&path, |completion| !completion["response"].as_str().unwrap_or_default().is_empty()).await;
    viva.kill();
    viva.restart();
    let completion = viva.wait(&path, |completion| completion["status"] == "done").await;
    // The answer may have ended before the kill on a fast machine; then it is whole.
    if completion["finish_reason"] == "error" {
        assert_eq!(completion["error"]["code"], "server_restarted");
    }
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 1);
}

#[tokio::test]
async fn a_stream_of_which_a_byte_was_seen_is_in_the_history_of_a_killed_server() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let token = viva.endpoint(&id).await.0;
    let mut body = chat("Count from 1 to 60");
    body["stream"] = json!(true);
    for round in 1..=3 {
        let ask = |_| viva.client().post(format!("{}/v1/chat/completions", viva.url)).bearer_auth(&token).json(&body);
        // The head is what a client sees first of an answer.
        let heads = futures::future::join_all((0..2).map(|number| ask(number).send()));
        let heads: Vec<_> = heads.await.into_iter().map(|head| head.unwrap().status().as_u16()).collect();
        viva.kill();
        assert_eq!(heads, [200, 200]);
        viva.restart();
        let page = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
        let items = page["items"].as_array().unwrap();
        assert_eq!(items.len(), 2 * round);
        for item in items {
            assert_eq!((&item["status"], &item["request"]["stream"]), (&json!("done"), &json!(true)));
        }
    }
}

#[tokio::test]
async fn a_client_that_vanishes_cancels_its_answer() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({"engine": {"parallel": 1}})).await;
    let (token, _) = viva.endpoint(&id).await;
    let mut body = chat("Count from 1 to 60");
    body["stream"] = json!(true);
    body["ignore_eos"] = json!(true);
    let request = viva.client().post(format!("{}/v1/chat/completions", viva.url)).bearer_auth(&token).json(&body);
    let mut stream = request.send().await.unwrap().bytes_stream();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let path = format!("/api/v1/sessions/{id}/completions");
    let page = viva.wait(&path, |page| page["items"][0]["status"] == "done").await;
    let reason = page["items"][0]["finish_reason"].as_str().unwrap();
    assert!(["cancelled", "length"].contains(&reason), "{reason}");
    // Its place is free again.
    viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(chat("Hi"))).await.expect(200);
}

#[tokio::test]
async fn sixty_four_clients_at_once_all_get_their_answers() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (token, _) = viva.endpoint(&id).await;
    let asks = (0..64).map(|number| {
        let (viva, token) = (&viva, &token);
        async move {
            let mut body = chat(&format!("{} + {}", number + 10, 20));
            body["stream"] = json!(true);
            let answer = viva.ask_with(token, Method::POST, "/v1/chat/completions", Some(body)).await;
            assert_eq!(answer.status, 200, "{}", answer.text);
            assert!(answer.text.ends_with("data: [DONE]\n\n") && !answer.text.contains("\"error\""), "{}", answer.text);
        }
    });
    futures::future::join_all(asks).await;
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 64);
}

#[tokio::test]
async fn a_service_managers_stop_hands_the_sessions_over() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let runtimes = viva.processes();
    assert_eq!(viva.terminate(), Some(0));
    assert_eq!(processes_of(viva.data.path()), runtimes);
    viva.restart();
    viva.wait_status(&id, "running").await;
}
