//! What a launcher sees: plain data.

use protocol::{
    SessionId,
    shim::{ExitRecord, ProcessIdentity, ShimStatus},
};

/// One generation of a session, as seen now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observation {
    /// Never started, or superseded.
    Absent,
    Alive(Box<ShimStatus>),
    /// The shim is alive and does not answer. [`crate::Launcher::kill`] is what is left.
    Unresponsive {
        shim: ProcessIdentity,
    },
    /// The runtime ended, its descendants were reaped, and the shim is gone.
    Exited(Box<ExitRecord>),
    /// The shim is gone without a record: it was killed, or the machine was. [`crate::Launcher::kill`] clears what
    /// it may have left.
    Vanished,
}

/// What a session still holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Released {
    /// Its living processes; a zombie is gone.
    pub processes: Vec<FoundProcess>,
    /// Whether one of its sockets is still there.
    pub socket: bool,
}

impl Released {
    /// Nothing is held any more.
    pub fn is_complete(&self) -> bool {
        self.processes.is_empty() && !self.socket
    }
}

/// A living process that belongs to a session of this data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundProcess {
    pub session: SessionId,
    pub role: Role,
    /// Named on the command line of a shim; `None` for a runtime.
    pub generation: Option<u32>,
    pub identity: ProcessIdentity,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Also, for a moment at the start, the process that detaches it.
    Shim,
    /// The runtime or a descendant of it.
    Runtime,
}
