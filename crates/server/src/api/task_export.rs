//! Downloading a task's rows: JSON lines and CSV are streamed, a workbook and JUnit's XML are written whole.

use std::{fmt::Write, sync::Arc};

use axum::{body::Body, extract::State, response::Response};
use bytes::Bytes;
use futures::stream;
use protocol::{
    Problem, TaskId,
    task::{RowState, Task, TaskRow},
};
use serde::Deserialize;
use serde_json::Value;
use store::{RowFilter, StorageError};
use utoipa::{IntoParams, ToSchema};

use super::{
    extract::{ApiPath, ApiQuery},
    problem::ApiError,
    sheet::{Cell, Sheet, attached, csv_heading, csv_line},
    tasks::find_own_task,
};
use crate::{app::App, auth::UserCaller};

/// Rows that are read at a time.
const BATCH: u32 = 200;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum TaskFormat {
    Xlsx,
    Jsonl,
    Csv,
    /// JUnit's XML, for continuous integration: a row is a test case, failed where it has no answer or a score below 1.
    Junit,
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Export {
    format: TaskFormat,
}

/// Download a task's rows in the order of its input.
#[utoipa::path(get, path = "/api/v1/tasks/{id}/export", tag = "tasks", params(("id" = TaskId, Path), Export),
    responses((status = 200, description = "The file", content(
        (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
        (String = "application/x-ndjson"), (String = "text/csv"), (String = "application/xml"))), (status = "4XX", description = "Refused", body = Problem)))]
pub(crate) async fn export_task(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<TaskId>,
    ApiQuery(query): ApiQuery<Export>,
) -> Result<Response, ApiError> {
    let task = find_own_task(&app, owner, id).await?;
    let name = task.name.clone();
    let (body, kind, extension) = match query.format {
        TaskFormat::Xlsx => {
            let kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
            (Body::from(workbook(&app, &task).await?), kind, "xlsx")
        }
        TaskFormat::Jsonl => (lines(app, task, String::new(), json_line), "application/x-ndjson", "jsonl"),
        TaskFormat::Csv => {
            let heading = csv_heading(&columns(&task));
            (lines(app, task, heading, |task, row| csv_line(&cells(task, row))), "text/csv; charset=utf-8", "csv")
        }
        TaskFormat::Junit => (Body::from(junit(&app, &task).await?), "application/xml; charset=utf-8", "xml"),
    };
    Ok(attached(body, kind, &format!("{name}.{extension}")))
}

/// The rows page by page.
struct Pages {
    app: Arc<App>,
    task: Task,
    from: Option<u64>,
}

impl Pages {
    async fn next(&mut self) -> Result<Option<Vec<TaskRow>>, StorageError> {
        let Some(from) = self.from else { return Ok(None) };
        let (rows, next) = self.app.store.list_task_rows(self.task.id, &RowFilter::default(), from, BATCH).await?;
        self.from = next;
        Ok(Some(rows))
    }
}

fn lines(app: Arc<App>, task: Task, heading: String, line: fn(&Task, &TaskRow) -> String) -> Body {
    let pages = Pages { app, task, from: Some(0) };
    let texts = stream::unfold(Some((pages, heading)), move |state| async move {
        let (mut pages, mut text) = state?;
        match pages.next().await {
            Ok(None) => None,
            Ok(Some(rows)) => {
                rows.iter().for_each(|row| text.push_str(&line(&pages.task, row)));
                Some((Ok(Bytes::from(text)), Some((pages, String::new()))))
            }
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "an export was cut short");
                Some((Err(std::io::Error::other("the storage failed")), None))
            }
        }
    });
    Body::from_stream(texts)
}

fn json_line(_: &Task, row: &TaskRow) -> String {
    let mut line = serde_json::to_string(row).unwrap_or_default();
    line.push('\n');
    line
}

/// Columns before those of the input, and after them.
const FIRST: [&str; 4] = ["row", "line", "custom_id", "state"];
const LAST: [&str; 9] = [
    "response",
    "finish_reason",
    "error",
    "prompt_tokens",
    "completion_tokens",
    "first_token_ms",
    "total_ms",
    "tokens_per_second",
    "completion_id",
];

fn columns(task: &Task) -> Vec<String> {
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    let mut columns = owned(&FIRST);
    columns.extend(inputs(task).iter().map(|name| format!("input.{name}")));
    columns.extend(task.scoring.iter().map(|scoring| format!("score.{}", scoring.name())));
    columns.extend(owned(&LAST));
    columns
}

/// The columns of the input; batch lines have their whole body in one.
fn inputs(task: &Task) -> Vec<String> {
    if task.input.columns.is_empty() { vec!["body".to_owned()] } else { task.input.columns.clone() }
}

