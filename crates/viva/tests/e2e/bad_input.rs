//! Bad input: a clear error that names the field, the value and the bound; nothing lost, the server lives.

use std::process::{Command, Stdio};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

#[tokio::test]
async fn a_wrong_session_request_names_its_fields() {
    let viva = Viva::start(VIVA).await;
    viva.post("/api/v1/sessions", json!({"model": "demo", "name": "taken"})).await.expect(201);
    let year = 365 * 24 * 3600;
    let cases: Vec<(Value, u16, &str, &str)> = vec![
        (json!({"name": "x".repeat(101)}), 422, "invalid_request", "name"),
        (json!({"name": "a\u{7}"}), 422, "invalid_request", "name"),
        (json!({"name": "  "}), 422, "invalid_request", "name"),
        (json!({"name": "taken"}), 422, "invalid_request", "name"),
        (json!({"description": "x".repeat(201)}), 422, "invalid_request", "description"),
        (json!({"stop": {"after_seconds": 0}}), 422, "invalid_request", "stop.after_seconds"),
        (json!({"stop": {"after_seconds": year}}), 422, "invalid_request", "stop.after_seconds"),
        (json!({"stop": {"after_seconds": "soon"}}), 400, "malformed_request", "stop.after_seconds"),
        (json!({"stop": {"at": "2001-01-01T00:00:00Z"}}), 422, "invalid_request", "stop.at"),
        (json!({"stop": {"whenever": 1}}), 400, "unknown_field", "stop.whenever"),
        (json!({"model": "nonesuch"}), 404, "model_not_found", "model"),
        (json!({"engine": {"parallel": 1000}}), 422, "invalid_request", "engine.parallel"),
        (json!({"engine": {"context_length": 10_000_000}}), 422, "invalid_request", "engine.context_length"),
        (json!({"colour": "red"}), 400, "unknown_field", "colour"),
        (json!({"model": null}), 400, "malformed_request", "model"),
        (json!({"stop": {"max_tokens": -1}}), 400, "malformed_request", "stop.max_tokens"),
    ];
    for (more, status, code, field) in cases {
        let mut body = json!({"model": "demo"});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        let answer = viva.post("/api/v1/sessions", body).await;
        let problem = answer.json();
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{more}: {problem}");
        assert_eq!(problem["errors"][0]["field"], field, "{more}: {problem}");
        assert_eq!(answer.headers["content-type"], "application/problem+json");
        // The detail alone is what the command line shows.
        let detail = problem["detail"].as_str().unwrap_or_default();
        assert!(detail.len() > 10 && (detail.contains(field) || field == "model"), "{problem}");
    }
    let absent = viva.post("/api/v1/sessions", json!({"name": "no model"})).await;
    assert_eq!((absent.status, &absent.json()["errors"][0]["field"]), (400, &json!("model")), "{}", absent.text);
    let array = viva.post("/api/v1/sessions", json!(["name", null, "demo", null, null])).await;
    assert_eq!((array.status, array.code().as_str()), (400, "malformed_request"), "{}", array.text);
    // The connection may be closed while the body is still being sent: it is one that nothing else uses.
    let large = json!({"model": "demo", "description": "x".repeat(17 << 20)});
    let large = reqwest::Client::new().post(format!("{}/api/v1/sessions", viva.url)).bearer_auth(TOKEN).json(&large);
    if let Ok(large) = large.send().await {
        assert_eq!(large.status(), 413);
        assert!(large.text().await.unwrap().contains("16777216 bytes"));
    }
    // A name of emoji is fine.
    viva.post("/api/v1/sessions", json!({"model": "demo", "name": "🦀🚀"})).await.expect(201);
}

