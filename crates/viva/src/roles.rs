//! The roles of the binary that are no client: the server, a session's shim, a session's engine.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use crate::cli::ServeArgs;

/// `viva serve`: runs until it is told to stop.
pub(crate) fn serve(_data: PathBuf, _args: ServeArgs) -> anyhow::Result<()> {
    anyhow::bail!("not built yet")
}

/// `viva shim …`, with what follows the word. The process has one thread.
pub(crate) fn shim(_args: Vec<OsString>) -> ExitCode {
    ExitCode::FAILURE
}

/// `viva engine …`, with what follows the word.
pub(crate) fn engine(_args: Vec<OsString>) -> ExitCode {
    ExitCode::FAILURE
}
