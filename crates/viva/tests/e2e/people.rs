//! Users, roles, passwords, links, API keys and named tokens of sessions.

use reqwest::{Client, Method, Response, header, redirect::Policy};
use serde_json::{Value, json};
use testkit::{Answer, Viva};

use crate::VIVA;

/// A further user, with the API key that opens everything of theirs that a key can.
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) key: String,
    /// As a browser's login, for what no key may do.
    pub(crate) cookie: String,
}

/// The cookie that a login link sets; none where it opens nothing.
pub(crate) async fn redeem(link: &str) -> Option<String> {
    let browser = Client::builder().redirect(Policy::none()).build().unwrap();
    cookie_of(&browser.get(link).send().await.unwrap())
}

fn cookie_of(answer: &Response) -> Option<String> {
    let set = answer.headers().get(header::SET_COOKIE)?.to_str().unwrap();
    Some(set.split(';').next().unwrap().to_owned())
}

/// Asks as one of the server's own pages does.
pub(crate) async fn by_cookie(viva: &Viva, cookie: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
    let mut request = viva.client().request(method, format!("{}{path}", viva.url));
    request = request.header(header::COOKIE, cookie).header(header::ORIGIN, &viva.url);
    if let Some(body) = body {
        request = request.json(&body);
    }
    let response = request.send().await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    Answer { status, headers, text: response.text().await.unwrap() }
}

/// Creates a user and logs them in by a link.
pub(crate) async fn add(viva: &Viva, name: &str, role: &str) -> Person {
    let user = viva.post("/api/v1/users", json!({"name": name, "role": role})).await.expect(201);
    let id = user["id"].as_str().unwrap().to_owned();
    let link = viva.post(&format!("/api/v1/users/{id}/login-links"), json!({})).await.expect(201);
    let cookie = redeem(link["url"].as_str().unwrap()).await.expect("the link logs in");
    let scopes = json!(["read", "infer", "manage", "admin"]);
    let key = key_of(viva, &cookie, json!({"name": "all", "scopes": scopes})).await;
    Person { id, key, cookie }
}

/// The secret of a new key.
pub(crate) async fn key_of(viva: &Viva, cookie: &str, body: Value) -> String {
    let made = by_cookie(viva, cookie, Method::POST, "/api/v1/keys", Some(body)).await.expect(201);
    made["secret"].as_str().unwrap().to_owned()
}

async fn log_in(viva: &Viva, name: &str, password: &str) -> Response {
    let body = json!({"name": name, "password": password});
    Client::new().post(format!("{}/api/v1/login", viva.url)).json(&body).send().await.unwrap()
}

async fn status_of(viva: &Viva, token: &str, path: &str) -> u16 {
    viva.ask_with(token, Method::GET, path, None).await.status
}

#[tokio::test]
async fn one_person_alone_is_the_owner_and_is_asked_nothing() {
    let viva = Viva::start(VIVA).await;
    let me = viva.get("/api/v1/me").await.expect(200);
    assert_eq!((&me["name"], &me["role"]), (&json!("owner"), &json!("owner")));
    assert_eq!((&me["has_password"], &me["scopes"]), (&json!(false), &Value::Null));
    let users = viva.get("/api/v1/users").await.expect(200);
    assert_eq!(users["items"].as_array().unwrap().len(), 1);
    assert_eq!(users["items"][0]["id"], me["id"]);
    let own = format!("/api/v1/users/{}", me["id"].as_str().unwrap());
    assert_eq!(viva.patch(&own, json!({"name": "Ada"})).await.expect(200)["name"], "Ada");
    for change in [json!({"role": "member"}), json!({"disabled": true})] {
        assert_eq!(viva.patch(&own, change.clone()).await.status, 403, "{change}");
    }
    assert_eq!(viva.delete(&format!("{own}?confirm=delete")).await.status, 403);
}

