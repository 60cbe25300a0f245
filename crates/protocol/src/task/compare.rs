//! Tasks on the same input, side by side.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;

use super::{Task, TaskRow};
use crate::{
    TaskId,
    scoring::{Comparison, MetricKind, Summary},
};

/// Tasks that are over, the first of them the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparisons {
    pub tasks: Vec<Task>,
    /// Rows of their input.
    pub rows: u64,
    /// The scorings that the baseline has.
    pub scorings: Vec<ScoringComparison>,
}

/// One scoring over all the tasks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ScoringComparison {
    pub name: String,
    pub metric: MetricKind,
    /// By task, in their order; `null` for a task that was not scored so.
    pub scores: Vec<Option<Summary>>,
    /// Each other task that was scored so against the baseline.
    pub pairs: Vec<Pair>,
}

/// A task against another on the same rows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Pair {
    pub baseline: TaskId,
    pub candidate: TaskId,
    #[serde(flatten)]
    pub comparison: Comparison,
}

/// A row with what each task made of it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ComparedRow {
    /// From 0, in the order of the input.
    pub number: u64,
    #[schema(value_type = Object)]
    pub input: Value,
    /// By task, in their order; `null` where the task does not have the row any more.
    pub answers: Vec<Option<TaskRow>>,
    /// The largest score less the smallest; `null` where fewer than two are scored, or no score was named.
    pub difference: Option<f64>,
}

/// Body of `POST /api/v1/compare/votes`. Another vote on the same row takes the place of the first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Vote {
    /// The tasks that were looked at.
    pub tasks: Vec<TaskId>,
    pub row: u64,
    /// The better one; `null`: a tie.
    pub choice: Option<TaskId>,
}

/// Votes of a person on the rows of tasks.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// Votes for each task, in the order asked.
    pub votes: Vec<u64>,
    pub ties: u64,
    /// By row.
    pub rows: Vec<RowVote>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct RowVote {
    pub row: u64,
    pub choice: Option<TaskId>,
}
