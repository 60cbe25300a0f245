//! Scoring row by row: what each metric says of an answer.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::time::{Duration, Instant};

use protocol::scoring::{RowScore, Scoring, Unscored};
use scoring::{MAX_COMPARED_BYTES, Row, Scorer, ScoringError, aggregate};
use serde_json::{Value, json};

fn compiled(scoring: Value) -> Result<Scorer, ScoringError> {
    Scorer::compile(&serde_json::from_value::<Scoring>(scoring).unwrap())
}

fn short(short: &str) -> Scorer {
    Scorer::compile(&short.parse().unwrap()).unwrap()
}

fn score(scorer: &Scorer, answer: &str, reference: Option<&str>) -> RowScore {
    scorer.score(&Row { answer, reference, question: None })
}

fn reason(score: &RowScore) -> Option<Unscored> {
    match score {
        RowScore::Scored { .. } => None,
        RowScore::Unscored { reason, .. } => Some(*reason),
    }
}

#[test]
fn right_answers_have_1_and_wrong_ones_0() {
    for (scoring, reference, right, wrong) in [
        ("exact:a", "Paris", " Paris\n", "paris"),
        ("exact:a:case,punctuation,articles", "The Eiffel Tower", "eiffel tower!", "eiffel towers"),
        ("contains:a:case", "paris", "It is Paris.", "It is Rome."),
        ("regex:a", r"^\d{4}$", "1984", "in 1984"),
        ("numeric:a", "#### 72", "so 48 + 24 = 72.", "72 of 73"),
        ("numeric:a:5%", "100", "about 104", "about 106"),
        ("json:a", r#"{"a": 1, "b": [2]}"#, r#"{"b": [2.0], "a": 1}"#, r#"{"a": 1}"#),
        ("json_schema:a", r#"{"type": "array", "minItems": 1}"#, "[1]", "[]"),
        ("choice:a", "B", "The answer is (B).", "The answer is (C)."),
        ("choice:a:cat,dog", "dog", "I see a dog here", "I see a cat here"),
    ] {
        let scorer = short(scoring);
        assert_eq!(score(&scorer, right, Some(reference)).value(), Some(1.0), "{scoring}: {right}");
        assert_eq!(score(&scorer, wrong, Some(reference)).value(), Some(0.0), "{scoring}: {wrong}");
    }
    let json = short("json");
    assert_eq!(score(&json, "[1]", None).value(), Some(1.0));
    assert_eq!(score(&json, "[1", None).value(), Some(0.0));
    let pattern = short("regex::(?i)yes");
    assert_eq!(score(&pattern, "Oh YES", None).value(), Some(1.0));
}

#[test]
fn a_row_without_a_reference_is_not_scored() {
    for scoring in [
        "exact:a",
        "contains:a",
        "regex:a",
        "numeric:a",
        "json:a",
        "json_schema:a",
        "choice:a",
        "bleu:a",
        "chrf:a",
        "rouge_l:a",
    ] {
        let scorer = short(scoring);
        assert_eq!(reason(&score(&scorer, "x", None)), Some(Unscored::ReferenceMissing), "{scoring}");
        assert_eq!(reason(&score(&scorer, "x", Some(" \n"))), Some(Unscored::ReferenceEmpty), "{scoring}");
    }
}

#[test]
fn a_reference_that_cannot_be_used_marks_its_row_alone() {
    for (scoring, reference, why) in [
        ("regex:a", "(a", "unclosed group"),
        ("regex:a", r"(?:\w{100}){100}", "explodes"),
        ("numeric:a", "none", "no number in the reference"),
        ("json:a", "{", "no JSON"),
        ("json_schema:a", r#"{"type": 1}"#, "schema is not valid"),
        ("json_schema:a", r#"{"$ref": "file:///etc/passwd"}"#, "file:///etc/passwd"),
        ("choice:a", "Z", "none of the choices"),
        ("rouge_l:a", "我是学生", "a to z"),
        ("contains:a:punctuation", "!?", "nothing is left"),
    ] {
        let score = score(&short(scoring), "x", Some(reference));
        assert_eq!(reason(&score), Some(Unscored::ReferenceInvalid), "{scoring}");
        assert!(score.detail().unwrap().contains(why), "{scoring}: {score:?}");
    }
}

#[test]
fn an_answer_too_long_for_its_pattern_is_not_scored() {
    let scorer = short("regex::[ab]*a[ab]{1600}c");
    assert_eq!(score(&scorer, &"ab".repeat(2_000), None).value(), Some(0.0));
    let long = score(&scorer, &"ab".repeat(100_000), None);
    assert_eq!(reason(&long), Some(Unscored::TooCostly));
    assert!(long.detail().unwrap().contains("200000 bytes"), "{long:?}");
}

#[test]
fn details_say_what_was_compared() {
    assert_eq!(score(&short("numeric:a"), "It is 1,200.", Some("1000")).detail(), Some("1,200, expected 1000"));
    assert_eq!(score(&short("choice:a"), "(A)", Some("B")).detail(), Some("A, expected B"));
    assert_eq!(score(&short("choice:a"), "(A) or (C)", Some("B")).detail(), Some("several choices found: A, C"));
    assert_eq!(score(&short("numeric:a"), "I do not know", Some("1")).detail(), Some("no number in the answer"));
}

#[test]
fn a_scoring_that_breaks_a_rule_is_refused_with_its_field() {
    let session = format!("ses_{}", "0".repeat(32));
    let judge = |rubric: &str, scale: Value| json!({"metric": {"kind": "judge", "model": {"session": session}, "rubric": rubric, "scale": scale}});
    for (scoring, field) in [
        (json!({"metric": {"kind": "exact"}}), "reference"),
        (json!({"reference": " ", "metric": {"kind": "exact"}}), "reference"),
        (json!({"name": "", "metric": {"kind": "json"}}), "name"),
        (json!({"name": "a".repeat(61), "metric": {"kind": "json"}}), "name"),
        (json!({"metric": {"kind": "regex"}}), "metric.pattern"),
        (json!({"reference": "a", "metric": {"kind": "regex", "pattern": "a"}}), "metric.pattern"),
        (json!({"metric": {"kind": "regex", "pattern": r"(?:\w{100}){100}"}}), "metric.pattern"),
        (json!({"metric": {"kind": "json_schema", "schema": {"type": 1}}}), "metric.schema"),
        (json!({"reference": "a", "metric": {"kind": "numeric", "absolute": -1}}), "metric.absolute"),
        (json!({"reference": "a", "metric": {"kind": "choice", "options": ["a"]}}), "metric.options"),
        (json!({"reference": "a", "metric": {"kind": "choice", "options": ["a", "A!"]}}), "metric.options"),
        (judge(" ", json!({"low": 1, "high": 5})), "metric.rubric"),
        (judge("Is it right?", json!({"low": 5, "high": 5})), "metric.scale"),
        (
            json!({"metric": {"kind": "judge", "rubric": "r", "model": {"endpoint": {"base_url": "ftp://x", "model": "m"}}}}),
            "metric.model.endpoint",
        ),
    ] {
        let error = compiled(scoring.clone()).expect_err(&scoring.to_string());
        assert_eq!(error.field(), field, "{error}");
    }
}

#[test]
fn two_scorings_of_one_name_are_refused() {
    let scorings: Vec<Scoring> = ["exact:a", "exact:b"].iter().map(|short| short.parse().unwrap()).collect();
    let (place, error) = Scorer::compile_all(&scorings).unwrap_err();
    assert_eq!((place, error.field(), error.code()), (1, "name", "taken"));
    let named: Vec<Scoring> = ["exact:a", "b=exact:b"].iter().map(|short| short.parse().unwrap()).collect();
    assert_eq!(Scorer::compile_all(&named).unwrap().len(), 2);
}

#[test]
fn a_judges_rows_wait_for_its_verdict() {
    let scorer = short(&format!("judge::ses_{}:Is it right?", "0".repeat(32)));
    assert_eq!(reason(&score(&scorer, "x", None)), Some(Unscored::NotJudged));
    let judge = scorer.judge().unwrap();
    assert_eq!(scoring::judge::verdict(judge, r#"{"score": 5}"#).value(), Some(1.0));
}

#[test]
fn the_longest_answers_are_scored_in_bounded_time() {
    let long = "The quick brown fox, 1,234 lazy dogs; ".repeat(MAX_COMPARED_BYTES / 20);
    for scoring in
        ["bleu:a", "chrf:a", "rouge_l:a", "rouge_l:a:porter", "numeric:a", "exact:a:case,punctuation,articles"]
    {
        let begun = Instant::now();
        let score = score(&short(scoring), &long, Some(&long));
        assert!(score.value().is_some_and(|value| value > 1.0 - 1e-9), "{scoring}: {score:?}");
        assert!(begun.elapsed() < Duration::from_secs(10), "{scoring}: {:?}", begun.elapsed());
    }
    let cut = score(&short("bleu:a"), &long, Some("The quick brown fox"));
    assert_eq!(cut.detail(), Some("compared by the first 262144 bytes"));
}

#[test]
fn a_hundred_thousand_rows_are_summed_up_in_seconds() {
    let scorer = short("chrf:a");
    let rows: Vec<RowScore> = (0..1000)
        .map(|row| score(&scorer, &format!("row {row} is here"), Some(&format!("the row {} is there", row % 7))))
        .collect();
    let begun = Instant::now();
    let summary = aggregate(scorer.kind(), (0..100_000).map(|row| &rows[row % rows.len()]));
    assert_eq!(summary.scored, 100_000);
    assert!(begun.elapsed() < Duration::from_secs(10), "{:?}", begun.elapsed());
}
