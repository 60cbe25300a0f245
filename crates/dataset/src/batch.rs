//! OpenAI's batch lines: each a whole request with a name of its own.

use std::collections::HashMap;

use serde_json::{Map, Value};

use crate::{
    error::BadRow,
    json,
    phrase::{kind, number, quoted},
    row::{Content, Endpoint, Row},
};

/// Most bytes of a `custom_id`.
const MAX_CUSTOM_ID: usize = 512;

/// Reads lines, and remembers the names that were there.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    /// The line that each name is in.
    seen: HashMap<String, u64>,
}

impl Batch {
    pub(crate) fn row(&mut self, line: u64, text: &str) -> Result<Row, BadRow> {
        let bad = |message: String| BadRow::new(line, message);
        let object: Map<String, Value> = json::object(text).map_err(bad)?.into();
        let custom_id = custom_id(&object).map_err(bad)?;
        // A name counts as taken even where the rest of its line is bad: results are told apart by it.
        if let Some(first) = self.seen.get(&custom_id) {
            return Err(bad(format!("`custom_id` {} is that of line {first} already", quoted(&custom_id))));
        }
        self.seen.insert(custom_id.clone(), line);
        let content = request(object).map_err(bad)?;
        Ok(Row { line, custom_id: Some(custom_id), content })
    }
}

fn custom_id(object: &Map<String, Value>) -> Result<String, String> {
    match object.get("custom_id") {
        Some(Value::String(id)) if id.is_empty() => Err("`custom_id` is empty: give each line one of its own".into()),
        Some(Value::String(id)) if id.len() > MAX_CUSTOM_ID => {
            Err(format!("`custom_id` has {} bytes, and {MAX_CUSTOM_ID} is the most", number(id.len() as u64)))
        }
        Some(Value::String(id)) => Ok(id.clone()),
        None | Some(Value::Null) => Err("`custom_id` is missing: give each line one of its own".into()),
        Some(other) => Err(format!("`custom_id` must be a string, it is {}", kind(other))),
    }
}

fn request(mut object: Map<String, Value>) -> Result<Content, String> {
    match object.get("method") {
        Some(Value::String(method)) if method == "POST" => {}
        None | Some(Value::Null) => return Err("`method` is missing: it must be `POST`".into()),
        Some(Value::String(method)) => return Err(format!("`method` must be `POST`, it is {}", quoted(method))),
        Some(other) => return Err(format!("`method` must be `POST`, it is {}", kind(other))),
    }
    let urls = Endpoint::ALL.map(|endpoint| format!("`{}`", endpoint.path())).join(" or ");
    let endpoint = match object.get("url") {
        Some(Value::String(url)) => {
            Endpoint::find(url).ok_or_else(|| format!("`url` must be {urls}, it is {}", quoted(url)))?
        }
        None | Some(Value::Null) => return Err(format!("`url` is missing: it must be {urls}")),
        Some(other) => return Err(format!("`url` must be {urls}, it is {}", kind(other))),
    };
    let body = match object.remove("body") {
        Some(Value::Object(body)) => body,
        None | Some(Value::Null) => return Err("`body` is missing: the request, an object".into()),
        Some(other) => return Err(format!("`body` must be an object, it is {}", kind(&other))),
    };
    match body.get("stream") {
        None | Some(Value::Null | Value::Bool(false)) => Ok(Content::Request { endpoint, body }),
        Some(_) => Err("`body.stream` asks for a stream, and a batch is answered whole: leave it out".into()),
    }
}
