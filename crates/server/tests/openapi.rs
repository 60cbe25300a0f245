//! The committed description of the API is the one that the code generates.

use std::{fs, path::Path};

#[test]
fn the_committed_openapi_document_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/openapi.json");
    let mut current = serde_json::to_string_pretty(&server::openapi_document()).unwrap();
    current.push('\n');
    if std::env::var_os("VIVA_UPDATE").is_some() {
        fs::write(&path, &current).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == current,
        "docs/openapi.json is out of date: VIVA_UPDATE=1 cargo test -p server --test openapi"
    );
}
