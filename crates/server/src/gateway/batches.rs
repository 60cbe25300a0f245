//! OpenAI's batches: tasks of batch lines, for the holder of a session's token.
//!
//! The files of a batch's answers and errors are written as they are read: they have ids of their own and no bytes.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Json, Router,
    body::Bytes,
    extract::{Path, Query, State},
    routing::{get, post},
};
use domain::Session;
use futures::{Stream, stream};
use protocol::{
    ErrorCode, TaskId,
    dataset::Format,
    task::{CreateTask, RowState, Task, TaskInput, TaskRow, TaskStatus},
};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{RowFilter, StorageError};

use super::{
    error::InferenceError,
    files::{find, session_of},
    list,
};
use crate::{api::extract::read_json, app::App, auth::InferenceCaller, tasks};

/// Rows that are read at a time.
const BATCH: u32 = 200;
/// Begins the ids of the files that are written as they are read.
const OUTPUT: &str = "file_output_";
const ERRORS: &str = "file_errors_";

/// The calls on batches.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/batches", post(create_batch).get(list_batches))
        .route("/v1/batches/{id}", get(get_batch))
        .route("/v1/batches/{id}/cancel", post(cancel_batch))
}

#[derive(Debug, Deserialize)]
struct CreateBatch {
    input_file_id: String,
    endpoint: String,
    #[serde(default)]
    metadata: Option<BTreeMap<String, String>>,
}

async fn create_batch(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    body: Bytes,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let request: CreateBatch = read_json(&body)?;
    if dataset::Endpoint::find(&request.endpoint).is_none() {
        let endpoints = dataset::Endpoint::ALL.map(dataset::Endpoint::path).join("` or `");
        let message = format!("`endpoint` is to be `{endpoints}`");
        return Err(InferenceError::new(ErrorCode::InvalidParameter, message).with_param("endpoint"));
    }
    let file = find(&app, &session, &request.input_file_id)
        .await
        .map_err(|error| InferenceError { param: Some("input_file_id".to_owned()), ..error })?;
    let mut metadata = request.metadata.unwrap_or_default();
    metadata.insert(ENDPOINT.to_owned(), request.endpoint);
    let task = CreateTask {
        name: None,
        input: TaskInput { file: Some(file.id.to_string()), format: Some(Format::Batch), ..TaskInput::default() },
        prompt: None,
        system: None,
        // What a line leaves out is OpenAI's default, not a task's.
        parameters: [("temperature".to_owned(), json!(1))].into_iter().collect(),
        scoring: Vec::new(),
        concurrency: None,
        metadata,
    };
    let task = tasks::create(&app, &session, task).await?;
    Ok(Json(shown(&task)))
}

/// The entry of a task's metadata that holds a batch's endpoint.
const ENDPOINT: &str = "viva.endpoint";

fn shown(task: &Task) -> Value {
    let status = match (task.status, task.reason.as_ref().map(|reason| reason.code)) {
        // Its input was read to the end before it was made: there is nothing left to validate.
        (TaskStatus::Queued | TaskStatus::Running, _) => "in_progress",
        (TaskStatus::Done, _) => "completed",
        (TaskStatus::Cut, Some(protocol::task::TaskReasonCode::SessionStopped)) => "expired",
        (TaskStatus::Cut, _) => "cancelled",
        (TaskStatus::Failed, _) => "failed",
    };
    let at = |wanted: &str| (status == wanted).then(|| task.finished_at.map(|at| at.as_second())).flatten();
    let (done, failed) = (task.progress.done, task.progress.failed + task.progress.invalid);
    let file = |kind: &str, rows: u64| {
        let digits = task.id.to_string();
        let digits = digits.trim_start_matches(TaskId::PREFIX);
        (task.status.is_over() && rows > 0).then(|| format!("{kind}{digits}"))
    };
    let metadata: BTreeMap<_, _> = task.metadata.iter().filter(|(key, _)| *key != ENDPOINT).collect();
    let errors = task.reason.as_ref().map(|reason| {
        json!({"object": "list", "data": [{"code": reason.code, "message": reason.message, "line": null, "param": null}]})
    });
    json!({
        "id": task.id,
        "object": "batch",
        "endpoint": task.metadata.get(ENDPOINT).map_or("/v1/chat/completions", String::as_str),
        "errors": errors,
        "input_file_id": task.input.file.as_ref().map(|file| file.id.to_string()).unwrap_or_default(),
        "completion_window": "24h",
        "status": status,
        "output_file_id": file(OUTPUT, done),
        "error_file_id": file(ERRORS, failed),
        "created_at": task.created_at.as_second(),
        "in_progress_at": task.started_at.unwrap_or(task.created_at).as_second(),
        "expires_at": null,
        "finalizing_at": at("completed"),
        "completed_at": at("completed"),
        "failed_at": at("failed"),
        "expired_at": at("expired"),
        "cancelling_at": at("cancelled"),
        "cancelled_at": at("cancelled"),
        "request_counts": {"total": task.progress.rows, "completed": done, "failed": failed},
        "metadata": (!metadata.is_empty()).then_some(metadata),
    })
}

#[derive(Debug, Deserialize)]
struct ListBatches {
    limit: Option<u32>,
    after: Option<TaskId>,
}

async fn list_batches(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Query(query): Query<ListBatches>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let after = query.after.map(|id| id.to_string());
    let paging = list::paging(query.limit, (20, 100), after.as_deref().map(|id| ('k', id, TaskId::PREFIX)));
    let page = app
        .store
        .list_tasks(session.owner, Some(session.id), Some(Format::Batch), &paging)
        .await
        .map_err(|error| app.storage_failed(&error))?;
    let data: Vec<Value> = page.items.iter().map(shown).collect();
    Ok(Json(list::listed(data, page.next_cursor.as_ref())))
}

