//! Where a session's files lie.

use std::path::{Path, PathBuf};

use crate::SessionId;

/// The folder of one session, `DATA/sessions/<id>`, and the names in it. Paths only: nothing is read or made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionFolder {
    root: PathBuf,
}

impl SessionFolder {
    /// Folders every session has, each 0700.
    pub const FOLDERS: [&str; 4] = ["run", "log", "tmp", "files"];
    /// In `run/`: written by the launcher before the start.
    pub const LAUNCH: &str = "launch.json";
    /// In `run/`: who the shim and its runtime are (`ShimRecord`), written by the shim.
    pub const SHIM: &str = "shim.json";
    /// In `run/`: how it ended (`ExitRecord`), written by the shim as its last act.
    pub const EXIT: &str = "exit.json";
    /// In `run/`: locked by the living shim, so that there is one.
    pub const LOCK: &str = "shim.lock";
    /// In `run/`: the shim's control socket, 0600.
    pub const SHIM_SOCKET: &str = "shim.sock";
    /// In `run/`: the runtime's listening socket, bound by the shim.
    pub const RUNTIME_SOCKET: &str = "runtime.sock";

    pub fn new(data: &Path, session: SessionId) -> Self {
        Self { root: Self::parent(data).join(session.to_string()) }
    }

    /// The folder that holds the folders of all sessions.
    pub fn parent(data: &Path) -> PathBuf {
        data.join("sessions")
    }

    pub fn root(&self) -> &Path {
        &self.root
    }

    pub fn run(&self) -> PathBuf {
        self.root.join("run")
    }

    pub fn log(&self) -> PathBuf {
        self.root.join("log")
    }

    /// Temporary storage: the runtime's working folder and, in the sandbox, the only place it can write to.
    pub fn tmp(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Persistent storage.
    pub fn files(&self) -> PathBuf {
        self.root.join("files")
    }

    /// Standard output and error of one generation's runtime; unchanged once that generation ended.
    pub fn runtime_log(&self, generation: u32) -> PathBuf {
        self.log().join(format!("runtime.{generation}.log"))
    }

    /// The shim's own messages of one generation.
    pub fn shim_log(&self, generation: u32) -> PathBuf {
        self.log().join(format!("shim.{generation}.log"))
    }
}
