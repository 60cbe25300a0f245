//! Signing in by an identity provider: a real one, with real browsers' cookies, and what can go wrong on the way.

mod person;
mod provider;

use reqwest::{Method, Url, header};
use serde_json::{Value, json};
use testkit::Viva;

use self::person::{Person, target};
pub(crate) use self::provider::Provider;
use crate::{VIVA, people::by_cookie};

/// Where somebody is led who was not signed in.
fn refused(word: &str) -> String {
    format!("/login?refused={word}&next=%2Fmodels%3Fq%3Ddemo")
}

async fn me(viva: &Viva, person: &Person) -> Value {
    let cookie = person.login(viva).expect("somebody is logged in");
    by_cookie(viva, &cookie, Method::GET, "/api/v1/me", None).await.expect(200)
}

/// The newest entries of the audit log, the oldest of them first: what was done, by what, and with what detail.
async fn told(viva: &Viva, count: usize) -> Vec<(String, String, Value)> {
    let log = viva.get(&format!("/api/v1/audit?limit={count}")).await.expect(200);
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let entry = |entry: &Value| (text(&entry["action"]), text(&entry["via"]), entry["detail"].clone());
    log["items"].as_array().unwrap().iter().rev().map(entry).collect()
}

fn entry(action: &str, detail: Value) -> (String, String, Value) {
    (action.to_owned(), "oidc".to_owned(), detail)
}

/// Nobody is logged in who comes back so, and the server goes on.
async fn is_refused(viva: &Viva, name: &str, word: &str) {
    let mut person = Person::new();
    assert_eq!(person.sign_in(viva, name).await, refused(word));
    assert_eq!(person.login(viva), None);
}

#[tokio::test]
async fn somebody_signs_in_comes_back_and_is_the_same_again() {
    let provider = Provider::start();
    let mut viva = Viva::start_with(VIVA, &provider.config("")).await;
    let ways = json!({"oidc": {"label": "Example", "path": "/api/v1/login/oidc"}});
    assert_eq!(viva.get("/api/v1/login").await.expect(200), ways);
    let mut ada = Person::new();
    assert_eq!(ada.sign_in(&viva, "ada").await, "/models?q=demo");
    let first = me(&viva, &ada).await;
    assert_eq!((&first["name"], &first["role"]), (&json!("ada"), &json!("member")));
    assert_eq!((&first["has_password"], &first["has_identity"]), (&json!(false), &json!(true)));
    assert_eq!(told(&viva, 2).await, [entry("user.create", json!("member")), entry("login", Value::Null)]);
    let user = viva.get(&format!("/api/v1/users/{}", first["id"].as_str().unwrap())).await.expect(200);
    assert_eq!(user["identity"], json!({"issuer": provider.issuer, "subject": "ada"}));
    // In another browser, after a restart: the same, and nothing new.
    viva.kill();
    viva.restart();
    let mut elsewhere = Person::new();
    assert_eq!(elsewhere.sign_in(&viva, "ada").await, "/models?q=demo");
    assert_eq!(me(&viva, &elsewhere).await["id"], first["id"]);
    assert_eq!(told(&viva, 1).await, [entry("login", Value::Null)]);
    // Signing out ends the login here; the provider's own lets them in again without a question.
    let cookie = elsewhere.login(&viva).unwrap();
    assert_eq!(by_cookie(&viva, &cookie, Method::POST, "/api/v1/logout", None).await.status, 204);
    assert_eq!(by_cookie(&viva, &cookie, Method::GET, "/api/v1/me", None).await.status, 401);
    assert_eq!(elsewhere.sign_in(&viva, "ada").await, "/models?q=demo");
    // Nothing of the way is in the log: no code, no state, no token.
    let back = elsewhere.until_return(&viva, "ada", "/").await;
    elsewhere.come_back(&back).await;
    let log = viva.log();
    for (name, value) in back.query_pairs() {
        assert!(name == "iss" || !log.contains(&*value), "{name} is in the log");
    }
    assert!(!log.contains("status=5"), "{log}");
}

#[tokio::test]
async fn every_kind_of_client_can_be_used() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config_of("viva-public", "")).await;
    assert_eq!(Person::new().sign_in(&viva, "ada").await, "/models?q=demo");
    let posting = Provider::start_with("client_secret_post");
    let viva = Viva::start_with(VIVA, &posting.config_of("viva-post", &posting.secret_file())).await;
    assert_eq!(Person::new().sign_in(&viva, "ada").await, "/models?q=demo");
    // A client that the provider does not know, or whose secret is another, is refused after the fact.
    let viva = Viva::start_with(VIVA, &provider.config_of("viva", "")).await;
    is_refused(&viva, "ada", "oidc_refused").await;
    assert!(viva.log().contains("invalid_client"), "the log says why");
}

