//! The metrics and their settings.

use serde::{Deserialize, Serialize};
use utoipa::{
    PartialSchema, ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

use crate::SessionId;

macro_rules! metrics {
    ($($variant:ident = $word:literal),+ $(,)?) => {
        /// A metric without its settings, as a word.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum MetricKind {
            $(#[serde(rename = $word)] $variant,)+
        }

        impl MetricKind {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $word,)+ }
            }

            /// The metric with this word, if there is one.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|kind| kind.as_str() == word)
            }
        }
    };
}

metrics! {
    Exact = "exact", Contains = "contains", Regex = "regex", Numeric = "numeric", Json = "json",
    JsonSchema = "json_schema", Choice = "choice", Bleu = "bleu", Chrf = "chrf", RougeL = "rouge_l", Judge = "judge",
}

// The words on the wire are not the variants' names.
impl PartialSchema for MetricKind {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("A metric without its settings, as a word."))
            .enum_values(Some(Self::ALL.iter().map(|kind| kind.as_str())))
            .into()
    }
}

impl ToSchema for MetricKind {}

/// How an answer is judged, with settings.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Metric {
    /// The answer is the reference.
    Exact(Exact),
    /// The answer holds the reference.
    Contains(Contains),
    /// A pattern is found in the answer.
    Regex(Pattern),
    /// A number in the answer is near the reference's.
    Numeric(Numeric),
    /// The answer is JSON; where there is a reference, it is the same value.
    Json(Json),
    /// The answer is JSON that fits a schema.
    JsonSchema(JsonSchema),
    /// The answer names the right one of several choices.
    Choice(Choice),
    /// BLEU as sacrebleu computes it: tokens 13a, case kept, orders 1 to 4, smoothing `exp`. A row's score is sentence
    /// BLEU with effective order; the sum's is corpus BLEU. Both divided by 100.
    Bleu {},
    /// chrF as sacrebleu computes it: characters without white space, orders 1 to 6, no words, beta 2. Divided by 100.
    Chrf {},
    /// ROUGE-L as rouge-score computes it: the F measure of the longest common subsequence of words.
    RougeL(RougeL),
    /// Another model gives the answer a score by a rubric.
    Judge(Judge),
}

impl Metric {
    pub const fn kind(&self) -> MetricKind {
        match self {
            Self::Exact(_) => MetricKind::Exact,
            Self::Contains(_) => MetricKind::Contains,
            Self::Regex(_) => MetricKind::Regex,
            Self::Numeric(_) => MetricKind::Numeric,
            Self::Json(_) => MetricKind::Json,
            Self::JsonSchema(_) => MetricKind::JsonSchema,
            Self::Choice(_) => MetricKind::Choice,
            Self::Bleu {} => MetricKind::Bleu,
            Self::Chrf {} => MetricKind::Chrf,
            Self::RougeL(_) => MetricKind::RougeL,
            Self::Judge(_) => MetricKind::Judge,
        }
    }
}

/// What is made the same on both sides before they are compared; in this order, whatever the order asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Normalization {
    /// Unicode's compatibility forms become one (NFKC): `①` is `1`, a ligature its letters.
    Unicode,
    /// Capitals become small letters.
    Case,
    /// Punctuation and symbols are taken away, in any script.
    Punctuation,
    /// The English words a, an and the are taken away.
    Articles,
    /// White space at the ends is taken away, each other run of it is one space.
    Whitespace,
}

impl Normalization {
    pub const ALL: [Self; 5] = [Self::Unicode, Self::Case, Self::Punctuation, Self::Articles, Self::Whitespace];

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Unicode => "unicode",
            Self::Case => "case",
            Self::Punctuation => "punctuation",
            Self::Articles => "articles",
            Self::Whitespace => "whitespace",
        }
    }
}

fn default_normalization() -> Vec<Normalization> {
    vec![Normalization::Whitespace]
}

/// Settings of `exact`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Exact {
    /// What makes no difference: white space alone where this is left out, nothing where it is empty.
    #[serde(default = "default_normalization")]
    pub normalize: Vec<Normalization>,
}

impl Default for Exact {
    fn default() -> Self {
        Self { normalize: default_normalization() }
    }
}

/// Settings of `contains`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Contains {
    /// What makes no difference: white space alone where this is left out, nothing where it is empty.
    #[serde(default = "default_normalization")]
    pub normalize: Vec<Normalization>,
}

impl Default for Contains {
    fn default() -> Self {
        Self { normalize: default_normalization() }
    }
}

/// Settings of `regex`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Pattern {
    /// The pattern of all rows, found anywhere in the answer unless it is anchored (`^…$`): the syntax of Rust's
    /// `regex`, so neither look-around nor back-references. Left out: each row's is in the reference column.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
}

/// Which number of a text is meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Take {
    First,
    #[default]
    Last,
    /// The text must hold one number alone.
    Only,
}

/// What a percent sign after a number means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Percent {
    /// Nothing: 50 % is 50.
    #[default]
    Ignore,
    /// A hundredth: 50 % is 0.5.
    Fraction,
}

/// What stands before the decimals of a number.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum DecimalMark {
    /// 1,234.5
    #[default]
    Point,
    /// 1.234,5
    Comma,
}

/// Settings of `numeric`. A number is near enough if it differs from the reference by no more than the larger of
/// `absolute` and `relative` × |reference|.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Numeric {
    /// 0 or more.
    pub absolute: f64,
    /// 0 or more; 0.01 is 1 %.
    pub relative: f64,
    /// Which number of the answer, and of the reference, is compared.
    pub take: Take,
    pub percent: Percent,
    pub decimal_mark: DecimalMark,
}

/// What may stand around JSON.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Wrapping {
    /// White space alone.
    #[default]
    None,
    /// A code fence of Markdown, with or without a word of language.
    Fence,
}

/// Settings of `json`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Json {
    pub wrapping: Wrapping,
}

/// Settings of `json_schema`.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct JsonSchema {
    /// The schema of all rows; left out: each row's is in the reference column. At most 64 kB; it refers to nothing
    /// but its own parts (`#/…`).
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub schema: Option<serde_json::Value>,
    pub wrapping: Wrapping,
}

/// Settings of `choice`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[schema(as = ChoiceMetric)]
pub struct Choice {
    /// The texts of the choices in the order of their letters, A first: at most 26. Empty: letters alone, A to J.
    pub options: Vec<String>,
}

/// What words are reduced to before they are compared.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Stemming {
    #[default]
    None,
    /// The stems of English words of four letters or more, by Porter's algorithm with NLTK's changes.
    Porter,
}

/// Settings of `rouge_l`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
pub struct RougeL {
    pub stemming: Stemming,
}

/// Settings of `judge`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Judge {
    pub model: JudgeModel,
    /// What the judge is to look at, and what which score means: 1 to 20,000 characters.
    pub rubric: String,
    #[serde(default)]
    pub scale: Scale,
}

/// The model that judges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum JudgeModel {
    /// Another running session.
    Session(SessionId),
    /// An OpenAI-compatible endpoint.
    Endpoint(JudgeEndpoint),
}

/// An OpenAI-compatible endpoint and a model there. Its key is no part of a scoring, which is kept and shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct JudgeEndpoint {
    /// Up to and with `/v1`.
    pub base_url: String,
    pub model: String,
}

/// The scores that a judge may give; a row's score is (score − low) / (high − low).
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Scale {
    /// The worst.
    pub low: f64,
    /// The best; greater than `low`.
    pub high: f64,
}

impl Default for Scale {
    fn default() -> Self {
        Self { low: 1.0, high: 5.0 }
    }
}
