//! The scores of a task in sum, once it is over.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{
    TaskId,
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

/// The task with its scores in sum: those that are kept, else summed up now and kept.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn ensure_summed(app: &Arc<App>, mut task: Task) -> Result<Task, StorageError> {
    if !task.status.is_over() || !task.scores.is_empty() || task.scoring.is_empty() {
        return Ok(task);
    }
    if let Ok(work) = compile(&task) {
        score_leftovers(app, task.id, &Arc::new(work), |_| {}).await?;
    }
    let mut scores = Vec::with_capacity(task.scoring.len());
    for scoring in &task.scoring {
        let Ok(scorer) = Scorer::compile(scoring) else { continue };
        let name = scoring.name().to_owned();
        let summary = summary(app, task.id, &name, scorer.kind()).await?;
        scores.push(TaskScore { name, summary });
    }
    app.store.score_task(task.id, scores.clone()).await?;
    task.scores = scores;
    Ok(task)
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
async fn summary(
    app: &Arc<App>,
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
