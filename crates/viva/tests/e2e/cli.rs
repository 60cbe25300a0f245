//! The command line against a real server: what a person types in the first hour.

use std::process::{Command, Output, Stdio};

use serde_json::Value;
use testkit::Viva;

use crate::VIVA;

fn run(viva: &Viva, args: &[&str]) -> Output {
    let mut command = Command::new(VIVA);
    command.args(args).env_remove("VIVA_URL").env_remove("VIVA_TOKEN").env("VIVA_DATA", viva.data.path());
    command.stdin(Stdio::null()).output().unwrap()
}

/// Runs a command to its success and returns what it printed.
fn done(viva: &Viva, args: &[&str]) -> String {
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
