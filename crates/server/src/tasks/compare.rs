//! Tasks on the same rows held against each other.

use std::{collections::BTreeMap, sync::Arc};

use protocol::{
    TaskId,
    scoring::{RowScore, Unscored},
    task::{Comparisons, Pair, ScoringComparison, Task},
};
use store::StorageError;

use crate::app::App;

/// Rows that are read at a time.
const BATCH: u32 = 500;

/// The scores of a task's rows by number.
type Scores = BTreeMap<u64, RowScore>;

/// Compares tasks that are over and summed up, each with the first.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn compare(app: &Arc<App>, tasks: Vec<Task>) -> Result<Comparisons, StorageError> {
    let Some(baseline) = tasks.first() else { return Ok(Comparisons { tasks, rows: 0, scorings: Vec::new() }) };
    let mut scorings = Vec::with_capacity(baseline.scoring.len());
    for scoring in &baseline.scoring {
        let (name, metric) = (scoring.name(), scoring.metric.kind());
        let of = |task: &Task| task.scores.iter().find(|score| score.name == name).map(|score| score.summary.clone());
        let first = rows(app, baseline.id, name).await?;
        let mut pairs = Vec::new();
        for candidate in tasks.iter().skip(1).filter(|task| has(task, name, metric)) {
            let other = rows(app, candidate.id, name).await?;
            let comparison = {
                let first = first.clone();
                let held = tokio::task::spawn_blocking(move || scoring::compare(metric, paired(&first, &other)));
                held.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
            };
            pairs.push(Pair { baseline: baseline.id, candidate: candidate.id, comparison });
        }
        let scores = tasks.iter().map(|task| of(task).filter(|_| has(task, name, metric))).collect();
        scorings.push(ScoringComparison { name: name.to_owned(), metric, scores, pairs });
    }
    Ok(Comparisons { rows: baseline.progress.rows, scorings, tasks })
}

fn has(task: &Task, name: &str, metric: protocol::scoring::MetricKind) -> bool {
    task.scoring.iter().any(|scoring| scoring.name() == name && scoring.metric.kind() == metric)
}

/// The scores of the rows that either has: the first's, then the other's.
fn paired<'a>(first: &'a Scores, other: &'a Scores) -> impl Iterator<Item = (RowScore, RowScore)> + 'a {
    let missing = || RowScore::unscored(Unscored::AnswerMissing);
    let beyond = other.keys().filter(|number| !first.contains_key(number));
    first.keys().chain(beyond).map(move |number| {
        let of = |scores: &Scores| scores.get(number).cloned().unwrap_or_else(missing);
        (of(first), of(other))
    })
}

async fn rows(app: &App, task: TaskId, name: &str) -> Result<Scores, StorageError> {
    let (mut scores, mut from) = (Scores::new(), 0);
    loop {
        let rows = app.store.list_row_scores(task, from, BATCH).await?;
        let Some(last) = rows.last() else { return Ok(scores) };
        from = last.number + 1;
        scores.extend(rows.into_iter().filter_map(|mut row| row.scores.remove(name).map(|score| (row.number, score))));
    }
}