#[tokio::test]
async fn a_wrong_completion_request_is_refused_and_counts_for_nothing() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (token, _) = viva.endpoint(&id).await;
    let user = json!([{"role": "user", "content": "Hi"}]);
    let image = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,AA=="}}]}]);
    let linked = json!([{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}]);
    let cases = [
        (json!({"model": "demo", "messages": user, "temperature": 2.1}), 400, "parameter_out_of_range", "temperature"),
        (json!({"model": "demo", "messages": user, "max_tokens": 8193}), 400, "parameter_out_of_range", "max_tokens"),
        (
            json!({"model": "demo", "messages": [{"role": "wizard", "content": "Hi"}]}),
            400,
            "invalid_parameter",
            "messages[0].role",
        ),
        (json!({"model": "demo", "messages": image}), 400, "unsupported_parameter", "messages[0].content[0].type"),
        (json!({"model": "demo", "messages": linked}), 400, "unsupported_parameter", "messages[0].content[0].type"),
        (
            json!({"model": "demo", "messages": user, "tools": [{"type": "function"}]}),
            400,
            "unsupported_parameter",
            "tools",
        ),
        (json!({"model": "gpt-4", "messages": user}), 404, "model_not_found", "model"),
        (
            json!({"model": "demo", "messages": [{"role": "user", "content": "word ".repeat(20_000)}]}),
            400,
            "context_length_exceeded",
            "messages",
        ),
    ];
    for (body, status, code, param) in cases {
        let answer = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await;
        assert_eq!((answer.status, answer.code().as_str()), (status, code), "{}", answer.text);
        assert_eq!(answer.json()["error"]["param"], param, "{}", answer.text);
    }
    let url = format!("{}/v1/chat/completions", viva.url);
    let raw = |body: Vec<u8>| viva.client().post(&url).bearer_auth(&token).body(body).send();
    assert_eq!(raw(b"{\"model\": \"\xff\xfe\"}".to_vec()).await.unwrap().status(), 400);
    assert_eq!(raw(b"not json".to_vec()).await.unwrap().status(), 400);
    // 100 MB: refused by size; the connection may be closed while it is still being sent.
    if let Ok(answer) = raw(vec![b' '; 100 << 20]).await {
        assert_eq!(answer.status(), 413);
    }
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.expect(200);
    assert_eq!(session["usage"]["interactions"], 0);
    assert!(!viva.say(&id, "Hello!").await.is_empty());
}

#[tokio::test]
async fn tokens_open_what_they_are_for_and_nothing_else() {
    let viva = Viva::start(VIVA).await;
    let one = viva.running_session(json!({"name": "one"})).await;
    let two = viva.running_session(json!({"name": "two"})).await;
    let (token, _) = viva.endpoint(&one).await;
    let body = json!({"model": two, "messages": [{"role": "user", "content": "Hi"}]});
    let other = viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await;
    assert_eq!((other.status, other.code().as_str()), (404, "model_not_found"));
    let management = viva.ask_with(&token, Method::GET, "/api/v1/sessions", None).await;
    assert_eq!(management.status, 403);
    let wrong = viva.ask_with("vses_nonsense", Method::GET, "/v1/models", None).await;
    assert_eq!((wrong.status, wrong.code().as_str()), (401, "unauthorized"));
    let none = viva.client().get(format!("{}/api/v1/sessions", viva.url)).send().await.unwrap();
    assert_eq!(none.status(), 401);
    for path in ["/api/v1/sessions/ses_0", "/api/v1/completions/x", "/api/v1/nonsense"] {
        assert_eq!(viva.get(path).await.status, 404, "{path}");
    }
    for path in [
        "/api/v1/sessions?limit=0",
        "/api/v1/sessions?limit=201",
        "/api/v1/sessions?cursor=x",
        "/api/v1/sessions?nonsense=1",
    ] {
        assert_eq!(viva.get(path).await.status, 400, "{path}");
    }
}

