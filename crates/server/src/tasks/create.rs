//! Creating a task: everything checked and the whole input looked through before anything is stored; then its rows.

use std::{collections::BTreeMap, sync::Arc};

use dataset::{BadRow, Bounds, InputError, Row};
use domain::{Session, naming};
use protocol::{
    ErrorCode, FieldError, SessionId, TaskId,
    dataset::Format,
    openai::{ChatRequest, CompletionRequest, Modality},
    task::{CreateTask, MAX_CONCURRENCY, MAX_METADATA, RowError, Task},
};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};
use store::{NewRow, TaskSpec, Unready};
use tokio::sync::mpsc;

use super::{
    content, ensure_runner, judge, session_ended,
    source::Source,
    work::{Instructions, Work},
};
use crate::{api::problem::ApiError, app::App};

/// Rows of one write.
const BATCH: usize = 512;

/// Creates a task of a session and has it run.
///
/// # Errors
/// Every rule that the request breaks, with field, value and remedy; nothing was created then.
pub(crate) async fn create(app: &Arc<App>, session: &Session, request: CreateTask) -> Result<Task, ApiError> {
    if session.state.is_terminal() {
        return Err(session_ended());
    }
    let name = name(app, session.id, request.name.as_deref()).await?;
    let concurrency = concurrency(session, request.concurrency)?;
    check_metadata(&request.metadata)?;
    judge::check(app, session.owner, &request.scoring).await?;
    let source = Source::find(app, session, request.input.clone()).await?;
    let bounds = Bounds { rows: app.config.tasks.rows, ..Bounds::default() };
    let request = Arc::new(request);
    let survey = {
        let (source, request) = (source.clone(), Arc::clone(&request));
        blocking(move || survey(&source, &bounds, &request)).await??
    };
    let id = TaskId::generate();
    app.store.begin_task(id, session.id, &name, app.clock.now()).await?;
    let made = fill(app, id, &source, &bounds, (survey, request, concurrency)).await;
    if made.is_err() {
        app.store.remove_unready_tasks(Unready::One(id)).await?;
    }
    let task = made?;
    tracing::info!(session = %session.id, task = %task.id, rows = task.progress.rows, "task created");
    ensure_runner(app, session.id);
    Ok(task)
}

/// Goes on with a cut task in a session of the same owner.
///
/// # Errors
/// It was not cut, is gone on with already, or the session has ended.
pub(crate) async fn resume(app: &Arc<App>, cut: TaskId, session: SessionId) -> Result<Task, ApiError> {
    let task = app.store.resume_task(cut, TaskId::generate(), session, app.clock.now()).await?;
    tracing::info!(%session, task = %task.id, from = %cut, left = task.progress.left, "task resumed");
    ensure_runner(app, session);
    Ok(task)
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    tokio::task::spawn_blocking(work)
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "reading the input broke; the server's log says more"))
}

async fn name(app: &App, session: SessionId, asked: Option<&str>) -> Result<String, ApiError> {
    match asked {
        Some(name) => naming::name(name).map_err(ApiError::field),
        None => Ok(format!("task-{}", app.store.count_tasks(session).await? + 1)),
    }
}

/// Rows in flight: as asked, else twice the places, so that each has its next row waiting.
fn concurrency(session: &Session, asked: Option<u32>) -> Result<u32, ApiError> {
    match asked {
        Some(count) if !(1..=MAX_CONCURRENCY).contains(&count) => {
            let message = format!("`concurrency` = {count} is out of range: give 1 to {MAX_CONCURRENCY}");
            Err(ApiError::field(FieldError::new("concurrency", "out_of_range", message)))
        }
        Some(count) => Ok(count),
        None => Ok((session.engine.parallel * 2).clamp(1, MAX_CONCURRENCY)),
    }
}

fn check_metadata(metadata: &BTreeMap<String, String>) -> Result<(), ApiError> {
    let (entries, key, value) = MAX_METADATA;
    let is_wide = |(name, text): (&String, &String)| name.chars().count() > key || text.chars().count() > value;
    if metadata.len() > entries || metadata.iter().any(is_wide) {
        let message =
            format!("`metadata` takes {entries} entries, keys of {key} and values of {value} characters at most");
        return Err(ApiError::field(FieldError::new("metadata", "too_long", message)));
    }
    Ok(())
}

/// What looking through the whole input has told.
#[derive(Debug)]
struct Survey {
    format: Format,
    columns: Vec<String>,
    work: Work,
}