#[tokio::test]
async fn what_comes_back_otherwise_than_it_left_logs_nobody_in() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    let mut ada = Person::new();
    let back = ada.until_return(&viva, "ada", "/").await;
    let lost = "/login?refused=oidc_expired&next=%2F";
    let with = |name: &str, value: &str| {
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().collect();
        let mut url = back.clone();
        let changed = |(key, old): (String, String)| if key == name { (key, value.to_owned()) } else { (key, old) };
        url.query_pairs_mut().clear().extend_pairs(pairs.into_iter().map(changed));
        url
    };
    // Another state; the right one in another browser; nothing; everything twice.
    assert_eq!(ada.come_back(&with("state", "of-my-own-making")).await, lost);
    assert_eq!(Person::new().come_back(&back).await, lost);
    let bare = Url::parse(&format!("{}/api/v1/login/oidc/callback", viva.url)).unwrap();
    assert_eq!(ada.come_back(&bare).await, lost);
    assert_eq!(ada.come_back(&Url::parse(&format!("{back}&state=x&code=y")).unwrap()).await, lost);
    assert_eq!(ada.login(&viva), None);
    // The right one, once.
    assert_eq!(ada.come_back(&back).await, "/");
    assert!(ada.login(&viva).is_some());
    assert_eq!(ada.come_back(&back).await, lost, "a second time");
    // Another code, and an answer that says it is another's.
    for (name, value) in [("code", "of-my-own-making"), ("iss", "https://evil.example")] {
        let mut eve = Person::new();
        let back = eve.until_return(&viva, "eve", "/").await;
        let mut url = back.clone();
        let pairs: Vec<(String, String)> = back.query_pairs().into_owned().filter(|(key, _)| key != name).collect();
        url.query_pairs_mut().clear().extend_pairs(pairs).append_pair(name, value);
        let word = if name == "code" { "oidc_expired" } else { "oidc_refused" };
        assert_eq!(eve.come_back(&url).await, format!("/login?refused={word}&next=%2F"));
        assert_eq!(eve.login(&viva), None);
    }
    // Whoever goes on like that is held back.
    let mut seen = Vec::new();
    for _ in 0..12 {
        seen.push(Person::new().come_back(&bare).await);
    }
    assert!(seen.contains(&"/login?refused=oidc_held_back&next=%2F".to_owned()), "{seen:?}");
}

#[tokio::test]
async fn a_token_that_the_provider_did_not_make_for_this_login_is_refused() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    for how in ["audience", "issuer", "nonce", "no-nonce", "expired", "signature", "none", "symmetric"] {
        provider.tamper(Some(how)).await;
        let mut eve = Person::new();
        assert_eq!(eve.sign_in(&viva, "eve").await, refused("oidc_refused"), "{how}");
        assert_eq!(eve.login(&viva), None, "{how}");
    }
    assert_eq!(viva.get("/api/v1/users").await.expect(200)["items"].as_array().unwrap().len(), 1, "nobody was made");
    provider.tamper(None).await;
    assert_eq!(Person::new().sign_in(&viva, "eve").await, "/models?q=demo");
}

#[tokio::test]
async fn the_provider_may_be_down_at_the_start_and_change_its_keys() {
    let mut provider = Provider::start();
    let config = provider.config("");
    provider.stop();
    let viva = Viva::start_with(VIVA, &config).await;
    let begin = Url::parse(&format!("{}/api/v1/login/oidc?next=/models?q%3Ddemo", viva.url)).unwrap();
    let answer = Person::new().get(&begin).await;
    assert_eq!(answer.headers()[header::LOCATION], refused("oidc_unavailable"));
    viva.wait_log("the identity provider cannot be used").await;
    provider.restart();
    let until = std::time::Instant::now() + testkit::PATIENCE;
    let mut ada = Person::new();
    while target(&begin, &ada.get(&begin).await).authority() == begin.authority() {
        assert!(std::time::Instant::now() < until, "the provider is not found again");
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(ada.sign_in(&viva, "ada").await, "/models?q=demo");
    provider.change_keys().await;
    assert_eq!(Person::new().sign_in(&viva, "ada").await, "/models?q=demo", "the new keys are found");
    // Down in the middle of a login: said, and nobody is logged in.
    let mut late = Person::new();
    let back = late.until_return(&viva, "ada", "/").await;
    provider.stop();
    assert_eq!(late.come_back(&back).await, "/login?refused=oidc_unavailable&next=%2F");
    assert_eq!(late.login(&viva), None);
}

#[tokio::test]
async fn whoever_says_no_at_the_provider_is_led_to_the_login_page() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    let mut ada = Person::new();
    let mut url = Url::parse(&format!("{}/api/v1/login/oidc?next=/models?q%3Ddemo", viva.url)).unwrap();
    while !url.path().starts_with("/interaction/") {
        let answer = ada.get(&url).await;
        url = target(&url, &answer);
    }
    url.set_path(&format!("{}/abort", url.path()));
    while !url.path().ends_with("/callback") {
        let answer = ada.get(&url).await;
        url = target(&url, &answer);
    }
    assert_eq!(ada.come_back(&url).await, refused("oidc_cancelled"));
}

