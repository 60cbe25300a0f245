//! Supervision on the runtime's side: one shim per session starts the runtime, bounds it and records its end.
//!
//! Owns the session's processes, sockets and runtime log. Knows nothing of models, requests or the store, and waits
//! for nobody: with the control plane dead, every bound still holds.

mod cgroup;
mod clock;
mod control;
mod deadlines;
mod detach;
mod disk;
mod folder;
mod log;
mod memory;
mod output;
mod procfs;
mod runtime;
mod sandbox;
mod session;
mod signals;
mod stopping;
mod supervise;
mod tail;

use std::{io::Write, path::PathBuf, process::ExitCode};

use protocol::{SessionId, shim::Confinement};

use crate::detach::{Report, Side};
pub use crate::sandbox::Shortcoming;

/// What a shim is told on its command line; the rest is in the session's launch spec.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShimOptions {
    /// The data folder, absolute.
    pub data: PathBuf,
    pub session: SessionId,
    pub generation: u32,
    pub placement: Placement,
}

/// Where the shim's work happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placement {
    /// In a process of its own, detached from the caller's session and terminal; [`run`] returns when the runtime
    /// was started or could not be.
    Detached,
    /// In this process, for a supervisor that wants the shim as its child; [`run`] returns at the end.
    Foreground,
}

/// What of the engine's sandbox this machine's kernel can enforce.
pub fn available_confinement() -> Confinement {
    sandbox::available()
}

/// What this machine's kernel lacks of it; empty: nothing.
pub fn shortcomings() -> Vec<Shortcoming> {
    sandbox::shortcomings_of(sandbox::available())
}

/// Takes the role of a shim. To be called first thing in a process with one thread: it forks, and it closes every
/// descriptor above 2.
///
/// Exit status: 0 done; [`protocol::shim::EXIT_HELD`] if the session has a living shim; 1 otherwise, with one line
/// on standard error.
pub fn run(options: ShimOptions) -> ExitCode {
    let side = detach::close_inherited().and_then(|()| match options.placement {
        Placement::Detached => detach::detach(),
        Placement::Foreground => Ok(Side::Detached(Report::nowhere())),
    });
    let mut report = match side {
        Ok(Side::Starter(status)) => return status,
        Ok(Side::Detached(report)) => report,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "the shim could not detach: {error}");
            return ExitCode::FAILURE;
        }
    };
    match session::serve(&options, &mut report) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            session::note(&error.to_string());
            report.send(error.status(), &error.to_string());
            ExitCode::from(error.status())
        }
    }
}
