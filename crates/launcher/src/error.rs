//! One error per operation.

use std::{io, path::PathBuf, time::Duration};

use protocol::shim::{ExitRecord, Refusal};

/// A runtime was not started, or is not known to be.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("generation {} of the session has ended", .0.generation)]
    Ended(Box<ExitRecord>),
    #[error("this generation was started and is gone without a record")]
    Vanished,
    #[error("this generation's shim is alive and does not answer")]
    Unresponsive,
    #[error("generation {alive} of the session is alive")]
    OtherGeneration { alive: u32 },
    #[error("generation {latest} of the session was launched already")]
    Superseded { latest: u32 },
    #[error("could not write {path}")]
    Write { path: PathBuf, source: io::Error },
    #[error("could not start the shim {program}")]
    Spawn { program: PathBuf, source: io::Error },
    #[error("the shim refused to start: {message}")]
    Shim { message: String },
    /// It may still come up: launch again, or observe.
    #[error("the shim did not report its start within {0:?}")]
    Unconfirmed(Duration),
    #[error("could not see what is there")]
    Observe(#[from] ObserveError),
}

/// The machine could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ObserveError {
    #[error("could not read {path}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} is not a record this version reads")]
    Malformed { path: PathBuf, source: serde_json::Error },
    #[error("could not watch process {pid}")]
    Watch { pid: u32, source: io::Error },
}

/// A shim did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens: not started, or gone. Observe.
    #[error("the session has no shim to ask")]
    Gone(#[source] io::Error),
    #[error("the shim did not answer within {0:?}")]
    Timeout(Duration),
    #[error("the shim refused")]
    Refused(#[source] Refusal),
    #[error("could not talk to the shim")]
    Io(#[source] io::Error),
    #[error("the shim's answer is not one this version reads")]
    Malformed(#[source] serde_json::Error),
}

/// Something of the session would not die.
#[derive(Debug, thiserror::Error)]
pub enum KillError {
    #[error("{left} processes of the session are alive after SIGKILL")]
    Survived { left: usize },
    #[error("could not signal process {pid}")]
    Signal { pid: u32, source: io::Error },
    #[error("could not remove {path}")]
    Remove { path: PathBuf, source: io::Error },
    #[error("could not see what is there")]
    Observe(#[from] ObserveError),
}

/// The runtime's socket could not be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// No socket, or nobody listens.
    #[error("the session's runtime does not listen")]
    Gone(#[source] io::Error),
    #[error("could not connect to the session's runtime")]
    Io(#[source] io::Error),
}
