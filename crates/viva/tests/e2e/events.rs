//! The event stream, idempotent creation, paging: what a console or a script leans on.

use std::{
    sync::Mutex,
    time::{Duration, Instant},
};

use futures::StreamExt;
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

/// Reads the event stream until an event is as wanted; returns its id, name and data.
async fn read_until(
    viva: &Viva,
    last: Option<&str>,
    is_wanted: impl Fn(&str, &Value) -> bool,
) -> (String, String, Value) {
    let mut request = viva.client().get(format!("{}/api/v1/events", viva.url)).bearer_auth(TOKEN);
    if let Some(last) = last {
        request = request.header("Last-Event-ID", last);
    }
    let mut stream = request.send().await.unwrap().bytes_stream();
    let mut text = String::new();
    let reading = async {
        loop {
            text.push_str(std::str::from_utf8(&stream.next().await.unwrap().unwrap()).unwrap());
            while let Some((event, rest)) = text.split_once("\n\n") {
                let field = |name: &str| {
                    let line = event.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
                    line.unwrap_or_default().to_owned()
                };
                let data: Value = serde_json::from_str(&field("data")).unwrap_or_default();
                let (id, name) = (field("id"), field("event"));
                text = rest.to_owned();
                if is_wanted(&name, &data) {
                    return (id, name, data);
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), reading).await.unwrap()
}

#[tokio::test]
async fn every_change_is_told_and_the_stream_resumes_where_it_was() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (last, ..) = read_until(&viva, Some("0"), |_, data| data["id"] == id && data["status"] == "running").await;
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let (last, _, data) =
        read_until(&viva, Some(&last), |name, data| name == "session" && data["status"] == "stopped").await;
    assert_eq!(data["reason"]["code"], "user");
    viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    let (_, _, data) = read_until(&viva, Some(&last), |name, _| name == "session_deleted").await;
    assert_eq!(data, json!({"id": id}));
}

#[tokio::test]
async fn a_deletion_is_told_once() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let (listening, told) = (tokio::sync::Notify::new(), Mutex::new(0));
    let reading = read_until(&viva, Some("0"), |name, data| {
        listening.notify_one();
        *told.lock().unwrap() += usize::from(name == "session_deleted");
        data["name"] == "after"
    });
    let deleting = async {
        listening.notified().await;
        viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
        viva.post("/api/v1/sessions", json!({"model": "demo", "name": "after"})).await.expect(201);
    };
    tokio::join!(reading, deleting);
    assert_eq!(told.into_inner().unwrap(), 1);
}

#[tokio::test]
async fn tasks_and_test_sets_are_told_to_their_end() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let input = json!({"input": {"rows": ["What is 12 + 30?"]}});
    let task = viva.post(&format!("/api/v1/sessions/{id}/tasks"), input).await.expect(201);
    let is_done = |name: &str, data: &Value| name == "task" && data["id"] == task["id"] && data["status"] == "done";
    let (last, ..) = read_until(&viva, Some("0"), is_done).await;
    let set = viva.post("/api/v1/test-sets", json!({"name": "sums"})).await.expect(201);
    let path = format!("/api/v1/test-sets/{}", set["id"].as_str().unwrap());
    let case = json!({"messages": [{"role": "user", "content": "What is 12 + 30?"}], "expected": "42"});
    viva.post(&format!("{path}/cases"), case).await.expect(201);
    let (last, _, data) = read_until(&viva, Some(&last), |name, data| name == "test_set" && data["cases"] == 1).await;
    assert_eq!((&data["id"], &data["name"], &data["runs"]), (&set["id"], &json!("sums"), &json!([])));

    let task = format!("/api/v1/tasks/{}", task["id"].as_str().unwrap());
    viva.delete(&format!("{task}?confirm=delete")).await.expect(200);
    viva.delete(&format!("{path}?confirm=delete")).await;
    let (last, _, data) = read_until(&viva, Some(&last), |name, _| name == "task_deleted").await;
    assert_eq!(data, json!({"id": task.rsplit('/').next().unwrap()}));
    let (_, _, data) = read_until(&viva, Some(&last), |name, _| name == "test_set_deleted").await;
    assert_eq!(data, json!({"id": set["id"]}));
}

