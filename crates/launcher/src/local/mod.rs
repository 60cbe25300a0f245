//! Sessions on this machine: a detached shim per session, found again through its folder and `/proc`.

mod control;
mod kill;
mod launch;
mod observe;
mod process;
mod records;

use std::{
    ffi::OsString,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use protocol::{
    SessionId,
    shim::{LaunchSpec, SessionFolder, ShimCall, ShimRequest, ShimStatus},
};
use tokio::{net::UnixStream, time::timeout};

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
    async fn launch(&self, spec: &LaunchSpec) -> Result<(), LaunchError> {
        launch::launch(&self.config, spec).await
    }

    async fn observe(&self, session: SessionId, generation: u32) -> Result<Observation, ObserveError> {
        observe::observe(&self.config, session, generation).await
    }

    async fn set_deadline(
        &self,
        session: SessionId,
        generation: u32,
        remaining: Duration,
    ) -> Result<ShimStatus, ControlError> {
        self.call(session, generation, ShimRequest::SetDeadline { in_ms: whole_ms(remaining) }).await
    }

    async fn heartbeat(
        &self,
        session: SessionId,
        generation: u32,
        idle: Option<Duration>,
    ) -> Result<ShimStatus, ControlError> {
        self.call(session, generation, ShimRequest::Heartbeat { idle_in_ms: idle.map(whole_ms) }).await
    }

    async fn stop(&self, session: SessionId, generation: u32, grace: Duration) -> Result<ShimStatus, ControlError> {
        self.call(session, generation, ShimRequest::Stop { grace_ms: whole_ms(grace) }).await
    }

    async fn kill(&self, session: SessionId) -> Result<Vec<FoundProcess>, KillError> {
        let config = self.config.clone();
        blocking(move || kill::kill(&config, session)).await
    }

    async fn released(&self, session: SessionId) -> Result<Released, ObserveError> {
        let config = self.config.clone();
        blocking(move || observe::released(&config, session)).await
    }

    async fn sweep(&self) -> Result<Vec<FoundProcess>, ObserveError> {
        let config = self.config.clone();
        blocking(move || process::scan(&config)).await
    }

    async fn wait_exit(&self, session: SessionId, generation: u32) -> Result<(), ObserveError> {
        observe::wait_exit(self.folder(session), generation).await
    }

    async fn connect_runtime(&self, session: SessionId) -> Result<UnixStream, ConnectError> {
        let folder = self.folder(session);
        let connected = timeout(self.config.answer_timeout, control::connect(&folder, SessionFolder::RUNTIME_SOCKET));
        let connected = connected.await.unwrap_or_else(|_| Err(io::ErrorKind::TimedOut.into()));
        connected.map_err(
            |error| {
                if control::is_absence(&error) { ConnectError::Gone(error) } else { ConnectError::Io(error) }
            },
        )
    }
}

impl LocalLauncher {
    fn folder(&self, session: SessionId) -> SessionFolder {
        SessionFolder::new(&self.config.data, session)
    }

    async fn call(
        &self,
        session: SessionId,
        generation: u32,
        request: ShimRequest,
    ) -> Result<ShimStatus, ControlError> {
        control::call(&self.folder(session), &ShimCall { generation, request }, self.config.answer_timeout).await
    }
}

/// Rounded up, so that no deadline comes early.
fn whole_ms(span: Duration) -> u64 {
    u64::try_from(span.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
}

/// Runs what reads files or waits on a thread for that.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down: nobody waits for the answer.
            Err(_) => std::future::pending().await,
        },
    }
}
