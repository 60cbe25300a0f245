//! Downloading a session's history: JSON lines and CSV are streamed, a workbook is written whole.

use std::sync::Arc;

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures::stream;
use protocol::{Problem, SessionId, completion::Completion};
use serde::Deserialize;
use store::Picks;
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{ApiPath, ApiQuery},
    problem::ApiError,
    sessions::find_own,
    sheet::{Cell, Sheet, attached, csv_heading, csv_line},
};
use crate::{app::App, auth::UserCaller};

/// Completions that are read at a time.
const BATCH: u32 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum ExportFormat {
    Xlsx,
    Jsonl,
    Csv,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    format: ExportFormat,
    /// True: the picks alone. False: all others.
    starred: Option<bool>,
}

/// Download the history, oldest first.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/completions/export", tag = "completions", params(("id" = SessionId, Path), Export),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/x-ndjson"), (String = "text/csv"))), (status = "4XX", description = "Refused", body = Problem)))]
pub(crate) async fn export_completions(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<Export>,
) -> Result<Response, ApiError> {
    let session = find_own(&app, owner, id).await?;
    let picks = Picks::of(query.starred);
    let (kind, extension) = match query.format {
        ExportFormat::Xlsx => ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "xlsx"),
        ExportFormat::Jsonl => ("application/x-ndjson", "jsonl"),
        ExportFormat::Csv => ("text/csv; charset=utf-8", "csv"),
    };
    let body = match query.format {
        ExportFormat::Xlsx => Body::from(workbook(&app, id, picks).await?),
        ExportFormat::Jsonl => lines(app, id, picks, String::new(), json_line),
        ExportFormat::Csv => lines(app, id, picks, csv_heading(&COLUMNS), |completion| csv_line(&cells(completion))),
    };
    Ok(attached(body, kind, &format!("{}.{extension}", session.name)))
}

fn lines(app: Arc<App>, id: SessionId, picks: Picks, heading: String, line: fn(&Completion) -> String) -> Body {
    let pages = stream::unfold(Some((app, None, heading)), move |state| async move {
        let (app, after, mut text) = state?;
        let page = app.store.export_completions(id, picks, after, BATCH).await;
        let completions = match page {
            Ok(completions) => completions,
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an export was cut short");
                return Some((Err(std::io::Error::other("the storage failed")), None));
            }
        };
        for completion in &completions {
            text.push_str(&line(completion));
        }
        let last = completions.last().map(|completion| completion.id);
        let next = (completions.len() == BATCH as usize).then(|| (app, last, String::new()));
        Some((Ok(Bytes::from(text)), next))
    });
    Body::from_stream(pages)
}

fn json_line(completion: &Completion) -> String {
    let mut line = serde_json::to_string(completion).unwrap_or_default();
    line.push('\n');
    line
}

const COLUMNS: [&str; 17] = [
    "id",
    "created_at",
    "finished_at",
    "origin",
    "conversation",
    "system",
    "prompt",
    "response",
    "finish_reason",
    "error",
    "starred",
    "prompt_tokens",
    "completion_tokens",
    "first_token_ms",
    "total_ms",
    "tokens_per_second",
    "parameters",
];

fn cells(completion: &Completion) -> [Cell; 17] {
    let text = |text: &str| Cell::Text(text.to_owned());
    let word = |value: serde_json::Value| Cell::Text(value.as_str().unwrap_or_default().to_owned());
    let (system, prompt, parameters) = read_request(&completion.request);
    [
        text(&completion.id.to_string()),
        text(&completion.created_at.to_string()),
        text(&completion.finished_at.map(|at| at.to_string()).unwrap_or_default()),
        text(completion.origin.as_str()),
        text(completion.conversation.as_deref().unwrap_or_default()),
        Cell::Text(system),
        Cell::Text(prompt),
        text(&completion.response),
        word(serde_json::json!(completion.finish_reason)),
        text(completion.error.as_ref().map_or("", |error| error.message.as_str())),
        text(if completion.starred { "yes" } else { "" }),
        Cell::Number(Some(completion.usage.prompt_tokens as f64)),
        Cell::Number(Some(completion.usage.completion_tokens as f64)),
        Cell::Number(completion.timing.first_token_ms),
        Cell::Number(completion.timing.total_ms),
        Cell::Number(completion.timing.tokens_per_second),
        Cell::Text(parameters),
    ]
}

/// System message, last user message (or plain prompt) and the other fields of a request.
fn read_request(request: &serde_json::Value) -> (String, String, String) {
    let messages = request.get("messages").and_then(|messages| messages.as_array());
    let of = |role: &str| {
        messages
            .into_iter()
            .flatten()
            .rfind(|message| message.get("role").is_some_and(|found| found == role))
            .and_then(|message| message.get("content"))
            .map(content)
            .unwrap_or_default()
    };
    let prompt = match request.get("prompt").and_then(|prompt| prompt.as_str()) {
        Some(prompt) => prompt.to_owned(),
        None => of("user"),
    };
    let mut rest = request.clone();
    if let Some(object) = rest.as_object_mut() {
        for key in ["messages", "prompt", "model", "stream", "stream_options", "conversation"] {
            object.remove(key);
        }
    }
    (of("system"), prompt, rest.to_string())
}

fn content(content: &serde_json::Value) -> String {
    match content {
        serde_json::Value::String(text) => text.clone(),
        serde_json::Value::Array(parts) => {
            parts.iter().filter_map(|part| part.get("text")?.as_str()).collect::<Vec<_>>().join("\n")
        }
        _ => String::new(),
    }
}

async fn workbook(app: &App, id: SessionId, picks: Picks) -> Result<Vec<u8>, ApiError> {
    let mut sheet = Sheet::new(&COLUMNS)?;
    let mut after = None;
    loop {
        let completions = app.store.export_completions(id, picks, after, BATCH).await?;
        for completion in &completions {
            sheet.push(&cells(completion))?;
        }
        after = completions.last().map(|completion| completion.id);
        if completions.len() < BATCH as usize {
            return sheet.finish().await;
        }
    }
}
