//! The reference pages of the documentation are the ones that the code generates.
//!
//! `VIVA_UPDATE=1 cargo test -p server --test references` writes them anew.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod api;
mod configuration;

use std::{fs, path::Path};

/// Holds a page of `docs/` against what the code says now.
fn assert_current(name: &str, current: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs").join(name);
    if std::env::var_os("VIVA_UPDATE").is_some() {
        fs::write(&path, current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == current, "docs/{name} is out of date: VIVA_UPDATE=1 cargo test -p server --test references");
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ").replace('|', "\\|")
}

#[test]
fn the_api_reference_is_current() {
    assert_current("api-reference.md", &api::page(&serde_json::to_value(server::openapi_document()).unwrap()));
}

#[test]
fn the_configuration_reference_is_current() {
    assert_current("configuration.md", &configuration::page());
}

#[test]
fn every_reason_and_every_error_code_is_explained() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/troubleshooting.md");
    let page = fs::read_to_string(path).unwrap();
    let codes = protocol::ErrorCode::ALL.iter().map(|code| code.as_str());
    let document = serde_json::to_value(server::openapi_document()).unwrap();
    let reasons = document["components"]["schemas"]["ReasonCode"]["enum"].as_array().unwrap();
    assert!(reasons.len() > 15);
    for code in codes.chain(reasons.iter().filter_map(serde_json::Value::as_str)) {
        assert!(page.contains(&format!("\n## `{code}` ")), "docs/troubleshooting.md has no section `{code}`");
    }
}