#[tokio::test]
async fn a_browser_is_led_to_the_servers_own_address_and_to_no_other_site() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    let other = viva.url.replace("127.0.0.1", "localhost");
    let begin = Url::parse(&format!("{other}/api/v1/login/oidc?next=/models")).unwrap();
    let mut ada = Person::new();
    let led = target(&begin, &ada.get(&begin).await);
    assert_eq!(led.as_str(), format!("{}/api/v1/login/oidc?here=1&next=%2Fmodels", viva.url));
    assert!(target(&led, &ada.get(&led).await).as_str().starts_with(&provider.issuer));
    for evil in ["https://evil.example", "//evil.example", "/\\evil.example"] {
        let mut person = Person::new();
        let back = person.until_return(&viva, "ada", evil).await;
        assert_eq!(person.come_back(&back).await, "/", "{evil}");
    }
    // Without a provider the way is closed, and the page says so.
    let plain = Viva::start(VIVA).await;
    assert_eq!(plain.get("/api/v1/login").await.expect(200), json!({"oidc": null}));
    for path in ["oidc", "oidc/callback?code=x&state=y"] {
        let url = Url::parse(&format!("{}/api/v1/login/{path}", plain.url)).unwrap();
        assert_eq!(Person::new().come_back(&url).await, "/login?refused=oidc_not_configured&next=%2F");
    }
}

#[tokio::test]
async fn a_name_opens_nothing_and_disabled_and_removed_people_stay_out() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    let local = viva.post("/api/v1/users", json!({"name": "ada", "role": "admin"})).await.expect(201);
    let mut ada = Person::new();
    ada.sign_in(&viva, "ada").await;
    let hers = me(&viva, &ada).await;
    assert_ne!(hers["id"], local["id"]);
    assert_eq!((&hers["name"], &hers["role"]), (&json!("ada-2"), &json!("member")));
    let mut owner = Person::new();
    owner.sign_in(&viva, "owner").await;
    assert_eq!(me(&viva, &owner).await["name"], "owner-2");

    let user = format!("/api/v1/users/{}", hers["id"].as_str().unwrap());
    viva.patch(&user, json!({"disabled": true})).await.expect(200);
    is_refused(&viva, "ada", "oidc_disabled").await;
    viva.patch(&user, json!({"disabled": false})).await.expect(200);
    assert_eq!(Person::new().sign_in(&viva, "ada").await, "/models?q=demo");
    viva.delete(&format!("{user}?confirm=delete")).await.expect(200);
    is_refused(&viva, "ada", "oidc_removed").await;
    // An admin who names them lets them in again.
    viva.post("/api/v1/users", json!({"name": "again", "role": "viewer", "oidc_subject": "ada"})).await.expect(201);
    let mut again = Person::new();
    again.sign_in(&viva, "ada").await;
    assert_eq!(me(&viva, &again).await["name"], "again");
}

