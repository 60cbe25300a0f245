//! The scores of a task in sum, once it is over.

use std::sync::Arc;

use protocol::{
    TaskId,
    scoring::{RowScore, Summary, Unscored},
    task::{RowState, Task, TaskScore},
};
use scoring::Scorer;
use store::StorageError;
use tokio::sync::mpsc;

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
            score.unwrap_or_else(|| {
                RowScore::unscored(match row.state {
                    RowState::Done | RowState::Pending | RowState::Failed | RowState::Invalid => {
                        Unscored::AnswerMissing
                    }
                })
            })
        });
        if sender.send(scores.collect()).await.is_err() {
            break;
        }
        from = last + 1;
    }
    drop(sender);
    Ok(summing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
}
