//! From a row to the request that is sent.

use protocol::dataset::Format;
use serde_json::{Map, Value, json};

use crate::{
    error::BadRow,
    phrase::{kind, list, quoted},
    row::{Columns, Content, Endpoint, Row},
    template::{Template, UnknownColumn},
};

/// Columns that are the prompt where no template is given; the first that the file has.
pub const PROMPT_COLUMNS: [&str; 5] = ["prompt", "question", "input", "text", "instruction"];

/// The column that is a conversation, where there is neither a template nor a prompt.
pub const MESSAGES_COLUMN: &str = "messages";

/// What a task's parameters may not hold: the row or the server says it.
const RESERVED: [&str; 5] = ["messages", "prompt", "model", "stream", "stream_options"];

/// Parameters of one meaning: either stands for both.
const ALIKE: [&str; 2] = ["max_tokens", "max_completion_tokens"];

/// What a task says of its rows.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    /// The prompt; without one, a column is ([`PROMPT_COLUMNS`], [`MESSAGES_COLUMN`]).
    pub template: Option<Template>,
    /// Goes before each prompt, and before a conversation that has no system message of its own.
    pub system: Option<String>,
    /// Sampling parameters of each request; those of a batch line win.
    pub parameters: Map<String, Value>,
}

/// How the rows of one file become requests.
#[derive(Debug, Clone, PartialEq)]
pub struct Plan {
    prompt: Prompt,
    system: Option<String>,
    parameters: Map<String, Value>,
}

#[derive(Debug, Clone, PartialEq)]
enum Prompt {
    Template(Template),
    Column(String),
    Messages,
    /// Batch lines bring their own.
    Own,
}

