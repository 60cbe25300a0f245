//! How a task's answers are scored, summed up and compared. Pure: no clock, no IO, no model; what a judge model says is
//! asked for by the caller.
//!
//! A [`Scoring`](protocol::scoring::Scoring) says what is wanted; [`Scorer::compile`] checks it; [`Scorer::score`] gives
//! each row a score from 0 to 1, or says why it has none; [`aggregate`] sums rows up with a confidence interval;
//! [`compare()`] holds two lists against each other; a [`Requirement`] says whether a sum is enough.
//!
//! ```
//! use protocol::scoring::{RowScore, Scoring};
//! use scoring::{Requirement, Row, Scorer, aggregate};
//!
//! let scoring: Scoring = "numeric:answer:0.01".parse()?;
//! let scorer = Scorer::compile(&scoring)?;
//! let rows = [("It is 3.14.", "3.14159"), ("Four", "4"), ("So 1,000 in all", "1000")];
//! let scores: Vec<RowScore> = rows
//!     .iter()
//!     .map(|(answer, reference)| scorer.score(&Row { answer, reference: Some(reference), question: None }))
//!     .collect();
//! let summary = aggregate(scorer.kind(), &scores);
//! assert_eq!(summary.score, Some(2.0 / 3.0));
//! let enough: Requirement = "score>=0.6".parse()?;
//! assert!(enough.judge([(scorer.name(), &summary)])?.is_met());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Work is bounded: see [`MAX_COMPARED_BYTES`], [`MAX_PATTERN_BYTES`], [`MAX_SCHEMA_BYTES`] and [`bootstrap`].

mod bleu;
pub mod bootstrap;
mod choice;
mod chrf;
mod compare;
mod json;
pub mod judge;
mod ngrams;
mod normalize;
mod number;
mod pattern;
mod porter;
mod random;
mod require;
mod rouge;
mod schema;
mod scorer;
mod summary;
mod text;

pub use self::{
    choice::MAX_OPTIONS,
    compare::compare,
    pattern::{MAX_PATTERN_BYTES, PatternError},
    require::{Judgement, Operator, Requirement, RequirementError},
    schema::{MAX_SCHEMA_BYTES, SchemaError},
    scorer::{Row, Scorer, ScoringError},
    summary::aggregate,
    text::{MAX_COMPARED_BYTES, MAX_DETAIL},
};
