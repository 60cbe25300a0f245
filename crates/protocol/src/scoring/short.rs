//! The short form of a scoring: `METRIC[:COLUMN[:SETTING]]`.

use std::str::FromStr;

use super::{
    Choice, Contains, Exact, Json, JsonSchema, Judge, JudgeModel, Metric, MetricKind, Normalization, Numeric, Pattern,
    RougeL, Scale, Scoring, Stemming,
};

/// A text that is no short form of a scoring.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidShortForm {
    #[error("`{word}` is no metric; the metrics are {}", words(MetricKind::ALL.iter().map(|kind| kind.as_str())))]
    Metric { word: String },
    #[error("`{metric}` needs the column that holds what is expected: `{metric}:COLUMN`", metric = .metric.as_str())]
    ColumnMissing { metric: MetricKind },
    #[error("`{metric}` needs a column, `{metric}:COLUMN`, or {what} for all rows, `{metric}::{place}`", metric = .metric.as_str())]
    NeitherColumnNorSetting { metric: MetricKind, what: &'static str, place: &'static str },
    #[error("`{metric}` takes a column, `{metric}:COLUMN`, or {what} for all rows, `{metric}::{place}`, not both", metric = .metric.as_str())]
    BothColumnAndSetting { metric: MetricKind, what: &'static str, place: &'static str },
    #[error("`{metric}` takes no setting; leave out `:{setting}`", metric = .metric.as_str())]
    SettingUnknown { metric: MetricKind, setting: String },
    #[error("`{setting}` is no setting of `{metric}`: expected {expected}", metric = .metric.as_str())]
    Setting { metric: MetricKind, setting: String, expected: String },
}

fn words<'a>(words: impl Iterator<Item = &'a str>) -> String {
    words.collect::<Vec<_>>().join(", ")
}

impl FromStr for Scoring {
    type Err = InvalidShortForm;

    fn from_str(text: &str) -> Result<Self, InvalidShortForm> {
        let head = text.split(':').next().unwrap_or_default();
        let (name, rest) = match head.split_once('=') {
            Some((name, _)) => (Some(name.trim().to_owned()), &text[name.len() + 1..]),
            None => (None, text),
        };
        let mut parts = rest.splitn(3, ':');
        let word = parts.next().unwrap_or_default().trim();
        let column = parts.next().map(str::trim).filter(|column| !column.is_empty());
        let setting = parts.next().filter(|setting| !setting.is_empty());
        let kind = MetricKind::from_word(word)
            .ok_or_else(|| InvalidShortForm::Metric { word: word.chars().take(64).collect() })?;
        let metric = Form { kind, column, setting }.metric()?;
        Ok(Self { name, reference: column.map(str::to_owned), metric })
    }
}

struct Form<'a> {
    kind: MetricKind,
    column: Option<&'a str>,
    setting: Option<&'a str>,
}

