//! The audit log: what everybody did is told, in ids alone, and a change of it shows.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::Viva;

use crate::{
    VIVA,
    people::{add, by_cookie},
};

async fn actions(viva: &Viva) -> Vec<String> {
    let page = viva.get("/api/v1/audit?limit=200").await.expect(200);
    let items = page["items"].as_array().unwrap().iter().rev();
    items.map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn who_did_what_is_told_without_names_or_content() {
    let mut viva = Viva::start(VIVA).await;
    let ada = add(&viva, "ada", "member").await;
    let secret = "HJKWQZXV-secret";
    let ask = async |method: Method, path: &str, body: Value| viva.ask_with(&ada.key, method, path, Some(body)).await;
    let made = ask(Method::POST, "/api/v1/sessions", json!({"model": "demo", "name": secret})).await.expect(201);
    let id = made["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/sessions/{id}");
    ask(Method::PATCH, &path, json!({"description": secret})).await.expect(200);
    assert_eq!(ask(Method::PATCH, &path, json!({"name": ""})).await.status, 422, "what is refused is not told");
    let named = json!({"name": secret});
    let token = by_cookie(&viva, &ada.cookie, Method::POST, &format!("{path}/tokens"), Some(named)).await.expect(201);
    let token = format!("{path}/tokens/{}", token["id"].as_str().unwrap());
    assert_eq!(by_cookie(&viva, &ada.cookie, Method::DELETE, &token, None).await.status, 204);
    viva.post(&format!("/api/v1/machine/sessions/{id}/stop"), json!({})).await;
    ask(Method::DELETE, &format!("{path}?confirm=delete"), json!({})).await.expect(200);
    viva.patch(&format!("/api/v1/users/{}", ada.id), json!({"role": "viewer"})).await.expect(200);
    assert_eq!(by_cookie(&viva, &ada.cookie, Method::POST, "/api/v1/logout", None).await.status, 204);
    viva.delete(&format!("/api/v1/users/{}?confirm=delete", ada.id)).await.expect(200);

    let expected = [
        "user.create",
        "login_link.create",
        "login",
        "key.create",
        "session.create",
        "session.change",
        "token.create",
        "token.revoke",
        "session.stop",
        "session.delete",
        "user.change",
        "logout",
        "user.delete",
    ];
    assert_eq!(actions(&viva).await, expected);
    let page = viva.get("/api/v1/audit?limit=200").await.expect(200);
    let of = |action: &str| page["items"].as_array().unwrap().iter().find(|entry| entry["action"] == action).unwrap();
    let me = viva.get("/api/v1/me").await.expect(200);
    let stop = of("session.stop");
    assert_eq!((&stop["actor"], &stop["target"], &stop["via"]), (&me["id"], &json!(id), &json!("token")));
    assert_eq!((&stop["actor_name"], &stop["address"]), (&json!("owner"), &json!("127.0.0.1")));
    let create = of("session.create");
    assert_eq!((&create["actor"], &create["via"]), (&json!(ada.id), &json!("key")));
    assert!(create["key"].as_str().unwrap().starts_with("key_") && create["actor_name"].is_null());
    assert_eq!((&of("login")["via"], &of("user.change")["detail"]), (&json!("link"), &json!("role viewer")));
    assert!(!page.to_string().contains(secret) && !page.to_string().contains("ada\""));

    let run = |args: &[&str]| {
        let mut command = Command::new(VIVA);
        command.args(args).env_remove("VIVA_URL").env_remove("VIVA_TOKEN").env("VIVA_DATA", viva.data.path());
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    assert!(run(&["audit", "list"]).1.contains("session.delete"));
    let (status, said, error) = run(&["audit", "verify"]);
    assert_eq!(status, Some(0), "{error}");
    let head = said.trim().rsplit(' ').next().unwrap().to_owned();
    assert_eq!(run(&["audit", "verify", "--expect", &head]).0, Some(0));
    let other = format!("13:{}", "0".repeat(64));
    let (status, _, error) = run(&["audit", "verify", "--expect", &other]);
    assert!(status == Some(1) && error.contains("entry 13"), "{error}");
    // It survives what may happen to the server, and goes on.
    viva.kill();
    viva.restart();
    viva.post("/api/v1/login-links", json!({})).await.expect(201);
    assert_eq!(viva.get("/api/v1/audit/check").await.expect(200)["faults"], json!([]));
    assert_eq!(actions(&viva).await.len(), expected.len() + 1);
}
