//! `viva file …`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::Amount;

const SESSION_HELP: &str =
    "The session: its id, the beginning of its id, or its name [default: the newest running one]";

#[derive(Debug, Subcommand)]
pub(crate) enum FileCommand {
    /// Put files into a session's storage; one that broke off is gone on with
    Put(PutArgs),
    /// Get a file from a session's storage
    Get(GetArgs),
    /// List a session's files, the one written last first, and what they take
    List {
        #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
        session: Option<String>,
        #[command(flatten)]
        amount: Amount,
    },
    /// Remove files from a session's storage, for good
    Remove {
        /// The files, as `viva file list` names them
        #[arg(required = true, value_name = "NAME")]
        names: Vec<String>,
        #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
        session: Option<String>,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct PutArgs {
    /// The files; `-`: standard input, which needs --as
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
    pub(crate) session: Option<String>,
    /// Its name in the session, for one file: names parted by `/` [default: the file's own]
    #[arg(long = "as", value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct GetArgs {
    /// The file, as `viva file list` names it
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
    pub(crate) session: Option<String>,
    /// The file or folder to write it to; `-`: standard output [default: its last name, in this folder]
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}
