//! No crate reaches over its wall.

use std::process::Command;

use testkit::walls::{WALLS, breaches};

#[test]
fn no_crate_reaches_over_its_wall() {
    // What other platforms would need was never fetched here.
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version", "1", "--locked", "--filter-platform", &platform, "--manifest-path"])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    for (name, _) in WALLS {
        let is_member = metadata["packages"].as_array().unwrap().iter().any(|package| package["name"] == *name);
        assert!(is_member, "{name} is a crate of the workspace");
    }
    assert_eq!(breaches(&metadata), Vec::<String>::new());
}

#[test]
fn a_breach_is_seen_through_another_crate() {
    let metadata = serde_json::json!({
        "packages": [{"id": "1", "name": "domain"}, {"id": "2", "name": "between"}, {"id": "3", "name": "tokio"}],
        "resolve": {"nodes": [
            {"id": "1", "deps": [{"pkg": "2", "dep_kinds": [{"kind": null}]}]},
            {"id": "2", "deps": [{"pkg": "3", "dep_kinds": [{"kind": null}]}]},
            {"id": "3", "deps": []},
        ]},
    });
    assert_eq!(breaches(&metadata), ["domain must not depend on tokio"]);
}