fn cells(task: &Task, row: &TaskRow) -> Vec<Cell> {
    let number = |number: Option<f64>| Cell::Number(number);
    let word = |value: Value| Cell::text(value.as_str().unwrap_or_default());
    let mut cells = vec![
        number(Some(row.number as f64)),
        number(Some(row.line as f64)),
        Cell::text(row.custom_id.clone().unwrap_or_default()),
        Cell::text(row.state.as_str()),
    ];
    if task.input.columns.is_empty() {
        cells.push(Cell::text(if row.input.is_null() { String::new() } else { row.input.to_string() }));
    } else {
        cells.extend(task.input.columns.iter().map(|name| value(row.input.get(name))));
    }
    let score = |name: &str| row.scores.get(name).and_then(protocol::scoring::RowScore::value);
    cells.extend(task.scoring.iter().map(|scoring| number(score(scoring.name()))));
    cells.extend([
        Cell::text(row.response.clone().unwrap_or_default()),
        word(serde_json::json!(row.finish_reason)),
        Cell::text(row.error.as_ref().map_or("", |error| &error.message)),
        number(Some(row.usage.prompt_tokens as f64)),
        number(Some(row.usage.completion_tokens as f64)),
        number(row.timing.first_token_ms),
        number(row.timing.total_ms),
        number(row.timing.tokens_per_second),
        Cell::text(row.completion_id.map(|id| id.to_string()).unwrap_or_default()),
    ]);
    cells
}

fn value(value: Option<&Value>) -> Cell {
    match value {
        None | Some(Value::Null) => Cell::text(""),
        Some(Value::String(text)) => Cell::text(text.clone()),
        Some(Value::Number(number)) if number.as_f64().is_some() => Cell::Number(number.as_f64()),
        Some(other) => Cell::text(other.to_string()),
    }
}

async fn workbook(app: &Arc<App>, task: &Task) -> Result<Vec<u8>, ApiError> {
    let mut sheet = Sheet::new(&columns(task))?;
    let mut pages = Pages { app: Arc::clone(app), task: task.clone(), from: Some(0) };
    while let Some(rows) = pages.next().await? {
        for row in &rows {
            sheet.push(&cells(task, row))?;
        }
    }
    sheet.finish().await
}

/// The rows as JUnit's XML, as continuous integration reads it.
async fn junit(app: &Arc<App>, task: &Task) -> Result<String, ApiError> {
    let (mut cases, mut failures, mut skipped) = (String::new(), 0, 0);
    let mut pages = Pages { app: Arc::clone(app), task: task.clone(), from: Some(0) };
    while let Some(rows) = pages.next().await? {
        for row in &rows {
            let name = row.custom_id.clone().unwrap_or_else(|| format!("line {}", row.line));
            let seconds = row.timing.total_ms.unwrap_or(0.0) / 1e3;
            let head =
                format!("  <testcase classname=\"{}\" name=\"{}\" time=\"{seconds:.3}\"", xml(&task.name), xml(&name));
            // Writing into a string does not fail.
            let _ = match verdict(row) {
                Verdict::Passed => writeln!(cases, "{head}/>"),
                Verdict::Skipped => {
                    skipped += 1;
                    writeln!(cases, "{head}><skipped/></testcase>")
                }
                Verdict::Failed(why) => {
                    failures += 1;
                    let answer = xml(row.response.as_deref().unwrap_or_default());
                    writeln!(cases, "{head}><failure message=\"{}\">{answer}</failure></testcase>", xml(&why))
                }
            };
        }
    }
    let tests = task.progress.rows;
    let name = xml(&task.name);
    Ok(format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuite name=\"{name}\" tests=\"{tests}\" failures=\"{failures}\" skipped=\"{skipped}\">\n{cases}</testsuite>\n"
    ))
}

enum Verdict {
    Passed,
    /// Not tried.
    Skipped,
    Failed(String),
}

fn verdict(row: &TaskRow) -> Verdict {
    match row.state {
        RowState::Pending => Verdict::Skipped,
        RowState::Failed | RowState::Invalid => {
            Verdict::Failed(row.error.as_ref().map_or_else(|| "no answer".to_owned(), |error| error.message.clone()))
        }
        RowState::Done => {
            let below = row.scores.iter().find_map(|(name, score)| {
                let value = score.value().filter(|value| *value < 1.0)?;
                Some(format!(
                    "{name} {value:.3}{}",
                    score.detail().map(|detail| format!(": {detail}")).unwrap_or_default()
                ))
            });
            below.map_or(Verdict::Passed, Verdict::Failed)
        }
    }
}

/// Text as XML 1.0 takes it: marks escaped, characters that it has no place for replaced.
fn xml(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '"' => out.push_str("&quot;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\u{0}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}
