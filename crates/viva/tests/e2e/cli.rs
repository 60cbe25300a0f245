//! The command line against a real server: what a person types in the first hour.

use std::process::{Command, Output, Stdio};

use futures::StreamExt;
use reqwest::Method;
use serde_json::Value;
use testkit::Viva;

use crate::VIVA;

fn run(viva: &Viva, args: &[&str]) -> Output {
    let mut command = Command::new(VIVA);
    command.args(args).env_remove("VIVA_URL").env_remove("VIVA_TOKEN").env("VIVA_DATA", viva.data.path());
    command.stdin(Stdio::null()).output().unwrap()
}

/// Runs a command to its success and returns what it printed.
pub(crate) fn done(viva: &Viva, args: &[&str]) -> String {
    let output = run(viva, args);
    assert_eq!(output.status.code(), Some(0), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Runs a command to its refusal and returns its exit status and what it said.
fn refused(viva: &Viva, args: &[&str]) -> (Option<i32>, String) {
    let output = run(viva, args);
    (output.status.code(), String::from_utf8(output.stderr).unwrap())
}

#[tokio::test]
async fn the_first_hour_at_the_command_line() {
    let viva = Viva::start(VIVA).await;
    assert!(done(&viva, &["model", "list"]).contains("demo:final"));
    done(&viva, &["session", "create", "--name", "first", "--model", "demo", "--for", "30m", "--wait"]);
    assert!(done(&viva, &["session", "list"]).contains("first"));
    let answer = done(&viva, &["chat", "first", "--message", "Hello!", "--temperature", "0"]);
    assert!(!answer.trim().is_empty());
    let listed: Value = serde_json::from_str(&done(&viva, &["history", "list", "first", "--json"])).unwrap();
    assert_eq!(listed["items"][0]["response"], answer.trim());
    assert_eq!(listed["items"][0]["origin"], "playground");
    let endpoint: Value = serde_json::from_str(&done(&viva, &["session", "endpoint", "first", "--json"])).unwrap();
    assert!(endpoint["token"].as_str().is_some_and(|token| token.starts_with("vses_")));
    done(&viva, &["session", "extend", "first", "--for", "10m"]);
    done(&viva, &["session", "rename", "first", "second"]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("answers.jsonl");
    done(&viva, &["history", "export", "second", "--format", "jsonl", "--output", file.to_str().unwrap()]);
    assert!(std::fs::read_to_string(&file).unwrap().contains("Hello!"));
    let (status, said) = refused(&viva, &["session", "delete", "second"]);
    assert_eq!(status, Some(2), "{said}");
    done(&viva, &["session", "stop", "second", "--yes"]);
    viva.wait("/api/v1/sessions", |page| page["items"][0]["status"] == "stopped").await;
    assert!(done(&viva, &["session", "show", "second"]).contains("Stopped by hand"));
    assert!(done(&viva, &["session", "logs", "second"]).contains("llama"));
    let receipt: Value =
        serde_json::from_str(&done(&viva, &["session", "delete", "second", "--confirm", "delete", "--json"])).unwrap();
    assert_eq!(receipt["completions"], 1);
}

#[tokio::test]
async fn a_conversation_is_gone_on_with_and_a_list_is_read_over_its_pages() {
    let viva = Viva::start(VIVA).await;
    done(&viva, &["session", "create", "--name", "talk", "--model", "demo", "--wait"]);
    let (status, said) = refused(&viva, &["chat", "talk", "--continue", "--message", "Hello!"]);
    assert!(status == Some(1) && said.contains("no conversation yet"), "{said}");
    done(&viva, &["chat", "talk", "--message", "My name is Ada.", "--temperature", "0", "--system", "Be kind."]);
    let answer = done(&viva, &["chat", "talk", "--continue", "--message", "What is my name?"]);
    assert!(answer.contains("Ada"), "{answer}");
    let listed: Value = serde_json::from_str(&done(&viva, &["history", "list", "talk", "--json"])).unwrap();
    let [second, first] = listed["items"].as_array().unwrap().as_slice() else { panic!("{listed}") };
    assert_eq!(second["conversation"], first["conversation"]);
    assert_eq!(second["request"]["messages"].as_array().unwrap().len(), 4);
    assert_eq!(second["request"]["temperature"], 0.0, "the parameters go on too");
    let named = format!("--continue={}", first["conversation"].as_str().unwrap());
    done(&viva, &["chat", "talk", &named, "--message", "Goodbye!"]);
    let (status, said) = refused(&viva, &["chat", "talk", "--continue=nonesuch", "--message", "Hello!"]);
    assert!(status == Some(1) && said.contains("`nonesuch`"), "{said}");

    let id = listed["items"][0]["session_id"].as_str().unwrap();
    let (token, _) = viva.endpoint(id).await;
    let body = serde_json::json!({"model": id, "max_tokens": 1, "messages": [{"role": "user", "content": "Hello!"}]});
    let ask = || viva.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body.clone()));
    let sent = futures::stream::iter(0..205).map(|_| ask()).buffer_unordered(16);
    sent.for_each(|answer| async move { drop(answer.expect(200)) }).await;
    let count = |args: &[&str]| {
        let listed = done(&viva, &[&["history", "list", "talk", "--json"], args].concat());
        let page: Value = serde_json::from_str(&listed).unwrap();
        (page["items"].as_array().unwrap().len(), page["next_cursor"].is_null())
    };
    assert_eq!(count(&["--limit", "203"]), (203, false));
    assert_eq!(count(&["--all"]), (208, true));
    assert_eq!(count(&["--limit", "1000"]), (208, true));
}

#[tokio::test]
async fn mistakes_are_told_in_a_sentence_with_the_right_exit_status() {
    let viva = Viva::start(VIVA).await;
    let (status, said) = refused(&viva, &["session", "show", "nonesuch"]);
    assert!(status == Some(1) && said.starts_with("error: ") && said.contains("nonesuch"), "{said}");
    assert_eq!(refused(&viva, &["session", "create", "--for", "never"]).0, Some(2));
    let (status, said) = refused(&viva, &["session", "create", "--model", "nonesuch"]);
    assert!(status == Some(1) && said.contains("viva model list"), "{said}");
    let text = viva.data.path().with_extension("gguf");
    std::fs::write(&text, "Dear reader, I am no model.").unwrap();
    let (status, said) = refused(&viva, &["model", "add", text.to_str().unwrap()]);
    std::fs::remove_file(text).unwrap();
    assert!(status == Some(1) && said.contains("GGUF"), "{said}");
    let nowhere = tempfile::tempdir().unwrap();
    let output = Command::new(VIVA)
        .args(["session", "list", "--data"])
        .arg(nowhere.path())
        .env_remove("VIVA_URL")
        .env_remove("VIVA_TOKEN")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("viva serve"));
}

