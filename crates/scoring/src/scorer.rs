//! A scoring, checked and ready for rows.

mod check;

use protocol::scoring::{
    Judge, Metric, MetricKind, Normalization, Numeric, RowScore, Scoring, Statistics, Stemming, Unscored, Wrapping,
};
use serde_json::Value;

pub use self::check::ScoringError;
use crate::{
    bleu::{self, Orders},
    choice::{Choices, Found},
    chrf, json,
    normalize::normalized,
    number,
    pattern::{self, Compiled},
    rouge,
    schema::{Fit, Schema},
    text::{MAX_DETAIL, clip, compared, cut_detail},
};

/// One row of a task: what the model answered, and what is known of it.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    pub answer: &'a str,
    /// The reference column; None where the row lacks it.
    pub reference: Option<&'a str>,
    /// What was asked; a judge is shown it.
    pub question: Option<&'a str>,
}

/// A scoring that has been checked: patterns and schemas are compiled.
#[derive(Debug)]
pub struct Scorer {
    scoring: Scoring,
    method: Method,
}

#[derive(Debug)]
enum Method {
    Exact(Vec<Normalization>),
    Contains(Vec<Normalization>),
    /// Each row's own where there is none.
    Regex(Option<Compiled>),
    Numeric(Numeric),
    Json(Wrapping),
    JsonSchema(Option<Box<Schema>>, Wrapping),
    Choice(Choices),
    Bleu,
    Chrf,
    RougeL(Stemming),
    Judge(Judge),
}

impl Scorer {
    /// Checks a scoring and compiles it.
    pub fn compile(scoring: &Scoring) -> Result<Self, ScoringError> {
        check::check(scoring)?;
        let method = match scoring.metric.clone() {
            Metric::Exact(exact) => Method::Exact(exact.normalize),
            Metric::Contains(contains) => Method::Contains(contains.normalize),
            Metric::Regex(fixed) => {
                let compiled = fixed.pattern.map(|fixed| pattern::compile(&fixed)).transpose();
                Method::Regex(compiled.map_err(ScoringError::Pattern)?)
            }
            Metric::Numeric(numeric) => Method::Numeric(numeric),
            Metric::Json(json) => Method::Json(json.wrapping),
            Metric::JsonSchema(fixed) => {
                let compiled = fixed.schema.map(|fixed| Schema::compile(&fixed).map(Box::new)).transpose();
                Method::JsonSchema(compiled.map_err(ScoringError::Schema)?, fixed.wrapping)
            }
            Metric::Choice(choice) => Method::Choice(Choices::new(&choice.options)),
            Metric::Bleu {} => Method::Bleu,
            Metric::Chrf {} => Method::Chrf,
            Metric::RougeL(rouge) => Method::RougeL(rouge.stemming),
            Metric::Judge(judge) => Method::Judge(judge),
        };
        Ok(Self { scoring: scoring.clone(), method })
    }

    /// Compiles the scorings of a task, whose names must differ.
    ///
    /// # Errors
    /// With the place of the scoring at fault, from 0.
    pub fn compile_all(scorings: &[Scoring]) -> Result<Vec<Self>, (usize, ScoringError)> {
        for (place, scoring) in scorings.iter().enumerate() {
            if scorings[..place].iter().any(|other| other.name() == scoring.name()) {
                return Err((place, ScoringError::NameTaken { name: scoring.name().to_owned() }));
            }
        }
        scorings
            .iter()
            .enumerate()
            .map(|(place, scoring)| Self::compile(scoring).map_err(|error| (place, error)))
            .collect()
    }

    pub fn scoring(&self) -> &Scoring {
        &self.scoring
    }

    /// What its results are called.
    pub fn name(&self) -> &str {
        self.scoring.name()
    }

    pub fn kind(&self) -> MetricKind {
        self.scoring.metric.kind()
    }

    /// The column that [`Row::reference`] is taken from, where there is one.
    pub fn reference(&self) -> Option<&str> {
        self.scoring.reference.as_deref()
    }

