//! The `viva` binary: arguments in, a role or a client command out, an exit status back.
//!
//! Owns the exit status: 0 done, 1 failed, 2 usage. Decides nothing else. `viva shim` and `viva engine` are
//! processes of a session: they are told apart before anything else happens, for the shim must find a process with
//! a single thread.

mod cli;
mod client;
mod command;
mod failure;
mod moment;
mod output;
mod roles;

use std::{ffi::OsString, process::ExitCode};

use clap::Parser;

use crate::{
    cli::{Cli, Command},
    output::Output,
};

fn main() -> ExitCode {
    let mut args = std::env::args_os().skip(1);
    let first = args.next();
    match first.as_deref().and_then(|role| role.to_str()) {
        Some("shim") => return roles::shim(args.collect::<Vec<OsString>>()),
        Some("engine") => return roles::engine(args.collect::<Vec<OsString>>()),
        Some(_) | None => {}
    }
    let cli = Cli::parse();
    let output = Output::new(&cli.shared);
    let result = match cli.command {
        Command::Serve(serve) => cli.shared.data_folder().and_then(|data| roles::serve(data, serve)),
        Command::Client(command) => command::run(command, &cli.shared, &output),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => output.fail(&error),
    }
}
