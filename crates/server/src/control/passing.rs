//! A launcher whose effects pass failpoints, for builds with debug assertions.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use launcher::{
    ConnectError, ControlError, FoundProcess, KillError, LaunchError, Launcher, Observation, ObserveError, Released,
};
use protocol::{
    SessionId,
    shim::{LaunchSpec, ShimStatus},
};
use tokio::net::UnixStream;

/// What has effects passes a point before and after; looking has none.
pub(crate) struct PassingLauncher(pub(crate) Arc<dyn Launcher>);

async fn passing<T>(before: &str, after: &str, effect: impl Future<Output = T>) -> T {
    failpoint::pass(before);
    let done = effect.await;
    failpoint::pass(after);
    done
}

#[async_trait]
impl Launcher for PassingLauncher {
    async fn launch(&self, spec: &LaunchSpec) -> Result<(), LaunchError> {
        passing("launcher.launch", "launcher.launched", self.0.launch(spec)).await
    }

    async fn observe(&self, session: SessionId, generation: u32) -> Result<Observation, ObserveError> {
        self.0.observe(session, generation).await
    }

    async fn set_deadline(
        &self,
        session: SessionId,
        generation: u32,
        remaining: Duration,
    ) -> Result<ShimStatus, ControlError> {
        let effect = self.0.set_deadline(session, generation, remaining);
        passing("launcher.set_deadline", "launcher.has_set_deadline", effect).await
    }

    async fn heartbeat(
        &self,
        session: SessionId,
        generation: u32,
        idle: Option<Duration>,
    ) -> Result<ShimStatus, ControlError> {
        let effect = self.0.heartbeat(session, generation, idle);
        passing("launcher.heartbeat", "launcher.has_beaten", effect).await
    }

    async fn stop(&self, session: SessionId, generation: u32, grace: Duration) -> Result<ShimStatus, ControlError> {
        passing("launcher.stop", "launcher.stopped", self.0.stop(session, generation, grace)).await
    }

    async fn kill(&self, session: SessionId) -> Result<Vec<FoundProcess>, KillError> {
        passing("launcher.kill", "launcher.killed", self.0.kill(session)).await
    }

    async fn released(&self, session: SessionId) -> Result<Released, ObserveError> {
        self.0.released(session).await
    }

    async fn sweep(&self) -> Result<Vec<FoundProcess>, ObserveError> {
        self.0.sweep().await
    }

    async fn wait_exit(&self, session: SessionId, generation: u32) -> Result<(), ObserveError> {
        self.0.wait_exit(session, generation).await
    }

    async fn connect_runtime(&self, session: SessionId) -> Result<UnixStream, ConnectError> {
        self.0.connect_runtime(session).await
    }
}