#[tokio::test]
async fn an_admin_lets_somebody_in_beforehand_and_nobody_else_comes() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("new_users = \"none\"\n")).await;
    is_refused(&viva, "ada", "oidc_not_let_in").await;
    let run = |arguments: &[&str]| {
        let output = std::process::Command::new(VIVA).args(arguments).arg("--data").arg(viva.data.path()).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    run(&["user", "create", "lovelace", "--role", "viewer", "--oidc-subject", "ada"]);
    let mut ada = Person::new();
    ada.sign_in(&viva, "ada").await;
    assert_eq!(me(&viva, &ada).await["name"], "lovelace");
    let listed = run(&["user", "show", "lovelace"]);
    assert!(listed.contains("by provider") && listed.contains(&format!("ada at {}", provider.issuer)), "{listed}");
    // The owner, too, and untied again.
    run(&["user", "set-subject", "owner", "boss"]);
    let mut boss = Person::new();
    boss.sign_in(&viva, "boss").await;
    assert_eq!(me(&viva, &boss).await["role"], "owner");
    run(&["user", "set-subject", "owner", "--remove"]);
    is_refused(&viva, "boss", "oidc_not_let_in").await;

    let create = |body: Value| viva.post("/api/v1/users", body);
    for (subject, code) in [("ada", "taken"), ("", "empty"), (&"x".repeat(256), "too_long")] {
        let refused = create(json!({"name": "x", "role": "member", "oidc_subject": subject})).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        let error = &refused.json()["errors"][0];
        assert_eq!((&error["field"], &error["code"]), (&json!("oidc_subject"), &json!(code)));
    }
    // An admin's key does what admins do, and names nobody who logs in as somebody.
    let admin = crate::people::add(&viva, "admin", "admin").await;
    let user = viva.get("/api/v1/users").await.expect(200)["items"][1]["id"].as_str().unwrap().to_owned();
    let tie = json!({"oidc_subject": "mine"});
    let path = format!("/api/v1/users/{user}");
    assert_eq!(viva.ask_with(&admin.key, Method::PATCH, &path, Some(tie.clone())).await.status, 403);
    by_cookie(&viva, &admin.cookie, Method::PATCH, &path, Some(tie.clone())).await.expect(200);
    // Nobody else says whose subject is theirs: whoever has it would log in as them.
    let member = crate::people::add(&viva, "member", "member").await;
    let own = format!("/api/v1/users/{}", member.id);
    let boss = json!({"oidc_subject": "boss"});
    assert_eq!(by_cookie(&viva, &member.cookie, Method::PATCH, &own, Some(boss)).await.status, 403);
    is_refused(&viva, "boss", "oidc_not_let_in").await;
    // Where no provider is configured there is none to name somebody by.
    let plain = Viva::start(VIVA).await;
    let refused = plain.post("/api/v1/users", json!({"name": "x", "role": "member", "oidc_subject": "x"})).await;
    assert_eq!((refused.status, &refused.json()["errors"][0]["code"]), (422, &json!("not_configured")));
}

#[tokio::test]
async fn groups_give_roles_at_each_login() {
    let provider = Provider::start();
    let roles = "scopes = [\"profile\", \"groups\"]\nnew_users = \"none\"\ngroups_claim = \"groups\"\n\
        roles = { heads = \"admin\", staff = \"member\" }\n";
    let viva = Viva::start_with(VIVA, &provider.config(roles)).await;
    is_refused(&viva, "ada", "oidc_not_let_in").await;
    let mut ada = Person::new();
    for (groups, role) in [(json!(["staff", "heads"]), "admin"), (json!(["staff"]), "member")] {
        provider.set_claims("ada", json!({ "groups": groups })).await;
        ada.sign_in(&viva, "ada").await;
        assert_eq!(me(&viva, &ada).await["role"], role);
    }
    assert_eq!(told(&viva, 2).await, [entry("user.change", json!("role member")), entry("login", Value::Null)]);
    // Out of every group, out of here at the next login.
    provider.set_claims("ada", json!({"groups": []})).await;
    is_refused(&viva, "ada", "oidc_not_let_in").await;
}

#[tokio::test]
async fn what_is_wrong_in_the_configuration_is_said_at_the_start() {
    for (config, parts) in [
        ("[oidc]\nissuer = \"https://id.example.com\"\n", vec!["client_id"]),
        (
            "[oidc]\nissuer = \"http://id.example.com\"\nclient_id = \"viva\"\n",
            vec!["oidc.issuer", "http://id.example.com", "https://"],
        ),
        (
            "[oidc]\nissuer = \"https://id.example.com\"\nclient_id = \"viva\"\nclient_secret_file = \"/nonesuch\"\n",
            vec!["oidc.client_secret_file", "/nonesuch", "the server may read"],
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("viva.toml");
        std::fs::write(&file, config).unwrap();
        let mut command = std::process::Command::new(VIVA);
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.path().join("data"));
        let output = command.arg("--config").arg(&file).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && parts.iter().all(|part| said.contains(part)), "{config}: {said}");
    }
}