#[tokio::test]
async fn a_user_is_created_with_rules_and_logs_in_by_password() {
    let mut viva = Viva::start(VIVA).await;
    let create = |body: Value| viva.post("/api/v1/users", body);
    for (body, status, field) in [
        (json!({"name": "", "role": "member"}), 422, "name"),
        (json!({"name": "x".repeat(65), "role": "member"}), 422, "name"),
        (json!({"name": "usr_1", "role": "member"}), 422, "name"),
        (json!({"name": "OWNER", "role": "member"}), 422, "name"),
        (json!({"name": "ada", "role": "member", "password": "short"}), 422, "password"),
        (json!({"name": "ada", "role": "king"}), 400, "role"),
        (json!({"name": "ada"}), 400, "role"),
    ] {
        let refused = create(body.clone()).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], field, "{body}: {}", refused.text);
    }
    assert_eq!(create(json!({"name": "ada", "role": "owner"})).await.status, 403, "there is one owner");
    let password = "correct horse battery staple";
    let ada = create(json!({"name": "Ada", "role": "member", "password": password})).await.expect(201);
    assert_eq!((&ada["has_password"], &ada["disabled"]), (&json!(true), &json!(false)));

    let entered = log_in(&viva, "ada", password).await;
    assert_eq!(entered.status(), 204);
    let cookie = cookie_of(&entered).unwrap();
    let me = by_cookie(&viva, &cookie, Method::GET, "/api/v1/me", None).await.expect(200);
    assert_eq!((&me["id"], &me["role"]), (&ada["id"], &json!("member")));
    let wrong = log_in(&viva, "ada", "correct horse battery stapler").await;
    let unknown = log_in(&viva, "nobody", password).await;
    let ownerless = log_in(&viva, "owner", password).await;
    let mut told = Vec::new();
    for refused in [wrong, unknown, ownerless] {
        assert_eq!((refused.status().as_u16(), cookie_of(&refused)), (401, None));
        told.push(refused.text().await.unwrap());
    }
    assert!(told.iter().all(|text| *text == told[0]), "nobody learns which names there are: {told:?}");

    // One's own password needs the one before, and ends the other logins.
    let other = cookie_of(&log_in(&viva, "ADA", password).await).unwrap();
    let path = format!("/api/v1/users/{}/password", ada["id"].as_str().unwrap());
    let change = |current: &str, new: &str| {
        let body = json!({"current": current, "password": new});
        let (viva, cookie, path) = (&viva, &cookie, &path);
        async move { by_cookie(viva, cookie, Method::PUT, path, Some(body)).await }
    };
    assert_eq!(change("wrong", "a new long password").await.json()["errors"][0]["field"], "current");
    assert_eq!(change(password, "short").await.json()["errors"][0]["field"], "password");
    let changed = change(password, "a new long password").await;
    assert_eq!(changed.status, 204, "{}", changed.text);
    let fresh = changed.headers[header::SET_COOKIE.as_str()].to_str().unwrap().split(';').next().unwrap().to_owned();
    for (cookie, status) in [(&cookie, 401), (&other, 401), (&fresh, 200)] {
        assert_eq!(by_cookie(&viva, cookie, Method::GET, "/api/v1/me", None).await.status, status);
    }
    // Nothing that is secret is in the log or, as it is, in the data folder.
    viva.kill();
    let log = viva.log();
    assert!(!log.contains(password) && !log.contains("a new long password"));
    for name in ["viva.db", "viva.db-wal"] {
        let bytes = std::fs::read(viva.data.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(password.len()).any(|part| part == password.as_bytes()), "{name}");
    }
    viva.restart();
    assert_eq!(by_cookie(&viva, &fresh, Method::GET, "/api/v1/me", None).await.status, 200);
    assert_eq!(log_in(&viva, "ada", "a new long password").await.status(), 204);
}

#[tokio::test]
async fn who_guesses_passwords_is_held_back() {
    let viva = Viva::start(VIVA).await;
    let password = "correct horse battery staple";
    viva.post("/api/v1/users", json!({"name": "ada", "role": "member", "password": password})).await.expect(201);
    let mut statuses = Vec::new();
    for number in 0..12 {
        statuses.push(log_in(&viva, "ada", &format!("a guess of some length {number}")).await.status().as_u16());
    }
    assert_eq!(statuses, [vec![401; 10], vec![429; 2]].concat());
    let held = log_in(&viva, "ada", password).await;
    assert!(held.headers().contains_key("retry-after"));
    assert_eq!(held.status(), 429);
    // Tokens are another matter, and links too.
    viva.get("/api/v1/me").await.expect(200);
    assert!(redeem(&viva.login_link).await.is_some());
}

