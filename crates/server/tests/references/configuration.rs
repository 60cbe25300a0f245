//! The page of the configuration, from the structs that it is read into: their fields, comments, types and defaults.

use std::fmt::Write;

use server::{Config, config::OidcConfig};

use crate::cell;

const SOURCES: [&str; 2] = [include_str!("../../src/config.rs"), include_str!("../../src/config/oidc.rs")];
const FRONT: &str = "---
title: Configuration
description: Every key of the configuration file with its type, default, bounds and meaning.
order: 85
---

The server reads one file in TOML: the one that `--config` or `VIVA_CONFIG` names, else `config.toml` in the data
folder, if it is there. Every key has a default where its row does not say otherwise. A key that does not exist is
refused at the start, by name. A change takes effect at the next start of the server. See
[Settings](operating.md#settings) for an example.
";

/// Keys without a default, of tables that need not be there.
const REQUIRED: &[&str] = &["oidc.issuer", "oidc.client_id"];

/// With nothing but what is required.
fn oidc() -> OidcConfig {
    toml::from_str("issuer = \"\"\nclient_id = \"\"").unwrap()
}

struct Key {
    name: String,
    kind: String,
    meaning: String,
}

pub(crate) fn page() -> String {
    let defaults = toml::Table::try_from(Config { oidc: Some(oidc()), ..Config::default() }).unwrap();
    let mut page = FRONT.to_owned();
    for Key { name: table, kind, meaning } in fields("Config") {
        let kind = kind.trim_start_matches("Option<").trim_end_matches('>').to_owned();
        let _ = write!(
            page,
            "\n## `[{table}]`\n\n{}\n\n",
            if meaning.is_empty() { structs_comment(&kind) } else { meaning }
        );
        page.push_str("| key | type | default | bounds | meaning |\n|---|---|---|---|---|\n");
        for key in fields(&kind) {
            let default = defaults.get(&table).and_then(|table| table.get(&key.name));
            let is_optional = key.kind.starts_with("Option<");
            assert!(default.is_some() || is_optional, "{table}.{} has no default", key.name);
            let path = format!("{table}.{}", key.name);
            let default = match default {
                _ if REQUIRED.contains(&path.as_str()) => "none: it is required".to_owned(),
                Some(value) => format!("`{value}`"),
                None => "absent".to_owned(),
            };
            let bounds = server::config::bounds_of(&path).map_or_else(
                || "–".to_owned(),
                |bounds| format!("{} to {}", grouped(*bounds.start()), grouped(*bounds.end())),
            );
            assert!(!key.meaning.is_empty(), "{path} has no comment");
            let kind = told(&key.kind);
            let _ = writeln!(page, "| `{path}` | {kind} | {default} | {bounds} | {} |", cell(&key.meaning));
        }
    }
    page
}

/// The fields of a struct as the source has them.
fn fields(of: &str) -> Vec<Key> {
    let head = format!("pub struct {of} {{\n");
    let (_, body) = SOURCES.iter().find_map(|source| source.split_once(&head)).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let (mut keys, mut comment) = (Vec::new(), Vec::new());
    for line in body.lines().map(str::trim) {
        if let Some(text) = line.strip_prefix("/// ") {
            comment.push(text);
        } else if let Some((name, kind)) = line.strip_prefix("pub ").and_then(|line| line.split_once(": ")) {
            let kind = kind.trim_end_matches(',').to_owned();
            keys.push(Key { name: name.to_owned(), kind, meaning: comment.join(" ") });
            comment.clear();
        }
    }
    assert!(!keys.is_empty(), "{of} has no fields");
    keys
}

fn structs_comment(of: &str) -> String {
    let head = format!("pub struct {of} {{");
    let (before, _) = SOURCES.iter().find_map(|source| source.split_once(&head)).unwrap();
    let comment =
        before.lines().rev().skip_while(|line| !line.starts_with("///")).take_while(|line| line.starts_with("///"));
    let mut lines: Vec<&str> = comment.map(|line| line.trim_start_matches("///").trim()).collect();
    lines.reverse();
    lines.join(" ")
}

/// A type of Rust as TOML has it.
fn told(kind: &str) -> &'static str {
    match kind.trim_start_matches("Option<").trim_end_matches('>') {
        "u64" | "u32" | "usize" => "whole number",
        "bool" => "true or false",
        "SocketAddr" => "address and port",
        "String" => "text",
        "TlsConfig" => "table of `certificate` and `key`, both files",
        "Vec<String" => "list of texts",
        "Vec<IpNet" => "list of networks, such as `10.0.0.0/8`",
        "Vec<JudgeConfig" => "tables `[[tasks.judges]]` of `base_url` and, where it needs one, `api_key`",
        "PathBuf" => "file",
        "BTreeMap<String, Role" => "table of groups and roles, a role `\"admin\"`, `\"member\"` or `\"viewer\"`",
        "NewUsers" => "`\"admin\"`, `\"member\"`, `\"viewer\"`, `\"none\"`",
        "SandboxMode" => "`\"best_effort\"`, `\"required\"`",
        other => panic!("name the type {other} here"),
    }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}
