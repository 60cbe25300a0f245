//! `viva shim …`: the process that supervises a session's runtime.

use std::{ffi::OsString, path::PathBuf, process::ExitCode};

use clap::Parser;
use protocol::SessionId;
use shim::{Placement, ShimOptions};

/// Supervise a session's runtime; started by the server
#[derive(Debug, Parser)]
#[command(name = "viva shim", version)]
struct ShimArgs {
    /// The data folder, absolute
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// The session
    #[arg(long, value_name = "ID")]
    session: SessionId,
    /// Which incarnation of its runtime
    #[arg(long, value_name = "N")]
    generation: u32,
    /// Stay in this process instead of detaching: for a process manager that supervises it
    #[arg(long)]
    foreground: bool,
}

/// `viva shim …`, with what follows the word. The process has one thread.
pub(crate) fn shim(args: Vec<OsString>) -> ExitCode {
    let words = std::iter::once(OsString::from("viva shim")).chain(args);
    match ShimArgs::try_parse_from(words) {
        Ok(args) => shim::run(ShimOptions {
            data: args.data,
            session: args.session,
            generation: args.generation,
            placement: if args.foreground { Placement::Foreground } else { Placement::Detached },
        }),
        Err(error) => {
            let _ = error.print();
            ExitCode::from(if error.use_stderr() { 2 } else { 0 })
        }
    }
}
