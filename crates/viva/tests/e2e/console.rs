//! The console's files, and the ways in and out of it, as a browser meets them.

use reqwest::{Client, Method, Response, header, redirect::Policy};
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

const PAGE: &str = "text/html,application/xhtml+xml,*/*;q=0.8";

/// A browser that shows every redirect.
fn browser() -> Client {
    Client::builder().redirect(Policy::none()).build().unwrap()
}

async fn open(browser: &Client, url: String) -> Response {
    browser.get(url).header(header::ACCEPT, PAGE).send().await.unwrap()
}

fn text<'a>(response: &'a Response, name: &str) -> &'a str {
    response.headers().get(name).map_or("", |value| value.to_str().unwrap())
}

/// The name and value of the cookie that an answer sets.
fn cookie(response: &Response) -> String {
    text(response, "set-cookie").split(';').next().unwrap().to_owned()
}

#[tokio::test]
async fn every_page_of_the_console_is_the_one_page_with_its_policy() {
    let viva = Viva::start(VIVA).await;
    let browser = browser();
    for path in ["/", "/sessions", "/sessions/ses_00?tab=api", "/login", "/login?expired=1", "/models/a%20b"] {
        let page = open(&browser, format!("{}{path}", viva.url)).await;
        assert_eq!((page.status().as_u16(), text(&page, "content-type")), (200, "text/html"), "{path}");
        assert_eq!(text(&page, "cache-control"), "no-cache", "{path}");
        let policy = text(&page, "content-security-policy");
        assert!(policy.starts_with("default-src 'none'; script-src 'self'; style-src 'self';"), "{policy}");
        assert!(policy.ends_with("frame-ancestors 'none'") && !policy.contains("unsafe"), "{policy}");
        let etag = text(&page, "etag").to_owned();
        assert!(page.text().await.unwrap().to_lowercase().contains("<!doctype html>"), "{path}");
        let again = browser.get(format!("{}{path}", viva.url)).header(header::ACCEPT, PAGE);
        let again = again.header(header::IF_NONE_MATCH, &etag).send().await.unwrap();
        assert_eq!((again.status().as_u16(), text(&again, "content-length")), (304, ""), "{path}");
    }
}

#[tokio::test]
async fn the_consoles_files_are_kept_for_ever_and_compressed() {
    let viva = Viva::start(VIVA).await;
    let browser = browser();
    let page = open(&browser, viva.url.clone()).await.text().await.unwrap();
    let (_, script) = page.split_once("src=\"/assets/").expect("the page has a script");
    let script = format!("{}/assets/{}", viva.url, script.split('"').next().unwrap());
    let plain = browser.get(&script).send().await.unwrap();
    assert_eq!(plain.status(), 200);
    assert!(text(&plain, "cache-control").contains("immutable"));
    assert_eq!((text(&plain, "content-type"), text(&plain, "content-encoding")), ("text/javascript", ""));
    let plain = plain.bytes().await.unwrap();
    for encoding in ["gzip", "zstd"] {
        let packed = browser.get(&script).header(header::ACCEPT_ENCODING, encoding).send().await.unwrap();
        assert_eq!((text(&packed, "content-encoding"), text(&packed, "vary")), (encoding, "Accept-Encoding"));
        assert!(packed.bytes().await.unwrap().len() < plain.len());
    }
}

#[tokio::test]
async fn what_is_no_page_is_never_answered_with_one() {
    let viva = Viva::start(VIVA).await;
    let browser = browser();
    for path in ["/api/v1/nonesuch", "/v1/nonesuch", "/assets/nonesuch.js", "/llms.txt", "/docs/nonesuch"] {
        let answer = open(&browser, format!("{}{path}", viva.url)).await;
        let (status, kind) = (answer.status().as_u16(), text(&answer, "content-type").to_owned());
        assert!(kind != "text/html" || status == 200 && path.starts_with("/docs"), "{path}: {status} {kind}");
    }
    // Programs, which take anything, are told that there is nothing.
    let answer = viva.get("/sessions").await;
    assert_eq!((answer.status, answer.code().as_str()), (404, "not_found"));
    let posted = browser.post(format!("{}/sessions", viva.url)).header(header::ACCEPT, PAGE).send().await.unwrap();
    assert_eq!(posted.status(), 404);
}

#[tokio::test]
async fn the_login_link_opens_once_and_leads_to_own_pages_alone() {
    let mut viva = Viva::start(VIVA).await;
    let browser = browser();
    let wrong = open(&browser, format!("{}/login/wrong?next=/models", viva.url)).await;
    assert_eq!((wrong.status().as_u16(), text(&wrong, "location")), (303, "/login?expired=1"));
    assert_eq!(text(&wrong, "set-cookie"), "");

    let first = open(&browser, format!("{}?next=/sessions/new%3Fmodel=demo", viva.login_link)).await;
    assert_eq!((first.status().as_u16(), text(&first, "location")), (303, "/sessions/new?model=demo"));
    let set = text(&first, "set-cookie").to_owned();
    for attribute in ["HttpOnly", "SameSite=Strict", "Path=/", "Max-Age="] {
        assert!(set.contains(attribute), "{set}");
    }
    let sessions = browser.get(format!("{}/api/v1/sessions", viva.url)).header(header::COOKIE, cookie(&first));
    assert_eq!(sessions.send().await.unwrap().status(), 200);
    let second = open(&browser, viva.login_link.clone()).await;
    assert_eq!(text(&second, "location"), "/login?expired=1");

    for elsewhere in ["//evil.example", "/%5Cevil.example", "https://evil.example", "/%09/evil.example", ""] {
        viva.kill();
        viva.restart();
        let opened = open(&browser, format!("{}?next={elsewhere}", viva.login_link)).await;
        assert_eq!((opened.status().as_u16(), text(&opened, "location")), (303, "/"), "{elsewhere}");
    }
}