#[tokio::test]
async fn model_files_that_cannot_be_used_are_refused() {
    let viva = Viva::start(VIVA).await;
    let url = format!("{}/api/v1/models", viva.url);
    let send = |name: &'static str, bytes: Vec<u8>| {
        viva.client().post(format!("{url}?name={name}&filename={name}.gguf")).bearer_auth(TOKEN).body(bytes).send()
    };
    let whole = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/demo/demo-early.gguf")).unwrap();
    let mut truncated = whole.clone();
    truncated.truncate(whole.len() / 2);
    let mut unknown = whole.clone();
    let at = unknown.windows(5).position(|window| window == b"llama").unwrap();
    unknown[at..at + 5].copy_from_slice(b"xlama");
    for (name, bytes) in [("text", b"Dear reader, I am no model.".to_vec()), ("cut", truncated), ("other", unknown)] {
        let answer = send(name, bytes).await.unwrap();
        assert_eq!(answer.status(), 422, "{name}");
        let problem: Value = answer.json().await.unwrap();
        assert_eq!(problem["code"], "model_invalid", "{name}: {problem}");
    }
    // The same content under a name of its own, then in use, then removed.
    let added: Value = send("mine", whole).await.unwrap().json().await.unwrap();
    assert_eq!(
        (&added["name"], &added["scope"], &added["eligible"]),
        (&json!("mine"), &json!("private"), &json!(true)),
        "{added}"
    );
    let path = format!("/api/v1/models/{}", added["id"].as_str().unwrap());
    let id = viva.running_session(json!({"model": "mine"})).await;
    let used = viva.delete(&path).await;
    assert_eq!((used.status, used.code().as_str()), (409, "model_in_use"));
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    assert_eq!(viva.delete(&path).await.status, 204);
    // What is not said to be instruction-tuned is shown with its criteria and refused with them.
    let listed = viva.patch(&path, json!({})).await;
    assert_eq!(listed.status, 404);
}

#[tokio::test]
async fn an_ineligible_model_is_refused_with_its_criteria() {
    let viva = Viva::start(VIVA).await;
    let models = viva.get("/api/v1/models").await.expect(200);
    let path = format!("/api/v1/models/{}", models["items"][0]["id"].as_str().unwrap());
    let changed = viva.patch(&path, json!({"learning_stage": "pretrained"})).await.expect(200);
    assert_eq!(changed["eligible"], false);
    assert_eq!(changed["ineligible_because"][0]["criterion"], "learning_stage");
    let refused = viva.post("/api/v1/sessions", json!({"model": models["items"][0]["id"]})).await;
    assert_eq!((refused.status, refused.code().as_str()), (422, "model_ineligible"));
    assert_eq!(refused.json()["errors"][0]["code"], "learning_stage");
}

#[tokio::test]
async fn a_damaged_model_file_fails_the_session_with_a_reason() {
    let viva = Viva::start(VIVA).await;
    let models = viva.get("/api/v1/models").await.expect(200);
    let file = &models["items"][0]["files"][0];
    let blob = viva.data.path().join("models/blobs").join(format!("sha256-{}", file["sha256"].as_str().unwrap()));
    let mut bytes = std::fs::read(&blob).unwrap();
    for byte in &mut bytes[64..4096] {
        *byte ^= 0x5a;
    }
    std::fs::remove_file(&blob).unwrap();
    std::fs::write(&blob, bytes).unwrap();
    let session = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let failed = viva.wait_status(session["id"].as_str().unwrap(), "failed").await;
    assert_eq!(failed["reason"]["code"], "model_invalid", "{failed}");
    // Gone altogether, it is ineligible.
    std::fs::remove_file(&blob).unwrap();
    let refused = viva.post("/api/v1/sessions", json!({"model": "demo"})).await;
    assert_eq!(refused.json()["errors"][0]["code"], "files", "{}", refused.text);
}

/// Runs `viva serve` to its early end and returns what it said.
fn refused_start(args: &[&str], token: Option<&str>) -> String {
    let mut command = Command::new(VIVA);
    command.arg("serve").args(args).stdin(Stdio::null());
    if let Some(token) = token {
        command.env("VIVA_TOKEN", token);
    }
    let output = command.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    String::from_utf8(output.stderr).unwrap()
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let viva = Viva::start(VIVA).await;
    let data = viva.data.path().to_str().unwrap();
    let in_use = refused_start(&["--listen", "127.0.0.1:0", "--data", data], None);
    assert!(in_use.contains("in use by another server"), "{in_use}");
    let other = tempfile::tempdir().unwrap();
    let other = other.path().to_str().unwrap();
    let address = viva.url.trim_start_matches("http://");
    let port = refused_start(&["--listen", address, "--data", other], None);
    assert!(port.contains("is in use") && port.contains("--listen"), "{port}");
    let open = refused_start(&["--listen", "0.0.0.0:0", "--data", other], None);
    assert!(open.contains("--insecure"), "{open}");
    let short = refused_start(&["--listen", "127.0.0.1:0", "--data", other], Some("short"));
    assert!(short.contains("at least 32"), "{short}");
}