/// Looks through the input: whether it can be read to its end, which columns it has, whether the instructions fit.
fn survey(source: &Source, bounds: &Bounds, request: &CreateTask) -> Result<Survey, ApiError> {
    let mut reader = source.open(bounds).map_err(|error| source.refused(&error))?;
    let mut first = None;
    for entry in reader.by_ref() {
        match entry.map_err(|error| source.refused(&error))? {
            Ok(row) if first.is_none() => first = Some(row),
            Ok(_) | Err(_) => {}
        }
    }
    let (format, columns) = (reader.format(), reader.columns().to_vec());
    let instructions = instructions(request, format, &columns);
    let work = Work::compile(&instructions).map_err(ApiError::field)?;
    if let Some(row) = first {
        check_parameters(&work, &row, request)?;
    }
    Ok(Survey { format, columns, work })
}

fn instructions<'a>(request: &'a CreateTask, format: Format, columns: &'a [String]) -> Instructions<'a> {
    Instructions {
        format,
        columns,
        prompt: request.prompt.as_deref(),
        system: request.system.as_deref(),
        parameters: &request.parameters,
        scoring: &request.scoring,
    }
}

/// Holds the task's parameters to their bounds by a first request; what is the row's own fault is told of the row.
fn check_parameters(work: &Work, row: &Row, request: &CreateTask) -> Result<(), ApiError> {
    let Ok((endpoint, body)) = work.request(row) else { return Ok(()) };
    let bytes = Value::Object(body).to_string();
    let checked = match endpoint {
        dataset::Endpoint::Chat => ChatRequest::parse(bytes.as_bytes(), Modality::TextAndImages).map(|_| ()),
        dataset::Endpoint::Text => CompletionRequest::parse(bytes.as_bytes()).map(|_| ()),
    };
    match checked {
        Err(error) if error.param.as_deref().is_some_and(|param| holds(&request.parameters, param)) => {
            let field = format!("parameters.{}", error.param.unwrap_or_default());
            Err(ApiError::field(FieldError::new(field, error.code.as_str(), error.message)))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn holds(parameters: &Map<String, Value>, param: &str) -> bool {
    let name = param.split(['.', '[']).next().unwrap_or(param);
    parameters.contains_key(name)
}

/// Writes the rows, then makes the task ready.
async fn fill(
    app: &App,
    id: TaskId,
    source: &Source,
    bounds: &Bounds,
    (survey, request, concurrency): (Survey, Arc<CreateTask>, u32),
) -> Result<Task, ApiError> {
    let (sender, mut receiver) = mpsc::channel(2);
    let Survey { format, columns, work } = survey;
    let reading = {
        let (source, bounds) = (source.clone(), *bounds);
        tokio::task::spawn_blocking(move || read_rows(&source, &bounds, &work, &sender))
    };
    while let Some(rows) = receiver.recv().await {
        app.store.add_task_rows(id, rows).await?;
    }
    let sha256 = reading
        .await
        .map_err(|_| ApiError::new(ErrorCode::Internal, "reading the input broke; the server's log says more"))?
        .map_err(|error| source.refused(&error))?;
    let spec = TaskSpec {
        format,
        file: source.file.clone(),
        test_set: source.test_set,
        columns,
        sha256,
        prompt: request.prompt.clone(),
        system: request.system.clone(),
        parameters: request.parameters.clone(),
        scoring: request.scoring.clone(),
        concurrency,
        metadata: request.metadata.clone(),
    };
    Ok(app.store.ready_task(id, spec).await?)
}

/// Gives the rows in batches; returns the hash of what they hold. Blocks.
fn read_rows(
    source: &Source,
    bounds: &Bounds,
    work: &Work,
    sender: &mpsc::Sender<Vec<NewRow>>,
) -> Result<String, InputError> {
    let (mut hash, mut batch, mut number) = (Sha256::new(), Vec::with_capacity(BATCH), 0);
    for entry in source.open(bounds)? {
        let row = new_row(number, entry?, work);
        number += 1;
        hash.update(row.content.as_deref().unwrap_or("invalid"));
        hash.update([b'\n']);
        batch.push(row);
        if batch.len() == BATCH && sender.blocking_send(std::mem::take(&mut batch)).is_err() {
            break;
        }
    }
    // Nobody receives where the store has failed: that is told there.
    let _ = sender.blocking_send(batch);
    Ok(hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect())
}

fn new_row(number: u64, entry: Result<Row, BadRow>, work: &Work) -> NewRow {
    let usable = entry.and_then(|row| work.request(&row).map(|_| row));
    match usable {
        Ok(row) => {
            NewRow { number, line: row.line, custom_id: row.custom_id, content: Ok(content::stored(&row.content)) }
        }
        Err(BadRow { line, message }) => {
            let error = RowError { code: "invalid_row".to_owned(), message: format!("line {line}: {message}") };
            NewRow { number, line, custom_id: None, content: Err(error) }
        }
    }
}
