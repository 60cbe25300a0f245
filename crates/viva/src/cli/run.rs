//! `viva run`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, ValueEnum};
use protocol::{dataset::Format, scoring::Scoring};
use scoring::Requirement;

use crate::moment::parse_duration;

/// What only a new task takes.
const NEW: [&str; 8] = ["template", "system", "score", "set", "max_tokens", "concurrency", "format", "name"];

#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("rows").required(true).args(["file", "test_set", "resume"])))]
pub(crate) struct RunArgs {
    /// The rows: JSON lines, CSV, a workbook, a prompt a line, or OpenAI's batch lines; `-`: standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Run the cases of a test set: its id, the beginning of its id, or its name
    #[arg(long, value_name = "SET", conflicts_with_all = ["template", "format"])]
    pub(crate) test_set: Option<String>,
    /// Go on with a task that was cut: its id, the beginning of its id, or its name
    #[arg(long, value_name = "TASK", conflicts_with_all = NEW)]
    pub(crate) resume: Option<String>,
    /// The prompt, over the columns: 'Translate: {{text}}'; @FILE reads it [default: the column prompt or question]
    #[arg(long, value_name = "TEXT")]
    pub(crate) template: Option<String>,
    /// How the rows are written [default: told by the file's name and its beginning]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<InputFormat>,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    #[command(flatten)]
    pub(crate) goal: GoalArgs,
}

/// Where a run runs.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct PlaceArgs {
    /// The session: its id, the beginning of its id, or its name [default: the newest running one]
    #[arg(long, short, value_name = "SESSION", conflicts_with = "model")]
    pub(crate) session: Option<String>,
    /// Open a session on this model for it, and stop that at the end
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// The time limit of the session that is opened: 30m, 1h30m [default: 1h]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration, requires = "model", conflicts_with = "session")]
    pub(crate) after: Option<u64>,
    /// Leave the session that was opened running
    #[arg(long, requires = "model", conflicts_with = "session")]
    pub(crate) keep: bool,
}

/// How rows are asked and judged.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct AskedArgs {
    /// The system message of every row; @FILE reads it
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    /// How answers are judged: exact:answer, numeric:answer:1%, regex::PATTERN …; may be given several times
    #[arg(long, value_name = "[NAME=]METRIC[:COLUMN[:SETTING]]")]
    pub(crate) score: Vec<Scoring>,
    /// A sampling parameter, such as temperature=0.2; may be given several times [default: temperature=0]
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) set: Vec<String>,
    /// Most tokens of an answer: 0 to 8192
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_tokens: Option<String>,
    /// Rows in flight at a time: 1 to 64 [default: what keeps the engine busy]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) concurrency: Option<u32>,
    /// The task's name: 1 to 100 characters [default: task-1, task-2 …; of a test set, its own]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// What a run is to come to.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct GoalArgs {
    /// Fail below this score: 'exact>=0.9', 'score>=90%'; may be given several times
    #[arg(long, value_name = "REQUIREMENT")]
    pub(crate) require: Vec<Requirement>,
    /// Fail if a row has no answer
    #[arg(long)]
    pub(crate) require_all_rows: bool,
    /// Write the rows with answers and scores: .jsonl, .csv, .xlsx, or .xml (JUnit)
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the output file if it is there
    #[arg(long, requires = "output")]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum InputFormat {
    /// JSON objects, one a line; their fields are the columns
    Jsonl,
    /// With a header; commas, semicolons or tabs
    Csv,
    /// The first sheet of a workbook
    Xlsx,
    /// A prompt a line
    Text,
    /// OpenAI's batch lines
    Batch,
}

impl From<InputFormat> for Format {
    fn from(format: InputFormat) -> Self {
        match format {
            InputFormat::Jsonl => Self::Jsonl,
            InputFormat::Csv => Self::Csv,
            InputFormat::Xlsx => Self::Xlsx,
            InputFormat::Text => Self::Text,
            InputFormat::Batch => Self::Batch,
        }
    }
}
