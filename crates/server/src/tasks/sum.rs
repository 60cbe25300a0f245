//! The scores of a task in sum: before it is told to be done, or after its session's end or a crash has cut it.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{
    SessionId, TaskId,
    scoring::{RowScore, Summary, Unscored},
    task::{Task, TaskScore},
};
use scoring::Scorer;
use store::StorageError;
use tokio::sync::mpsc;

use super::{attempt, content, runner::compile, work::Work};
use crate::app::App;

/// Rows that are read at a time.
const BATCH: u32 = 500;

/// Sums up the tasks of a session that are over and have not been: each once, whether its scorings still compile or not.
///
/// # Errors
/// [`StorageError`]
pub(super) async fn sum_left(app: &Arc<App>, session: SessionId) -> Result<(), StorageError> {
    for task in app.store.list_unsummed_tasks(session).await? {
        match compile(&task) {
            Ok(work) => score_leftovers(app, task.id, &Arc::new(work), |_| {}).await?,
            Err(error) => tracing::warn!(task = %task.id, why = error.message, "answers stay without scores"),
        }
        let scores = sum(app, &task).await?;
        app.store.score_task(task.id, scores).await?;
    }
    Ok(())
}

/// What the scores of a task's rows come to, for each of its scorings that compiles.
///
/// # Errors
/// [`StorageError`]
pub(super) async fn sum(app: &App, task: &Task) -> Result<Vec<TaskScore>, StorageError> {
    let mut scores = Vec::with_capacity(task.scoring.len());
    for scoring in &task.scoring {
        let Ok(scorer) = Scorer::compile(scoring) else { continue };
        let name = scoring.name().to_owned();
        let summary = summary(app, task.id, &name, scorer.kind()).await?;
        scores.push(TaskScore { name, summary });
    }
    Ok(scores)
}

/// Scores the answers that a crash or a cancellation left without.
pub(super) async fn score_leftovers(
    app: &Arc<App>,
    task: TaskId,
    work: &Arc<Work>,
    scored: impl Fn(&BTreeMap<String, RowScore>),
) -> Result<(), StorageError> {
    let mut from = 0;
    loop {
        let rows = app.store.list_unscored_rows(task, from, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(()) };
        from = last.row.number + 1;
        for unscored in rows {
            let Some(row) = content::read(&unscored.row) else { continue };
            let answer = unscored.response.unwrap_or_default();
            scored(&attempt::score(app, (task, unscored.row.number), work, row, &answer).await?);
        }
    }
}

/// Sums one scoring up over all rows, a page of them in memory at a time.
pub(super) async fn summary(
    app: &App,
    task: TaskId,
    name: &str,
    kind: protocol::scoring::MetricKind,
) -> Result<Summary, StorageError> {
    let (sender, mut receiver) = mpsc::channel::<Vec<RowScore>>(2);
    let summing = tokio::task::spawn_blocking(move || {
        let rows = std::iter::from_fn(move || receiver.blocking_recv()).flatten();
        scoring::aggregate(kind, rows)
    });
    let mut from = 0;
    loop {
        let rows = app.store.list_row_scores(task, from, BATCH).await?;
        let Some(last) = rows.last().map(|row| row.number) else { break };
        let scores = rows.into_iter().map(|mut row| {
            let score = row.scores.remove(name);
            score.unwrap_or_else(|| RowScore::unscored(Unscored::AnswerMissing))
        });
        if sender.send(scores.collect()).await.is_err() {
            break;
        }
        from = last + 1;
    }
    drop(sender);
    Ok(summing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
}
