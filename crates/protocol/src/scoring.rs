//! How a task's answers are scored: what a caller asks for, and what comes of it.
//!
//! Shapes alone; what they mean is computed by the crate `scoring`.

mod metric;
mod result;
mod short;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use self::{
    metric::{
        Choice, Contains, DecimalMark, Exact, Json, JsonSchema, Judge, JudgeEndpoint, JudgeModel, Metric, MetricKind,
        Normalization, Numeric, Pattern, Percent, RougeL, Scale, Stemming, Take, Wrapping,
    },
    result::{Comparison, Interval, RowScore, Statistics, Summary, Unscored},
    short::InvalidShortForm,
};

/// Most Unicode scalar values of a scoring's name.
pub const MAX_SCORING_NAME: usize = 60;

/// One way to judge the answers of a task.
///
/// On a command line it has a short form, `METRIC[:COLUMN[:SETTING]]`, which [`str::parse`] reads:
///
/// | short form | meaning |
/// |---|---|
/// | `exact:answer` | equal to the column `answer`, white space aside |
/// | `exact:answer:case,punctuation` | … case and punctuation aside too |
/// | `contains:answer` | holds the text of the column |
/// | `regex::PATTERN`, `regex:COLUMN` | a pattern for all rows, or one for each |
/// | `numeric:answer:0.01`, `numeric:answer:1%` | the last number, within 0.01 or 1 % |
/// | `json`, `json:answer` | is JSON; equals the column as JSON |
/// | `json_schema::{"type":"object"}`, `json_schema:COLUMN` | fits a schema |
/// | `choice:answer`, `choice:answer:yes,no` | names the right choice |
/// | `bleu:reference`, `chrf:reference`, `rouge_l:reference`, `rouge_l:reference:porter` | nearness to a text |
/// | `judge:answer:ses_…:RUBRIC`, `judge::ses_…:RUBRIC` | a model's verdict |
///
/// `NAME=` may stand before it: `strict=exact:answer`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scoring {
    /// What its results are called, 1 to 60 characters; the metric's word where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The column of the input that holds what is expected.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// How an answer is judged.
    pub metric: Metric,
}

impl Scoring {
    /// What its results are called.
    pub fn name(&self) -> &str {
        self.name.as_deref().unwrap_or(self.metric.kind().as_str())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_that_are_left_out_have_defaults() {
        let read = |value| serde_json::from_value::<Scoring>(value).unwrap();
        let exact = read(json!({"reference": "answer", "metric": {"kind": "exact"}}));
        assert_eq!(exact.metric, Metric::Exact(Exact { normalize: vec![Normalization::Whitespace] }));
        assert_eq!(exact.name(), "exact");
        let numeric = read(json!({"reference": "a", "metric": {"kind": "numeric", "relative": 0.5}}));
        assert_eq!(numeric.metric, Metric::Numeric(Numeric { relative: 0.5, ..Numeric::default() }));
        let judge = read(json!({"metric": {"kind": "judge", "rubric": "Is it polite?",
            "model": {"endpoint": {"base_url": "http://127.0.0.1:9/v1", "model": "m"}}}}));
        let Metric::Judge(judge) = judge.metric else { panic!("no judge") };
        assert_eq!(judge.scale, Scale { low: 1.0, high: 5.0 });
    }

    #[test]
    fn unknown_fields_and_metrics_are_refused() {
        for wrong in [
            json!({"metric": {"kind": "bleu", "order": 4}}),
            json!({"metric": {"kind": "exact", "normalise": []}}),
            json!({"metric": {"kind": "meteor"}}),
            json!({"metric": {"kind": "bleu"}, "column": "a"}),
        ] {
            assert!(serde_json::from_value::<Scoring>(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_row_score_survives_json_compactly() {
        for (score, text) in [
            (RowScore::scored(1.0), r#"{"status":"scored","value":1.0}"#),
            (
                RowScore::Scored { value: 0.5, detail: None, statistics: Some(Statistics::Bleu([1; 10])) },
                r#"{"status":"scored","value":0.5,"statistics":{"bleu":[1,1,1,1,1,1,1,1,1,1]}}"#,
            ),
            (RowScore::unscored(Unscored::ReferenceEmpty), r#"{"status":"unscored","reason":"reference_empty"}"#),
        ] {
            assert_eq!(serde_json::to_string(&score).unwrap(), text);
            assert_eq!(serde_json::from_str::<RowScore>(text).unwrap(), score);
        }
    }
}
