//! One row tried: asked as any other request is, recorded with its completion, scored.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use dataset::Endpoint;
use protocol::{ErrorCode, TaskId, completion::FinishReason, scoring::RowScore, task::RowError};
use serde_json::Value;
use store::{PendingRow, StorageError};
use tokio::sync::mpsc;

use super::{content, judge, work::Work};
use crate::{
    app::App,
    gateway::{
        answer,
        error::InferenceError,
        generation::{Ended, READER_QUEUE},
        live::Live,
        request::{Incoming, Kind},
        start::{Reader, Source, start},
    },
};

/// How often a row is tried that the runtime or the storage did not take, and the pause before another try.
const TRIES: u32 = 5;
const PAUSE: Duration = Duration::from_millis(500);
/// The pause where the session has no room: it has soon.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// What came of a try.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The row has ended, or was cut; with its completion tokens and scores.
    Tried { tokens: u64, scores: std::collections::BTreeMap<String, RowScore> },
    /// It is to be tried once more.
    Again(Attempt),
    /// The session lets nobody in any more.
    Closed,
}

/// A row on its way.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) task: TaskId,
    pub(super) row: PendingRow,
    pub(super) tries: u32,
}

impl Attempt {
    pub(super) const fn first(task: TaskId, row: PendingRow) -> Self {
        Self { task, row, tries: 0 }
    }

    /// Tries the row. Dropped on the way, its answer is cut and the row is left to be tried.
    ///
    /// # Errors
    /// The storage: the row is left as it was.
    pub(super) async fn run(self, app: Arc<App>, live: Arc<Live>, work: Arc<Work>) -> Result<Outcome, StorageError> {
        let Some(row) = content::read(&self.row) else {
            let error = RowError { code: "invalid_row".to_owned(), message: "the row cannot be read".to_owned() };
            return self.failed(&app, error).await;
        };
        let (endpoint, body) = match work.request(&row) {
            Ok(request) => request,
            Err(bad) => {
                let error = RowError { code: "invalid_row".to_owned(), message: bad.to_string() };
                return self.failed(&app, error).await;
            }
        };
        let ended =
            match ask(&app, &live, endpoint, Value::Object(body), Source::task(self.task, self.row.number)).await {
                Ok(ended) => ended,
                Err(error) => return self.refused(&app, error).await,
            };
        let tokens = ended.record.usage.completion_tokens;
        match ended.record.finish_reason {
            FinishReason::Stop | FinishReason::Length => {
                let answer = ended.record.choices.first().map_or("", |choice| &choice.text);
                let scores = score(&app, (self.task, self.row.number), &work, row, answer).await?;
                Ok(Outcome::Tried { tokens, scores })
            }
            FinishReason::SessionStopped => Ok(Outcome::Closed),
            FinishReason::Cancelled => Ok(Outcome::Tried { tokens, scores: Default::default() }),
            FinishReason::Error => {
                let is_lost = ended.record.error.as_ref().is_some_and(|error| error.code == "runtime_unavailable");
                if is_lost {
                    let error = InferenceError::new(ErrorCode::RuntimeUnavailable, "the runtime lost the answer");
                    return self.refused(&app, error).await;
                }
                Ok(Outcome::Tried { tokens, scores: Default::default() })
            }
        }
    }

    async fn failed(self, app: &App, error: RowError) -> Result<Outcome, StorageError> {
        app.store.fail_task_row(self.task, self.row.number, error).await?;
        Ok(Outcome::Tried { tokens: 0, scores: Default::default() })
    }

    /// The request was not taken, or its answer was lost: by the session's end, for a while, or for good.
    async fn refused(mut self, app: &App, error: InferenceError) -> Result<Outcome, StorageError> {
        let pause = match error.code {
            ErrorCode::SessionNotRunning
            | ErrorCode::SessionEnded
            | ErrorCode::NotFound
            | ErrorCode::Unauthorized
            | ErrorCode::ShuttingDown => return Ok(Outcome::Closed),
            ErrorCode::QueueFull | ErrorCode::RateLimited => SHORT_PAUSE,
            ErrorCode::RuntimeUnavailable | ErrorCode::StorageUnavailable if self.tries < TRIES => {
                self.tries += 1;
                PAUSE * self.tries
            }
            _ => {
                let error = RowError { code: error.code.as_str().to_owned(), message: error.message };
                return self.failed(app, error).await;
            }
        };
        tokio::time::sleep(pause).await;
        Ok(Outcome::Again(self))
    }
}

/// Asks the session's model and waits for the end of the answer.
pub(super) async fn ask(
    app: &Arc<App>,
    live: &Arc<Live>,
    endpoint: Endpoint,
    body: Value,
    source: Source,
) -> Result<Box<Ended>, InferenceError> {
    let kind = match endpoint {
        Endpoint::Chat => Kind::Chat,
        Endpoint::Text => Kind::Text,
    };
    let request = Incoming::read(kind, Bytes::from(body.to_string()))?.check(live)?;
    let (sender, receiver) = mpsc::channel(READER_QUEUE);
    start(app, live, request, source, Reader::Whole(sender)).await?;
    answer::wait_end(receiver).await
}

/// Scores an answer and keeps the scores.
pub(super) async fn score(
    app: &Arc<App>,
    (task, number): (TaskId, u64),
    work: &Arc<Work>,
    row: dataset::Row,
    answer: &str,
) -> Result<std::collections::BTreeMap<String, RowScore>, StorageError> {
    if work.scorers.is_empty() {
        return Ok(Default::default());
    }
    let scores = if work.is_quick(answer) {
        work.score(&row, Some(answer))
    } else {
        let (work, row, answer) = (Arc::clone(work), row.clone(), answer.to_owned());
        tokio::task::spawn_blocking(move || work.score(&row, Some(&answer))).await.unwrap_or_default()
    };
    let scores = judge::judged(app, work, &row, answer, scores).await?;
    app.store.score_task_row(task, number, scores.clone()).await?;
    Ok(scores)
}
