//! The walls between the crates, read from what cargo resolves.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// A crate and what it must never depend on, directly or through another crate.
pub const WALLS: &[(&str, &[&str])] = &[
    ("protocol", &["tokio", "axum", "hyper", "domain", "store", "hub", "launcher", "shim", "engine", "server", "viva"]),
    ("domain", &["tokio", "axum", "tracing", "sqlx", "store", "hub", "launcher", "shim", "engine", "server", "viva"]),
    ("store", &["axum", "launcher", "hub", "shim", "engine", "server", "viva"]),
    ("hub", &["sqlx", "axum", "store", "launcher", "shim", "engine", "server", "viva"]),
    ("launcher", &["sqlx", "axum", "domain", "store", "hub", "shim", "engine", "server", "viva"]),
    ("shim", &["tokio", "axum", "sqlx", "domain", "store", "hub", "launcher", "engine", "server", "viva"]),
    ("engine", &["axum", "sqlx", "domain", "store", "hub", "launcher", "shim", "server", "viva"]),
    ("server", &["llama-cpp-2", "llama-cpp-sys-2", "kube", "engine", "shim", "viva"]),
    (
        "dataset",
        &["tokio", "axum", "hyper", "sqlx", "domain", "store", "hub", "launcher", "shim", "engine", "server", "viva"],
    ),
    (
        "docs",
        &["tokio", "axum", "hyper", "sqlx", "domain", "store", "hub", "launcher", "shim", "engine", "server", "viva"],
    ),
    (
        "scoring",
        &[
            "tokio", "axum", "hyper", "reqwest", "sqlx", "domain", "store", "hub", "launcher", "shim", "engine",
            "server", "viva",
        ],
    ),
    ("web", &["sqlx", "protocol", "docs", "domain", "store", "hub", "launcher", "shim", "engine", "server", "viva"]),
];

/// What a crate must not name in its own manifest, though it may come with another.
pub const DIRECT: &[(&str, &[&str])] = &[("server", &["sqlx"]), ("viva", &["sqlx", "axum", "llama-cpp-sys-2"])];

/// The breaches of the walls in the output of `cargo metadata`.
pub fn breaches(metadata: &Value) -> Vec<String> {
    let direct = direct_dependencies(metadata);
    let mut breaches = Vec::new();
    for (name, forbidden) in WALLS {
        for reached in reachable(&direct, name) {
            if forbidden.contains(&reached.as_str()) {
                breaches.push(format!("{name} must not depend on {reached}"));
            }
        }
    }
    for (name, forbidden) in DIRECT {
        for dependency in direct.get(*name).into_iter().flatten() {
            if forbidden.contains(&dependency.as_str()) {
                breaches.push(format!("{name} must not name {dependency}"));
            }
        }
    }
    breaches
}

/// Normal dependencies by package name; those of tests and build scripts are free.
fn direct_dependencies(metadata: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let names: BTreeMap<String, String> = metadata["packages"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|package| (text(&package["id"]), text(&package["name"])))
        .collect();
    let mut direct = BTreeMap::new();
    for node in metadata["resolve"]["nodes"].as_array().into_iter().flatten() {
        let normal = node["deps"].as_array().into_iter().flatten().filter(|dependency| {
            dependency["dep_kinds"].as_array().into_iter().flatten().any(|kind| kind["kind"].is_null())
        });
        let dependencies = normal.filter_map(|dependency| names.get(&text(&dependency["pkg"])).cloned()).collect();
        if let Some(name) = names.get(&text(&node["id"])) {
            direct.entry(name.clone()).or_insert_with(BTreeSet::new).extend::<BTreeSet<String>>(dependencies);
        }
    }
    direct
}

fn reachable(direct: &BTreeMap<String, BTreeSet<String>>, from: &str) -> BTreeSet<String> {
    let mut seen = BTreeSet::new();
    let mut next = vec![from.to_owned()];
    while let Some(name) = next.pop() {
        for dependency in direct.get(&name).into_iter().flatten() {
            if seen.insert(dependency.clone()) {
                next.push(dependency.clone());
            }
        }
    }
    seen
}
