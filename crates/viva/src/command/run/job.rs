//! What is asked for, checked as far as it can be here: before a session is opened, and without one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use dataset::{Plan, Settings, Template};
use protocol::{
    scoring::{Scoring, Summary},
    task::{CreateTask, Task, TaskInput, TaskStatus},
};
use scoring::{Judgement, Requirement, Scorer};
use serde_json::{Map, Value};

use super::input::Input;
use crate::{
    cli::{RunArgs, TaskFormat},
    command::{chat::known_value, download::Existing, figures::counted, scores::figure, task::format_of},
    failure::Failure,
};

/// A task that is to be made.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) input: Input,
    /// All of it but the input.
    pub(super) request: CreateTask,
}

impl Job {
    /// # Errors
    /// What is wrong with the file, the template, a scoring or a parameter.
    pub(super) fn check(args: &RunArgs, file: &Path) -> anyhow::Result<Self> {
        let parameters = parameters(args)?;
        let (prompt, system) = (text_of(args.template.as_deref())?, text_of(args.system.as_deref())?);
        let template = prompt.as_deref().map(Template::parse).transpose();
        let template = template.map_err(|error| Failure::usage(format!("--template: {error}")))?;
        let scorers = Scorer::compile_all(&args.score)
            .map_err(|(place, error)| Failure::usage(format!("--score {}: {error}", place_of(place))))?;
        let input = Input::open(file, args.format.map(Into::into))?;
        let settings = Settings { template, system: system.clone(), parameters: parameters.clone() };
        Plan::new(input.format, &input.columns, settings)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        for scorer in &scorers {
            input.check_column(scorer)?;
        }
        let request = CreateTask {
            name: args.name.clone(),
            input: TaskInput::default(),
            prompt,
            system,
            parameters,
            scoring: args.score.clone(),
            concurrency: args.concurrency,
            metadata: BTreeMap::new(),
        };
        Ok(Self { input, request })
    }
}

fn place_of(place: usize) -> String {
    match place {
        0 => "(the first)".into(),
        1 => "(the second)".into(),
        place => format!("(number {})", place + 1),
    }
}

/// A text, or with `@` before it the file that holds it; `@@` stands for one `@`.
fn text_of(given: Option<&str>) -> anyhow::Result<Option<String>> {
    let Some(given) = given else { return Ok(None) };
    Ok(Some(match given.strip_prefix('@') {
        Some(text) if text.starts_with('@') => text.to_owned(),
        Some(file) => std::fs::read_to_string(file).with_context(|| format!("{file} cannot be read"))?,
        None => given.to_owned(),
    }))
}

fn parameters(args: &RunArgs) -> anyhow::Result<Map<String, Value>> {
    let mut parameters = Map::new();
    let max_tokens = args.max_tokens.as_ref().map(|value| format!("max_tokens={value}"));
    for text in args.set.iter().chain(&max_tokens) {
        let (name, value) = text.split_once('=').filter(|(name, _)| !name.trim().is_empty()).ok_or_else(|| {
            Failure::usage(format!("`{text}` sets nothing"))
                .hint("write it as NAME=VALUE, as in `--set temperature=0.2`")
        })?;
        let name = name.trim().replace('-', "_");
        let known = known_value(&name, value.trim()).map_err(Failure::usage)?;
        // What is not known here may be known to the runtime.
        let value = known.unwrap_or_else(|| serde_json::from_str(value).unwrap_or_else(|_| value.into()));
        parameters.insert(name, value);
    }
    Ok(parameters)
}

/// What the run is to come to.
#[derive(Debug)]
pub(super) struct Goal {
    requirements: Vec<Requirement>,
    needs_all_rows: bool,
    pub(super) output: Option<(PathBuf, TaskFormat)>,
}

impl Goal {
    /// # Errors
    /// The output file cannot be what it is to be.
    pub(super) fn check(args: &RunArgs) -> anyhow::Result<Self> {
        let output = args.output.as_ref().map(|file| {
            let format = format_of(file).ok_or_else(|| {
                Failure::usage(format!("{} has none of the endings .jsonl, .csv, .xlsx and .xml", file.display()))
            })?;
            Existing::from_flag(args.force).check(file)?;
            anyhow::Ok((file.clone(), format))
        });
        Ok(Self {
            requirements: args.require.clone(),
            needs_all_rows: args.require_all_rows,
            output: output.transpose()?,
        })
    }

    /// Whether each requirement is of a scoring that there is.
    ///
    /// # Errors
    /// The first that is of none.
    pub(super) fn check_names(&self, scoring: &[Scoring]) -> anyhow::Result<()> {
        let empty = Summary { rows: 0, scored: 0, unscored: BTreeMap::new(), score: None, interval: None };
        for requirement in &self.requirements {
            requirement
                .judge(scoring.iter().map(|scoring| (scoring.name(), &empty)))
                .map_err(|error| Failure::usage(format!("--require {requirement}: {error}")))?;
        }
        Ok(())
    }

    /// Each requirement with what became of it.
    pub(super) fn judgements(&self, task: &Task) -> Vec<(&Requirement, Judgement)> {
        let scores = || task.scores.iter().map(|score| (score.name.as_str(), &score.summary));
        let judged =
            |requirement: &Requirement| requirement.judge(scores()).unwrap_or(Judgement::Unmet { score: None });
        self.requirements.iter().map(|requirement| (requirement, judged(requirement))).collect()
    }

    /// Whether the run came to it.
    ///
    /// # Errors
    /// It did not: the task did not reach its end, a score is below what is required, or rows have no answer.
    pub(super) fn judge(&self, task: &Task) -> anyhow::Result<()> {
        if task.status != TaskStatus::Done {
            let why = task.reason.as_ref().map(|reason| format!(": {}", reason.message)).unwrap_or_default();
            let failure = Failure::new(format!("the task was {}{why}", task.status.as_str()));
            let hint = format!("go on with it: `viva run --resume {}`", task.id);
            return Err(if task.status == TaskStatus::Cut { failure.hint(hint) } else { failure }.into());
        }
        let unmet: Vec<String> = self
            .judgements(task)
            .into_iter()
            .filter_map(|(requirement, judgement)| match judgement {
                Judgement::Met { .. } => None,
                Judgement::Unmet { score: Some(score) } => {
                    Some(format!("{requirement} is not met: it is {}", figure(score)))
                }
                Judgement::Unmet { score: None } => Some(format!("{requirement} is not met: nothing was scored")),
            })
            .collect();
        if !unmet.is_empty() {
            return Err(Failure::new(unmet.join("; ")).into());
        }
        let unanswered = task.progress.failed + task.progress.invalid;
        if self.needs_all_rows && unanswered > 0 {
            let have = if unanswered == 1 { "has" } else { "have" };
            let failure = Failure::new(format!("{} {have} no answer", counted(unanswered, "row")));
            return Err(failure.hint(format!("see why: `viva task rows {} --failed`", task.id)).into());
        }
        Ok(())
    }
}