#[tokio::test]
async fn a_busy_session_is_told_of_about_once_a_second_and_to_the_last_figure() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let started = Instant::now();
    let seen = Mutex::new(Vec::new());
    let reading = read_until(&viva, None, |_, data| {
        seen.lock().unwrap().extend(data["usage"]["interactions"].as_u64());
        data["usage"]["interactions"] == 40
    });
    let asking = async {
        for _ in 0..40 {
            viva.say(&id, "Hi").await;
        }
    };
    tokio::join!(reading, asking);
    let (seen, most) = (seen.into_inner().unwrap(), started.elapsed().as_secs() as usize + 2);
    assert!(seen.is_sorted() && seen.len() <= most, "{seen:?} in {most} s");

    // Whoever resumes behind the last figure but one misses nothing.
    let (last, ..) = read_until(&viva, Some("0"), |_, data| data["usage"]["interactions"] == 40).await;
    viva.say(&id, "Hi").await;
    read_until(&viva, Some(&last), |_, data| data["usage"]["interactions"] == 41).await;
}

#[tokio::test]
async fn a_repeated_creation_with_the_same_key_creates_nothing() {
    let viva = Viva::start(VIVA).await;
    let create = |body: Value| {
        let request = viva.client().post(format!("{}/api/v1/sessions", viva.url)).bearer_auth(TOKEN);
        request.header("Idempotency-Key", "one").json(&body).send()
    };
    let first: Value = create(json!({"model": "demo"})).await.unwrap().json().await.unwrap();
    let again: Value = create(json!({"model": "demo"})).await.unwrap().json().await.unwrap();
    assert_eq!(first["id"], again["id"]);
    let other = create(json!({"model": "demo", "name": "other"})).await.unwrap();
    assert_eq!(other.status(), 409);
}

#[tokio::test]
async fn history_is_paged_searched_starred_and_deleted() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    for number in 0..5 {
        viva.say(&id, &format!("What is {number} + 12?")).await;
    }
    let path = format!("/api/v1/sessions/{id}/completions");
    let first = viva.get(&format!("{path}?limit=3")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let second = viva.get(&format!("{path}?limit=3&cursor={cursor}")).await.expect(200);
    assert_eq!((first["items"].as_array().unwrap().len(), second["items"].as_array().unwrap().len()), (3, 2));
    assert_eq!(second["next_cursor"], Value::Null);
    let newest = &first["items"][0];
    let one = format!("/api/v1/completions/{}", newest["id"].as_str().unwrap());
    viva.patch(&one, json!({"starred": true})).await.expect(200);
    let starred = viva.get(&format!("{path}?starred=true")).await.expect(200);
    assert_eq!(starred["items"].as_array().unwrap().len(), 1);
    for (starred, lines) in [("true", 1), ("false", 4)] {
        let file = viva.get(&format!("{path}/export?format=jsonl&starred={starred}")).await;
        assert_eq!(file.text.lines().count(), lines, "starred={starred}");
    }
    let word = newest["response"].as_str().unwrap().split_whitespace().next().unwrap();
    let found =
        viva.client().get(format!("{}{path}", viva.url)).query(&[("q", word)]).bearer_auth(TOKEN).send().await.unwrap();
    let found: Value = found.json().await.unwrap();
    assert!(found["items"].as_array().unwrap().iter().any(|item| item["id"] == newest["id"]), "{word}: {found}");
    assert_eq!(viva.delete(&one).await.code(), "confirmation_required");
    assert_eq!(viva.delete(&format!("{one}?confirm=delete")).await.status, 204);
    assert_eq!(viva.get(&one).await.status, 404);
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 5);
}

#[tokio::test]
async fn health_metrics_and_the_api_description_need_no_token() {
    let viva = Viva::start(VIVA).await;
    for path in ["/healthz", "/readyz", "/metrics", "/api/openapi.json"] {
        let answer = viva.client().get(format!("{}{path}", viva.url)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        assert!(!answer.text().await.unwrap().is_empty(), "{path}");
    }
}