#[tokio::test]
async fn a_login_link_is_printed_at_any_time_and_opened_where_there_is_a_desktop() {
    let viva = Viva::start(VIVA).await;
    let browser = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).build().unwrap();
    let enter = async |link: &str| {
        let answer = browser.get(link).send().await.unwrap();
        answer.headers()["location"].to_str().unwrap().to_owned()
    };
    let link = done(&viva, &["login"]);
    assert!(link.starts_with(&format!("{}/login/", viva.url)) && link.trim().lines().count() == 1, "{link}");
    assert_eq!(enter(link.trim()).await, "/");
    assert_eq!(enter(link.trim()).await, "/login?expired=1");
    let made: Value = serde_json::from_str(&done(&viva, &["login", "--json"])).unwrap();
    assert_eq!(enter(made["url"].as_str().unwrap()).await, "/");
    assert!(made["expires_at"].as_str().is_some_and(|at| at.ends_with('Z')), "{made}");
    // The one of the start is another, and still good.
    assert_eq!(enter(&viva.login_link).await, "/");

    // A desktop whose browser writes down what it is given.
    let folder = tempfile::tempdir().unwrap();
    let (opener, given) = (folder.path().join("xdg-open"), folder.path().join("given"));
    std::fs::write(&opener, format!("#!/bin/sh\nprintf %s \"$1\" > '{}'\n", given.display())).unwrap();
    std::fs::set_permissions(&opener, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let open = |display: &str, path: &str| {
        let mut command = Command::new(VIVA);
        command.args(["login", "--open"]).env("VIVA_DATA", viva.data.path()).env("PATH", path);
        command.env("DISPLAY", display).env_remove("WAYLAND_DISPLAY").env_remove("VIVA_URL").env_remove("VIVA_TOKEN");
        command.output().unwrap()
    };
    let path = format!("{}:{}", folder.path().display(), std::env::var("PATH").unwrap());
    let opened = open(":0", &path);
    assert!(opened.status.success(), "{opened:?}");
    let given = std::fs::read_to_string(given).unwrap();
    assert_eq!(given, String::from_utf8_lossy(&opened.stdout).trim());
    assert_eq!(enter(&given).await, "/");
    for (display, path, said) in [("", path.as_str(), "no desktop"), (":0", "/nonexistent", "not installed")] {
        let refused = open(display, path);
        let error = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(refused.status.code() == Some(1) && error.contains(said), "{error}");
        assert!(String::from_utf8_lossy(&refused.stdout).contains("/login/"), "it is printed all the same");
    }
    assert!(!viva.log().contains(given.rsplit('/').next().unwrap()));
}
