//! What the control plane and a session's shim say to each other, and where: the launch spec, the calls over
//! the control socket, the records the shim leaves, and the session's folder.
//!
//! Every duration is in milliseconds *remaining at receipt*: no instant crosses this boundary, so a jump of the
//! wall clock moves no deadline. The shim arms what it receives on the clock that counts machine sleep.

mod folder;
mod process;

use std::{collections::BTreeMap, path::PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

pub use self::{
    folder::SessionFolder,
    process::{ProcessIdentity, ProcessStat},
};
use crate::SessionId;

/// The longest request line the shim reads, and the longest reply it writes, in bytes, newline included.
pub const MAX_LINE_BYTES: usize = 8 * 1024;

/// Exit status of the starting process when another shim of the session holds its lock.
pub const EXIT_HELD: u8 = 75;

/// Everything a shim needs to start and bound a runtime.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LaunchSpec {
    pub session: SessionId,
    /// Which incarnation of the session's runtime this is. A generation is started at most once; a higher one
    /// supersedes.
    pub generation: u32,
    /// Absolute path of the runtime's program.
    pub program: PathBuf,
    /// Its arguments, without the program. `--data <absolute DATA>` and `--session <id>` belong in them: by these
    /// a process is recognised as the session's.
    pub args: Vec<String>,
    /// Its whole environment.
    pub environment: BTreeMap<String, String>,
    /// Most bytes kept of its output; the beginning and the end are kept. At least 16 KiB.
    pub log_bound_bytes: u64,
    /// Most anonymous and shared-anonymous memory, in bytes; `None`: unbounded, still measured.
    pub memory_bound_bytes: Option<u64>,
    /// The hard maximum, from the shim's start: no deadline set later lies beyond it.
    pub hard_stop_ms: u64,
    /// From SIGTERM to SIGKILL when the shim stops by itself.
    pub stop_grace_ms: u64,
    /// Most bytes that the runtime may keep on disk in its own folder, all files together, and of any one file
    /// (RLIMIT_FSIZE); `None`: unbounded.
    pub folder_bound_bytes: Option<u64>,
    pub sandbox: Sandbox,
}

/// How far a runtime is confined beyond what always holds: own process group, no environment but the declared,
/// no descriptor but 0 to 3, resource limits, no new privileges.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "profile", rename_all = "snake_case", deny_unknown_fields)]
pub enum Sandbox {
    /// Nothing more.
    Open,
    /// The default engine: no sockets of its own, no child processes, reads `read` and what a dynamic program
    /// needs, writes the session's `tmp` folder.
    Engine { read: Vec<PathBuf>, requirement: Requirement },
}

/// What to do when the kernel lacks a part of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Requirement {
    /// Start with what there is; [`Confinement`] tells what that was.
    BestEffort,
    /// Do not start: cause `launch_failed`.
    Required,
}

/// What of the sandbox is in force.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The Landlock ABI the runtime is held by; `None`: not held.
    pub landlock_abi: Option<u32>,
    pub seccomp: bool,
    /// Memory and threads are bounded by the kernel, in a control group of the runtime's own. Absent in records of older
    /// shims.
    #[serde(default)]
    pub cgroup: bool,
}

/// `run/shim.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShimRecord {
    pub session: SessionId,
    pub generation: u32,
    pub shim: ProcessIdentity,
    /// The leader of the runtime's process group; `None` until it was started.
    pub runtime: Option<ProcessIdentity>,
}

/// One line to the shim's control socket. A call for another generation is refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShimCall {
    pub generation: u32,
    #[serde(flatten)]
    pub request: ShimRequest,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "request", rename_all = "snake_case")]
pub enum ShimRequest {
    Status,
    /// Stop no later than this from now, sooner or later than before; never beyond the hard maximum. At the
    /// deadline SIGTERM is sent, and SIGKILL when the launch spec's grace has passed.
    SetDeadline {
        in_ms: u64,
    },
    /// The session was active: move the idle deadline to this from now, or lift it.
    Heartbeat {
        idle_in_ms: Option<u64>,
    },
    /// SIGTERM now, SIGKILL when the grace has passed. While stopping: the earlier SIGKILL holds.
    Stop {
        grace_ms: u64,
    },
    /// SIGKILL now.
    Kill,
}

/// One line from the shim.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub enum ShimReply {
    /// The request was done; this holds now.
    Done {
        status: ShimStatus,
    },
    Refused {
        refusal: Refusal,
    },
}

/// Why a shim did not do as asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(tag = "code", rename_all = "snake_case")]
pub enum Refusal {
    #[error("the line is no request")]
    Malformed,
    #[error("the shim runs generation {running}")]
    OtherGeneration { running: u32 },
    /// Deadlines cannot be moved any more.
    #[error("the runtime is being stopped")]
    Stopping,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ShimStatus {
    pub session: SessionId,
    pub generation: u32,
    pub shim: ProcessIdentity,
    pub runtime: ProcessIdentity,
    pub state: ShimState,
    /// Anonymous and shared-anonymous memory of the runtime and its descendants, at the last measurement.
    pub memory_bytes: u64,
    pub peak_memory_bytes: u64,
    pub memory_bound_bytes: Option<u64>,
    /// 0 once it has passed.
    pub deadline_in_ms: u64,
    pub idle_deadline_in_ms: Option<u64>,
    pub confinement: Confinement,
}

/// A shim answers only while it has a runtime: before, there is no socket; after, there is a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ShimState {
    Running,
    Stopping,
}

/// `run/exit.json`: the runtime is gone, its descendants too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExitRecord {
    pub session: SessionId,
    pub generation: u32,
    pub cause: ExitCause,
    /// What the operating system said, where `cause` is `launch_failed`.
    pub detail: Option<String>,
    /// The runtime's exit status, unless a signal ended it.
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub peak_memory_bytes: u64,
    pub memory_bound_bytes: Option<u64>,
    /// Wall clock, for people; no deadline depends on it.
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// What the engine said of its own end, where it did.
    pub engine_exit: Option<EngineExit>,
    /// The last lines of output, at most 20, of at most 400 characters each.
    pub log_tail: Vec<String>,
}

/// What made the runtime end; the first cause stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExitCause {
    /// By itself: an exit status, or a signal the shim did not send.
    Exited,
    Deadline,
    Idle,
    /// It passed its memory bound.
    Memory,
    /// It wrote more into its own folder than it may.
    Disk,
    /// Killed by the kernel, which was out of memory.
    MachineMemory,
    /// By a request, or by SIGTERM or SIGINT to the shim.
    StopRequested,
    /// It never ran.
    LaunchFailed,
}

/// The line `{"viva_engine_exit": {"code": …, "message": …}}`, the engine's last on standard error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineExit {
    /// As written: one of [`crate::engine::EngineExitCode`], or a code of another version or runtime.
    pub code: String,
    pub message: String,
}

/// The shape of that line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineExitLine {
    pub viva_engine_exit: EngineExit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn calls_are_flat_json() {
        let call = ShimCall { generation: 2, request: ShimRequest::SetDeadline { in_ms: 5 } };
        let text = serde_json::to_string(&call).expect("plain data");
        assert_eq!(text, r#"{"generation":2,"request":"set_deadline","in_ms":5}"#);
        assert_eq!(serde_json::from_str::<ShimCall>(&text).expect("as written"), call);
        let kill: ShimCall = serde_json::from_str(r#"{"generation":1,"request":"kill"}"#).expect("a call");
        assert_eq!(kill.request, ShimRequest::Kill);
    }
}
