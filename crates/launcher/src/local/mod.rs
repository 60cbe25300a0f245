//! Sessions on this machine: a detached shim per session, found again through its folder and `/proc`.

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use protocol::{
    SessionId,
    shim::{LaunchSpec, ShimStatus},
};
use tokio::net::UnixStream;

use crate::{
    ConnectError, ControlError, FoundProcess, KillError, LaunchError, Launcher, Observation, ObserveError, Released,
};

/// Settings of a [`LocalLauncher`].
#[derive(Debug, Clone)]
pub struct LocalLauncherConfig {
    /// The data folder; must exist.
    pub data: PathBuf,
    /// The program that takes the shim's role, and its arguments before `--data`: the `viva` binary and `shim`.
    pub shim_program: PathBuf,
    pub shim_args: Vec<OsString>,
    /// How long a shim may take to answer.
    pub answer_timeout: Duration,
    /// How long a shim may take to report the runtime's start.
    pub start_timeout: Duration,
}

impl LocalLauncherConfig {
    /// The settings of the product: shims are `<viva> shim`, answers within 1 s, starts within 10 s.
    pub fn new(data: PathBuf, viva: PathBuf) -> Self {
        Self {
            data,
            shim_program: viva,
            shim_args: vec!["shim".into()],
            answer_timeout: Duration::from_secs(1),
            start_timeout: Duration::from_secs(10),
        }
    }
}

/// Runs sessions on this machine. Cheap to clone; clones and later instances on the same data folder see the same.
#[derive(Debug, Clone)]
pub struct LocalLauncher {
    config: LocalLauncherConfig,
}

impl LocalLauncher {
    /// A launcher for one data folder.
    ///
    /// # Errors
    /// The data folder cannot be resolved to an absolute path without symbolic links.
    pub fn new(config: LocalLauncherConfig) -> io::Result<Self> {
        let data = config.data.canonicalize()?;
        Ok(Self { config: LocalLauncherConfig { data, ..config } })
    }

    /// The data folder, absolute and resolved: the form that belongs on every command line of a session.
    pub fn data(&self) -> &Path {
        &self.config.data
    }
}

#[async_trait]
impl Launcher for LocalLauncher {
    async fn launch(&self, _spec: &LaunchSpec) -> Result<(), LaunchError> {
        unimplemented!()
    }

    async fn observe(&self, _session: SessionId, _generation: u32) -> Result<Observation, ObserveError> {
        unimplemented!()
    }

    async fn set_deadline(
        &self,
        _session: SessionId,
        _generation: u32,
        _remaining: Duration,
    ) -> Result<ShimStatus, ControlError> {
        unimplemented!()
    }

    async fn heartbeat(
        &self,
        _session: SessionId,
        _generation: u32,
        _idle: Option<Duration>,
    ) -> Result<ShimStatus, ControlError> {
        unimplemented!()
    }

    async fn stop(&self, _session: SessionId, _generation: u32, _grace: Duration) -> Result<ShimStatus, ControlError> {
        unimplemented!()
    }

    async fn kill(&self, _session: SessionId) -> Result<Vec<FoundProcess>, KillError> {
        unimplemented!()
    }

    async fn released(&self, _session: SessionId) -> Result<Released, ObserveError> {
        unimplemented!()
    }

    async fn sweep(&self) -> Result<Vec<FoundProcess>, ObserveError> {
        unimplemented!()
    }

    async fn wait_exit(&self, _session: SessionId, _generation: u32) -> Result<(), ObserveError> {
        unimplemented!()
    }

    async fn connect_runtime(&self, _session: SessionId) -> Result<UnixStream, ConnectError> {
        unimplemented!()
    }
}
