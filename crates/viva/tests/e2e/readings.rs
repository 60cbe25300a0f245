//! What is measured while a session lives: its runtime's memory, its completions' figures, its results' size.

use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

#[tokio::test]
async fn memory_and_completions_are_read_while_running_and_stay_readable_until_deleted() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}/readings");
    let count = |readings: &Value| readings["memory"].as_array().unwrap().len();
    viva.wait(&path, |readings| count(readings) >= 1).await;
    let first = viva.say(&id, "What is the capital of France?").await;
    assert!(!first.is_empty());
    // The next one comes by itself.
    let readings = viva.wait(&path, |readings| count(readings) >= 2).await;
    let memory: Vec<u64> =
        readings["memory"].as_array().unwrap().iter().map(|reading| reading["bytes"].as_u64().unwrap()).collect();
    assert!(memory.iter().all(|bytes| (1 << 20..1 << 32).contains(bytes)), "{memory:?}");
    let at = |reading: &Value| reading["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap();
    let apart = at(&readings["memory"][1]).duration_since(at(&readings["memory"][0])).as_secs_f64();
    // The first pause is a part of the usual five seconds, another for each session.
    assert!((0.0..9.0).contains(&apart), "{apart}");

    let completion = &viva.get(&format!("/api/v1/sessions/{id}/completions")).await.expect(200)["items"][0];
    let reading = &readings["completions"][0];
    for field in ["first_token_ms", "tokens_per_second"] {
        assert_eq!(reading[field], completion["timing"][field], "{field}");
    }
    for field in ["prompt_tokens", "completion_tokens"] {
        assert_eq!(reading[field], completion["usage"][field], "{field}");
    }
    assert_eq!((&reading["id"], &reading["at"]), (&completion["id"], &completion["created_at"]));

    // They survive a kill, and the stop.
    viva.kill();
    viva.restart();
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    let kept = viva.get(&path).await.expect(200);
    assert!(count(&kept) >= count(&readings));
    assert_eq!(kept["memory"][0], readings["memory"][0]);
    viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    assert_eq!(viva.get(&path).await.status, 404);
}

#[tokio::test]
async fn persistent_storage_is_told_as_it_grows_and_as_the_receipt_then_says() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}");
    let persistent = async || viva.get(&path).await.expect(200)["storage"]["persistent_bytes"].as_u64().unwrap();
    assert_eq!(persistent().await, 0);
    let question = "x".repeat(300);
    let answer = viva.say(&id, &question).await;
    let one = persistent().await;
    assert!(one >= (question.len() + answer.len()) as u64, "{one}");
    viva.say(&id, "Hi").await;
    let two = persistent().await;
    assert!(two > one);
    let newest = &viva.get(&format!("{path}/completions")).await.expect(200)["items"][0]["id"];
    viva.delete(&format!("/api/v1/completions/{}?confirm=delete", newest.as_str().unwrap())).await;
    assert_eq!(persistent().await, one);
    viva.post(&format!("{path}/stop"), json!({})).await.expect(202);
    let stopped = viva.wait_status(&id, "stopped").await;
    assert_eq!(stopped["storage"]["persistent_bytes"], one);
    let receipt = viva.delete(&format!("{path}?confirm=delete")).await.expect(200);
    assert_eq!(receipt["bytes_persistent"], one);
}
