//! The stock OpenAI SDKs, unmodified: Python from PyPI, JavaScript from npm. `make test` installs both.

use std::{path::Path, process::Command};

use serde_json::json;
use testkit::{Viva, server::TOKEN};

use crate::{VIVA, template::add_plain};

pub(crate) fn run(mut command: Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; run `make test`"));
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

fn sdk(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/sdk").join(name)
}

pub(crate) fn python() -> Command {
    Command::new(std::env::var("VIVA_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned()))
}

/// Runs a script of `tests/sdk` against a running session.
async fn against_a_session(mut command: Command, script: &str) {
    let viva = Viva::start(VIVA).await;
    let id = viva.running_session(json!({})).await;
    let (token, base_url) = viva.endpoint(&id).await;
    command
        .arg(sdk(script))
        .env("VIVA_TEST_BASE_URL", base_url)
        .env("VIVA_TEST_SESSION_TOKEN", token)
        .env("VIVA_TEST_SESSION", id)
        .env("VIVA_TEST_URL", &viva.url)
        .env("VIVA_TEST_USER_TOKEN", TOKEN);
    tokio::task::spawn_blocking(move || run(command)).await.unwrap();
}

#[tokio::test]
async fn the_python_sdk_works_unmodified() {
    against_a_session(python(), "check.py").await;
}

#[tokio::test]
async fn the_javascript_sdk_works_unmodified() {
    against_a_session(Command::new("node"), "check.mjs").await;
}

#[tokio::test]
async fn the_python_sdks_batches_run_as_tasks() {
    against_a_session(python(), "batches.py").await;
}

#[tokio::test]
async fn the_javascript_sdks_batches_run_as_tasks() {
    against_a_session(Command::new("node"), "batches.mjs").await;
}

#[tokio::test]
async fn the_samples_run_as_pasted() {
    let viva = Viva::start(VIVA).await;
    samples_run(&viva, &viva.running_session(json!({})).await).await;
    // A model without a chat template takes no messages: its samples ask for a text.
    add_plain(&viva).await;
    samples_run(&viva, &viva.running_session(json!({"model": "plain"})).await).await;
}

async fn samples_run(viva: &Viva, id: &str) {
    let endpoint = viva.get(&format!("/api/v1/sessions/{id}/endpoint")).await.expect(200);
    let sample = |name: &str| endpoint["samples"][name].as_str().unwrap().to_owned();
    let mut curl = Command::new("sh");
    curl.arg("-c").arg(sample("curl").replacen("curl ", "curl --fail --silent ", 1));
    let mut sdk_python = python();
    sdk_python.arg("-c").arg(sample("python"));
    let mut requests = python();
    requests.arg("-c").arg(sample("requests"));
    let mut javascript = Command::new("node");
    // Standard input has no folder of its own to find the package from.
    let script = tempfile::Builder::new().prefix("sample-").suffix(".mjs").tempfile_in(sdk("")).unwrap();
    std::fs::write(script.path(), sample("javascript")).unwrap();
    javascript.arg(script.path());
    for command in [curl, sdk_python, requests, javascript] {
        tokio::task::spawn_blocking(move || run(command)).await.unwrap();
    }
}
