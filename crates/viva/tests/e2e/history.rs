//! The history of a session as the console reads it: talks, turns in order, how many sessions there are.

use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

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

#[tokio::test]
async fn a_repeated_request_for_a_completion_or_a_model_makes_nothing_new() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}/completions");
    let ask = |key: &str, content: &str| {
        let body = json!({"messages": [{"role": "user", "content": content}], "max_tokens": 4});
        viva.client().post(format!("{}{path}", viva.url)).bearer_auth(TOKEN).header("Idempotency-Key", key).json(&body)
    };
    // At the same time and one after the other, while the session runs and when it has ended.
    let answers = futures::future::join_all((0..4).map(|_| ask("one", "Hi").send())).await;
    let mut made = Vec::new();
    for answer in answers {
        let answer = answer.unwrap();
        assert_eq!(answer.status(), 201);
        made.push(answer.json::<Value>().await.unwrap()["id"].clone());
    }
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    let stopped = viva.wait_status(&id, "stopped").await;
    made.push(ask("one", "Hi").send().await.unwrap().json::<Value>().await.unwrap()["id"].clone());
    assert!(made.iter().all(|id| *id == made[0]), "{made:?}");
    assert_eq!(stopped["usage"]["interactions"], 1);
    let other: Value = ask("one", "Ho").send().await.unwrap().json().await.unwrap();
    assert_eq!(other["code"], "idempotency_conflict");
    assert_eq!(ask("two", "Hi").send().await.unwrap().status(), 409);
    let file = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/demo/demo-early.gguf")).unwrap();
    let add = || {
        let request = viva.client().post(format!("{}/api/v1/models?name=mine", viva.url)).bearer_auth(TOKEN);
        request.header("Idempotency-Key", "model").body(file.clone()).send()
    };
    let first: Value = add().await.unwrap().json().await.unwrap();
    let again: Value = add().await.unwrap().json().await.unwrap();
    assert_eq!((&first["id"], &first["version"]), (&again["id"], &json!("1")), "{again}");
}