/// Why a task's settings do not fit its file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    #[error(transparent)]
    Template(#[from] UnknownColumn),
    #[error("no column is the prompt: give a template, or name one of {} (the columns are {})", wanted(), list(.columns))]
    NoPrompt { columns: Vec<String> },
    #[error("`{name}` does not go with batch lines, which bring their own requests: leave it out")]
    NotForBatch { name: &'static str },
    #[error("`parameters.{name}` is not set for a task: the row or the session says it")]
    Reserved { name: &'static str },
}

fn wanted() -> String {
    let columns: Vec<String> = PROMPT_COLUMNS.into_iter().chain([MESSAGES_COLUMN]).map(quoted).collect();
    columns.join(", ")
}

impl Plan {
    /// Fits settings to a file of the format with the columns.
    ///
    /// # Errors
    /// A template's unknown column; no column that is the prompt; what a batch or a task does not take.
    pub fn new(format: Format, columns: &[String], settings: Settings) -> Result<Self, PlanError> {
        if let Some(name) = RESERVED.into_iter().find(|name| settings.parameters.contains_key(*name)) {
            return Err(PlanError::Reserved { name });
        }
        let prompt = match (format, settings.template) {
            (Format::Batch, Some(_)) => return Err(PlanError::NotForBatch { name: "prompt" }),
            (Format::Batch, None) if settings.system.is_some() => {
                return Err(PlanError::NotForBatch { name: "system" });
            }
            (Format::Batch, None) => Prompt::Own,
            (Format::Jsonl | Format::Csv | Format::Xlsx | Format::Text, Some(template)) => {
                template.check(columns)?;
                Prompt::Template(template)
            }
            (Format::Jsonl | Format::Csv | Format::Xlsx | Format::Text, None) => by_name(columns)?,
        };
        Ok(Self { prompt, system: settings.system, parameters: settings.parameters })
    }
}

fn by_name(columns: &[String]) -> Result<Prompt, PlanError> {
    let has = |wanted: &str| columns.iter().any(|column| column == wanted);
    match PROMPT_COLUMNS.into_iter().find(|column| has(column)) {
        Some(column) => Ok(Prompt::Column(column.to_owned())),
        None if has(MESSAGES_COLUMN) => Ok(Prompt::Messages),
        None => Err(PlanError::NoPrompt { columns: columns.to_vec() }),
    }
}

/// The call and the body of a row's request, without `model`, unless a batch line names one.
///
/// An answer at the end of a conversation is left out: it is what the model is asked for ([`expected`]).
///
/// # Errors
/// What the row lacks.
pub fn request(row: &Row, plan: &Plan) -> Result<(Endpoint, Map<String, Value>), BadRow> {
    let bad = |message: String| BadRow::new(row.line, message);
    let columns = match &row.content {
        Content::Request { endpoint, body } => {
            let mut body = body.clone();
            fill(&mut body, &plan.parameters);
            return Ok((*endpoint, body));
        }
        Content::Columns(columns) => columns,
    };
    let mut messages = match &plan.prompt {
        Prompt::Template(template) => user(template.render(columns).map_err(|error| bad(error.to_string()))?),
        Prompt::Column(name) => text(columns, name).and_then(user),
        Prompt::Messages => conversation(columns),
        Prompt::Own => Err("the row is no batch line".to_owned()),
    }
    .map_err(bad)?;
    let has_system = messages.iter().any(is_system);
    if let Some(system) = plan.system.as_deref().filter(|_| !has_system) {
        messages.insert(0, json!({"role": "system", "content": system}));
    }
    let mut body = Map::new();
    body.insert("messages".into(), messages.into());
    fill(&mut body, &plan.parameters);
    Ok((Endpoint::Chat, body))
}

/// The answer that a conversation ends with: its last message, where that is the assistant's and text.
pub fn expected(row: &Row) -> Option<&str> {
    let Content::Columns(columns) = &row.content else { return None };
    let last = columns.get(MESSAGES_COLUMN)?.as_array()?.last()?;
    if is_assistant(last) { last["content"].as_str() } else { None }
}

/// Parameters that the body does not have; null counts as not there, as it does for a request.
fn fill(body: &mut Map<String, Value>, parameters: &Map<String, Value>) {
    let has = |body: &Map<String, Value>, name: &str| body.get(name).is_some_and(|value| !value.is_null());
    let has_length = ALIKE.iter().any(|name| has(body, name));
    for (name, value) in parameters {
        let is_said = has(body, name) || (has_length && ALIKE.contains(&name.as_str()));
        if !is_said {
            body.insert(name.clone(), value.clone());
        }
    }
}

fn user(prompt: String) -> Result<Vec<Value>, String> {
    if prompt.trim().is_empty() {
        return Err("the prompt is empty".into());
    }
    Ok(vec![json!({"role": "user", "content": prompt})])
}

fn text(columns: &Columns, name: &str) -> Result<String, String> {
    match columns.get(name) {
        None => Err(format!("the column {}, which is the prompt, is missing", quoted(name))),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(value @ (Value::Number(_) | Value::Bool(_))) => Ok(value.to_string()),
        Some(other) => {
            Err(format!("the column {}, which is the prompt, must be text, it is {}", quoted(name), kind(other)))
        }
    }
}

fn conversation(columns: &Columns) -> Result<Vec<Value>, String> {
    let wanted = "an array of {role, content}";
    let mut messages = match columns.get(MESSAGES_COLUMN) {
        None => return Err("the column `messages` is missing".into()),
        Some(Value::Array(messages)) => messages.clone(),
        Some(other) => return Err(format!("the column `messages` must be {wanted}, it is {}", kind(other))),
    };
    for (index, message) in messages.iter().enumerate() {
        let Value::Object(message) = message else {
            return Err(format!("`messages[{index}]` must be {{role, content}}, it is {}", kind(message)));
        };
        for name in ["role", "content"] {
            if message.get(name).is_none_or(Value::is_null) {
                return Err(format!("`messages[{index}].{name}` is missing"));
            }
        }
        if !message["role"].is_string() {
            return Err(format!("`messages[{index}].role` must be a string, it is {}", kind(&message["role"])));
        }
    }
    if messages.last().is_some_and(is_assistant) {
        messages.pop();
    }
    if messages.is_empty() {
        return Err("`messages` holds nothing to answer".into());
    }
    Ok(messages)
}

fn is_system(message: &Value) -> bool {
    matches!(message["role"].as_str(), Some("system" | "developer"))
}

fn is_assistant(message: &Value) -> bool {
    message["role"] == "assistant"
}
