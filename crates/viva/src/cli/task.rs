//! `viva task …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::Amount;

const TASK_HELP: &str = "The task: its id, the beginning of its id, or its name";

#[derive(Debug, Subcommand)]
pub(crate) enum TaskCommand {
    /// List the tasks, newest first
    List {
        /// Only those of this session: its id, the beginning of its id, or its name
        #[arg(long, short, value_name = "SESSION")]
        session: Option<String>,
        #[command(flatten)]
        amount: Amount,
    },
    /// Show how far a task has come, and its scores
    Show {
        #[arg(help = TASK_HELP)]
        task: String,
    },
    /// List a task's rows: what was asked, what came, and how it was judged
    Rows(RowsArgs),
    /// Cancel a task; what is done stays, and it can be resumed
    Cancel {
        #[arg(help = TASK_HELP)]
        task: String,
    },
    /// Delete a task with its rows and their completions, for good
    Delete {
        #[arg(help = TASK_HELP)]
        task: String,
        /// The word `delete`: do not ask for it
        #[arg(long, value_name = "delete", value_parser = ["delete"], hide_possible_values = true)]
        confirm: Option<String>,
    },
    /// Write a task's rows with answers and scores to a file
    Export {
        #[arg(help = TASK_HELP)]
        task: String,
        /// The form [default: by the file's ending, else jsonl]
        #[arg(long, value_enum, value_name = "FORMAT")]
        format: Option<TaskFormat>,
        /// The file [default: standard output, which xlsx needs to be no terminal]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RowsArgs {
    #[arg(help = TASK_HELP)]
    pub(crate) task: String,
    /// Only rows without an answer: those that failed, and those whose line holds no row
    #[arg(long)]
    pub(crate) failed: bool,
    /// Only rows whose input or answer holds this
    #[arg(long, short = 'q', value_name = "TEXT")]
    pub(crate) search: Option<String>,
    #[command(flatten)]
    pub(crate) amount: Amount,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CompareArgs {
    /// 2 to 8 tasks that are over and have the same rows: ids, beginnings of ids, or names; the first is the baseline
    #[arg(required = true, num_args = 2..=8, value_name = "TASK")]
    pub(crate) tasks: Vec<String>,
    /// The score whose differences come first [default: the first one]
    #[arg(long, value_name = "NAME")]
    pub(crate) score: Option<String>,
    /// Only rows whose input or an answer holds this
    #[arg(long, short = 'q', value_name = "TEXT")]
    pub(crate) search: Option<String>,
    /// Most rows to show, those that differ most first
    #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(0..=200))]
    pub(crate) limit: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TaskFormat {
    Jsonl,
    Csv,
    Xlsx,
    /// A test suite, as continuous integration reads it
    Junit,
}

impl TaskFormat {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
            Self::Junit => "junit",
        }
    }
}
