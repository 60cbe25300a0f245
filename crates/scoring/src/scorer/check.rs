//! The rules of a scoring.

use protocol::scoring::{Choice, Judge, JudgeModel, MAX_SCORING_NAME, Metric, MetricKind, Numeric, Scale, Scoring};

use crate::{choice::MAX_OPTIONS, judge::MAX_RUBRIC, pattern::PatternError, schema::SchemaError};

/// A scoring that cannot be used: [`field`](Self::field) is at fault.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ScoringError {
    #[error("a scoring's name has 1 to {MAX_SCORING_NAME} characters and no control characters; this has {length}")]
    Name { length: usize },
    #[error("two scorings are called `{name}`; give one of them another `name`")]
    NameTaken { name: String },
    #[error("`{metric}` compares with what is expected: name its column in `reference`", metric = .metric.as_str())]
    ReferenceNeeded { metric: MetricKind },
    #[error("`reference` is empty; name a column of the input, or leave it out")]
    ReferenceEmpty,
    #[error("`{metric}` takes one for all rows in `{setting}`, or one for each in the column `reference`; give one of the two", metric = .metric.as_str())]
    OneOfTwo { metric: MetricKind, setting: &'static str, field: &'static str },
    #[error(transparent)]
    Pattern(PatternError),
    #[error(transparent)]
    Schema(SchemaError),
    #[error("a tolerance is a number of 0 or more; this is {value}")]
    Tolerance { field: &'static str, value: f64 },
    #[error("a choice has 2 to {MAX_OPTIONS} options, or none for letters alone; this has {count}")]
    OptionCount { count: usize },
    #[error(
        "the option at place {place} is empty, or the same as one before it once case and punctuation are left out: `{option}`"
    )]
    Option { place: usize, option: String },
    #[error("a rubric has 1 to {MAX_RUBRIC} characters; this has {length}")]
    Rubric { length: usize },
    #[error("a scale goes from a lower to a higher number; this goes from {low} to {high}", low = .scale.low, high = .scale.high)]
    Scale { scale: Scale },
    #[error("an endpoint is an address that begins with http:// or https://, and the name of a model there")]
    Endpoint,
}

impl ScoringError {
    /// The path of the field at fault, within the scoring.
    pub const fn field(&self) -> &'static str {
        match self {
            Self::Name { .. } | Self::NameTaken { .. } => "name",
            Self::ReferenceNeeded { .. } | Self::ReferenceEmpty => "reference",
            Self::OneOfTwo { field, .. } | Self::Tolerance { field, .. } => field,
            Self::Pattern(_) => "metric.pattern",
            Self::Schema(_) => "metric.schema",
            Self::OptionCount { .. } | Self::Option { .. } => "metric.options",
            Self::Rubric { .. } => "metric.rubric",
            Self::Scale { .. } => "metric.scale",
            Self::Endpoint => "metric.model.endpoint",
        }
    }

    /// What is wrong, as a stable word.
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Name { .. } | Self::Rubric { .. } | Self::OptionCount { .. } => "out_of_range",
            Self::Tolerance { .. } | Self::Scale { .. } => "out_of_range",
            Self::NameTaken { .. } => "taken",
            Self::ReferenceNeeded { .. } | Self::ReferenceEmpty => "missing",
            Self::OneOfTwo { .. } => "conflict",
            Self::Pattern(PatternError::TooLong { .. }) | Self::Schema(SchemaError::TooLarge { .. }) => "too_long",
            Self::Pattern(_) | Self::Schema(_) | Self::Option { .. } | Self::Endpoint => "invalid",
        }
    }
}

/// Checks everything but patterns and schemas.
pub(super) fn check(scoring: &Scoring) -> Result<(), ScoringError> {
    if let Some(name) = &scoring.name {
        let length = name.chars().count();
        if name.trim().is_empty() || length > MAX_SCORING_NAME || name.chars().any(char::is_control) {
            return Err(ScoringError::Name { length });
        }
    }
    let reference = scoring.reference.is_some();
    if scoring.reference.as_ref().is_some_and(|column| column.trim().is_empty()) {
        return Err(ScoringError::ReferenceEmpty);
    }
    let metric = scoring.metric.kind();
    let one_of_two = |is_fixed: bool, setting, field| match is_fixed == reference {
        true => Err(ScoringError::OneOfTwo { metric, setting, field }),
        false => Ok(()),
    };
    match &scoring.metric {
        Metric::Regex(regex) => one_of_two(regex.pattern.is_some(), "pattern", "metric.pattern"),
        Metric::JsonSchema(schema) => one_of_two(schema.schema.is_some(), "schema", "metric.schema"),
        Metric::Json(_) => Ok(()),
        Metric::Judge(judge) => check_judge(judge),
        _ if !reference => Err(ScoringError::ReferenceNeeded { metric }),
        Metric::Numeric(numeric) => check_tolerances(numeric),
        Metric::Choice(choice) => check_options(choice),
        Metric::Exact(_) | Metric::Contains(_) | Metric::Bleu {} | Metric::Chrf {} | Metric::RougeL(_) => Ok(()),
    }
}

fn check_tolerances(numeric: &Numeric) -> Result<(), ScoringError> {
    for (field, value) in [("metric.absolute", numeric.absolute), ("metric.relative", numeric.relative)] {
        if !value.is_finite() || value < 0.0 {
            return Err(ScoringError::Tolerance { field, value });
        }
    }
    Ok(())
}

fn check_options(choice: &Choice) -> Result<(), ScoringError> {
    let options = &choice.options;
    if options.len() == 1 || options.len() > MAX_OPTIONS {
        return Err(ScoringError::OptionCount { count: options.len() });
    }
    let folded: Vec<String> = options.iter().map(|option| crate::choice::folded(option)).collect();
    match (0..folded.len()).find(|at| folded[*at].is_empty() || folded[..*at].contains(&folded[*at])) {
        Some(place) => Err(ScoringError::Option { place, option: options[place].chars().take(64).collect() }),
        None => Ok(()),
    }
}

fn check_judge(judge: &Judge) -> Result<(), ScoringError> {
    let length = judge.rubric.chars().count();
    if judge.rubric.trim().is_empty() || length > MAX_RUBRIC {
        return Err(ScoringError::Rubric { length });
    }
    let Scale { low, high } = judge.scale;
    if !low.is_finite() || !high.is_finite() || low >= high {
        return Err(ScoringError::Scale { scale: judge.scale });
    }
    match &judge.model {
        JudgeModel::Session(_) => Ok(()),
        JudgeModel::Endpoint(endpoint) => {
            let address = endpoint.base_url.strip_prefix("https://").or(endpoint.base_url.strip_prefix("http://"));
            match address.is_some_and(|address| !address.is_empty()) && !endpoint.model.trim().is_empty() {
                true => Ok(()),
                false => Err(ScoringError::Endpoint),
            }
        }
    }
}
