//! How fast a running task goes, and its scores so far: what is known of it beside what is stored.

use std::{
    collections::{BTreeMap, VecDeque},
    time::Duration,
};

use jiff::{SignedDuration, Timestamp};
use protocol::{
    scoring::{RowScore, Summary},
    task::{Task, TaskScore},
};
use tokio::time::Instant;

/// The while that the pace is taken over.
const WINDOW: Duration = Duration::from_secs(10);
/// Rows of the while that are kept at the most.
const MOST: usize = 4096;

/// The mean of the scores so far of one scoring.
#[derive(Debug, Default, Clone, Copy)]
struct Mean {
    scored: u64,
    sum: f64,
    unscored: u64,
}

#[derive(Debug)]
pub(super) struct Pace {
    began: Instant,
    /// When rows ended, and their completion tokens.
    ended: VecDeque<(Instant, u64)>,
    means: BTreeMap<String, Mean>,
}

impl Pace {
    pub(super) fn new() -> Self {
        Self { began: Instant::now(), ended: VecDeque::new(), means: BTreeMap::new() }
    }

    /// A row has ended.
    pub(super) fn ended(&mut self, tokens: u64) {
        if self.ended.len() == MOST {
            self.ended.pop_front();
        }
        self.ended.push_back((Instant::now(), tokens));
    }

    /// A row has got its scores.
    pub(super) fn scored(&mut self, scores: &BTreeMap<String, RowScore>) {
        for (name, score) in scores {
            let mean = self.means.entry(name.clone()).or_default();
            match score.value() {
                Some(value) => {
                    mean.scored += 1;
                    mean.sum += value;
                }
                None => mean.unscored += 1,
            }
        }
    }

    /// Tokens and rows per second over the last while.
    fn rates(&self) -> Option<(f64, f64)> {
        let now = Instant::now();
        let recent: Vec<_> = self.ended.iter().filter(|(at, _)| now.duration_since(*at) <= WINDOW).collect();
        let since = recent.first().map(|(at, _)| *at)?.min(now);
        let span = if recent.len() == self.ended.len() { now - self.began } else { now - since };
        let seconds = span.as_secs_f64().max(0.05);
        let tokens: u64 = recent.iter().map(|(_, tokens)| *tokens).sum();
        Some((tokens as f64 / seconds, recent.len() as f64 / seconds))
    }

    /// Adds to a running task what is known here. The scores have no intervals before the end.
    pub(super) fn show(&self, task: &mut Task, now: Timestamp) {
        if let Some((tokens, rows)) = self.rates() {
            task.progress.tokens_per_second = Some((tokens * 10.0).round() / 10.0);
            let left = SignedDuration::try_from_secs_f64(task.progress.left as f64 / rows).ok();
            task.progress.ends_at = left.and_then(|left| now.checked_add(left).ok());
        }
        task.scores = task
            .scoring
            .iter()
            .filter_map(|scoring| {
                let mean = self.means.get(scoring.name())?;
                Some(TaskScore {
                    name: scoring.name().to_owned(),
                    summary: Summary {
                        rows: mean.scored + mean.unscored,
                        scored: mean.scored,
                        unscored: BTreeMap::new(),
                        score: (mean.scored > 0).then(|| mean.sum / mean.scored as f64),
                        interval: None,
                    },
                })
            })
            .collect();
    }
}
