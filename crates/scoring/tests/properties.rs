//! What holds for all scores.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use proptest::prelude::*;
use protocol::scoring::{MetricKind, RowScore, Scoring, Unscored};
use scoring::{Row, Scorer, aggregate, compare};

/// Metrics that compare two texts.
const TEXTUAL: &[&str] = &[
    "exact:a",
    "exact:a:case,punctuation,articles,unicode",
    "contains:a",
    "bleu:a",
    "chrf:a",
    "rouge_l:a",
    "rouge_l:a:porter",
];

const ALL: &[&str] = &[
    "exact:a",
    "contains:a:case",
    "regex:a",
    "numeric:a:1%",
    "json:a",
    "json_schema:a",
    "choice:a",
    "choice:a:yes,no",
    "bleu:a",
    "chrf:a",
    "rouge_l:a",
    "rouge_l:a:porter",
];

fn scorer(short: &str) -> Scorer {
    Scorer::compile(&short.parse::<Scoring>().unwrap()).unwrap()
}

fn score(short: &str, answer: &str, reference: &str) -> RowScore {
    scorer(short).score(&Row { answer, reference: Some(reference), question: None })
}

/// Texts with what metrics look for in them.
fn text() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[a-zA-Z]{1,8}",
        "[0-9.,%$-]{1,6}",
        Just("(B)".to_owned()),
        Just("The answer is C.".to_owned()),
        Just("{\"type\": [1, null]}".to_owned()),
        "\\PC{0,6}",
        any::<String>(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.join(" "))
}

fn row_scores(short: &'static str, rows: std::ops::Range<usize>) -> impl Strategy<Value = Vec<RowScore>> {
    let word = prop::sample::select(vec!["the", "cat", "sat", "on", "a", "mat", "today"]);
    let sentence = prop::collection::vec(word, 1..9).prop_map(|words| words.join(" "));
    prop::collection::vec((sentence.clone(), sentence), rows)
        .prop_map(move |pairs| pairs.iter().map(|(answer, reference)| score(short, answer, reference)).collect())
}

fn some_metric() -> impl Strategy<Value = (MetricKind, Vec<RowScore>)> {
    prop_oneof![
        row_scores("exact:a", 2..30).prop_map(|rows| (MetricKind::Exact, rows)),
        row_scores("rouge_l:a", 2..30).prop_map(|rows| (MetricKind::RougeL, rows)),
        row_scores("bleu:a", 2..30).prop_map(|rows| (MetricKind::Bleu, rows)),
        row_scores("chrf:a", 2..30).prop_map(|rows| (MetricKind::Chrf, rows)),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_score_is_from_0_to_1_or_has_a_reason(answer in text(), reference in text()) {
        for short in ALL {
            match score(short, &answer, &reference) {
                RowScore::Scored { value, detail, .. } => {
                    prop_assert!((0.0..=1.0).contains(&value), "{short}: {value}");
                    prop_assert!(detail.is_none_or(|detail| detail.chars().count() <= scoring::MAX_DETAIL));
                }
                RowScore::Unscored { reason, .. } => {
                    let known = matches!(reason, Unscored::ReferenceEmpty | Unscored::ReferenceInvalid);
                    prop_assert!(known, "{short}: {reason:?}");
                }
            }
        }
    }

    #[test]
    fn what_is_the_same_has_1(text in text()) {
        for short in TEXTUAL {
            if let Some(value) = score(short, &text, &text).value() {
                prop_assert!(value > 1.0 - 1e-9 || !has_tokens(short, &text), "{short}: {value}");
            }
        }
    }

    #[test]
    fn no_order_of_rows_changes_a_sum((kind, rows) in some_metric(), seed in any::<prop::sample::Index>()) {
        let mut turned = rows.clone();
        turned.rotate_left(seed.index(rows.len()));
        turned.reverse();
        prop_assert_eq!(aggregate(kind, &rows), aggregate(kind, &turned));
    }

    #[test]
    fn the_interval_holds_the_score((kind, rows) in some_metric()) {
        let summary = aggregate(kind, &rows);
        let (score, interval) = (summary.score.unwrap(), summary.interval.unwrap());
        prop_assert!(interval.low <= score && score <= interval.high);
        prop_assert!(interval.low >= 0.0 && interval.high <= 1.0);
    }

    #[test]
    fn a_comparison_turned_round_is_the_opposite((kind, rows) in some_metric()) {
        let other: Vec<RowScore> = rows.iter().rev().cloned().collect();
        let there = compare(kind, rows.iter().zip(&other));
        let back = compare(kind, other.iter().zip(&rows));
        prop_assert_eq!((there.wins, there.losses, there.ties), (back.losses, back.wins, back.ties));
        prop_assert_eq!(there.p_value, back.p_value);
        prop_assert!((there.difference.unwrap() + back.difference.unwrap()).abs() < 1e-12);
        let interval = there.interval.unwrap();
        prop_assert!(interval.low <= there.difference.unwrap() && there.difference.unwrap() <= interval.high);
        prop_assert_eq!(there.wins + there.losses + there.ties, there.rows);
    }

    #[test]
    fn what_is_compared_with_itself_is_a_tie((kind, rows) in some_metric()) {
        let comparison = compare(kind, rows.iter().zip(&rows));
        prop_assert_eq!((comparison.ties, comparison.p_value), (comparison.rows, Some(1.0)));
        prop_assert_eq!(comparison.difference, Some(0.0));
    }
}

/// A text that consists of what a metric leaves out is like nothing, not even itself.
fn has_tokens(short: &str, text: &str) -> bool {
    let text = if short == "bleu:a" { text.replace("<skipped>", "") } else { text.to_owned() };
    text.contains(|c: char| !c.is_whitespace() && !('\u{1c}'..='\u{1f}').contains(&c))
}
