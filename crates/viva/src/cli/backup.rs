//! `viva backup` and `viva restore`.

use std::path::PathBuf;

use clap::Args;

#[derive(Debug, Clone, Args)]
pub(crate) struct BackupArgs {
    /// The archive to write
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Leave the models' files out; they never change
    #[arg(long)]
    pub(crate) without_models: bool,
    /// Replace the file if it is there
    #[arg(long)]
    pub(crate) force: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RestoreArgs {
    /// The archive to read
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