impl Form<'_> {
    fn metric(&self) -> Result<Metric, InvalidShortForm> {
        match self.kind {
            MetricKind::Exact => Ok(Metric::Exact(Exact { normalize: self.normalization()? })),
            MetricKind::Contains => Ok(Metric::Contains(Contains { normalize: self.normalization()? })),
            MetricKind::Regex => {
                let pattern = self.fixed("a pattern", "PATTERN")?.map(str::to_owned);
                Ok(Metric::Regex(Pattern { pattern }))
            }
            MetricKind::Numeric => self.numeric(),
            MetricKind::Json => self.without_setting(Metric::Json(Json::default())),
            MetricKind::JsonSchema => self.json_schema(),
            MetricKind::Choice => {
                self.needs_column()?;
                let options = self.setting.map(|list| list.split(',').map(|option| option.trim().to_owned()).collect());
                Ok(Metric::Choice(Choice { options: options.unwrap_or_default() }))
            }
            MetricKind::Bleu => self.needs_column().and_then(|()| self.without_setting(Metric::Bleu {})),
            MetricKind::Chrf => self.needs_column().and_then(|()| self.without_setting(Metric::Chrf {})),
            MetricKind::RougeL => {
                self.needs_column()?;
                let stemming = match self.setting {
                    None | Some("none") => Stemming::None,
                    Some("porter") => Stemming::Porter,
                    Some(other) => return Err(self.wrong(other, "`none` or `porter`, the stemming")),
                };
                Ok(Metric::RougeL(RougeL { stemming }))
            }
            MetricKind::Judge => self.judge(),
        }
    }

    fn wrong(&self, setting: &str, expected: impl Into<String>) -> InvalidShortForm {
        let setting = setting.chars().take(64).collect();
        InvalidShortForm::Setting { metric: self.kind, setting, expected: expected.into() }
    }

    fn needs_column(&self) -> Result<(), InvalidShortForm> {
        match self.column {
            Some(_) => Ok(()),
            None => Err(InvalidShortForm::ColumnMissing { metric: self.kind }),
        }
    }

    fn without_setting(&self, metric: Metric) -> Result<Metric, InvalidShortForm> {
        match self.setting {
            None => Ok(metric),
            Some(setting) => Err(InvalidShortForm::SettingUnknown { metric: self.kind, setting: setting.to_owned() }),
        }
    }

    /// What is the same for all rows, which stands in the place of a column.
    fn fixed(&self, what: &'static str, place: &'static str) -> Result<Option<&str>, InvalidShortForm> {
        let metric = self.kind;
        match (self.column, self.setting) {
            (None, None) => Err(InvalidShortForm::NeitherColumnNorSetting { metric, what, place }),
            (Some(_), Some(_)) => Err(InvalidShortForm::BothColumnAndSetting { metric, what, place }),
            (_, setting) => Ok(setting),
        }
    }

    fn normalization(&self) -> Result<Vec<Normalization>, InvalidShortForm> {
        self.needs_column()?;
        let Some(list) = self.setting else { return Ok(Exact::default().normalize) };
        let mut normalize = Exact::default().normalize;
        for word in list.split(',').map(str::trim) {
            let known = Normalization::ALL.into_iter().find(|normalization| normalization.as_str() == word);
            let expected = || format!("a list of {}", words(Normalization::ALL.iter().map(|one| one.as_str())));
            let normalization = known.ok_or_else(|| self.wrong(word, expected()))?;
            if !normalize.contains(&normalization) {
                normalize.push(normalization);
            }
        }
        Ok(normalize)
    }

    fn numeric(&self) -> Result<Metric, InvalidShortForm> {
        self.needs_column()?;
        let mut numeric = Numeric::default();
        if let Some(setting) = self.setting {
            let (figure, percent) = match setting.trim().strip_suffix('%') {
                Some(figure) => (figure.trim(), true),
                None => (setting.trim(), false),
            };
            let tolerance = figure.parse::<f64>().ok().filter(|tolerance| tolerance.is_finite() && *tolerance >= 0.0);
            let Some(tolerance) = tolerance else {
                return Err(self.wrong(setting, "a tolerance of 0 or more, such as `0.01` or `1%`"));
            };
            if percent {
                numeric.relative = tolerance / 100.0;
            } else {
                numeric.absolute = tolerance;
            }
        }
        Ok(Metric::Numeric(numeric))
    }

    fn json_schema(&self) -> Result<Metric, InvalidShortForm> {
        let schema = match self.fixed("a schema", "SCHEMA")? {
            None => None,
            Some(text) => Some(serde_json::from_str(text).map_err(|error| {
                self.wrong(text, format!("a JSON schema, such as `{{\"type\":\"object\"}}`; it is no JSON: {error}"))
            })?),
        };
        Ok(Metric::JsonSchema(JsonSchema { schema, ..JsonSchema::default() }))
    }

    fn judge(&self) -> Result<Metric, InvalidShortForm> {
        const EXPECTED: &str = "a running session's id and a rubric: `judge:COLUMN:ses_…:RUBRIC`, without a column \
                                `judge::ses_…:RUBRIC`";
        let setting = self.setting.unwrap_or_default();
        let (session, rubric) = setting.split_once(':').ok_or_else(|| self.wrong(setting, EXPECTED))?;
        let session = session.trim().parse().map_err(|error| self.wrong(session, format!("{EXPECTED}; {error}")))?;
        let (model, rubric) = (JudgeModel::Session(session), rubric.trim().to_owned());
        Ok(Metric::Judge(Judge { model, rubric, scale: Scale::default() }))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn read(text: &str) -> Value {
        serde_json::to_value(text.parse::<Scoring>().unwrap_or_else(|error| panic!("{text}: {error}"))).unwrap()
    }

    fn refused(text: &str) -> String {
        text.parse::<Scoring>().expect_err(text).to_string()
    }

    #[test]
    fn short_forms_are_read() {
        let numeric = |absolute: f64, relative: f64| {
            json!({"kind": "numeric", "absolute": absolute, "relative": relative, "take": "last", "percent": "ignore",
                "decimal_mark": "point"})
        };
        let session = format!("ses_{}", "0".repeat(32));
        for (text, reference, metric) in [
            ("exact:answer", json!("answer"), json!({"kind": "exact", "normalize": ["whitespace"]})),
            ("contains: a b :case", json!("a b"), json!({"kind": "contains", "normalize": ["whitespace", "case"]})),
            ("regex::^a:b$", Value::Null, json!({"kind": "regex", "pattern": "^a:b$"})),
            ("regex:pattern", json!("pattern"), json!({"kind": "regex"})),
            ("numeric:answer:0.01", json!("answer"), numeric(0.01, 0.0)),
            ("numeric:answer:5%", json!("answer"), numeric(0.0, 0.05)),
            ("json", Value::Null, json!({"kind": "json", "wrapping": "none"})),
            ("json:a", json!("a"), json!({"kind": "json", "wrapping": "none"})),
            (
                r#"json_schema::{"type":"object"}"#,
                Value::Null,
                json!({"kind": "json_schema", "schema": {"type": "object"}, "wrapping": "none"}),
            ),
            ("choice:a:yes, no", json!("a"), json!({"kind": "choice", "options": ["yes", "no"]})),
            ("bleu:reference", json!("reference"), json!({"kind": "bleu"})),
            ("rouge_l:r:porter", json!("r"), json!({"kind": "rouge_l", "stemming": "porter"})),
            (
                &format!("judge::{session}:Is it: right?"),
                Value::Null,
                json!({"kind": "judge", "model": {"session": session}, "rubric": "Is it: right?",
                    "scale": {"low": 1.0, "high": 5.0}}),
            ),
        ] {
            let read = read(text);
            assert_eq!(read["reference"], reference, "{text}");
            assert_eq!(read["metric"], metric, "{text}");
        }
        assert_eq!(read("strict=exact:a")["name"], "strict");
        assert_eq!(read("regex::a=b")["name"], Value::Null);
    }

    #[test]
    fn what_is_wrong_with_a_short_form_is_named() {
        assert_eq!(
            refused("exakt:answer"),
            "`exakt` is no metric; the metrics are exact, contains, regex, numeric, json, json_schema, choice, bleu, chrf, \
             rouge_l, judge"
        );
        assert_eq!(refused("exact"), "`exact` needs the column that holds what is expected: `exact:COLUMN`");
        assert_eq!(
            refused("numeric:a:x"),
            "`x` is no setting of `numeric`: expected a tolerance of 0 or more, such as `0.01` or `1%`"
        );
        assert_eq!(refused("bleu:a:b"), "`bleu` takes no setting; leave out `:b`");
        assert!(refused("exact:a:cases").contains("unicode, case, punctuation"));
        assert!(refused("regex").contains("`regex::PATTERN`"));
        assert!(refused("regex:a:b").contains("not both"));
        assert!(refused("judge:a:someone:rubric").contains("is no session id"));
        assert!(refused("numeric:a:-1").contains("0 or more"));
    }
}
