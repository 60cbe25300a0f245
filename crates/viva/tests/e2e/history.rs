//! The history of a session as the console reads it: talks, turns in order, how many sessions there are.

use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

/// Asks one question in a conversation and waits for the end of the answer.
async fn turn(viva: &Viva, session: &str, conversation: &str, text: &str) {
    let body = json!({"conversation": conversation, "temperature": 0, "max_tokens": 8,
        "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": text}]});
    let own = viva.post(&format!("/api/v1/sessions/{session}/completions"), body).await.expect(201);
    let path = format!("/api/v1/completions/{}", own["id"].as_str().unwrap());
    viva.wait(&path, |completion| completion["status"] == "done").await;
}

#[tokio::test]
async fn a_talk_is_found_again_and_read_from_its_beginning() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}");
    assert_eq!(viva.get(&format!("{path}/conversations")).await.expect(200)["items"], json!([]));
    for (conversation, text) in [("one", "Hello there"), ("two", "2 + 2"), ("one", "And again")] {
        turn(&viva, &id, conversation, text).await;
    }
    viva.say(&id, "not in any talk").await;
    let page = viva.get(&format!("{path}/conversations")).await.expect(200);
    let fields = |field: &str| page["items"].as_array().unwrap().iter().map(|c| c[field].clone()).collect::<Vec<_>>();
    assert_eq!(fields("id"), [json!("one"), json!("two")]);
    assert_eq!(fields("title"), [json!("Hello there"), json!("2 + 2")]);
    assert_eq!(fields("completions"), [json!(2), json!(1)]);
    assert_eq!(page["next_cursor"], Value::Null);
    let first = viva.get(&format!("{path}/conversations?limit=1")).await.expect(200);
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = viva.get(&format!("{path}/conversations?limit=1&cursor={cursor}")).await.expect(200);
    assert_eq!((&rest["items"][0]["id"], &rest["next_cursor"]), (&json!("two"), &Value::Null));

    let asked = async |query: &str| -> Vec<String> {
        let page = viva.get(&format!("{path}/completions?{query}")).await.expect(200);
        let turns = page["items"].as_array().unwrap().iter();
        turns.map(|turn| turn["request"]["messages"][1]["content"].as_str().unwrap_or("-").to_owned()).collect()
    };
    assert_eq!(asked("conversation=one&order=oldest").await, ["Hello there", "And again"]);
    assert_eq!(asked("conversation=one&order=newest").await, ["And again", "Hello there"]);
    assert_eq!(asked("limit=2").await, ["-", "And again"]);

    for (query, code) in [
        ("conversations?limit=0", "invalid_parameter"),
        ("conversations?limit=201", "invalid_parameter"),
        ("conversations?cursor=nonsense", "invalid_parameter"),
        ("conversations?colour=red", "unknown_field"),
        ("completions?order=random", "malformed_request"),
    ] {
        let refused = viva.get(&format!("{path}/{query}")).await;
        assert_eq!((refused.status, refused.code().as_str()), (400, code), "{query}: {}", refused.text);
    }
    let absent = format!("/api/v1/sessions/ses_{}/conversations", "0".repeat(32));
    assert_eq!(viva.get(&absent).await.status, 404);
}

#[tokio::test]
async fn the_list_tells_how_many_sessions_there_are_of_each_status() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 1\n").await;
    let id = viva.running_session(json!({"name": "first"})).await;
    viva.post("/api/v1/sessions", json!({"model": "demo", "name": "second"})).await.expect(201);
    let list = viva.get("/api/v1/sessions?status=running&q=first&limit=1").await.expect(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert_eq!(list["counts"], json!({"all": 2, "initializing": 1, "running": 1, "failed": 0, "stopped": 0}));
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait("/api/v1/sessions?status=failed", |list| {
        list["counts"] == json!({"all": 2, "initializing": 0, "running": 1, "failed": 0, "stopped": 1})
    })
    .await;
}
