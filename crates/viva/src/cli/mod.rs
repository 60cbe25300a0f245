//! The command line: names, flags, bounds and help texts. No behaviour.

mod chat;
mod docs;
mod file;
mod history;
mod model;
mod people;
mod run;
mod serve;
mod session;
mod task;
mod test_set;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use chat::{ChatArgs, SamplingArgs};
pub(crate) use docs::DocsCommand;
pub(crate) use file::{FileCommand, GetArgs, PutArgs};
pub(crate) use history::{ExportFormat, HistoryCommand};
pub(crate) use model::{AddArgs, ModelCommand};
pub(crate) use people::{CreateKeyArgs, KeyCommand, RoleArg, TokenCommand, UserCommand};
pub(crate) use run::{AskedArgs, GoalArgs, PlaceArgs, RunArgs};
pub(crate) use serve::ServeArgs;
pub(crate) use session::{CreateArgs, ListArgs, SampleArg, SessionCommand};
pub(crate) use task::{CompareArgs, RowsArgs, TaskCommand, TaskFormat};
pub(crate) use test_set::{AddCaseArgs, CreateSetArgs, RunSetArgs, TestSetCommand};

/// Interactive sessions on language models: open one, talk to it, keep what it said, and have it end on time.
#[derive(Debug, Parser)]
#[command(name = "viva", version, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) shared: Shared,
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// How much of a list.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct Amount {
    /// Most entries to list
    #[arg(long, default_value_t = 50, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// List everything
    #[arg(long, conflicts_with = "limit")]
    all: bool,
}

impl Amount {
    /// The most entries.
    pub(crate) const fn most(self) -> usize {
        if self.all { usize::MAX } else { self.limit as usize }
    }
}

/// Flags of every command.
#[derive(Debug, Clone, Args)]
pub(crate) struct Shared {
    /// The data folder [default: $XDG_DATA_HOME/viva or ~/.local/share/viva]
    #[arg(long, global = true, env = "VIVA_DATA", value_name = "DIR", hide_env_values = true)]
    pub(crate) data: Option<PathBuf>,
    /// Print JSON, as the API gives it
    #[arg(long, global = true)]
    pub(crate) json: bool,
    /// When to use colour
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN", hide_possible_values = true)]
    pub(crate) color: ColorChoice,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorChoice {
    /// On a terminal, unless NO_COLOR is set
    #[default]
    Auto,
    Always,
    Never,
}

impl Shared {
    /// The data folder: `--data`, `$VIVA_DATA`, `$XDG_DATA_HOME/viva`, or `~/.local/share/viva`.
    ///
    /// # Errors
    /// None of them is set.
    pub(crate) fn data_folder(&self) -> anyhow::Result<PathBuf> {
        let from = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        self.data
            .clone()
            .or_else(|| from("XDG_DATA_HOME").filter(|path| path.is_absolute()).map(|path| path.join("viva")))
            .or_else(|| from("HOME").map(|home| home.join(".local/share/viva")))
            .ok_or_else(|| {
                crate::failure::Failure::new("there is no home folder to keep data in")
                    .hint("name the data folder: `--data DIR`, or set VIVA_DATA")
                    .into()
            })
    }
}

#[derive(Debug, Subcommand)]
#[expect(clippy::large_enum_variant, reason = "there is one of it per process")]
pub(crate) enum Command {
    /// Run the server
    Serve(ServeArgs),
    #[command(flatten)]
    Client(ClientCommand),
}

/// Commands that ask a server, or nobody.
#[derive(Debug, Subcommand)]
pub(crate) enum ClientCommand {
    /// Create, watch, extend, stop and delete sessions
    #[command(subcommand)]
    Session(SessionCommand),
    /// Talk to a session
    Chat(ChatArgs),
    /// Run a set of prompts over a session, and score the answers
    Run(Box<RunArgs>),
    /// Look at, cancel, export and delete what `viva run` began
    #[command(subcommand)]
    Task(TaskCommand),
    /// Keep cases, and run them on sessions again and again
    #[command(subcommand)]
    TestSet(TestSetCommand),
    /// Hold tasks on the same rows against each other
    Compare(CompareArgs),
    /// Put files into a session's storage, and get them from it
    #[command(subcommand)]
    File(FileCommand),
    /// Read, export and delete what a session has answered
    #[command(subcommand)]
    History(HistoryCommand),
    /// Add, look at and remove models
    #[command(subcommand)]
    Model(ModelCommand),
    /// Ask and search the documentation
    #[command(subcommand)]
    Docs(DocsCommand),
    /// Create, change and remove users, and look at what runs on the machine
    #[command(subcommand)]
    User(UserCommand),
    /// Create, list and withdraw your API keys
    #[command(subcommand)]
    Key(KeyCommand),
    /// Print a link that logs a browser in
    Login(LoginArgs),
    /// Check this machine: folders, memory, kernel features, the server
    Doctor(DoctorArgs),
    /// Print the completion script of a shell
    Completions {
        /// The shell
        #[arg(value_enum)]
        shell: clap_complete::Shell,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct LoginArgs {
    /// Open the link in this machine's browser, too
    #[arg(long)]
    pub(crate) open: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct DoctorArgs {
    /// The address that `viva serve` would listen on
    #[arg(long, default_value = "127.0.0.1:8482", value_name = "ADDRESS")]
    pub(crate) listen: std::net::SocketAddr,
}
