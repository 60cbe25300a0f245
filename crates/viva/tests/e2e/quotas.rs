//! Quotas: from the configuration, set by an admin while the server runs, refused with figures, kept over a restart.

use reqwest::{Body, Method};
use serde_json::{Value, json};
use testkit::Viva;

use crate::{VIVA, people::add};

fn figure<'a>(quotas: &'a Value, kind: &str) -> &'a Value {
    quotas["items"].as_array().unwrap().iter().find(|figure| figure["kind"] == kind).unwrap()
}

#[tokio::test]
async fn an_admin_sets_quotas_that_hold_at_once_and_stay() {
    let mut viva = Viva::start(VIVA).await;
    let ada = add(&viva, "ada", "member").await;
    let of_ada = format!("/api/v1/users/{}/quotas", ada.id);
    let ask = async |method: Method, path: &str, body: Value| viva.ask_with(&ada.key, method, path, Some(body)).await;
    let create = async |name: &str, more: Value| {
        let mut body = json!({"model": "demo", "name": name});
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        ask(Method::POST, "/api/v1/sessions", body).await
    };
    let before = viva.get(&of_ada).await.expect(200);
    let sessions = json!({"kind": "sessions", "limit": 20, "source": "configuration", "used": 0});
    assert_eq!(figure(&before, "sessions"), &sessions);
    assert_eq!(figure(&before, "tokens_per_day")["limit"], Value::Null);
    for (body, status, field) in [
        (json!({"sessions": -1}), 400, "sessions"),
        (json!({"everything": 1}), 400, "everything"),
        (json!({"session_seconds": 0}), 422, "session_seconds"),
    ] {
        let refused = viva.patch(&of_ada, body).await;
        assert_eq!(
            (refused.status, &refused.json()["errors"][0]["field"]),
            (status, &json!(field)),
            "{}",
            refused.text
        );
    }
    let set = json!({"sessions": 2, "session_seconds": 600, "storage_bytes": 10, "requests_per_minute": 3});
    let after = viva.patch(&of_ada, set).await.expect(200);
    assert_eq!(figure(&after, "sessions")["source"], "set");
    let system = ask(Method::GET, "/api/v1/system", json!({})).await.expect(200);
    assert_eq!((&system["quotas"]["sessions"]["limit"], &system["limits"]["max_seconds"]), (&json!(2), &json!(600)));

    let long = create("long", json!({"stop": {"after_seconds": 601}})).await;
    assert_eq!((long.status, &long.json()["errors"][0]["field"]), (422, &json!("stop.after_seconds")));
    let id = create("one", json!({})).await.expect(201)["id"].as_str().unwrap().to_owned();
    create("two", json!({})).await.expect(201);
    let third = create("three", json!({})).await;
    assert_eq!((third.status, third.code().as_str()), (429, "quota_reached"));
    assert_eq!(third.json()["figures"], json!({"have": 2, "allowed": 2}));
    let put = viva.client().put(format!("{}/api/v1/sessions/{id}/files/a", viva.url)).bearer_auth(&ada.key);
    let full = put.body(Body::from("eleven byte")).send().await.unwrap();
    assert_eq!(full.status(), 429);
    assert_eq!(full.json::<Value>().await.unwrap()["figures"], json!({"bytes": 11, "quota": 10}));

    let until = std::time::Instant::now() + testkit::PATIENCE;
    let path = format!("/api/v1/sessions/{id}");
    while ask(Method::GET, &path, json!({})).await.json()["status"] != "running" {
        assert!(std::time::Instant::now() < until, "it does not run");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let chat = json!({"model": id, "max_tokens": 2, "messages": [{"role": "user", "content": "Hi"}]});
    let say = async || ask(Method::POST, "/v1/chat/completions", chat.clone()).await;
    for _ in 0..3 {
        say().await.expect(200);
    }
    let fast = say().await;
    assert_eq!((fast.status, fast.code().as_str()), (429, "rate_limited"), "{}", fast.text);
    assert!(fast.text.contains("3 requests a minute") && fast.headers.contains_key("retry-after"));
    let used = viva.get(&of_ada).await.expect(200);
    let tokens = figure(&used, "tokens_per_day")["used"].as_u64().unwrap();
    assert!(tokens > 6, "{used}");
    viva.patch(&of_ada, json!({"requests_per_minute": null, "tokens_per_day": tokens})).await.expect(200);
    let spent = say().await;
    assert_eq!((spent.status, spent.code().as_str()), (429, "quota_reached"), "{}", spent.text);
    assert!(spent.text.contains(&format!("{tokens} tokens of {tokens}")), "{}", spent.text);

    // The day's tokens and what was set are known after a crash, and deleting gives none back.
    viva.kill();
    viva.restart();
    let say = async || viva.ask_with(&ada.key, Method::POST, "/v1/chat/completions", Some(chat.clone())).await;
    assert_eq!(say().await.code(), "quota_reached");
    viva.patch(&of_ada, json!({"tokens_per_day": null})).await.expect(200);
    say().await.expect(200);
    let gone = viva.ask_with(&ada.key, Method::DELETE, &format!("{path}?confirm=delete"), None).await;
    gone.expect(200);
    let kept = viva.get(&of_ada).await.expect(200);
    assert!(figure(&kept, "tokens_per_day")["used"].as_u64().unwrap() > tokens, "{kept}");
    assert_eq!(
        (figure(&kept, "sessions")["used"].as_u64(), figure(&kept, "live")["used"].as_u64()),
        (Some(1), Some(1))
    );
    let own = viva.ask_with(&ada.key, Method::GET, "/api/v1/quotas", None).await.expect(200);
    assert_eq!(own, kept);
    let audit = viva.get("/api/v1/audit?limit=1").await.expect(200);
    assert_eq!(audit["items"][0]["action"], "session.delete");
}

#[tokio::test]
async fn all_users_together_have_a_bound_too() {
    let viva = Viva::start_with(VIVA, "[quotas]\nall_sessions = 2\nall_live = 1\n").await;
    let ada = add(&viva, "ada", "member").await;
    let first = viva.running_session(json!({})).await;
    let body = json!({"model": "demo"});
    let second = viva.ask_with(&ada.key, Method::POST, "/api/v1/sessions", Some(body.clone())).await.expect(201);
    let second = format!("/api/v1/sessions/{}", second["id"].as_str().unwrap());
    let waiting = viva.ask_with(&ada.key, Method::GET, &second, None).await.expect(200);
    assert_eq!(waiting["phase"], "queued");
    let third = viva.ask_with(&ada.key, Method::POST, "/api/v1/sessions", Some(body)).await;
    assert_eq!((third.status, third.code().as_str()), (429, "quota_reached"));
    assert!(third.text.contains("all users together have 2 sessions of 2"), "{}", third.text);
    let shown = viva.get("/api/v1/machine/quotas").await.expect(200);
    assert_eq!(figure(&shown, "live"), &json!({"kind": "live", "limit": 1, "source": "configuration", "used": 1}));
    let refused = viva.patch("/api/v1/machine/quotas", json!({"storage_bytes": 1})).await;
    assert_eq!(refused.json()["errors"][0]["code"], "not_allowed", "{}", refused.text);
    // Room is made by setting another figure, and the queue sees it.
    viva.patch("/api/v1/machine/quotas", json!({"live": 2})).await.expect(200);
    let until = std::time::Instant::now() + testkit::PATIENCE;
    while viva.ask_with(&ada.key, Method::GET, &second, None).await.json()["status"] != "running" {
        assert!(std::time::Instant::now() < until, "it does not start");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    assert_eq!(viva.get(&format!("/api/v1/sessions/{first}")).await.expect(200)["status"], "running");
}