#[tokio::test]
async fn roles_say_who_looks_after_whom() {
    let viva = Viva::start(VIVA).await;
    let admin = add(&viva, "admin", "admin").await;
    let member = add(&viva, "member", "member").await;
    let viewer = add(&viva, "viewer", "viewer").await;
    let second = add(&viva, "second", "admin").await;
    let as_ = async |who: &Person, method: Method, path: &str, body: Value| {
        viva.ask_with(&who.key, method, path, Some(body)).await
    };
    let of = |who: &Person| format!("/api/v1/users/{}", who.id);
    // An admin looks after members and viewers, and not after admins or the owner.
    as_(&admin, Method::PATCH, &of(&member), json!({"role": "viewer"})).await.expect(200);
    as_(&admin, Method::PATCH, &of(&member), json!({"role": "member"})).await.expect(200);
    let owner = viva.get("/api/v1/me").await.json()["id"].as_str().unwrap().to_owned();
    for path in [of(&second), format!("/api/v1/users/{owner}")] {
        for change in [json!({"disabled": true}), json!({"name": "x"}), json!({"role": "member"})] {
            assert_eq!(as_(&admin, Method::PATCH, &path, change.clone()).await.status, 403, "{path} {change}");
        }
        assert_eq!(
            by_cookie(&viva, &admin.cookie, Method::POST, &format!("{path}/login-links"), None).await.status,
            403
        );
    }
    let own = as_(&admin, Method::PATCH, &of(&admin), json!({"role": "member"})).await;
    assert_eq!(own.status, 403, "nobody changes their own role");
    assert_eq!(as_(&admin, Method::PATCH, &of(&member), json!({"role": "admin"})).await.status, 403);
    assert_eq!(as_(&admin, Method::POST, "/api/v1/users", json!({"name": "n", "role": "admin"})).await.status, 403);
    as_(&admin, Method::POST, "/api/v1/users", json!({"name": "n", "role": "viewer"})).await.expect(201);
    // Members and viewers do not know of others.
    for who in [&member, &viewer] {
        assert_eq!(status_of(&viva, &who.key, "/api/v1/users").await, 403);
        assert_eq!(status_of(&viva, &who.key, &of(&admin)).await, 403);
        assert_eq!(status_of(&viva, &who.key, "/api/v1/machine/sessions").await, 403);
    }
    // A viewer looks and changes nothing.
    for path in ["/api/v1/sessions", "/api/v1/models", "/api/v1/tasks", "/api/v1/system"] {
        assert_eq!(status_of(&viva, &viewer.key, path).await, 200, "{path}");
    }
    let refused = as_(&viewer, Method::POST, "/api/v1/sessions", json!({"model": "demo"})).await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "forbidden"));
    assert!(refused.text.contains("viewer"), "{}", refused.text);
}

