//! Test sets: from a conversation to a case, and the cases run by themselves on the next session.

use serde_json::{Value, json};
use testkit::{Viva, bytes};

use crate::VIVA;

#[tokio::test]
async fn an_exchange_becomes_a_case_and_runs_by_itself_on_the_next_session() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 3\n").await;
    let first = viva.running_session(json!({"model": "demo:early"})).await;
    viva.say(&first, "What is 12 + 30?").await;
    let asked = viva.get(&format!("/api/v1/sessions/{first}/completions")).await.expect(200);
    let completion = asked["items"][0]["id"].clone();

    let scoring = json!([{"reference": "expected", "metric": {"kind": "numeric"}}]);
    let run = json!({"model": "demo", "scoring": scoring});
    let set = viva.post("/api/v1/test-sets", json!({"name": "sums", "run": run})).await.expect(201);
    let path = format!("/api/v1/test-sets/{}", set["id"].as_str().unwrap());
    let case =
        viva.post(&format!("{path}/cases"), json!({"completion": completion, "expected": "42"})).await.expect(201);
    assert_eq!((&case["number"], &case["expected"]), (&json!(1), &json!("42")));
    assert_eq!(case["messages"][0]["content"], "What is 12 + 30?");
    for (a, b) in [(20, 21), (33, 14)] {
        let messages = json!([{"role": "user", "content": format!("What is {a} + {b}?")}]);
        viva.post(&format!("{path}/cases"), json!({"messages": messages, "expected": (a + b).to_string()}))
            .await
            .expect(201);
    }
    // The next sessions of the model, whichever version, run it; each once.
    let ran = async |model: &str, runs: usize| -> Value {
        let session = viva.running_session(json!({"model": model})).await;
        let over = |set: &Value| {
            let told = set["runs"].as_array().unwrap();
            told.len() == runs
                && told.iter().all(|task| task["status"] == "done")
                && told[0]["scores"][0]["scored"] == 3
        };
        let set = viva.wait(&path, over).await;
        assert_eq!(set["runs"][0]["session_id"], session);
        set
    };
    ran("demo:early", 1).await;
    let set = ran("demo:final", 2).await;
    let (last, before) = (&set["runs"][0], &set["runs"][1]);
    assert!(last["scores"][0]["score"].as_f64().unwrap() > 0.99, "{last:#}");
    let both = format!("{},{}", before["id"].as_str().unwrap(), last["id"].as_str().unwrap());
    let compared = viva.get(&format!("/api/v1/compare?tasks={both}")).await.expect(200);
    assert_eq!(compared["scorings"][0]["pairs"][0]["rows"], 3);
    assert_eq!(last["input"]["test_set"], set["id"]);

    // It runs by itself no more; a task of it still can be made.
    assert_eq!(viva.patch(&path, json!({"run": null})).await.expect(200)["run"], Value::Null);
    viva.delete(&format!("/api/v1/sessions/{first}?confirm=delete")).await.expect(200);
    let page = viva.get(&format!("{path}/cases?limit=2")).await.expect(200);
    assert_eq!(page["items"].as_array().unwrap().len(), 2, "cases are kept when the session is gone");
    let rest = viva.get(&format!("{path}/cases?cursor={}", page["next_cursor"].as_str().unwrap())).await.expect(200);
    assert_eq!(rest["items"][0]["number"], 3);
}

#[tokio::test]
async fn cases_are_edited_and_erased_and_wrong_ones_are_named() {
    let viva = Viva::start(VIVA).await;
    let set = viva.post("/api/v1/test-sets", json!({"name": "mine"})).await.expect(201);
    let path = format!("/api/v1/test-sets/{}", set["id"].as_str().unwrap());
    let ask = |text: &str| json!([{"role": "user", "content": text}]);
    viva.post(&format!("{path}/cases"), json!({"messages": ask("a-secret-of-the-case"), "expected": "a"}))
        .await
        .expect(201);
    let changed = viva.patch(&format!("{path}/cases/1"), json!({"expected": null})).await.expect(200);
    assert_eq!((&changed["expected"], &changed["messages"]), (&Value::Null, &ask("a-secret-of-the-case")));
    let taken = viva.post("/api/v1/test-sets", json!({"name": "mine"})).await;
    assert_eq!((taken.status, &taken.json()["errors"][0]["code"]), (422, &json!("taken")));
    for (body, field) in [
        (json!({}), "completion"),
        (json!({"messages": []}), "messages"),
        (json!({"messages": [{"role": "wizard", "content": "x"}]}), "messages[0].role"),
    ] {
        let refused = viva.post(&format!("{path}/cases"), body).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!(field)), "{}", refused.text);
    }
    let run = json!({"run": {"model": "demo", "scoring": [{"reference": "answer", "metric": {"kind": "exact"}}]}});
    let refused = viva.patch(&path, run).await;
    assert_eq!(refused.json()["errors"][0]["field"], "run.scoring[0].reference", "{}", refused.text);
    assert_eq!(viva.delete(&format!("{path}/cases/1")).await.status, 204);
    assert_eq!(viva.delete(&format!("{path}/cases/1")).await.status, 404);
    assert!(bytes::files_with(viva.data.path(), b"a-secret-of-the-case").is_empty());
    let id = viva.running_session(json!({})).await;
    let empty = viva.post(&format!("/api/v1/sessions/{id}/tasks"), json!({"input": {"test_set": set["id"]}})).await;
    assert_eq!(empty.json()["errors"][0]["code"], "empty", "{}", empty.text);
    assert_eq!(viva.delete(&path).await.status, 422);
    assert_eq!(viva.delete(&format!("{path}?confirm=delete")).await.status, 204);
    assert_eq!(viva.get("/api/v1/test-sets").await.expect(200)["items"], json!([]));
}
