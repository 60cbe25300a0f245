//! What is said before a session is created, and of the server as a whole, is what then happens.

use serde_json::{Value, json};
use testkit::Viva;

use crate::VIVA;

const CHECK: &str = "/api/v1/sessions/check";

#[tokio::test]
async fn a_check_says_what_creation_makes_of_it_and_changes_nothing() {
    let viva = Viva::start(VIVA).await;
    let body = json!({"model": "demo:final", "name": " look ", "stop": {"after_seconds": 600, "max_interactions": 3},
        "engine": {"context_length": 256}});
    let check = viva.post(CHECK, body.clone()).await.expect(200);
    assert_eq!(viva.get("/api/v1/sessions").await.expect(200)["items"], json!([]));
    let session = viva.post("/api/v1/sessions", body).await.expect(201);
    for field in ["name", "model", "engine", "limits"] {
        assert_eq!(check[field], session[field], "{field}");
    }
    assert_eq!((&check["stops_after_seconds"], &check["stops_at"]), (&json!(600), &Value::Null));
    assert_eq!((&check["starts"], &check["queue_position"]), (&json!("now"), &Value::Null));
    let memory = |field: &str| check["memory"][field].as_u64().unwrap();
    assert!(memory("needed_bytes") > 1 << 20 && memory("needed_bytes") < memory("free_bytes"));
    assert!(memory("free_bytes") <= memory("total_bytes"));

    // A wall-clock time is told where it comes before the time limit.
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(100);
    let soon = soon.strftime("%Y-%m-%dT%H:%M:%SZ").to_string();
    let check = viva.post(CHECK, json!({"model": "demo", "stop": {"at": soon, "after_seconds": 90}})).await.expect(200);
    assert_eq!((&check["stops_at"], &check["stops_after_seconds"]), (&Value::Null, &json!(90)));
    let check = viva.post(CHECK, json!({"model": "demo", "stop": {"at": soon}})).await.expect(200);
    assert_eq!(check["stops_at"], soon);
    assert!(check["name"].as_str().unwrap().starts_with("int.session_2"), "{check}");
}

#[tokio::test]
async fn a_check_refuses_as_creation_does_word_for_word() {
    let viva = Viva::start_with(VIVA, "[sessions]\nquota = 2\n").await;
    viva.post("/api/v1/sessions", json!({"model": "demo", "name": "taken"})).await.expect(201);
    let cases = [
        json!({"model": "demo", "name": "taken"}),
        json!({"model": "demo", "name": "  "}),
        json!({"model": "nonesuch"}),
        json!({"model": "demo", "stop": {"after_seconds": 0, "at": "2001-01-01T00:00:00Z"}}),
        json!({"model": "demo", "engine": {"parallel": 65}}),
        json!({"model": "demo", "engine": {"parallel": 64, "context_length": 100_000_000}}),
        json!({"model": "demo", "colour": "red"}),
        json!({"name": "no model"}),
    ];
    let compare = async |body: &Value| {
        let ask = async || {
            let check = viva.post(CHECK, body.clone()).await;
            (check, viva.post("/api/v1/sessions", body.clone()).await)
        };
        let (mut check, mut create) = ask().await;
        if check.text != create.text {
            // A refusal may tell the time, and its second may have ended between the two.
            (check, create) = ask().await;
        }
        assert!(check.status >= 400, "{body}: {}", check.text);
        assert_eq!((check.status, check.json()), (create.status, create.json()), "{body}");
        check
    };
    for body in &cases {
        compare(body).await;
    }
    viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let refused = compare(&json!({"model": "demo", "name": "one more"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (429, "quota_reached"));
    assert_eq!(refused.json()["figures"], json!({"have": 2, "allowed": 2}));
    assert_eq!(viva.ask_with("nobody", reqwest::Method::POST, CHECK, Some(json!({}))).await.status, 401);
}

#[tokio::test]
async fn a_model_that_is_too_large_for_the_machine_is_told_with_the_figures() {
    let viva = Viva::start_with(VIVA, "[sessions]\nmemory_bytes = 1_000_000\n").await;
    let body = json!({"model": "demo"});
    let check = viva.post(CHECK, body.clone()).await;
    assert_eq!((check.status, check.code().as_str()), (422, "memory_exceeded"));
    assert_eq!(check.json()["figures"]["memory_total_bytes"], 1_000_000);
    assert_eq!(viva.post("/api/v1/sessions", body).await.json(), check.json());
}

#[tokio::test]
async fn the_queue_and_the_quotas_are_told_beforehand() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 1\n").await;
    let before = viva.get("/api/v1/system").await.expect(200);
    assert_eq!(before["quotas"], json!({"sessions": {"used": 0, "limit": 20}, "live": {"used": 0, "limit": 1}}));
    assert_eq!(before["memory"]["reserved_bytes"], 0);
    viva.running_session(json!({"name": before["offered_name"]})).await;

    let check = viva.post(CHECK, json!({"model": "demo"})).await.expect(200);
    assert_eq!((&check["starts"], &check["queue_position"]), (&json!("queued"), &json!(1)));
    let waiting = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let path = format!("/api/v1/sessions/{}", waiting["id"].as_str().unwrap());
    viva.wait(&path, |session| session["queue_position"] == 1).await;
    let check = viva.post(CHECK, json!({"model": "demo"})).await.expect(200);
    assert_eq!(check["queue_position"], 2);

    let system = viva.get("/api/v1/system").await.expect(200);
    assert_eq!(system["quotas"], json!({"sessions": {"used": 2, "limit": 20}, "live": {"used": 1, "limit": 1}}));
    assert!(system["memory"]["reserved_bytes"].as_u64().unwrap() > 0);
    assert_eq!(system["user"]["role"], "owner");
    assert!(system["user"]["id"].as_str().unwrap().starts_with("usr_"));
    assert_eq!(
        system["limits"],
        json!({"default_seconds": 3600, "max_seconds": 86400, "grace_seconds": 10, "queue_seconds": 86400,
            "name_characters": 100, "description_characters": 200, "output_tokens": 8192, "body_bytes": 16 << 20})
    );
    assert_eq!((&system["version"], &system["started_at"]), (&json!("0.1.0"), &before["started_at"]));
}
