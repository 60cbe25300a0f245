//! What a task does with each row, compiled: the plan of its requests, and its scorers.

use dataset::{Content, Plan, PlanError, Row, Settings, Template};
use protocol::{
    FieldError,
    dataset::Format,
    scoring::{RowScore, Scoring},
};
use scoring::Scorer;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

use super::content;

/// A task's instructions, as a request gives them or the store keeps them.
#[derive(Debug, Clone)]
pub(super) struct Instructions<'a> {
    pub(super) format: Format,
    pub(super) columns: &'a [String],
    pub(super) prompt: Option<&'a str>,
    pub(super) system: Option<&'a str>,
    pub(super) parameters: &'a Map<String, Value>,
    pub(super) scoring: &'a [Scoring],
}

/// What is done with each row.
#[derive(Debug)]
pub(super) struct Work {
    plan: Plan,
    pub(super) scorers: Vec<Scorer>,
}

/// A row's question, answer and expected answers are scored by these many bytes without leaving the async threads.
const QUICK: usize = 4096;

impl Work {
    /// Compiles the instructions.
    ///
    /// # Errors
    /// The field at fault, with what to do.
    pub(super) fn compile(instructions: &Instructions<'_>) -> Result<Self, FieldError> {
        let template = instructions.prompt.map(Template::parse).transpose();
        let template = template.map_err(|error| FieldError::new("prompt", "template", error.to_string()))?;
        let mut parameters = instructions.parameters.clone();
        parameters.entry("temperature").or_insert_with(|| json!(0));
        let settings = Settings { template, system: instructions.system.map(str::to_owned), parameters };
        let plan = Plan::new(instructions.format, instructions.columns, settings).map_err(|error| at_fault(&error))?;
        let scorers = Scorer::compile_all(instructions.scoring)
            .map_err(|(place, error)| FieldError::new(format!("scoring[{place}]"), "invalid", error.to_string()))?;
        for (place, scorer) in scorers.iter().enumerate() {
            let has = |name: &str| instructions.columns.iter().any(|column| column == name);
            if let Some(reference) =
                scorer.reference().filter(|name| !has(name) && instructions.format != Format::Batch)
            {
                let columns = instructions.columns.join("`, `");
                let message = format!("the input has no column `{reference}`; its columns are `{columns}`");
                return Err(FieldError::new(format!("scoring[{place}].reference"), "unknown", message));
            }
        }
        Ok(Self { plan, scorers })
    }

    /// The call and body of a row.
    ///
    /// # Errors
    /// What the row lacks.
    pub(super) fn request(&self, row: &Row) -> Result<(dataset::Endpoint, Map<String, Value>), dataset::BadRow> {
        dataset::plan::request(row, &self.plan)
    }

    /// Whether scoring this answer is quick enough to be done at once.
    pub(super) fn is_quick(&self, answer: &str) -> bool {
        answer.len() <= QUICK
    }

    /// What was asked of the row, and what a scoring expects of it.
    pub(super) fn asked(&self, scorer: &Scorer, row: &Row) -> (Option<String>, Option<String>) {
        let question = self.request(row).ok().map(|(_, body)| question(&body));
        (question, reference(scorer, row))
    }

    /// The scores of a row's answer, by the name of the scoring.
    pub(super) fn score(&self, row: &Row, answer: Option<&str>) -> BTreeMap<String, RowScore> {
        let question = self.request(row).ok().map(|(_, body)| question(&body));
        let score = |scorer: &Scorer| {
            let Some(answer) = answer else { return RowScore::unscored(protocol::scoring::Unscored::AnswerMissing) };
            let reference = reference(scorer, row);
            scorer.score(&scoring::Row { answer, reference: reference.as_deref(), question: question.as_deref() })
        };
        self.scorers.iter().map(|scorer| (scorer.name().to_owned(), score(scorer))).collect()
    }
}

fn at_fault(error: &PlanError) -> FieldError {
    let field = match error {
        PlanError::Template(_) | PlanError::NoPrompt { .. } => "prompt".to_owned(),
        PlanError::NotForBatch { name } => (*name).to_owned(),
        PlanError::Reserved { name } => format!("parameters.{name}"),
    };
    FieldError::new(field, "invalid", error.to_string())
}

/// What is expected of a row: its column, else the answer that its conversation ends with.
fn reference(scorer: &Scorer, row: &Row) -> Option<String> {
    match (scorer.reference(), &row.content) {
        (Some(name), Content::Columns(columns)) => content::text(columns, name),
        (Some(_), Content::Request { .. }) => None,
        (None, _) => dataset::plan::expected(row).map(str::to_owned),
    }
}

/// The last thing that was asked.
fn question(body: &Map<String, Value>) -> String {
    if let Some(prompt) = body.get("prompt").and_then(Value::as_str) {
        return prompt.to_owned();
    }
    let messages = body.get("messages").and_then(Value::as_array);
    let last = messages.into_iter().flatten().rfind(|message| message["role"] == "user");
    last.and_then(|message| message["content"].as_str()).unwrap_or_default().to_owned()
}
