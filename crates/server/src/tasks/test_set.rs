//! Test sets as tasks: their cases checked, given as rows, run by themselves when a session of a model is Running.

use std::sync::Arc;

use domain::Session;
use protocol::{
    ErrorCode, FieldError, TestSetId, UserId,
    openai::{ChatRequest, Modality},
    task::{CreateTask, TaskInput},
    test_set::{CreateTestCase, TestRun, TestSet},
};
use scoring::Scorer;
use serde_json::{Value, json};
use store::StorageError;

use crate::{api::problem::ApiError, app::App};

/// The column of a case's expected answer.
const EXPECTED: &str = "expected";
/// Cases that are read at a time.
const BATCH: u32 = 500;

/// A test set with its runs as they are shown.
pub(crate) fn view(app: &App, set: TestSet) -> TestSet {
    let runs = set.runs.into_iter().map(|task| super::view(app, task)).collect();
    TestSet { runs, ..set }
}

/// Checks how a set is to run by itself.
///
/// # Errors
/// The scoring at fault.
pub(crate) fn check_run(run: &TestRun) -> Result<(), ApiError> {
    let refused = |field: String, message: String| Err(ApiError::field(FieldError::new(field, "invalid", message)));
    if run.model.trim().is_empty() {
        return refused("run.model".to_owned(), "the model is empty; give `name` or `name:version`".to_owned());
    }
    if let Err((place, error)) = Scorer::compile_all(&run.scoring) {
        return refused(format!("run.scoring[{place}]"), error.to_string());
    }
    let other = |reference: &&str| *reference != EXPECTED;
    for (place, scoring) in run.scoring.iter().enumerate() {
        if let Some(reference) = scoring.reference.as_deref().filter(other) {
            let message = format!("a case has no `{reference}`; its expected answer is `{EXPECTED}`");
            return refused(format!("run.scoring[{place}].reference"), message);
        }
    }
    Ok(())
}

/// Holds a case's conversation to the rules for chat requests.
///
/// # Errors
/// The message at fault.
pub(crate) fn check_messages(messages: &[Value]) -> Result<(), ApiError> {
    let bytes = json!({ "messages": messages }).to_string();
    let checked = ChatRequest::parse(bytes.as_bytes(), Modality::TextAndImages);
    checked.map(|_| ()).map_err(|error| {
        let field = error.param.unwrap_or_else(|| "messages".to_owned());
        ApiError::field(FieldError::new(field, error.code.as_str(), error.message))
    })
}

/// What a case asks and expects.
///
/// # Errors
/// Neither or both kinds, a completion that is not the owner's or no chat, messages that break a rule.
pub(crate) async fn read_case(
    app: &App,
    owner: UserId,
    request: CreateTestCase,
) -> Result<(Vec<Value>, Option<String>), ApiError> {
    match (request.completion, request.messages) {
        (Some(id), None) => {
            let found = app.store.find_completion_of(owner, id).await?;
            let completion = found.ok_or_else(|| ApiError::not_found("completion"))?;
            let messages = completion.request.get("messages").and_then(Value::as_array).cloned();
            let messages = messages.ok_or_else(|| {
                let message = "the completion continues a text and has no messages; give them yourself";
                ApiError::field(FieldError::new("completion", "no_chat", message))
            })?;
            Ok((messages, request.expected.or(Some(completion.response))))
        }
        (None, Some(messages)) => {
            check_messages(&messages)?;
            Ok((messages, request.expected))
        }
        (Some(_), Some(_)) | (None, None) => {
            let message = "a case needs exactly one of `completion` and `messages`";
            Err(ApiError::field(FieldError::new("completion", "one_of", message)))
        }
    }
}

/// The cases of a set as lines of JSON, to be read as a task's rows.
///
/// # Errors
/// There is no such set, or it has no case.
pub(super) async fn lines(app: &App, owner: UserId, id: TestSetId) -> Result<String, ApiError> {
    let refused = |code, message: String| ApiError::field(FieldError::new("input.test_set", code, message));
    let found = app.store.find_test_set(owner, id).await?;
    let set = found.ok_or_else(|| refused("unknown", format!("none of your test sets is {id}")))?;
    let (mut text, mut from) = (String::new(), 0);
    loop {
        let cases = app.store.list_test_cases(id, from, BATCH).await?;
        let Some(last) = cases.last() else { break };
        from = last.number + 1;
        for case in &cases {
            text.push_str(&json!({"messages": case.messages, EXPECTED: case.expected}).to_string());
            text.push('\n');
        }
    }
    if text.is_empty() {
        return Err(refused("empty", format!("the test set `{}` has no case yet", set.name)));
    }
    Ok(text)
}

/// Runs the owner's test sets that wait for a session of this model, each once on a session.
pub(super) async fn run_waiting(app: &Arc<App>, session: &Session) {
    // A supervisor that looks again comes here a second time: it is to see what the first has begun.
    let _turn = app.task_runners.repeatable.lock().await;
    let waiting = async {
        for set in app.store.list_test_sets(session.owner).await? {
            let is_later = session.state.running_at() > set.run_since;
            let wanted = set.run.as_ref().filter(|run| is_later && is_meant(&run.model, session));
            let Some(run) = wanted.filter(|_| set.cases > 0) else { continue };
            if !app.store.has_run(session.id, set.id).await? {
                begin(app, session, &set, run).await;
            }
        }
        Ok::<(), StorageError>(())
    };
    if let Err(error) = waiting.await {
        tracing::warn!(session = %session.id, error = &error as &dyn std::error::Error, "test sets were not run");
    }
}

fn is_meant(model: &str, session: &Session) -> bool {
    let served = &session.model;
    model == served.name || model == format!("{}:{}", served.name, served.version)
}

async fn begin(app: &Arc<App>, session: &Session, set: &TestSet, run: &TestRun) {
    let request = CreateTask {
        name: Some(set.name.clone()),
        input: TaskInput { test_set: Some(set.id), ..TaskInput::default() },
        prompt: None,
        system: run.system.clone(),
        parameters: run.parameters.clone(),
        scoring: run.scoring.clone(),
        concurrency: None,
        metadata: Default::default(),
    };
    match super::create(app, session, request).await {
        Ok(task) => tracing::info!(session = %session.id, task = %task.id, set = %set.id, "a test set runs by itself"),
        Err(error) if error.0.code == ErrorCode::SessionEnded => {}
        Err(error) => {
            tracing::warn!(session = %session.id, set = %set.id, why = error.0.detail, "a test set was not run")
        }
    }
}
