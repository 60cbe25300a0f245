//! The console as people use it: Debian's Chromium, driven by the node tests of `tests/console` against the real server,
//! engine and demo model. `make test` installs what they need.

use std::{path::Path, process::Command};

use testkit::{Viva, server::TOKEN};

use crate::{VIVA, oidc::Provider};

/// Runs a file of `tests/console` against this server.
async fn browse(viva: &Viva, file: &str) {
    browse_beside(viva, file, None).await;
}

/// As [`browse`], beside an identity provider.
async fn browse_beside(viva: &Viva, file: &str, provider: Option<&Provider>) {
    let mut command = Command::new("node");
    command
        // Whatever hangs ends before the whole run does, with its own message.
        .args(["--test", "--test-reporter=spec", "--test-timeout=600000", file])
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/console"))
        .env("VIVA_URL", &viva.url)
        .env("VIVA_TOKEN", TOKEN)
        .env("VIVA_LOGIN_LINK", &viva.login_link)
        .env("VIVA_DATA", viva.data.path())
        .env("VIVA_PROGRAM", VIVA)
        .env("VIVA_PID", viva.pid().as_raw_nonzero().to_string());
    if let Some(provider) = provider {
        command.env("VIVA_PROVIDER", &provider.issuer);
    }
    let output = tokio::task::spawn_blocking(move || command.output().expect("node is there; run `make test`"));
    let output = output.await.unwrap();
    assert!(
        output.status.success(),
        "{}\n{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[tokio::test]
async fn a_session_is_created_used_and_deleted_in_the_browser() {
    browse(&Viva::start(VIVA).await, "story.test.mjs").await;
}

#[tokio::test]
async fn an_answer_outlives_the_page_that_asked_for_it() {
    browse(&Viva::start(VIVA).await, "streaming.test.mjs").await;
}

#[tokio::test]
async fn people_are_let_in_and_led_back() {
    browse(&Viva::start(VIVA).await, "login.test.mjs").await;
}

#[tokio::test]
async fn an_identity_provider_signs_people_in_in_the_browser() {
    let provider = Provider::start();
    let viva = Viva::start_with(VIVA, &provider.config("")).await;
    browse_beside(&viva, "oidc.test.mjs", Some(&provider)).await;
}

#[tokio::test]
async fn people_are_looked_after_in_the_browser() {
    browse(&Viva::start(VIVA).await, "people.test.mjs").await;
}

#[tokio::test]
async fn a_page_outlives_its_server() {
    browse(&Viva::start(VIVA).await, "restart.test.mjs").await;
}

#[tokio::test]
async fn a_failure_is_explained_in_the_browser() {
    browse(&Viva::start(VIVA).await, "failure.test.mjs").await;
}

#[tokio::test]
async fn everything_is_done_by_the_keyboard() {
    browse(&Viva::start(VIVA).await, "keyboard.test.mjs").await;
}

#[tokio::test]
async fn sessions_are_managed_in_the_browser() {
    browse(&Viva::start(VIVA).await, "manage.test.mjs").await;
}

#[tokio::test]
async fn models_are_added_and_removed_in_the_browser() {
    browse(&Viva::start(VIVA).await, "models.test.mjs").await;
}

#[tokio::test]
async fn files_are_added_and_removed_in_the_browser() {
    browse(&Viva::start(VIVA).await, "files.test.mjs").await;
}

#[tokio::test]
async fn tasks_are_run_compared_and_voted_on_in_the_browser() {
    browse(&Viva::start_with(VIVA, "[sessions]\nactive_quota = 3\n").await, "tasks.test.mjs").await;
}

#[tokio::test]
async fn cases_are_kept_and_test_sets_run_in_the_browser() {
    browse(&Viva::start_with(VIVA, "[sessions]\nactive_quota = 3\n").await, "test-sets.test.mjs").await;
}

#[tokio::test]
async fn who_looks_elsewhere_is_notified() {
    browse(&Viva::start(VIVA).await, "notifications.test.mjs").await;
}

#[tokio::test]
async fn ten_thousand_sessions_and_a_long_conversation_stay_light() {
    browse(&Viva::start(VIVA).await, "large.test.mjs").await;
}

#[tokio::test]
async fn what_a_model_says_never_runs_in_the_browser() {
    browse(&Viva::start(VIVA).await, "hostile.test.mjs").await;
}

#[tokio::test]
async fn every_page_and_dialog_is_accessible() {
    browse(&Viva::start(VIVA).await, "accessibility.test.mjs").await;
}

#[tokio::test]
async fn the_documentation_is_read_and_asked_in_the_browser() {
    browse(&Viva::start(VIVA).await, "docs.test.mjs").await;
}

#[tokio::test]
async fn the_form_for_a_session_refuses_at_the_field_and_loses_nothing() {
    let viva = Viva::start_with(VIVA, "[sessions]\nquota = 2\nmemory_bytes = 200_000_000\n").await;
    browse(&viva, "create-form.test.mjs").await;
}

/// Writes the README's pictures; they are looked at before they are committed, so not in every run.
#[tokio::test]
async fn the_pictures_of_the_readme_are_taken() {
    if std::env::var_os("VIVA_SCREENSHOTS").is_some() {
        browse(&Viva::start(VIVA).await, "screenshots.test.mjs").await;
    }
}