#[tokio::test]
async fn a_body_that_is_said_to_be_no_json_is_not_read_as_json() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let chat = json!({"model": id, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}).to_string();
    let own = format!("/api/v1/sessions/{id}/completions");
    let session = json!({"model": "demo", "name": "plain"}).to_string();
    for (path, body, status) in
        [("/api/v1/sessions", &session, 201), ("/v1/chat/completions", &chat, 200), (own.as_str(), &chat, 201)]
    {
        let ask = |kind: Option<&str>| {
            let request = viva.client().post(format!("{}{path}", viva.url)).bearer_auth(TOKEN).body(body.clone());
            match kind {
                Some(kind) => request.header("content-type", kind),
                None => request,
            }
        };
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"] {
            let refused = ask(Some(kind)).send().await.unwrap();
            assert_eq!(refused.status(), 415, "{path} {kind}");
            let said: Value = refused.json().await.unwrap();
            let (code, message) = match path {
                "/v1/chat/completions" => (&said["error"]["code"], &said["error"]["message"]),
                _ => (&said["code"], &said["detail"]),
            };
            assert_eq!(code, "unsupported_media_type", "{said}");
            assert!(message.as_str().unwrap().contains("application/json"), "{said}");
        }
        let accepted = ask(None).send().await.unwrap();
        assert_eq!(accepted.status(), status, "{path}");
    }
}

#[tokio::test]
async fn who_guesses_tokens_is_held_back() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (session_token, _) = viva.endpoint(&id).await;
    let mut answers = Vec::new();
    for number in 0..12 {
        answers.push(viva.ask_with(&format!("guess-{number}"), Method::GET, "/api/v1/sessions", None).await);
    }
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses, [[401; 10].as_slice(), &[429; 2]].concat());
    let held = answers.last().unwrap();
    assert_eq!(
        (held.code().as_str(), &held.headers["content-type"]),
        ("rate_limited", &"application/problem+json".parse().unwrap())
    );
    let seconds =
        |answer: &testkit::server::Answer| -> u64 { answer.headers["retry-after"].to_str().unwrap().parse().unwrap() };
    assert!((1..=60).contains(&seconds(held)));
    // The same on the other interface, in its form, and for who logs in.
    let held = viva.ask_with("guess", Method::GET, "/v1/models", None).await;
    assert_eq!((held.status, held.json()["error"]["code"].as_str()), (429, Some("rate_limited")));
    assert!((1..=60).contains(&seconds(&held)));
    let login = viva.client().post(format!("{}/api/v1/login", viva.url)).json(&json!({"token": "guess"}));
    let login = login.send().await.unwrap();
    assert_eq!((login.status().as_u16(), login.headers().contains_key("retry-after")), (429, true));
    // The owner goes on at their own machine, and so does who has a token that nobody can guess.
    viva.get("/api/v1/sessions").await.expect(200);
    viva.ask_with(&session_token, Method::GET, "/v1/models", None).await.expect(200);
    // Another address is another's.
    if let Ok(listener) = std::net::TcpListener::bind("127.0.0.2:0") {
        drop(listener);
        let elsewhere = reqwest::Client::builder().local_address(Some([127, 0, 0, 2].into())).build().unwrap();
        let wrong = elsewhere.get(format!("{}/api/v1/sessions", viva.url)).bearer_auth("guess").send().await.unwrap();
        assert_eq!(wrong.status(), 401);
    }
}
