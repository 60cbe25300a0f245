//! The main story, by API, on the real engine: create, talk, limits, stop, history, export, delete.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Viva, bytes::files_with, server::TOKEN};

use crate::VIVA;

/// The data of a stream's events.
fn events(text: &str) -> Vec<&str> {
    text.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect()
}

#[tokio::test]
async fn a_session_from_its_creation_to_its_deletion() {
    let viva = Viva::start(VIVA).await;
    let models = viva.get("/api/v1/models").await.expect(200);
    assert_eq!((&models["items"][0]["version"], &models["items"][0]["eligible"]), (&json!("final"), &json!(true)));

    let created = viva
        .post("/api/v1/sessions", json!({"model": "demo", "name": "  first look 🦀 ", "stop": {"max_interactions": 3}}))
        .await
        .expect(201);
    let id = created["id"].as_str().unwrap();
    assert_eq!((&created["name"], &created["status"]), (&json!("first look 🦀"), &json!("initializing")));
    let running = viva.wait_status(id, "running").await;
    assert!(running["stops_at"].is_string() && running["running_at"].is_string());

    // By the session's token, streamed.
    let (token, _) = viva.endpoint(id).await;
    let prompt = "What is the capital of France? Xylophonic";
    let body = json!({"model": "demo", "stream": true, "temperature": 0, "stream_options": {"include_usage": true},
        "messages": [{"role": "user", "content": prompt}]});
    let streamed = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await;
    assert_eq!(streamed.status, 200, "{}", streamed.text);
    let events = events(&streamed.text);
    assert_eq!(events.last(), Some(&"[DONE]"));
    let chunks: Vec<Value> =
        events[..events.len() - 1].iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    let text: String = chunks.iter().filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str()).collect();
    let answer_id = chunks[0]["id"].as_str().unwrap();
    assert!(answer_id.starts_with("cmpl_") && chunks.iter().all(|chunk| chunk["id"] == answer_id));
    assert!(chunks.last().unwrap()["usage"]["completion_tokens"].as_u64().unwrap() > 0);

    // The record is there by the time the end was read.
    let completion = viva.get(&format!("/api/v1/completions/{answer_id}")).await.expect(200);
    assert_eq!((&completion["response"], &completion["origin"]), (&json!(text), &json!("api")));
    assert_eq!(completion["request"]["messages"][0]["content"], prompt);

    // The playground's answer belongs to the server and can be followed from any offset.
    let body = json!({"temperature": 0, "conversation": "one", "messages": [{"role": "user", "content": "Hello!"}]});
    let own = viva.post(&format!("/api/v1/sessions/{id}/completions"), body).await.expect(201);
    let own_id = own["id"].as_str().unwrap();
    let followed = viva.get(&format!("/api/v1/completions/{own_id}/stream?from=0")).await;
    assert!(followed.text.contains("event: text") && followed.text.contains("event: done"), "{}", followed.text);

    // The last allowed interaction; then the session stops by itself.
    let whole = json!({"model": id, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 4});
    viva.ask_with(TOKEN, Method::POST, "/v1/chat/completions", Some(whole.clone())).await.expect(200);
    let refused = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(whole)).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "session_not_running"));
    assert_eq!(refused.headers["x-should-retry"], "false");
    let stopped = viva.wait_status(id, "stopped").await;
    assert_eq!(stopped["reason"]["code"], "interaction_limit");
    assert_eq!(stopped["usage"]["interactions"], 3);
    assert_eq!(viva.processes(), Vec::<i32>::new());

    let page = viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 3);
    for format in ["jsonl", "csv", "xlsx"] {
        let file = viva.get(&format!("/api/v1/sessions/{id}/completions/export?format={format}")).await;
        assert_eq!(file.status, 200, "{format}");
        assert!(!file.text.is_empty());
    }

    let path = format!("/api/v1/sessions/{id}");
    let refused = viva.delete(&path).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "confirmation_required"));
    let receipt = viva.delete(&format!("{path}?confirm=delete")).await.expect(200);
    assert_eq!((&receipt["completions"], &receipt["files"]), (&json!(3), &json!(0)));
    assert!(receipt["bytes_persistent"].as_u64().unwrap() > 300 && receipt["bytes_temporary"].as_u64().unwrap() > 0);
    assert_eq!(viva.get(&path).await.status, 404);
    for word in [prompt, "Xylophonic", "Xyloph", "first look"] {
        assert_eq!(files_with(viva.data.path(), word.as_bytes()), Vec::<String>::new(), "{word}");
    }
    let gone = viva.ask_with(&token, Method::GET, "/v1/models", None).await;
    assert_eq!(gone.status, 401);
}