#[tokio::test]
async fn a_token_logs_in_and_logging_out_forgets_it() {
    let mut viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (session_token, _) = viva.endpoint(&id).await;
    let browser = browser();
    let log_in = |body: Value, origin: Option<String>| {
        let mut request = browser.post(format!("{}/api/v1/login", viva.url)).json(&body);
        if let Some(origin) = origin {
            request = request.header(header::ORIGIN, origin);
        }
        async { request.send().await.unwrap() }
    };
    for (body, status, code) in [
        (json!({"token": "wrong"}), 401, "unauthorized"),
        (json!({"token": ""}), 401, "unauthorized"),
        // A session's token opens that session's endpoint, not the console.
        (json!({"token": session_token}), 401, "unauthorized"),
        (json!({"token": 1}), 400, "malformed_request"),
        (json!({}), 400, "malformed_request"),
        (json!({"token": TOKEN, "user": "root"}), 400, "unknown_field"),
    ] {
        let refused = log_in(body.clone(), None).await;
        assert_eq!((refused.status().as_u16(), text(&refused, "set-cookie")), (status, ""), "{body}");
        let problem: Value = refused.json().await.unwrap();
        assert_eq!(problem["code"], code, "{body}: {problem}");
        assert!(!problem.to_string().contains(TOKEN) && !problem.to_string().contains(&session_token));
    }
    let foreign = log_in(json!({"token": TOKEN}), Some("https://evil.example".to_owned())).await;
    assert_eq!((foreign.status().as_u16(), text(&foreign, "set-cookie")), (403, ""));

    let entered = log_in(json!({"token": format!(" {TOKEN}\n")}), Some(viva.url.clone())).await;
    assert_eq!(entered.status(), 204);
    let cookie = cookie(&entered);
    let own = |method: Method, path: &str| {
        browser.request(method, format!("{}{path}", viva.url)).header(header::COOKIE, &cookie)
    };
    assert_eq!(own(Method::GET, "/api/v1/system").send().await.unwrap().status(), 200);
    // The cookie alone changes nothing: the request must come from this server's pages.
    let stop = format!("/api/v1/sessions/{id}/stop");
    assert_eq!(own(Method::POST, &stop).send().await.unwrap().status(), 403);
    let stopped = own(Method::POST, &stop).header(header::ORIGIN, &viva.url).send().await.unwrap();
    assert_eq!(stopped.status(), 202);

    let out = own(Method::POST, "/api/v1/logout").header("sec-fetch-site", "cross-site").send().await.unwrap();
    assert_eq!((out.status().as_u16(), text(&out, "set-cookie")), (403, ""));
    assert_eq!(own(Method::GET, "/api/v1/system").send().await.unwrap().status(), 200);
    let mut followed = own(Method::GET, "/api/v1/events").send().await.unwrap();
    assert!(followed.chunk().await.unwrap().is_some());
    let out = own(Method::POST, "/api/v1/logout").header(header::ORIGIN, &viva.url).send().await.unwrap();
    assert_eq!(out.status(), 204);
    assert!(text(&out, "set-cookie").starts_with("viva=;") && text(&out, "set-cookie").contains("Max-Age=0"));
    // What is followed by it ends; a copy of the cookie opens nothing any more, and logging out again does no harm; another login goes on.
    let ends = async { while followed.chunk().await.unwrap().is_some() {} };
    tokio::time::timeout(std::time::Duration::from_secs(10), ends).await.expect("the events end");
    assert_eq!(own(Method::GET, "/api/v1/system").send().await.unwrap().status(), 401);
    let out = own(Method::POST, "/api/v1/logout").header(header::ORIGIN, &viva.url).send().await.unwrap();
    assert_eq!(out.status(), 204);
    let other = log_in(json!({"token": TOKEN}), None).await;
    let with = |viva: &Viva, cookie: &str| {
        let request = browser.get(format!("{}/api/v1/system", viva.url)).header(header::COOKIE, cookie);
        async { request.send().await.unwrap().status().as_u16() }
    };
    let other = self::cookie(&other);
    assert_eq!(with(&viva, &other).await, 200);

    // What opens something is in no line of the log.
    open(&browser, viva.login_link.clone()).await;
    let log = viva.log();
    assert!(log.contains("/api/v1/login") && log.contains("/login/…"), "{log}");
    let code = viva.login_link.rsplit('/').next().unwrap();
    for secret in [TOKEN, &session_token, code, cookie.trim_start_matches("viva=")] {
        assert!(!log.contains(secret));
    }

    // A killed server knows both.
    viva.kill();
    viva.restart();
    assert_eq!((with(&viva, &cookie).await, with(&viva, &other).await), (401, 200));
}