    /// The judge to ask, where the metric is one; [`crate::judge`] says how.
    pub fn judge(&self) -> Option<&Judge> {
        match &self.method {
            Method::Judge(judge) => Some(judge),
            _ => None,
        }
    }

    /// The score of one row. A judge's rows are [`Unscored::NotJudged`]: their score is [`crate::judge::verdict`]'s.
    ///
    /// Takes milliseconds for an answer of some kilobytes; tenths of a second for the longest that are compared.
    pub fn score(&self, row: &Row<'_>) -> RowScore {
        let outcome = match row.reference {
            _ if matches!(self.method, Method::Judge(_)) => Err(Missing::of(Unscored::NotJudged)),
            _ if self.reference().is_none() => self.method.alone(row.answer),
            None => Err(Missing::of(Unscored::ReferenceMissing)),
            Some(reference) if reference.trim().is_empty() => Err(Missing::of(Unscored::ReferenceEmpty)),
            Some(reference) => self.method.against(row.answer, reference),
        };
        let detail = |detail: Option<String>| detail.map(|detail| clip(&detail, MAX_DETAIL).into_owned());
        match outcome {
            Ok(Outcome { value, detail: seen, statistics }) => {
                RowScore::Scored { value, detail: detail(seen), statistics }
            }
            Err(Missing { reason, detail: why }) => RowScore::Unscored { reason, detail: detail(why) },
        }
    }
}

struct Outcome {
    value: f64,
    detail: Option<String>,
    statistics: Option<Statistics>,
}

impl Outcome {
    fn new(value: f64, detail: Option<String>) -> Self {
        Self { value, detail, statistics: None }
    }

    fn right() -> Self {
        Self::new(1.0, None)
    }

    fn wrong(detail: impl Into<String>) -> Self {
        Self::new(0.0, Some(detail.into()))
    }

    fn of(is_right: bool) -> Self {
        Self::new(if is_right { 1.0 } else { 0.0 }, None)
    }
}

struct Missing {
    reason: Unscored,
    detail: Option<String>,
}

impl Missing {
    fn of(reason: Unscored) -> Self {
        Self { reason, detail: None }
    }

    /// The reference is not what the metric needs.
    fn reference(detail: impl Into<String>) -> Self {
        Self { reason: Unscored::ReferenceInvalid, detail: Some(detail.into()) }
    }
}

impl Method {
    /// Without a reference column.
    fn alone(&self, answer: &str) -> Result<Outcome, Missing> {
        match self {
            Self::Regex(Some(pattern)) => matched(pattern, answer),
            Self::Json(wrapping) => Ok(match json::parse(answer, *wrapping) {
                Ok(_) => Outcome::right(),
                Err(why) => Outcome::wrong(why),
            }),
            Self::JsonSchema(Some(schema), wrapping) => fits(schema, answer, *wrapping),
            _ => Err(Missing::of(Unscored::ReferenceMissing)),
        }
    }

    /// Against a reference that is not empty.
    fn against(&self, answer: &str, reference: &str) -> Result<Outcome, Missing> {
        match self {
            Self::Exact(normalize) => {
                Ok(Outcome::of(normalized(answer, normalize) == normalized(reference, normalize)))
            }
            Self::Contains(normalize) => contains(answer, reference, normalize),
            Self::Regex(_) => {
                let pattern = pattern::compile(reference).map_err(|error| Missing::reference(error.to_string()))?;
                matched(&pattern, answer)
            }
            Self::Numeric(numeric) => near(answer, reference, numeric),
            Self::Json(wrapping) => same_json(answer, reference, *wrapping),
            Self::JsonSchema(_, wrapping) => {
                let schema: Value = serde_json::from_str(reference)
                    .map_err(|error| Missing::reference(format!("the schema is no JSON: {error}")))?;
                let schema = Schema::compile(&schema).map_err(|error| Missing::reference(error.to_string()))?;
                fits(&schema, answer, *wrapping)
            }
            Self::Choice(choices) => chosen(choices, answer, reference),
            Self::Bleu => {
                let counts = bleu::counts(compared(answer), compared(reference));
                let value = bleu::score(&counts.map(f64::from), Orders::Effective);
                let statistics = Some(Statistics::Bleu(counts));
                Ok(Outcome { value, detail: cut_detail(&[answer, reference]), statistics })
            }
            Self::Chrf => {
                let counts = chrf::counts(compared(answer), compared(reference));
                let statistics = Some(Statistics::Chrf(counts));
                let detail = cut_detail(&[answer, reference]);
                Ok(Outcome { value: chrf::score(&counts.map(f64::from)), detail, statistics })
            }
            Self::RougeL(stemming) => {
                let (cut_answer, cut_reference) = (compared(answer), compared(reference));
                if !rouge::has_tokens(cut_reference) {
                    return Err(Missing::reference(
                        "ROUGE-L sees the letters a to z and digits alone, and there are none",
                    ));
                }
                let value = rouge::score(cut_answer, cut_reference, *stemming);
                Ok(Outcome::new(value, cut_detail(&[answer, reference])))
            }
            Self::Judge(_) => Err(Missing::of(Unscored::NotJudged)),
        }
    }
}

