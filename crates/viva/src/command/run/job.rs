//! What is asked for, checked as far as it can be here: before a session is opened, and without one.

use std::{
    collections::BTreeMap,
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use dataset::{Plan, Settings, Template};
use protocol::{
    TestSetId,
    scoring::{Scoring, Summary},
    task::{CreateTask, Task, TaskInput, TaskStatus},
    test_set::{TestRun, TestSet},
};
use scoring::{Judgement, Requirement, Scorer};
use serde_json::{Map, Value};

use super::input::Input;
use crate::{
    cli::{AskedArgs, GoalArgs, RunArgs, TaskFormat},
    command::{chat::known_value, download::Existing, figures::counted, scores::figure, task::format_of},
    failure::Failure,
};

/// Where the rows of a task come from.
#[derive(Debug)]
pub(super) enum Rows {
    Read(Input),
    TestSet(TestSetId),
}

/// A task that is to be made.
#[derive(Debug)]
pub(super) struct Job {
    pub(super) rows: Rows,
    /// All of it but the input.
    pub(super) request: CreateTask,
}

impl Job {
    /// # Errors
    /// What is wrong with the file, the template, a scoring or a parameter.
    pub(super) fn check(args: &RunArgs, file: &Path) -> anyhow::Result<Self> {
        let asked = &args.asked;
        let parameters = parameters(asked)?;
        let (prompt, system) = (text_of(args.template.as_deref())?, text_of(asked.system.as_deref())?);
        let template = prompt.as_deref().map(Template::parse).transpose();
        let template = template.map_err(|error| Failure::usage(format!("--template: {error}")))?;
        let scorers = compile(&asked.score)?;
        let input = Input::open(file, args.format.map(Into::into))?;
        let settings = Settings { template, system: system.clone(), parameters: parameters.clone() };
        Plan::new(input.format, &input.columns, settings)
            .map_err(|error| Failure::usage(format!("{}: {error}", file.display())))?;
        for scorer in &scorers {
            input.check_column(scorer)?;
        }
        let request = CreateTask {
            name: asked.name.clone(),
            input: TaskInput::default(),
            prompt,
            system,
            parameters,
            scoring: asked.score.clone(),
            concurrency: asked.concurrency,
            metadata: BTreeMap::new(),
        };
        Ok(Self { rows: Rows::Read(input), request })
    }

    /// The cases of a test set. What is not given is as the set runs by itself, else as its last run was.
    ///
    /// # Errors
    /// The set has no case; what is wrong with a scoring or a parameter.
    pub(super) fn of_test_set(asked: &AskedArgs, set: &TestSet) -> anyhow::Result<Self> {
        if set.cases == 0 {
            let hint = "keep one: `viva test-set add`, or *Save as case* in the console";
            return Err(Failure::new(format!("the test set {} has no case yet", set.name)).hint(hint).into());
        }
        compile(&asked.score)?;
        let (mut settings, given) = (settings(set), parameters(asked)?);
        if !asked.score.is_empty() {
            settings.scoring.clone_from(&asked.score);
        }
        settings.parameters.extend(given);
        let request = CreateTask {
            name: asked.name.clone().or_else(|| Some(set.name.clone())),
            input: TaskInput::default(),
            prompt: None,
            system: text_of(asked.system.as_deref())?.or(settings.system),
            parameters: settings.parameters,
            scoring: settings.scoring,
            concurrency: asked.concurrency,
            metadata: BTreeMap::new(),
        };
        Ok(Self { rows: Rows::TestSet(set.id), request })
    }
}

/// How a test set is run unless more is said.
fn settings(set: &TestSet) -> TestRun {
    match (&set.run, set.runs.first()) {
        (Some(run), _) => run.clone(),
        (None, Some(last)) => TestRun {
            model: String::new(),
            scoring: last.scoring.clone(),
            system: last.system.clone(),
            parameters: last.parameters.clone(),
        },
        (None, None) => TestRun { model: String::new(), scoring: Vec::new(), system: None, parameters: Map::new() },
    }
}

/// # Errors
/// The first scoring that is none.
fn compile(scoring: &[Scoring]) -> anyhow::Result<Vec<Scorer>> {
    let named = |(place, error)| Failure::usage(format!("--score {}: {error}", place_of(place))).into();
    Scorer::compile_all(scoring).map_err(named)
}

fn place_of(place: usize) -> String {
    match place {
        0 => "(the first)".into(),
        1 => "(the second)".into(),
        place => format!("(number {})", place + 1),
    }
}

/// How a test set is to run by itself on the next sessions of a model.
///
/// # Errors
/// What is wrong with a scoring or a parameter.
pub(in crate::command) fn run_of_next(asked: &AskedArgs, model: &str, set: &TestSet) -> anyhow::Result<TestRun> {
    compile(&asked.score)?;
    let mut run = TestRun { model: model.to_owned(), ..settings(set) };
    if !asked.score.is_empty() {
        run.scoring.clone_from(&asked.score);
    }
    if let Some(system) = text_of(asked.system.as_deref())? {
        run.system = Some(system);
    }
    run.parameters.extend(parameters(asked)?);
    Ok(run)
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

fn parameters(args: &AskedArgs) -> anyhow::Result<Map<String, Value>> {
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
    pub(super) fn check(args: &GoalArgs) -> anyhow::Result<Self> {
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
