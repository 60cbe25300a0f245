//! What a task must reach, as `score>=0.9` or `exact>=90%`.

use std::{fmt, str::FromStr};

use protocol::scoring::Summary;

/// How a score stands to a requirement's bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operator {
    AtLeast,
    Above,
    AtMost,
    Below,
}

impl Operator {
    /// The longer ones first: `>=` begins with `>`.
    const ALL: [Self; 4] = [Self::AtLeast, Self::AtMost, Self::Above, Self::Below];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::AtLeast => ">=",
            Self::Above => ">",
            Self::AtMost => "<=",
            Self::Below => "<",
        }
    }
}

/// A bound on one scoring's score in sum.
#[derive(Debug, Clone, PartialEq)]
pub struct Requirement {
    /// The scoring's name; `score` where the task has one alone.
    pub name: String,
    pub operator: Operator,
    /// From 0 to 1.
    pub bound: f64,
}

/// A requirement that cannot be read, or that no scoring answers to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequirementError {
    #[error("`{text}` is no requirement: expected a name, one of >=, >, <=, < and a score, such as `score>=0.9`")]
    Form { text: String },
    #[error("`{bound}` is no score: expected a number from 0 to 1, or 0% to 100%, as in `score>=0.9`")]
    Bound { bound: String },
    #[error("no scoring is called `{name}`; there {}", Listed(.known))]
    Unknown { name: String, known: Vec<String> },
    #[error("`score` could mean several; there {}", Listed(.known))]
    Ambiguous { known: Vec<String> },
}

struct Listed<'a>(&'a [String]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            [] => f.write_str("is none"),
            [one] => write!(f, "is `{one}`"),
            several => write!(f, "are `{}`", several.join("`, `")),
        }
    }
}

/// What became of a requirement.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Judgement {
    Met {
        score: f64,
    },
    /// Not met, or nothing was scored.
    Unmet {
        score: Option<f64>,
    },
}

impl Judgement {
    pub const fn is_met(self) -> bool {
        matches!(self, Self::Met { .. })
    }
}

impl Requirement {
    /// Holds the requirement against a task's scorings, by name.
    pub fn judge<'a>(
        &self,
        summaries: impl IntoIterator<Item = (&'a str, &'a Summary)>,
    ) -> Result<Judgement, RequirementError> {
        let summaries: Vec<(&str, &Summary)> = summaries.into_iter().collect();
        let known = || summaries.iter().map(|(name, _)| (*name).to_owned()).collect();
        let named = summaries.iter().find(|(name, _)| *name == self.name);
        let summary = match (named, summaries.as_slice()) {
            (Some((_, summary)), _) => summary,
            (None, [(_, summary)]) if self.name == "score" => summary,
            (None, [_, _, ..]) if self.name == "score" => return Err(RequirementError::Ambiguous { known: known() }),
            (None, _) => return Err(RequirementError::Unknown { name: self.name.clone(), known: known() }),
        };
        Ok(match summary.score {
            Some(score) if self.is_met(score) => Judgement::Met { score },
            score => Judgement::Unmet { score },
        })
    }

    fn is_met(&self, score: f64) -> bool {
        match self.operator {
            Operator::AtLeast => score >= self.bound,
            Operator::Above => score > self.bound,
            Operator::AtMost => score <= self.bound,
            Operator::Below => score < self.bound,
        }
    }
}

impl FromStr for Requirement {
    type Err = RequirementError;

    fn from_str(text: &str) -> Result<Self, RequirementError> {
        let form = || RequirementError::Form { text: text.chars().take(64).collect() };
        let split = Operator::ALL.into_iter().filter_map(|operator| Some((operator, text.find(operator.as_str())?)));
        // Of two at the same place the longer one.
        let (operator, at) =
            split.min_by_key(|(operator, at)| (*at, usize::MAX - operator.as_str().len())).ok_or_else(form)?;
        let (name, bound) = (text[..at].trim(), text[at + operator.as_str().len()..].trim());
        if name.is_empty() || bound.is_empty() {
            return Err(form());
        }
        let (figure, scale) = match bound.strip_suffix('%') {
            Some(figure) => (figure.trim(), 100.0),
            None => (bound, 1.0),
        };
        let value = figure.parse::<f64>().ok().map(|value| value / scale).filter(|value| (0.0..=1.0).contains(value));
        let value = value.ok_or_else(|| RequirementError::Bound { bound: bound.chars().take(64).collect() })?;
        Ok(Self { name: name.to_owned(), operator, bound: value })
    }
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.name, self.operator.as_str(), self.bound)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn summary(score: Option<f64>) -> Summary {
        Summary { rows: 1, scored: 1, unscored: BTreeMap::new(), score, interval: None }
    }

    fn requirement(text: &str) -> Requirement {
        text.parse().unwrap()
    }

    #[test]
    fn requirements_are_read() {
        for (text, name, operator, bound) in [
            ("score>=0.9", "score", Operator::AtLeast, 0.9),
            ("exact > 90%", "exact", Operator::Above, 0.9),
            ("a b<=1", "a b", Operator::AtMost, 1.0),
            ("x<.5", "x", Operator::Below, 0.5),
        ] {
            assert_eq!(requirement(text), Requirement { name: name.to_owned(), operator, bound }, "{text}");
        }
        for text in ["score", "score=0.9", ">=1", "score>=", ""] {
            assert!(matches!(text.parse::<Requirement>(), Err(RequirementError::Form { .. })), "{text}");
        }
        for text in ["score>=90", "score>=x", "score>=-1", "score>=nan", "score>=101%"] {
            assert!(matches!(text.parse::<Requirement>(), Err(RequirementError::Bound { .. })), "{text}");
        }
    }

    #[test]
    fn a_score_is_held_against_the_bound() {
        let of = |text: &str, score| requirement(text).judge([("exact", &summary(score))]).unwrap();
        assert_eq!(of("exact>=0.9", Some(0.9)), Judgement::Met { score: 0.9 });
        assert_eq!(of("score>0.9", Some(0.9)), Judgement::Unmet { score: Some(0.9) });
        assert!(of("score<=0.9", Some(0.9)).is_met());
        assert!(!of("score>=0", None).is_met());
    }

    #[test]
    fn a_name_that_is_not_there_is_told_with_those_that_are() {
        let (a, b) = (summary(Some(1.0)), summary(Some(0.0)));
        let of = |text: &str| requirement(text).judge([("exact", &a), ("bleu", &b)]).unwrap_err().to_string();
        assert_eq!(of("chrf>=0"), "no scoring is called `chrf`; there are `exact`, `bleu`");
        assert_eq!(of("score>=0"), "`score` could mean several; there are `exact`, `bleu`");
        assert_eq!(requirement("a>=0").judge([]).unwrap_err().to_string(), "no scoring is called `a`; there is none");
    }
}
