//! `viva session …`.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use super::{Amount, TokenCommand};
use crate::moment::{parse_duration, parse_until};

/// What a session is named by, in every command's help.
const SESSION_HELP: &str = "The session: its id, the beginning of its id, or its name";

#[derive(Debug, Subcommand)]
pub(crate) enum SessionCommand {
    /// Create a session
    Create(CreateArgs),
    /// List the sessions, newest first
    List(ListArgs),
    /// Show everything about a session
    Show {
        #[arg(help = SESSION_HELP)]
        session: String,
    },
    /// Stop a session; its results stay
    Stop {
        #[arg(help = SESSION_HELP)]
        session: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
    /// Give a running session more time
    #[command(group(clap::ArgGroup::new("time").required(true).multiple(true).args(["by", "until"])))]
    Extend {
        #[arg(help = SESSION_HELP)]
        session: String,
        /// Add this much time: 30m, 1h30m
        #[arg(long = "for", id = "by", value_name = "DURATION", value_parser = parse_duration)]
        by: Option<u64>,
        /// Stop at this time: 18:00, 2030-01-31T18:00:00Z
        #[arg(long, value_name = "TIME", value_parser = parse_until, conflicts_with = "by")]
        until: Option<Timestamp>,
    },
    /// Give a session another name or description
    #[command(group(clap::ArgGroup::new("change").required(true).multiple(true).args(["name", "description"])))]
    Rename {
        #[arg(help = SESSION_HELP)]
        session: String,
        /// The new name: 1 to 100 characters
        name: Option<String>,
        /// The new description: at most 200 characters; empty removes it
        #[arg(long, value_name = "TEXT")]
        description: Option<String>,
    },
    /// Delete a session with everything it holds, for good
    Delete {
        #[arg(help = SESSION_HELP)]
        session: String,
        /// The word `delete`: do not ask for it
        #[arg(long, value_name = "delete", value_parser = ["delete"], hide_possible_values = true)]
        confirm: Option<String>,
    },
    /// Print the log of a session's runtime
    Logs {
        #[arg(help = SESSION_HELP)]
        session: String,
        /// The number of lines, from the end
        #[arg(long, short = 'n', default_value_t = 200, value_name = "LINES")]
        tail: u32,
    },
    /// Create, list and withdraw named tokens of a session
    #[command(subcommand)]
    Token(TokenCommand),
    /// Print how to reach a running session by program
    Endpoint {
        #[arg(help = format!("{SESSION_HELP} [default: the newest running one]"))]
        session: Option<String>,
        /// Print the sample code too
        #[arg(long, value_enum, value_name = "LANGUAGE")]
        sample: Option<SampleArg>,
        /// Print the token in full
        #[arg(long)]
        show_token: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CreateArgs {
    /// Its name: 1 to 100 characters [default: int.session_ and the time]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Its description: at most 200 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) description: Option<String>,
    /// The model: its id, name, or name:version [default: the newest eligible one of the catalog]
    #[arg(long, value_name = "MODEL")]
    pub(crate) model: Option<String>,
    /// Stop after this long: 30m, 1h30m [default: 1h]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) after: Option<u64>,
    /// Stop at this time: 18:00, 2030-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_until)]
    pub(crate) until: Option<Timestamp>,
    /// Stop after this many completion requests
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_interactions: Option<u64>,
    /// Stop after this long without a request: 10m
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) idle: Option<u64>,
    /// Stop after this many tokens, of prompts and answers together
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_tokens: Option<u64>,
    /// Tokens of context of a request
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u32).range(16..))]
    pub(crate) context: Option<u32>,
    /// Requests answered at the same time
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=64))]
    pub(crate) parallel: Option<u32>,
    /// Wait until it runs
    #[arg(long)]
    pub(crate) wait: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct ListArgs {
    /// Only sessions of this status
    #[arg(long, value_enum, value_name = "STATUS")]
    pub(crate) status: Option<StatusArg>,
    /// Only sessions whose name or description holds this
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) q: Option<String>,
    #[command(flatten)]
    pub(crate) amount: Amount,
    /// Keep the list on the screen and up to date
    #[arg(long, short)]
    pub(crate) watch: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StatusArg {
    Initializing,
    Running,
    Failed,
    Stopped,
}

impl StatusArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Running => "running",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum SampleArg {
    Curl,
    /// With the OpenAI SDK
    Python,
    Requests,
    Javascript,
}
