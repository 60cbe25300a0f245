//! What scoring comes to: for a row, in sum, and of two tasks compared.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a row has no score. None of these counts as a wrong answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unscored {
    /// The row lacks the reference column.
    ReferenceMissing,
    /// The reference column is empty in this row.
    ReferenceEmpty,
    /// The reference is not what the metric needs: a number, a pattern, a schema, one of the choices.
    ReferenceInvalid,
    /// The row has no answer: its request failed.
    AnswerMissing,
    /// Judging this answer would take more work than one row may.
    TooCostly,
    /// No judge has been asked yet.
    NotJudged,
    /// The judge did not answer.
    JudgeUnavailable,
    /// What the judge answered is no verdict.
    VerdictInvalid,
    /// The score was kept without the statistics that a corpus score is computed from.
    StatisticsMissing,
}

/// The score of one row.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "status", rename_all = "snake_case")]
pub enum RowScore {
    Scored {
        /// From 0 (worst) to 1 (best).
        value: f64,
        /// What was seen, in a few words: the number that was compared, a judge's reason. At most 500 characters.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
        /// What the sum is computed from, where that is not the mean.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        statistics: Option<Statistics>,
    },
    Unscored {
        reason: Unscored,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        detail: Option<String>,
    },
}

impl RowScore {
    pub const fn scored(value: f64) -> Self {
        Self::Scored { value, detail: None, statistics: None }
    }

    pub const fn unscored(reason: Unscored) -> Self {
        Self::Unscored { reason, detail: None }
    }

    /// The score from 0 to 1, if there is one.
    pub const fn value(&self) -> Option<f64> {
        match self {
            Self::Scored { value, .. } => Some(*value),
            Self::Unscored { .. } => None,
        }
    }

    pub fn detail(&self) -> Option<&str> {
        match self {
            Self::Scored { detail, .. } | Self::Unscored { detail, .. } => detail.as_deref(),
        }
    }
}

/// The counts of one row from which a score of many rows is computed: each is the sum over the rows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Statistics {
    /// Tokens of the answer and of the reference, then the matched n-grams of orders 1 to 4, then those of the answer.
    Bleu([u32; 10]),
    /// For orders 1 to 6: n-grams of the answer, of the reference, matched.
    Chrf([u32; 18]),
}

/// A 95 % confidence interval.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

/// The scores of all rows in sum.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    /// All rows, scored or not.
    pub rows: u64,
    /// The rows that `score` stands on.
    pub scored: u64,
    /// The rows without a score, by reason.
    pub unscored: BTreeMap<Unscored, u64>,
    /// From 0 to 1: the mean, or the corpus score of BLEU and chrF; null where no row is scored.
    pub score: Option<f64>,
    /// By bootstrap over the rows; null below two scored rows.
    pub interval: Option<Interval>,
}

/// Two lists of scores on the same rows, the candidate seen from the baseline.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Comparison {
    /// Rows that are scored in both; all else stands on these.
    pub rows: u64,
    /// Rows that lack a score on either side.
    pub unpaired: u64,
    /// Rows where the candidate's score is higher.
    pub wins: u64,
    /// Rows where the candidate's score is lower.
    pub losses: u64,
    /// Rows where they are the same to a millionth.
    pub ties: u64,
    /// The candidate's score less the baseline's, from −1 to 1; null where no row is scored in both.
    pub difference: Option<f64>,
    /// Of the difference, by paired bootstrap; null below two rows.
    pub interval: Option<Interval>,
    /// How likely wins and losses as uneven as these, or more, are by chance if neither is better: the exact
    /// two-sided sign test. Null where no row is scored in both.
    pub p_value: Option<f64>,
}