async fn find_batch(app: &App, session: &Session, id: &str) -> Result<Task, InferenceError> {
    let missing = || InferenceError::new(ErrorCode::NotFound, "this session has no such batch").with_param("batch_id");
    let id: TaskId = id.parse().map_err(|_| missing())?;
    let found = app.store.find_task(id).await.map_err(|error| app.storage_failed(&error))?;
    found.filter(|task| task.session_id == session.id && task.input.format == Format::Batch).ok_or_else(missing)
}

async fn get_batch(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    Ok(Json(shown(&find_batch(&app, &session, &id).await?)))
}

async fn cancel_batch(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    Path(id): Path<String>,
) -> Result<Json<Value>, InferenceError> {
    let session = session_of(&app, caller.0).await?;
    let batch = find_batch(&app, &session, &id).await?;
    tasks::cancel(&app, &batch).await.map_err(|error| app.storage_failed(&error))?;
    let mut told = shown(&find_batch(&app, &session, &id).await?);
    if told["status"] == "in_progress" {
        told["status"] = Value::from("cancelling");
    }
    Ok(Json(told))
}

/// The answers or the errors of a batch, as a file.
#[derive(Debug)]
pub(super) struct Output {
    task: Task,
    id: String,
    state: Wanted,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Answers,
    Errors,
}

/// The file with this id, where it is one of a batch of the session that is over.
pub(super) async fn find_output(app: &App, session: &Session, id: &str) -> Result<Option<Output>, InferenceError> {
    let of = |prefix, state| id.strip_prefix(prefix).map(|digits: &str| (format!("{}{digits}", TaskId::PREFIX), state));
    let Some((task, state)) = of(OUTPUT, Wanted::Answers).or_else(|| of(ERRORS, Wanted::Errors)) else {
        return Ok(None);
    };
    let task = find_batch(app, session, &task).await?;
    Ok(task.status.is_over().then(|| Output { task, id: id.to_owned(), state }))
}

impl Output {
    pub(super) fn shown(&self) -> Value {
        let kind = if self.state == Wanted::Answers { "output" } else { "errors" };
        json!({
            "id": self.id,
            "object": "file",
            "bytes": 0,
            "created_at": self.task.finished_at.map_or(0, |at| at.as_second()),
            "filename": format!("{}-{kind}.jsonl", self.task.name),
            "purpose": "batch_output",
            "status": "processed",
        })
    }

    /// Its lines, a page of rows at a time.
    pub(super) fn lines(self, app: Arc<App>) -> impl Stream<Item = Result<Bytes, std::io::Error>> + Send {
        stream::unfold(Some((app, self, 0)), |state| async move {
            let (app, output, from) = state?;
            match output.page(&app, from).await {
                Ok((text, next)) => Some((Ok(Bytes::from(text)), next.map(|next| (app, output, next)))),
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "a batch's output was cut short");
                    Some((Err(std::io::Error::other("the storage failed")), None))
                }
            }
        })
    }

    async fn page(&self, app: &App, from: u64) -> Result<(String, Option<u64>), StorageError> {
        let (rows, next) = app.store.list_task_rows(self.task.id, &RowFilter::default(), from, BATCH).await?;
        let mut text = String::new();
        for row in &rows {
            let line = match (self.state, row.state) {
                (Wanted::Answers, RowState::Done) => self.answer(app, row).await?,
                (Wanted::Errors, RowState::Failed | RowState::Invalid) => Some(self.error(row)),
                (Wanted::Answers | Wanted::Errors, _) => None,
            };
            if let Some(line) = line {
                text.push_str(&line.to_string());
                text.push('\n');
            }
        }
        Ok((text, next))
    }

    fn line(&self, row: &TaskRow, response: Value, error: Value) -> Value {
        let id = format!("{}-{}", self.task.id, row.number);
        json!({"id": id, "custom_id": row.custom_id, "response": response, "error": error})
    }

    async fn answer(&self, app: &App, row: &TaskRow) -> Result<Option<Value>, StorageError> {
        let Some(id) = row.completion_id else { return Ok(None) };
        let Some(completion) = app.store.find_completion(id).await? else { return Ok(None) };
        let is_chat = completion.request.get("messages").is_some();
        let choices: Vec<Value> = completion
            .choices
            .iter()
            .map(|choice| {
                let mut told = json!({"index": choice.index, "logprobs": null, "finish_reason": choice.finish_reason});
                if is_chat {
                    told["message"] = json!({"role": "assistant", "content": choice.text, "refusal": null});
                } else {
                    told["text"] = Value::from(choice.text.clone());
                }
                told
            })
            .collect();
        let usage = completion.usage;
        let body = json!({
            "id": completion.id,
            "object": if is_chat { "chat.completion" } else { "text_completion" },
            "created": completion.created_at.as_second(),
            "model": completion.request.get("model").cloned().unwrap_or_default(),
            "choices": choices,
            "usage": {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens,
                "total_tokens": usage.prompt_tokens + usage.completion_tokens},
        });
        let response = json!({"status_code": 200, "request_id": completion.id, "body": body});
        Ok(Some(self.line(row, response, Value::Null)))
    }

    fn error(&self, row: &TaskRow) -> Value {
        let error = row.error.as_ref().map(|error| json!({"code": error.code, "message": error.message}));
        self.line(row, Value::Null, error.unwrap_or_default())
    }
}