#[tokio::test]
async fn a_disabled_user_is_out_everywhere_at_once() {
    let mut viva = Viva::start(VIVA).await;
    let ada = add(&viva, "ada", "member").await;
    let session = viva.ask_with(&ada.key, Method::POST, "/api/v1/sessions", Some(json!({"model": "demo"}))).await;
    let id = session.expect(201)["id"].as_str().unwrap().to_owned();
    let is_running = async || {
        let shown = viva.ask_with(&ada.key, Method::GET, &format!("/api/v1/sessions/{id}"), None).await;
        shown.json()["status"] == "running"
    };
    let until = std::time::Instant::now() + testkit::PATIENCE;
    while !is_running().await {
        assert!(std::time::Instant::now() < until, "it does not run");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    let endpoint = viva.ask_with(&ada.key, Method::GET, &format!("/api/v1/sessions/{id}/endpoint"), None).await;
    let token = endpoint.expect(200)["token"].as_str().unwrap().to_owned();
    let tokens = format!("/api/v1/sessions/{id}/tokens");
    let named = by_cookie(&viva, &ada.cookie, Method::POST, &tokens, Some(json!({"name": "ci"}))).await.expect(201);
    let named = named["secret"].as_str().unwrap().to_owned();
    let link = viva.post(&format!("/api/v1/users/{}/login-links", ada.id), json!({})).await.expect(201);
    let follow = viva.client().get(format!("{}/api/v1/events", viva.url)).bearer_auth(&ada.key);
    let mut followed = follow.send().await.unwrap();
    assert!(followed.chunk().await.unwrap().is_some());
    for opens in [&token, &named] {
        assert_eq!(status_of(&viva, opens, "/v1/models").await, 200);
    }

    let user = format!("/api/v1/users/{}", ada.id);
    assert_eq!(viva.patch(&user, json!({"disabled": true})).await.expect(200)["disabled"], true);
    let ends = async { while followed.chunk().await.is_ok_and(|chunk| chunk.is_some()) {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), ends).await.expect("the events end");
    for opens in [&token, &named, &ada.key] {
        assert_eq!(status_of(&viva, opens, "/v1/models").await, 401, "{opens}");
    }
    assert_eq!(by_cookie(&viva, &ada.cookie, Method::GET, "/api/v1/me", None).await.status, 401);
    assert_eq!(redeem(link["url"].as_str().unwrap()).await, None);
    // The session runs on, and an admin sees and stops it, without its name.
    let machine = viva.get("/api/v1/machine/sessions").await.expect(200);
    assert_eq!((&machine["items"][0]["id"], &machine["items"][0]["owner"]["name"]), (&json!(id), &json!("ada")));
    assert!(machine["items"][0].get("name").is_none());
    viva.kill();
    viva.restart();
    assert_eq!(status_of(&viva, &token, "/v1/models").await, 401);
    viva.post(&format!("/api/v1/machine/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait("/api/v1/machine/sessions", |machine| machine["items"].as_array().unwrap().is_empty()).await;
    viva.patch(&user, json!({"disabled": false})).await.expect(200);
    assert_eq!(status_of(&viva, &ada.key, "/api/v1/me").await, 200);
    assert_eq!(by_cookie(&viva, &ada.cookie, Method::GET, "/api/v1/me", None).await.status, 401, "logins stay ended");
}

#[tokio::test]
async fn a_user_is_deleted_with_everything_or_stays() {
    let viva = Viva::start(VIVA).await;
    let ada = add(&viva, "ada", "member").await;
    let secret = "HJKWQZXV-of-the-deleted-user";
    let body = json!({"model": "demo", "name": secret});
    viva.ask_with(&ada.key, Method::POST, "/api/v1/sessions", Some(body)).await.expect(201);
    let set = json!({"name": format!("set {secret}")});
    viva.ask_with(&ada.key, Method::POST, "/api/v1/test-sets", Some(set)).await.expect(201);
    let gguf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/demo/demo-early.gguf");
    let upload = viva.client().post(format!("{}/api/v1/models?name=mine", viva.url)).bearer_auth(&ada.key);
    let model: Value = upload.body(std::fs::read(gguf).unwrap()).send().await.unwrap().json().await.unwrap();
    assert_eq!(model["scope"], "private", "{model}");

    let user = format!("/api/v1/users/{}", ada.id);
    assert_eq!(viva.delete(&user).await.code(), "confirmation_required");
    let kept = viva.delete(&format!("{user}?confirm=delete")).await;
    assert_eq!((kept.status, kept.code().as_str()), (409, "user_has_things"), "{}", kept.text);
    assert_eq!(kept.json()["figures"], json!({"sessions": 1, "models": 1, "test_sets": 1}));
    assert_eq!(status_of(&viva, &ada.key, "/api/v1/me").await, 200, "nothing has changed");
    let receipt = viva.delete(&format!("{user}?confirm=delete&owned=delete")).await.expect(200);
    assert_eq!(receipt, json!({"sessions": 1, "models": 1, "test_sets": 1}));
    assert_eq!(viva.get(&user).await.status, 404);
    assert_eq!(status_of(&viva, &ada.key, "/api/v1/me").await, 401);
    assert!(viva.processes().is_empty());
    for name in ["viva.db", "viva.db-wal"] {
        let bytes = std::fs::read(viva.data.path().join(name)).unwrap_or_default();
        assert!(!bytes.windows(secret.len()).any(|part| part == secret.as_bytes()), "{name}");
    }
    viva.post("/api/v1/users", json!({"name": "ada", "role": "member"})).await.expect(201);
}

#[tokio::test]
async fn a_key_opens_its_scopes_until_it_expires_or_is_withdrawn() {
    let mut viva = Viva::start(VIVA).await;
    let ada = add(&viva, "ada", "member").await;
    let create = async |body: Value| by_cookie(&viva, &ada.cookie, Method::POST, "/api/v1/keys", Some(body)).await;
    for (body, field) in [
        (json!({"name": "", "scopes": ["read"]}), "name"),
        (json!({"name": "all", "scopes": ["read"]}), "name"),
        (json!({"name": "x", "scopes": []}), "scopes"),
        (json!({"name": "x", "scopes": ["read"], "expires_at": "2001-01-01T00:00:00Z"}), "expires_at"),
    ] {
        let refused = create(body.clone()).await;
        assert_eq!((refused.status, &refused.json()["errors"][0]["field"]), (422, &json!(field)), "{body}");
    }
    let soon = jiff_after(2);
    let made = create(json!({"name": "ci", "scopes": ["read"], "expires_at": soon})).await.expect(201);
    let key = made["secret"].as_str().unwrap().to_owned();
    assert!(key.starts_with("vkey_") && key.len() == 48, "{key}");
    assert_eq!(status_of(&viva, &key, "/api/v1/sessions").await, 200);
    let change = viva.ask_with(&key, Method::POST, "/api/v1/sessions", Some(json!({"model": "demo"}))).await;
    assert_eq!(change.status, 403);
    assert!(change.text.contains("`manage`"), "{}", change.text);
    let more = viva.ask_with(&key, Method::POST, "/api/v1/keys", Some(json!({"name": "y", "scopes": ["read"]}))).await;
    assert_eq!(more.status, 403, "a key makes no key");
    let listed = by_cookie(&viva, &ada.cookie, Method::GET, "/api/v1/keys", None).await.expect(200);
    let names: Vec<&str> =
        listed["items"].as_array().unwrap().iter().map(|key| key["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["ci", "all"]);
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(&key[5..]), "the secret is shown once");
    let until = std::time::Instant::now() + testkit::PATIENCE;
    while status_of(&viva, &key, "/api/v1/sessions").await != 401 {
        assert!(std::time::Instant::now() < until, "it does not expire");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    // Used keys are noted over a restart; one that is withdrawn opens nothing, and nobody else's can be.
    viva.terminate();
    viva.restart();
    let listed = by_cookie(&viva, &ada.cookie, Method::GET, "/api/v1/keys", None).await.expect(200);
    assert!(listed["items"][0]["last_used_at"].is_string(), "{listed}");
    let all = format!("/api/v1/keys/{}", listed["items"][1]["id"].as_str().unwrap());
    assert_eq!(viva.delete(&all).await.status, 404, "another's key is not there");
    assert_eq!(by_cookie(&viva, &ada.cookie, Method::DELETE, &all, None).await.status, 204);
    assert_eq!(status_of(&viva, &ada.key, "/api/v1/me").await, 401);
    let bytes = std::fs::read(viva.data.path().join("viva.db")).unwrap();
    assert!(!bytes.windows(key.len()).any(|part| part == key.as_bytes()));
    assert!(!viva.log().contains(&key));
}

fn jiff_after(seconds: u64) -> String {
    let at = std::time::SystemTime::now() + std::time::Duration::from_secs(seconds);
    jiff::Timestamp::try_from(at).unwrap().to_string()
}

#[tokio::test]
async fn a_named_token_opens_its_session_until_it_is_withdrawn_or_the_session_is_gone() {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let tokens = format!("/api/v1/sessions/{id}/tokens");
    let create = async |name: &str| {
        let made = viva.post(&tokens, json!({"name": name})).await.expect(201);
        (made["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned())
    };
    let (first_id, first) = create("ci").await;
    let (_, second) = create("notebook").await;
    assert_eq!(viva.post(&tokens, json!({"name": "ci"})).await.json()["errors"][0]["code"], "taken");
    assert!(first.starts_with("vses_") && first != second);
    let ask = json!({"model": "demo", "max_tokens": 1, "messages": [{"role": "user", "content": "Hi"}]});
    let completion =
        async |token: &str| viva.ask_with(token, Method::POST, "/v1/chat/completions", Some(ask.clone())).await;
    completion(&first).await.expect(200);
    completion(&second).await.expect(200);
    assert_eq!(status_of(&viva, &first, "/api/v1/sessions").await, 403);
    let listed = viva.get(&tokens).await.expect(200);
    assert_eq!(listed["items"][0]["name"], "notebook");
    assert!(listed["items"][0]["last_used_at"].is_string() && !listed.to_string().contains(&second));
    assert_eq!(viva.delete(&format!("{tokens}/{first_id}")).await.status, 204);
    assert_eq!(viva.delete(&format!("{tokens}/{first_id}")).await.status, 404);
    assert_eq!(completion(&first).await.status, 401);
    completion(&second).await.expect(200);
    // After the end the reason is told until the session is gone; the unnamed token goes on as it did.
    viva.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    viva.wait_status(&id, "stopped").await;
    assert_eq!(completion(&second).await.code(), "session_not_running");
    assert_eq!(viva.post(&tokens, json!({"name": "late"})).await.code(), "session_ended");
    viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
    assert_eq!(completion(&second).await.status, 401);
}

#[tokio::test]
async fn the_command_line_looks_after_people() {
    use std::process::{Command, Stdio};
    let viva = Viva::start(VIVA).await;
    let run = |args: &[&str], input: &str| {
        let mut command = Command::new(VIVA);
        command.args(args).env_remove("VIVA_URL").env_remove("VIVA_TOKEN").env("VIVA_DATA", viva.data.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::io::Write::write_all(&mut child.stdin.take().unwrap(), input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code(), text(output.stdout), text(output.stderr))
    };
    let done = |args: &[&str]| {
        let (status, said, error) = run(args, "");
        assert_eq!(status, Some(0), "{args:?}: {error}");
        said
    };
    let link = done(&["user", "create", "ada", "--role", "viewer"]);
    assert!(redeem(link.trim()).await.is_some(), "{link}");
    assert!(done(&["user", "set-role", "Ada", "member"]).contains("member"));
    assert!(done(&["user", "show", "ada"]).contains("member"));
    let (status, _, error) = run(&["user", "password", "ada"], "a password of some length\n");
    assert_eq!(status, Some(0), "{error}");
    assert_eq!(log_in(&viva, "ada", "a password of some length").await.status(), 204);
    assert!(done(&["user", "disable", "ada"]).contains("disabled"));
    assert_eq!(log_in(&viva, "ada", "a password of some length").await.status(), 401);
    done(&["user", "enable", "ada"]);
    done(&["user", "rename", "ada", "lin"]);
    let listed = done(&["user", "list"]);
    assert!(listed.contains("lin") && listed.contains("owner"), "{listed}");
    let (status, _, error) = run(&["user", "show", "ada"], "");
    assert!(status == Some(1) && error.contains("`ada`"), "{error}");
    assert_eq!(run(&["user", "delete", "lin"], "").0, Some(2));
    assert!(done(&["user", "delete", "lin", "--confirm", "delete"]).contains("lin deleted"));
    assert!(done(&["user", "sessions"]).contains("Nothing runs"));

    let key = done(&["key", "create", "ci", "--scope", "read", "--for", "24h"]);
    assert_eq!(status_of(&viva, key.trim(), "/api/v1/sessions").await, 200);
    assert!(done(&["key", "list"]).contains("ci"));
    done(&["key", "revoke", "ci"]);
    assert_eq!(status_of(&viva, key.trim(), "/api/v1/sessions").await, 401);
    viva.running_session(json!({"name": "one"})).await;
    let token = done(&["session", "token", "create", "notebook", "--session", "one"]);
    assert_eq!(status_of(&viva, token.trim(), "/v1/models").await, 200);
    assert!(done(&["session", "token", "list", "one"]).contains("notebook"));
    assert!(done(&["user", "sessions"]).contains("owner"));
    done(&["session", "token", "revoke", "notebook"]);
    assert_eq!(status_of(&viva, token.trim(), "/v1/models").await, 401);
}
