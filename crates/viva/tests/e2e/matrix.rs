//! Every call of the served description, by everybody there can be, on things that are theirs and on things that are
//! not: who may not is refused, and nobody can tell whether somebody else's thing exists.
//!
//! A call without a line in the table makes the test fail.

use std::collections::BTreeMap;

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Answer, TOKEN, Viva};

use crate::{
    VIVA,
    people::{Person, add, by_cookie, key_of},
};

/// What a call needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Needs {
    /// Nothing.
    Nothing,
    /// To be somebody.
    Somebody,
    Read,
    Change,
    Infer,
    /// A login or the user's own token.
    Credentials,
    /// The role of an admin; of a key, the scope.
    Admin,
    /// To be the user that the path names, or an admin, and no key.
    Managed,
}

/// A call: its method, its path as the description has it, what it needs, and the request that gets past the reading of
/// the body. Things in the path are the member's.
type Call = (&'static str, &'static str, Needs, &'static str);

const CHAT: &str = r#"{"messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1}"#;
const ROWS: &str = r#"{"input": {"text": "prompt\nHi\n", "format": "csv"}}"#;
const CASE: &str = r#"{"messages": [{"role": "user", "content": "Hi"}]}"#;
const NEW_PASSWORD: &str = r#"{"password": "short"}"#;

/// Every call; those that end things stand last.
const CALLS: &[Call] = &[
    ("GET", "/api/v1/me", Needs::Somebody, ""),
    ("GET", "/api/v1/system", Needs::Read, ""),
    ("GET", "/api/v1/events", Needs::Read, ""),
    ("GET", "/api/v1/login", Needs::Nothing, ""),
    ("POST", "/api/v1/login", Needs::Nothing, "{}"),
    ("GET", "/api/v1/login/oidc", Needs::Nothing, ""),
    ("GET", "/api/v1/login/oidc/callback", Needs::Nothing, ""),
    ("POST", "/api/v1/login-links", Needs::Credentials, ""),
    ("POST", "/api/v1/logout", Needs::Nothing, ""),
    ("GET", "/docs/search", Needs::Nothing, ""),
    ("POST", "/docs/ask", Needs::Nothing, "{}"),
    ("GET", "/docs/{page}", Needs::Nothing, ""),
    ("GET", "/api/v1/users", Needs::Admin, ""),
    ("POST", "/api/v1/users", Needs::Admin, r#"{"name": "", "role": "member"}"#),
    ("GET", "/api/v1/users/{id}", Needs::Admin, ""),
    ("PATCH", "/api/v1/users/{id}", Needs::Admin, "{}"),
    ("PUT", "/api/v1/users/{id}/password", Needs::Managed, NEW_PASSWORD),
    ("POST", "/api/v1/users/{id}/login-links", Needs::Managed, ""),
    ("GET", "/api/v1/machine/sessions", Needs::Admin, ""),
    ("GET", "/api/v1/quotas", Needs::Read, ""),
    ("GET", "/api/v1/users/{id}/quotas", Needs::Admin, ""),
    ("PATCH", "/api/v1/users/{id}/quotas", Needs::Admin, "{}"),
    ("GET", "/api/v1/machine/quotas", Needs::Admin, ""),
    ("PATCH", "/api/v1/machine/quotas", Needs::Admin, "{}"),
    ("GET", "/api/v1/audit", Needs::Admin, ""),
    ("GET", "/api/v1/audit/check", Needs::Admin, ""),
    ("GET", "/api/v1/keys", Needs::Read, ""),
    ("POST", "/api/v1/keys", Needs::Credentials, r#"{"name": "", "scopes": []}"#),
    ("GET", "/api/v1/models", Needs::Read, ""),
    ("POST", "/api/v1/models", Needs::Change, "no model"),
    ("GET", "/api/v1/models/{id}", Needs::Read, ""),
    ("PATCH", "/api/v1/models/{id}", Needs::Change, "{}"),
    ("GET", "/api/v1/sessions", Needs::Read, ""),
    ("POST", "/api/v1/sessions", Needs::Change, r#"{"model": "nonesuch", "name": "ünheard"}"#),
    ("POST", "/api/v1/sessions/check", Needs::Change, r#"{"model": "demo"}"#),
    ("GET", "/api/v1/sessions/{id}", Needs::Read, ""),
    ("PATCH", "/api/v1/sessions/{id}", Needs::Change, "{}"),
    ("GET", "/api/v1/sessions/{id}/timeline", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/logs", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/readings", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/endpoint", Needs::Infer, ""),
    ("GET", "/api/v1/sessions/{id}/tokens", Needs::Read, ""),
    ("POST", "/api/v1/sessions/{id}/tokens", Needs::Credentials, r#"{"name": "ci"}"#),
    ("GET", "/api/v1/sessions/{id}/completions", Needs::Read, ""),
    ("POST", "/api/v1/sessions/{id}/completions", Needs::Infer, CHAT),
    ("POST", "/api/v1/sessions/{id}/render", Needs::Infer, CHAT),
    ("GET", "/api/v1/sessions/{id}/completions/export", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/conversations", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/files", Needs::Read, ""),
    ("GET", "/api/v1/sessions/{id}/files/{path}", Needs::Read, ""),
    ("PUT", "/api/v1/sessions/{id}/files/{path}", Needs::Change, "kept"),
    ("GET", "/api/v1/sessions/{id}/tasks", Needs::Read, ""),
    ("POST", "/api/v1/sessions/{id}/tasks", Needs::Change, ROWS),
    ("GET", "/api/v1/completions/{id}", Needs::Read, ""),
    ("PATCH", "/api/v1/completions/{id}", Needs::Change, r#"{"starred": true}"#),
    ("POST", "/api/v1/completions/{id}/cancel", Needs::Change, ""),
    ("GET", "/api/v1/completions/{id}/stream", Needs::Read, ""),
    ("GET", "/api/v1/tasks", Needs::Read, ""),
    ("GET", "/api/v1/tasks/{id}", Needs::Read, ""),
    ("GET", "/api/v1/tasks/{id}/rows", Needs::Read, ""),
    ("GET", "/api/v1/tasks/{id}/export", Needs::Read, ""),
    ("POST", "/api/v1/tasks/{id}/cancel", Needs::Change, ""),
    ("POST", "/api/v1/tasks/{id}/resume", Needs::Change, r#"{"session": "{session}"}"#),
    ("GET", "/api/v1/compare", Needs::Read, ""),
    ("GET", "/api/v1/compare/rows", Needs::Read, ""),
    ("GET", "/api/v1/compare/votes", Needs::Read, ""),
    (
        "POST",
        "/api/v1/compare/votes",
        Needs::Change,
        r#"{"tasks": ["{task}", "{other_task}"], "row": 0, "choice": null}"#,
    ),
    ("GET", "/api/v1/test-sets", Needs::Read, ""),
    ("POST", "/api/v1/test-sets", Needs::Change, r#"{"name": ""}"#),
    ("GET", "/api/v1/test-sets/{id}", Needs::Read, ""),
    ("PATCH", "/api/v1/test-sets/{id}", Needs::Change, "{}"),
    ("GET", "/api/v1/test-sets/{id}/cases", Needs::Read, ""),
    ("POST", "/api/v1/test-sets/{id}/cases", Needs::Change, CASE),
    ("PATCH", "/api/v1/test-sets/{id}/cases/{number}", Needs::Change, "{}"),
    ("DELETE", "/api/v1/test-sets/{id}/cases/{number}", Needs::Change, ""),
    ("DELETE", "/api/v1/test-sets/{id}", Needs::Change, ""),
    ("DELETE", "/api/v1/completions/{id}", Needs::Change, ""),
    ("DELETE", "/api/v1/tasks/{id}", Needs::Change, ""),
    ("DELETE", "/api/v1/sessions/{id}/tokens/{token}", Needs::Credentials, ""),
    ("DELETE", "/api/v1/sessions/{id}/files/{path}", Needs::Change, ""),
    ("DELETE", "/api/v1/sessions/{id}", Needs::Change, ""),
    ("DELETE", "/api/v1/users/{id}", Needs::Admin, ""),
    ("DELETE", "/api/v1/keys/{id}", Needs::Credentials, ""),
    ("DELETE", "/api/v1/models/{id}", Needs::Change, ""),
    ("POST", "/api/v1/sessions/{id}/stop", Needs::Change, ""),
    ("POST", "/api/v1/machine/sessions/{id}/stop", Needs::Admin, ""),
    ("DELETE", "/api/v1/users/{id}/password", Needs::Managed, ""),
    ("DELETE", "/api/v1/users/{id}/logins", Needs::Managed, ""),
];

/// What the calls end for good, or log out: asked by those alone who may not.
const ENDING: &[&str] =
    &["DELETE /api/v1/keys/{id}", "DELETE /api/v1/users/{id}/logins", "DELETE /api/v1/users/{id}/password"];

/// Everybody there can be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Who {
    Owner,
    Admin,
    /// Whose the things are.
    Member,
    Other,
    Viewer,
    /// The member's keys of one scope.
    ReadKey,
    InferKey,
    ManageKey,
    AdminsReadKey,
    Disabled,
    ExpiredKey,
    Nonsense,
    Nobody,
    SessionToken,
}

/// How the call is to be answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// Past every gate: anything but 401 and 403, and 404 where things are the caller's.
    In,
    /// 401
    Unknown,
    /// 403
    Forbidden,
    /// 404, as if it did not exist.
    NotThere,
}

/// Whether the thing that a path names is somebody's.
fn is_somebodys(path: &str) -> bool {
    let of = |begin: &str| path.strip_prefix(begin).is_some_and(|rest| !rest.is_empty());
    let compared = path.starts_with("/api/v1/compare");
    compared
        || ["sessions/{", "completions/{", "tasks/{", "models/{", "test-sets/{", "keys/{"]
            .iter()
            .any(|thing| of(&format!("/api/v1/{thing}")))
}

fn verdict(who: Who, needs: Needs, path: &str) -> Verdict {
    use Needs as N;
    use Verdict as V;
    if needs == N::Nothing {
        return V::In;
    }
    let (is_key, may) = match who {
        Who::Disabled | Who::ExpiredKey | Who::Nonsense | Who::Nobody => return V::Unknown,
        Who::SessionToken => return V::Forbidden,
        Who::Owner | Who::Admin => (false, vec![N::Read, N::Change, N::Infer, N::Credentials, N::Admin, N::Managed]),
        Who::Member | Who::Other => (false, vec![N::Read, N::Change, N::Infer, N::Credentials, N::Managed]),
        Who::Viewer => (false, vec![N::Read, N::Credentials, N::Managed]),
        Who::ReadKey | Who::AdminsReadKey => (true, vec![N::Read]),
        Who::InferKey => (true, vec![N::Infer]),
        Who::ManageKey => (true, vec![N::Read, N::Change]),
    };
    if needs == N::Somebody {
        return V::In;
    }
    if !may.contains(&needs) {
        return V::Forbidden;
    }
    let is_members = matches!(who, Who::Member | Who::ReadKey | Who::InferKey | Who::ManageKey);
    match needs {
        N::Managed if !is_members && matches!(who, Who::Other | Who::Viewer) => V::NotThere,
        // What a viewer may not use, they do not make a token for.
        N::Credentials if who == Who::Viewer && path.ends_with("/tokens") => V::Forbidden,
        _ if is_somebodys(path) && !is_members => V::NotThere,
        _ => {
            assert!(!is_key || needs != N::Managed);
            V::In
        }
    }
}

/// The things that the paths name: the member's, or of the same kind and absent.
struct Things {
    ids: BTreeMap<&'static str, String>,
}

impl Things {
    /// Ids of the same form that name nothing.
    fn absent(&self) -> Self {
        let ids = self.ids.iter().map(|(name, id)| {
            let absent = match id.split_once('_') {
                Some((kind, digits)) if digits.len() == 32 => format!("{kind}_{}", "0123456789abcdef".repeat(2)),
                Some(_) | None => id.clone(),
            };
            (*name, absent)
        });
        Self { ids: ids.collect() }
    }

    /// What stands for `{id}` in a path.
    fn id_in(&self, path: &str) -> &str {
        let kind = path.trim_start_matches("/api/v1/").split('/').next().unwrap();
        &self.ids[match kind {
            "sessions" | "machine" => "session",
            "completions" => "completion",
            "tasks" => "task",
            "models" => "model",
            "test-sets" => "set",
            "keys" => "key",
            "users" => "user",
            other => panic!("which id stands in {other}?"),
        }]
    }

    fn filled(&self, text: &str, path: &str) -> String {
        let mut text = text.to_owned();
        if text.contains("{id}") {
            text = text.replace("{id}", self.id_in(path));
        }
        for (name, id) in &self.ids {
            text = text.replace(&format!("{{{name}}}"), id);
        }
        text.replace("{path}", "notes.txt").replace("{number}", "1").replace("{page}", "start")
    }

    /// The body with every id taken out, to be compared.
    fn without_ids(&self, text: &str) -> String {
        self.ids.values().fold(text.to_owned(), |text, id| text.replace(id.as_str(), "…"))
    }
}

struct Matrix {
    viva: Viva,
    things: Things,
    tokens: Vec<(Who, String)>,
    member: Person,
    others: Vec<(Who, Person)>,
}

impl Matrix {
    async fn ask(&self, who: Who, call: &Call, things: &Things) -> Answer {
        let (method, path, needs, body) = call;
        let mut filled = things.filled(path, path);
        if path.starts_with("/api/v1/compare") && *method == "GET" {
            filled = things.filled(&format!("{path}?tasks={{task}},{{other_task}}"), path);
        }
        if path.ends_with("/export") {
            filled.push_str("?format=jsonl");
        }
        let method: Method = method.parse().unwrap();
        let body = things.filled(body, path);
        // What no key may do is asked by login; the owner has their token.
        let by_login = matches!(needs, Needs::Credentials | Needs::Managed);
        let person = self.others.iter().find(|(of, _)| *of == who).map(|(_, person)| person);
        let person = if who == Who::Member { Some(&self.member) } else { person };
        let mut request = self.viva.client().request(method, format!("{}{filled}", self.viva.url));
        if let (true, Some(person)) = (by_login, person) {
            request = request.header("cookie", &person.cookie).header("origin", &self.viva.url);
        } else if let Some((_, token)) = self.tokens.iter().find(|(of, _)| *of == who) {
            request = request.bearer_auth(token);
        }
        if !body.is_empty() {
            let kind = if body.starts_with('{') { "application/json" } else { "application/octet-stream" };
            request = request.header("content-type", kind).body(body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let is_stream = headers.get("content-type").is_some_and(|kind| kind == "text/event-stream");
        // What goes on for ever has been let in.
        let text = if is_stream { String::new() } else { response.text().await.unwrap() };
        Answer { status, headers, text }
    }

    async fn check(&self, who: Who, call: &Call) {
        let (method, path, needs, _) = call;
        let told = self.ask(who, call, &self.things).await;
        let verdict = verdict(who, *needs, path);
        let shown = format!("{who:?} {method} {path}: {} {}", told.status, told.text);
        match verdict {
            Verdict::In if *needs == Needs::Nothing => assert!(told.status != 403, "{shown}"),
            Verdict::In if is_somebodys(path) => assert!(![401, 403, 404].contains(&told.status), "{shown}"),
            Verdict::In => assert!(![401, 403].contains(&told.status), "{shown}"),
            Verdict::Unknown => assert_eq!(told.status, 401, "{shown}"),
            Verdict::Forbidden => assert_eq!(told.status, 403, "{shown}"),
            Verdict::NotThere => assert_eq!(told.status, 404, "{shown}"),
        }
        // Whoever is kept out cannot tell the thing from none.
        if verdict != Verdict::In {
            let absent_things = self.things.absent();
            let absent = self.ask(who, call, &absent_things).await;
            assert_eq!(told.status, absent.status, "{shown}");
            assert_eq!(self.things.without_ids(&told.text), absent_things.without_ids(&absent.text), "{shown}");
        }
    }
}

/// What the member has.
async fn things_of(viva: &Viva, member: &Person) -> Things {
    let ask = async |method: Method, path: &str, body: Value| {
        let answer = viva.ask_with(&member.key, method, path, Some(body)).await;
        assert!(answer.status < 300, "{path}: {}", answer.text);
        answer.json()
    };
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let session = ask(Method::POST, "/api/v1/sessions", json!({"model": "demo"})).await;
    let session = text(&session["id"]);
    let path = format!("/api/v1/sessions/{session}");
    wait(viva, member, &path, "running").await;
    let chat: Value = serde_json::from_str(CHAT).unwrap();
    let completion = ask(Method::POST, &format!("{path}/completions"), chat).await;
    let mut tasks = Vec::new();
    for _ in 0..2 {
        let task = ask(Method::POST, &format!("{path}/tasks"), serde_json::from_str(ROWS).unwrap()).await;
        let task = text(&task["id"]);
        wait(viva, member, &format!("/api/v1/tasks/{task}"), "done").await;
        tasks.push(task);
    }
    let notes = viva.client().put(format!("{}{path}/files/notes.txt", viva.url)).bearer_auth(&member.key);
    assert_eq!(notes.body("kept").send().await.unwrap().status(), 201);
    let set = ask(Method::POST, "/api/v1/test-sets", json!({"name": "mine"})).await;
    let set = text(&set["id"]);
    ask(Method::POST, &format!("/api/v1/test-sets/{set}/cases"), serde_json::from_str(CASE).unwrap()).await;
    let gguf = concat!(env!("CARGO_MANIFEST_DIR"), "/../../assets/demo/demo-early.gguf");
    let upload = viva.client().post(format!("{}/api/v1/models?name=mine", viva.url)).bearer_auth(&member.key);
    let model: Value = upload.body(std::fs::read(gguf).unwrap()).send().await.unwrap().json().await.unwrap();
    let keys = by_cookie(viva, &member.cookie, Method::GET, "/api/v1/keys", None).await.expect(200);
    let named = json!({"name": "notebook"});
    let token = by_cookie(viva, &member.cookie, Method::POST, &format!("{path}/tokens"), Some(named)).await.expect(201);
    let other_task = tasks.pop().unwrap();
    let ids = BTreeMap::from([
        ("session", session),
        ("completion", text(&completion["id"])),
        ("task", tasks.pop().unwrap()),
        ("other_task", other_task),
        ("set", set),
        ("model", text(&model["id"])),
        ("key", text(&keys["items"][0]["id"])),
        ("token", text(&token["id"])),
        ("user", member.id.clone()),
    ]);
    Things { ids }
}

async fn wait(viva: &Viva, member: &Person, path: &str, status: &str) {
    let until = std::time::Instant::now() + testkit::PATIENCE;
    loop {
        let shown = viva.ask_with(&member.key, Method::GET, path, None).await.json();
        if shown["status"] == status {
            return;
        }
        assert!(std::time::Instant::now() < until, "waited in vain, last seen: {shown:#}");
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
}

async fn set_up() -> Matrix {
    let viva = Viva::start(VIVA).await;
    let member = add(&viva, "member", "member").await;
    let things = things_of(&viva, &member).await;
    let mut tokens = vec![(Who::Owner, TOKEN.to_owned()), (Who::Member, member.key.clone())];
    let mut others = Vec::new();
    for (who, name, role) in [
        (Who::Admin, "admin", "admin"),
        (Who::Other, "other", "member"),
        (Who::Viewer, "viewer", "viewer"),
        (Who::Disabled, "disabled", "member"),
    ] {
        let person = add(&viva, name, role).await;
        tokens.push((who, person.key.clone()));
        others.push((who, person));
    }
    for (who, scope) in [(Who::ReadKey, "read"), (Who::InferKey, "infer"), (Who::ManageKey, "manage")] {
        tokens.push((who, key_of(&viva, &member.cookie, json!({"name": scope, "scopes": [scope]})).await));
    }
    let admins = json!({"name": "read", "scopes": ["read"]});
    tokens.push((Who::AdminsReadKey, key_of(&viva, &others[0].1.cookie, admins).await));
    let soon = jiff::Timestamp::now() + jiff::SignedDuration::from_millis(300);
    let body = json!({"name": "soon", "scopes": ["read", "infer", "manage"], "expires_at": soon.to_string()});
    let expired = key_of(&viva, &member.cookie, body).await;
    while viva.ask_with(&expired, Method::GET, "/api/v1/me", None).await.status != 401 {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    tokens.push((Who::ExpiredKey, expired));
    tokens.push((Who::Nonsense, "vkey_nonsense".to_owned()));
    let endpoint = format!("/api/v1/sessions/{}/endpoint", things.ids["session"]);
    let endpoint = viva.ask_with(&member.key, Method::GET, &endpoint, None).await.expect(200);
    tokens.push((Who::SessionToken, endpoint["token"].as_str().unwrap().to_owned()));
    let disabled = others.iter().find(|(who, _)| *who == Who::Disabled).unwrap().1.id.clone();
    viva.patch(&format!("/api/v1/users/{disabled}"), json!({"disabled": true})).await.expect(200);
    Matrix { viva, things, tokens, member, others }
}

#[tokio::test]
async fn nobody_gets_at_what_is_not_theirs_nor_learns_that_it_is_there() {
    let matrix = set_up().await;
    let document = matrix.viva.get("/api/openapi.json").await.expect(200);
    let mut described = Vec::new();
    for (path, calls) in document["paths"].as_object().unwrap() {
        for method in ["get", "post", "put", "patch", "delete"] {
            if calls.get(method).is_some() {
                described.push((method.to_uppercase(), path.clone()));
            }
        }
    }
    let of_table = |(method, path): &(String, String)| CALLS.iter().any(|call| call.0 == method && call.1 == path);
    let missing: Vec<_> = described.iter().filter(|call| !of_table(call)).collect();
    assert!(missing.is_empty(), "say in CALLS what these need: {missing:?}");
    let gone: Vec<_> =
        CALLS.iter().filter(|call| !described.contains(&(call.0.to_owned(), call.1.to_owned()))).collect();
    assert!(gone.is_empty(), "the description has no {gone:?}");

    // First who is kept out, so that nothing has changed yet; then who is let in.
    let everybody = [
        Who::Nobody,
        Who::Nonsense,
        Who::ExpiredKey,
        Who::Disabled,
        Who::SessionToken,
        Who::AdminsReadKey,
        Who::Viewer,
        Who::Other,
        Who::Admin,
        Who::Owner,
        Who::ReadKey,
        Who::InferKey,
        Who::ManageKey,
        Who::Member,
    ];
    for who in everybody {
        for call in CALLS.iter().filter(|call| verdict(who, call.2, call.1) != Verdict::In) {
            matrix.check(who, call).await;
        }
    }
    for call in CALLS {
        if ENDING.contains(&format!("{} {}", call.0, call.1).as_str()) {
            continue;
        }
        for who in everybody.into_iter().filter(|who| verdict(*who, call.2, call.1) == Verdict::In) {
            // A thing is removed once; who comes after finds it gone, as it is.
            let is_gone = call.0 == "DELETE" && who != Who::Member && is_somebodys(call.1);
            if !is_gone {
                matrix.check(who, call).await;
            }
        }
    }
}

#[tokio::test]
async fn nobody_asks_anothers_session_under_v1() {
    let matrix = set_up().await;
    let session = &matrix.things.ids["session"];
    let chat = |model: &str| {
        let mut body: Value = serde_json::from_str(CHAT).unwrap();
        body["model"] = model.into();
        body
    };
    let absent = format!("ses_{}", "0123456789abcdef".repeat(2));
    let ask = async |who: Who, method: Method, path: &str, body: Option<Value>| {
        let token = &matrix.tokens.iter().find(|(of, _)| *of == who).unwrap().1;
        matrix.viva.ask_with(token, method, path, body).await
    };
    for (who, status) in [
        (Who::Owner, 404),
        (Who::Admin, 404),
        (Who::Other, 404),
        (Who::Viewer, 403),
        (Who::ReadKey, 403),
        (Who::ManageKey, 403),
        (Who::Disabled, 401),
        (Who::ExpiredKey, 401),
        (Who::Nonsense, 401),
        (Who::InferKey, 200),
        (Who::Member, 200),
        (Who::SessionToken, 200),
    ] {
        let told = ask(who, Method::POST, "/v1/chat/completions", Some(chat(session))).await;
        assert_eq!(told.status, status, "{who:?}: {}", told.text);
        if status == 404 {
            let none = ask(who, Method::POST, "/v1/chat/completions", Some(chat(&absent))).await;
            assert_eq!((none.status, none.text), (404, told.text), "{who:?}");
        }
        let models = ask(who, Method::GET, "/v1/models", None).await;
        let (looks, sees) = match status {
            401 => (401, false),
            200 => (200, true),
            _ => (200, matches!(who, Who::ReadKey | Who::ManageKey)),
        };
        assert_eq!(models.status, looks, "{who:?}: {}", models.text);
        let is_seen = models.json()["data"].as_array().is_some_and(|models| !models.is_empty());
        assert_eq!(is_seen, sees, "{who:?}: {}", models.text);
        let one = ask(who, Method::GET, &format!("/v1/models/{session}"), None).await;
        assert_eq!(one.status == 200, sees, "{who:?}: {}", one.text);
        if who != Who::SessionToken {
            for path in ["/v1/files", "/v1/batches"] {
                let files = ask(who, Method::GET, path, None).await;
                assert!([401, 403].contains(&files.status), "{who:?} {path}: {}", files.text);
            }
        }
    }
    let files = ask(Who::SessionToken, Method::GET, "/v1/files", None).await.expect(200);
    assert_eq!(files["data"][0]["filename"], "notes.txt");
}

#[tokio::test]
async fn nobody_reaches_anothers_thing_by_naming_it_in_a_request() {
    let matrix = set_up().await;
    let other = &matrix.tokens.iter().find(|(of, _)| *of == Who::Other).unwrap().1;
    let ask = async |path: &str, body: String| {
        let body: Value = serde_json::from_str(&body).unwrap();
        matrix.viva.ask_with(other, Method::POST, path, Some(body)).await
    };
    let own = ask("/api/v1/test-sets", r#"{"name": "theirs"}"#.to_owned()).await.expect(201);
    let cases = format!("/api/v1/test-sets/{}/cases", own["id"].as_str().unwrap());
    let absent = matrix.things.absent();
    for (path, body) in [
        ("/api/v1/sessions", r#"{"model": "{model}"}"#),
        ("/api/v1/sessions/check", r#"{"model": "{model}"}"#),
        (cases.as_str(), r#"{"completion": "{completion}", "expected": "x"}"#),
        ("/api/v1/compare/votes", r#"{"tasks": ["{task}", "{other_task}"], "row": 0, "choice": null}"#),
    ] {
        let told = ask(path, matrix.things.filled(body, path)).await;
        let none = ask(path, absent.filled(body, path)).await;
        assert!(told.status >= 400 && told.status < 500, "{path}: {} {}", told.status, told.text);
        assert_eq!(told.status, none.status, "{path}: {}", told.text);
        assert_eq!(matrix.things.without_ids(&told.text), absent.without_ids(&none.text), "{path}");
    }
    // By name, too: a private model of somebody else has none.
    let (named, nobodys) = (ask("/api/v1/sessions", r#"{"model": "mine"}"#.to_owned()).await, "nonesuch");
    let none = ask("/api/v1/sessions", format!(r#"{{"model": "{nobodys}"}}"#)).await;
    assert_eq!((named.status, named.text.replace("`mine`", "…")), (none.status, none.text.replace("`nonesuch`", "…")));
}
