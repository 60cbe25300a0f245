//! The API as its served description has it, by schemathesis: requests made up from the description, good and bad, none
//! of which may break the server or get an answer that the description does not know.

use serde_json::json;
use testkit::{Viva, server::TOKEN};

use crate::{
    VIVA,
    sdk::{python, run},
};

/// How long requests are made up, in seconds.
const SECONDS: &str = "40";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance";

#[tokio::test]
async fn every_answer_is_one_that_the_description_knows() {
    let viva = Viva::start(VIVA).await;
    viva.running_session(json!({})).await;
    // Asked once before: the first question builds the index.
    viva.get("/docs/start.md?ask=what+is+viva").await;
    let mut command = python();
    command
        .args(["-m", "schemathesis.cli", "run"])
        .arg(format!("{}/api/openapi.json", viva.url))
        .args(["--header", &format!("Authorization: Bearer {TOKEN}")])
        .args(["--phases", "coverage,fuzzing", "--seed", "1", "--max-time", SECONDS, "--checks", CHECKS])
        .args(["--request-timeout", "30", "--continue-on-failure", "--no-color"])
        .current_dir(viva.data.path());
    tokio::task::spawn_blocking(move || run(command)).await.unwrap();
    viva.get("/readyz").await.expect(200);
    assert!(!viva.log().contains("panicked"), "nothing panicked");
}