fn contains(answer: &str, reference: &str, normalize: &[Normalization]) -> Result<Outcome, Missing> {
    let reference = normalized(reference, normalize);
    if reference.is_empty() {
        return Err(Missing::reference("nothing is left of it once it is normalized"));
    }
    Ok(Outcome::of(normalized(answer, normalize).contains(&reference)))
}

fn matched(pattern: &Compiled, answer: &str) -> Result<Outcome, Missing> {
    match pattern.is_match(answer) {
        Ok(is_match) => Ok(Outcome::of(is_match)),
        Err(too_long) => Err(Missing { reason: Unscored::TooCostly, detail: Some(too_long.to_string()) }),
    }
}

fn near(answer: &str, reference: &str, numeric: &Numeric) -> Result<Outcome, Missing> {
    let expected =
        number::number(compared(reference), numeric).map_err(|none| Missing::reference(none.told("the reference")))?;
    Ok(match number::number(compared(answer), numeric) {
        Ok(found) => {
            let is_near = number::is_near(found.value, expected.value, numeric);
            Outcome { detail: Some(format!("{}, expected {}", found.text, expected.text)), ..Outcome::of(is_near) }
        }
        Err(none) => Outcome::wrong(none.told("the answer")),
    })
}

fn same_json(answer: &str, reference: &str, wrapping: Wrapping) -> Result<Outcome, Missing> {
    let expected = json::parse(reference, Wrapping::None).map_err(Missing::reference)?;
    Ok(match json::parse(answer, wrapping) {
        Ok(value) if json::is_same(&value, &expected) => Outcome::right(),
        Ok(_) => Outcome::wrong("another value than the reference"),
        Err(why) => Outcome::wrong(why),
    })
}

fn fits(schema: &Schema, answer: &str, wrapping: Wrapping) -> Result<Outcome, Missing> {
    let value = match json::parse(answer, wrapping) {
        Ok(value) => value,
        Err(why) => return Ok(Outcome::wrong(why)),
    };
    match schema.check(&value) {
        Fit::Fits => Ok(Outcome::right()),
        Fit::Differs(why) => Ok(Outcome::wrong(why)),
        Fit::TooCostly => {
            let detail = "this answer would take too many steps to hold against the schema".to_owned();
            Err(Missing { reason: Unscored::TooCostly, detail: Some(detail) })
        }
    }
}

fn chosen(choices: &Choices, answer: &str, reference: &str) -> Result<Outcome, Missing> {
    let expected = choices.reference(reference).ok_or_else(|| Missing::reference("it is none of the choices"))?;
    let letter = Choices::letter;
    Ok(match choices.find(compared(answer)) {
        Found::One(found) => {
            let detail = format!("{}, expected {}", letter(found), letter(expected));
            Outcome { detail: Some(detail), ..Outcome::of(found == expected) }
        }
        Found::None => Outcome::wrong("no choice found"),
        Found::Several(found) => {
            let letters: Vec<String> = found.into_iter().map(|found| letter(found).to_string()).collect();
            Outcome::wrong(format!("several choices found: {}", letters.join(", ")))
        }
    })
}
