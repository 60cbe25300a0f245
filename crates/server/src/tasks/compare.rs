//! Tasks on the same rows held against each other. Their scores are read side by side, a page of each in memory; what
//! came of it is kept for whoever asks again.

use std::{
    collections::VecDeque,
    sync::{Mutex, PoisonError},
};

use protocol::{
    TaskId,
    scoring::{Comparison, MetricKind, RowScore, Unscored},
    task::{Comparisons, Pair, ScoringComparison, Task},
};
use store::StorageError;
use tokio::sync::mpsc;

use super::sum::summary;
use crate::app::App;

/// Rows that are read at a time.
const BATCH: u32 = 500;
/// Comparisons that are kept.
const KEPT: usize = 32;

/// Tasks with the change that each was at: the same ones come to the same.
type Key = Vec<(TaskId, u64)>;

/// The comparisons that were asked for last, the newest at the end.
#[derive(Debug, Default)]
pub(crate) struct Compared(Mutex<VecDeque<(Key, Vec<ScoringComparison>)>>);

impl Compared {
    fn find(&self, key: &Key) -> Option<Vec<ScoringComparison>> {
        let kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.iter().find(|(of, _)| of == key).map(|(_, scorings)| scorings.clone())
    }

    fn keep(&self, key: Key, scorings: Vec<ScoringComparison>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(of, _)| *of != key);
        if kept.len() == KEPT {
            kept.pop_front();
        }
        kept.push_back((key, scorings));
    }
}

/// Compares tasks that are over, each with the first.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn compare(app: &App, tasks: Vec<Task>) -> Result<Comparisons, StorageError> {
    let Some(baseline) = tasks.first() else { return Ok(Comparisons { tasks, rows: 0, scorings: Vec::new() }) };
    let key: Key = tasks.iter().map(|task| (task.id, task.change)).collect();
    let rows = baseline.progress.rows;
    if let Some(scorings) = app.task_runners.compared.find(&key) {
        return Ok(Comparisons { rows, scorings, tasks });
    }
    let mut scorings = Vec::with_capacity(baseline.scoring.len());
    for scoring in &baseline.scoring {
        scorings.push(compare_scoring(app, &tasks, scoring.name(), scoring.metric.kind()).await?);
    }
    app.task_runners.compared.keep(key, scorings.clone());
    Ok(Comparisons { rows, scorings, tasks })
}

async fn compare_scoring(
    app: &App,
    tasks: &[Task],
    name: &str,
    metric: MetricKind,
) -> Result<ScoringComparison, StorageError> {
    let (mut scores, mut pairs) = (Vec::with_capacity(tasks.len()), Vec::new());
    for task in tasks {
        scores.push(match task.scores.iter().find(|score| score.name == name) {
            _ if !has(task, name, metric) => None,
            Some(score) => Some(score.summary.clone()),
            // Cut a moment ago: its scores are being summed up.
            None => Some(summary(app, task.id, name, metric).await?),
        });
    }
    if let Some((baseline, others)) = tasks.split_first() {
        for candidate in others.iter().filter(|task| has(task, name, metric)) {
            let comparison = compare_pair(app, (baseline.id, candidate.id), name, metric).await?;
            pairs.push(Pair { baseline: baseline.id, candidate: candidate.id, comparison });
        }
    }
    Ok(ScoringComparison { name: name.to_owned(), metric, scores, pairs })
}

fn has(task: &Task, name: &str, metric: MetricKind) -> bool {
    task.scoring.iter().any(|scoring| scoring.name() == name && scoring.metric.kind() == metric)
}

/// Compares two tasks over the rows that either has, the first's score of each with the other's.
async fn compare_pair(
    app: &App,
    (baseline, candidate): (TaskId, TaskId),
    name: &str,
    metric: MetricKind,
) -> Result<Comparison, StorageError> {
    let (sender, mut receiver) = mpsc::channel::<Vec<(RowScore, RowScore)>>(2);
    let comparing = tokio::task::spawn_blocking(move || {
        let pairs = std::iter::from_fn(move || receiver.blocking_recv()).flatten();
        scoring::compare(metric, pairs)
    });
    let (mut first, mut other) = (Reading::new(app, baseline, name), Reading::new(app, candidate, name));
    loop {
        let mut pairs = Vec::with_capacity(BATCH as usize);
        while pairs.len() < BATCH as usize {
            let next = match (first.next_number().await?, other.next_number().await?) {
                (Some(first), Some(other)) => first.min(other),
                (Some(number), None) | (None, Some(number)) => number,
                (None, None) => break,
            };
            pairs.push((first.take(next), other.take(next)));
        }
        if pairs.is_empty() || sender.send(pairs).await.is_err() {
            break;
        }
    }
    drop(sender);
    Ok(comparing.await.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic())))
}

/// One score of a task's rows in their order, read a page at a time.
struct Reading<'a> {
    app: &'a App,
    task: TaskId,
    name: &'a str,
    page: VecDeque<(u64, RowScore)>,
    from: u64,
    is_read: bool,
}

impl<'a> Reading<'a> {
    const fn new(app: &'a App, task: TaskId, name: &'a str) -> Self {
        Self { app, task, name, page: VecDeque::new(), from: 0, is_read: false }
    }

    /// The number of the next row that has the score.
    async fn next_number(&mut self) -> Result<Option<u64>, StorageError> {
        while self.page.is_empty() && !self.is_read {
            let rows = self.app.store.list_row_scores(self.task, self.from, BATCH).await?;
            self.is_read = rows.len() < BATCH as usize;
            self.from = rows.last().map_or(self.from, |row| row.number + 1);
            let scored = |mut row: store::ScoredRow| Some((row.number, row.scores.remove(self.name)?));
            self.page.extend(rows.into_iter().filter_map(scored));
        }
        Ok(self.page.front().map(|(number, _)| *number))
    }

    /// The score of the row with this number, where that is the next.
    fn take(&mut self, number: u64) -> RowScore {
        match self.page.front() {
            Some((next, _)) if *next == number => self.page.pop_front().map(|(_, score)| score),
            Some(_) | None => None,
        }
        .unwrap_or_else(|| RowScore::unscored(Unscored::AnswerMissing))
    }
}
