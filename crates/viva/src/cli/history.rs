//! `viva history …`.

use std::path::PathBuf;

use clap::{Subcommand, ValueEnum};

use super::Amount;

const SESSION_HELP: &str = "The session: its id, the beginning of its id, or its name [default: the newest one]";
const COMPLETION_HELP: &str = "The completion: its id, or the beginning of it";

#[derive(Debug, Subcommand)]
pub(crate) enum HistoryCommand {
    /// List the completions of a session, newest first
    List {
        #[arg(help = SESSION_HELP)]
        session: Option<String>,
        /// Only those whose response holds these words
        #[arg(long, short, value_name = "WORDS")]
        q: Option<String>,
        /// Only the picks
        #[arg(long)]
        starred: bool,
        /// Only those that came this way
        #[arg(long, value_enum, value_name = "ORIGIN")]
        origin: Option<OriginArg>,
        #[command(flatten)]
        amount: Amount,
    },
    /// Show one completion whole
    Show {
        #[arg(help = COMPLETION_HELP)]
        completion: String,
    },
    /// Write a session's completions to a file
    Export {
        #[arg(help = SESSION_HELP)]
        session: Option<String>,
        /// The form
        #[arg(long, value_enum, default_value_t = ExportFormat::Jsonl, value_name = "FORMAT")]
        format: ExportFormat,
        /// The file [default: standard output, which xlsx needs to be no terminal]
        #[arg(long, short, value_name = "FILE")]
        output: Option<PathBuf>,
        /// Replace the file if it is there
        #[arg(long)]
        force: bool,
        /// Only the picks
        #[arg(long)]
        starred: bool,
    },
    /// Delete completions, for good
    Delete {
        #[arg(help = COMPLETION_HELP, required = true)]
        completions: Vec<String>,
        /// The word `delete`: do not ask for it
        #[arg(long, value_name = "delete", value_parser = ["delete"], hide_possible_values = true)]
        confirm: Option<String>,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum OriginArg {
    Playground,
    Api,
    Task,
}

impl OriginArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Playground => "playground",
            Self::Api => "api",
            Self::Task => "task",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    Xlsx,
    Jsonl,
    Csv,
}

impl ExportFormat {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Xlsx => "xlsx",
            Self::Jsonl => "jsonl",
            Self::Csv => "csv",
        }
    }
}
