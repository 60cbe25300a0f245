//! The page of the API, from the document that describes it.

use std::{collections::BTreeMap, fmt::Write};

use serde_json::{Map, Value};

use crate::cell;

const FRONT: &str = "---
title: API reference
description: Every call of the management API with its parameters, bodies, answers and schemas.
order: 65
---

Calls take `Authorization: Bearer` with your token, unless they say otherwise. An error is `application/problem+json`
with `code`, `detail` and the fields at fault: see [API errors](troubleshooting.md#api-errors). The calls under `/v1`
are OpenAI's: see [Integrate a model](integrate-a-model.md#calls). The running server gives the same for programs, as
OpenAPI 3.1, at `/api/openapi.json`.
";

/// Tags as headings say them, in the order of the page.
const TAGS: &[(&str, &str)] = &[
    ("sessions", "Sessions"),
    ("completions", "Completions"),
    ("files", "Files"),
    ("tasks", "Tasks"),
    ("test sets", "Test sets"),
    ("models", "Models"),
    ("events", "Events"),
    ("users", "Users and the machine"),
    ("keys", "Keys and tokens"),
    ("system", "Server and login"),
    ("documentation", "Documentation"),
];
const METHODS: &[&str] = &["get", "post", "put", "patch", "delete"];

pub(crate) fn page(document: &Value) -> String {
    let mut page = FRONT.to_owned();
    let mut by_tag: BTreeMap<&str, Vec<(&str, &str, &Value)>> = BTreeMap::new();
    for (path, calls) in object(&document["paths"]) {
        for method in METHODS {
            if let Some(call) = calls.get(method) {
                let tag = call["tags"][0].as_str().unwrap_or("other");
                by_tag.entry(tag).or_default().push((method, path, call));
            }
        }
    }
    for (tag, heading) in TAGS {
        let _ = write!(page, "\n## {heading}\n");
        for (method, path, call) in by_tag.remove(tag).unwrap_or_default() {
            page.push_str(&operation(method, path, call));
        }
    }
    assert!(by_tag.is_empty(), "name the tags here: {:?}", by_tag.keys());
    page.push_str("\n## Schemas\n\nA field that may be absent has a `?`.\n");
    for (name, schema) in object(&document["components"]["schemas"]) {
        page.push_str(&described(name, schema));
    }
    page
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

/// What a call does, as its heading, and what is said of it beside, as a sentence.
fn headed(summary: &str) -> (&str, Option<String>) {
    let ends = [". ", ": ", "; "].into_iter().filter_map(|end| summary.split_once(end));
    let Some((heading, rest)) = ends.min_by_key(|(heading, _)| heading.len()) else {
        return (summary.trim_end_matches('.'), None);
    };
    let mut rest = rest.chars();
    let first = rest.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    (heading, Some(format!("{first}{}.", rest.as_str().trim_end_matches('.'))))
}

fn operation(method: &str, path: &str, call: &Value) -> String {
    let summary = cell(call["summary"].as_str().unwrap_or_default());
    let (heading, rest) = headed(&summary);
    let mut text = format!("\n### {heading}\n\n`{} {path}`", method.to_uppercase());
    if call["security"].as_array().is_some_and(|security| security.iter().any(|way| object(way).next().is_none())) {
        text.push_str(" needs no token.");
    }
    text.push('\n');
    if let Some(rest) = rest {
        let _ = write!(text, "\n{rest}\n");
    }
    if let Some(more) = call["description"].as_str() {
        let _ = write!(text, "\n{}\n", cell(more));
    }
    let parameters = call["parameters"].as_array().map(Vec::as_slice).unwrap_or_default();
    if !parameters.is_empty() {
        text.push_str("\n| parameter | in | type | meaning |\n|---|---|---|---|\n");
        for parameter in parameters {
            let name = parameter["name"].as_str().unwrap_or_default();
            let place = parameter["in"].as_str().unwrap_or_default();
            let mark = if parameter["required"] == true { "" } else { "?" };
            let meaning = cell(parameter["description"].as_str().unwrap_or("–"));
            let _ = writeln!(text, "| `{name}`{mark} | {place} | {} | {meaning} |", kind(&parameter["schema"]));
        }
    }
    for (media, body) in object(&call["requestBody"]["content"]) {
        let _ = write!(text, "\nBody (`{media}`): {}\n", kind(&body["schema"]));
    }
    text.push_str("\n| status | answer |\n|---|---|\n");
    for (status, answer) in object(&call["responses"]) {
        let meaning = cell(answer["description"].as_str().unwrap_or_default());
        let bodies: Vec<String> = object(&answer["content"]).map(|(_, body)| kind(&body["schema"])).collect();
        let bodies = if bodies.is_empty() { String::new() } else { format!(": {}", bodies.join(", ")) };
        let _ = writeln!(text, "| {status} | {meaning}{bodies} |");
    }
    text
}

fn described(name: &str, schema: &Value) -> String {
    let mut text = format!("\n### {name}\n\n");
    if let Some(meaning) = schema["description"].as_str() {
        let _ = write!(text, "{}\n\n", cell(meaning));
    }
    let required: Vec<&str> = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    if schema["properties"].is_object() {
        text.push_str("| field | type | meaning |\n|---|---|---|\n");
        for (field, property) in object(&schema["properties"]) {
            let mark = if required.contains(&field.as_str()) { "" } else { "?" };
            let meaning = cell(property["description"].as_str().unwrap_or("–"));
            let _ = writeln!(text, "| `{field}`{mark} | {} | {meaning} |", kind(property));
        }
    } else {
        let _ = writeln!(text, "{}", kind(schema));
    }
    text
}

/// A schema in a word, or a link to it.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        let name = reference.rsplit('/').next().unwrap_or_default();
        return format!("[{name}](#{})", name.to_lowercase());
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().filter_map(Value::as_str).map(|value| format!("`{value}`")).collect();
        return values.join(", ");
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        if let Some(kinds) = schema[several].as_array() {
            return kinds.iter().map(kind).collect::<Vec<_>>().join(" or ");
        }
    }
    match &schema["type"] {
        Value::Array(kinds) => {
            let one = |kind_of: &Value| {
                let mut schema = schema.clone();
                schema["type"] = kind_of.clone();
                kind(&schema)
            };
            kinds.iter().map(one).collect::<Vec<_>>().join(" or ")
        }
        Value::String(name) if name == "array" => format!("list of {}", kind(&schema["items"])),
        Value::String(name) if name == "string" && schema["format"] == "date-time" => "time".to_owned(),
        Value::String(name) => name.clone(),
        _ => "any".to_owned(),
    }
}
