//! Scores as people read them.

use protocol::{
    scoring::{Interval, RowScore, Unscored},
    task::TaskScore,
};

use crate::output::{Align, Cell, Column, Paint, Table};

/// A score or a bound, to three decimals: `0.835`, `1.000`.
pub(super) fn figure(value: f64) -> String {
    format!("{value:.3}")
}

/// `0.780 to 0.880`.
pub(super) fn interval(interval: Option<Interval>) -> String {
    interval.map_or_else(|| "–".into(), |Interval { low, high }| format!("{} to {}", figure(low), figure(high)))
}

/// The scores of a task, one a row.
pub(super) fn table(scores: &[TaskScore]) -> Table {
    let mut table = Table::new([
        Column::new("SCORE").flexible(8),
        Column::new("VALUE").align(Align::Right),
        Column::new("95 % INTERVAL"),
        Column::new("SCORED").optional(1),
        Column::new("NOT SCORED").flexible(10).optional(2),
    ]);
    for TaskScore { name, summary } in scores {
        let value = summary.score.map_or_else(|| "–".into(), figure);
        let unscored: Vec<String> =
            summary.unscored.iter().map(|(reason, rows)| format!("{rows} {}", why(*reason))).collect();
        table.row([
            Cell::new(name),
            Cell::painted(value, Paint::Bold),
            Cell::new(interval(summary.interval)),
            Cell::new(format!("{} of {}", summary.scored, summary.rows)),
            Cell::new(unscored.join(", ")),
        ]);
    }
    table
}

/// The scores in a phrase: `exact 0.835, bleu 0.41`.
pub(super) fn phrase(scores: &[TaskScore]) -> String {
    let one = |score: &TaskScore| Some(format!("{} {}", score.name, figure(score.summary.score?)));
    scores.iter().filter_map(one).collect::<Vec<_>>().join(", ")
}

/// The score of a row: `1`, `0.41`, `–`.
pub(super) fn of_row(score: &RowScore) -> String {
    match score.value() {
        Some(value) => {
            let text = format!("{value:.2}");
            text.trim_end_matches('0').trim_end_matches('.').to_owned()
        }
        None => "–".into(),
    }
}

const fn why(reason: Unscored) -> &'static str {
    match reason {
        Unscored::ReferenceMissing => "without the reference column",
        Unscored::ReferenceEmpty => "with an empty reference",
        Unscored::ReferenceInvalid => "with a reference that is none",
        Unscored::AnswerMissing => "without an answer",
        Unscored::TooCostly => "too costly",
        Unscored::NotJudged => "not judged",
        Unscored::JudgeUnavailable => "without a judge's answer",
        Unscored::VerdictInvalid => "without a verdict",
        Unscored::StatisticsMissing => "without statistics",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::Style;

    #[test]
    fn scores_are_told_with_interval_and_with_what_has_none() {
        let score: TaskScore = serde_json::from_value(serde_json::json!({
            "name": "exact", "rows": 200, "scored": 198, "unscored": {"answer_missing": 2}, "score": 0.8349,
            "interval": {"low": 0.78, "high": 0.88}
        }))
        .unwrap();
        assert_eq!(phrase(std::slice::from_ref(&score)), "exact 0.835");
        let text = table(&[score]).render(Style::Plain, 100);
        for part in ["exact", "0.835", "0.780 to 0.880", "198 of 200", "2 without an answer"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert_eq!([1.0, 0.5, 0.414].map(|value| of_row(&RowScore::scored(value))), ["1", "0.5", "0.41"]);
        assert_eq!(of_row(&RowScore::scored(0.0)), "0");
        assert_eq!(of_row(&RowScore::unscored(Unscored::NotJudged)), "–");
    }
}
