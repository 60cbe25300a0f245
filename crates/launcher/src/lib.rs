//! Starting, watching and ending the processes of sessions: the [`Launcher`] trait and its implementations.
//!
//! Owns the way to a session's shim and the proof that its processes are gone. Decides nothing: when to start or
//! to stop, and what an end means, is the caller's.

mod error;
pub mod local;
mod observation;

use std::time::Duration;

use async_trait::async_trait;
use protocol::{
    SessionId,
    shim::{LaunchSpec, ShimStatus},
};
use tokio::net::UnixStream;

pub use crate::{
    error::{ConnectError, ControlError, KillError, LaunchError, ObserveError},
    local::{LocalLauncher, LocalLauncherConfig},
    observation::{FoundProcess, Observation, Released, Role},
};

/// Where sessions run. Every method is safe to call again, from several tasks, and after a restart of the caller:
/// nothing is held in memory that the sessions themselves do not tell.
#[async_trait]
pub trait Launcher: Send + Sync + 'static {
    /// Starts the session's shim, and its runtime, detached. Done when the runtime's program was started; whether
    /// it is ready is the caller's to probe. The same generation already alive is success. Dropped midway, the start
    /// goes on: launch again to learn how it went.
    ///
    /// # Errors
    /// [`LaunchError::Ended`] if that generation ended, now or earlier (a program that is missing ends here, with a
    /// record), [`LaunchError::Vanished`] if it was started and left no record: a generation is started at most
    /// once. [`LaunchError::OtherGeneration`] while another one is alive.
    async fn launch(&self, spec: &LaunchSpec) -> Result<(), LaunchError>;

    /// What is seen of one generation of a session. Answers within about a second, also when the shim hangs.
    async fn observe(&self, session: SessionId, generation: u32) -> Result<Observation, ObserveError>;

    /// Stop no later than `remaining` from now, bounded by the launch's hard maximum; the status tells what holds.
    async fn set_deadline(
        &self,
        session: SessionId,
        generation: u32,
        remaining: Duration,
    ) -> Result<ShimStatus, ControlError>;

    /// Moves the idle deadline to `idle` from now; `None` lifts it. While a request is in flight prefer a bound
    /// that is far away to none, so that the session ends should the caller die.
    async fn heartbeat(
        &self,
        session: SessionId,
        generation: u32,
        idle: Option<Duration>,
    ) -> Result<ShimStatus, ControlError>;

    /// Asks the runtime to end and kills it when `grace` has passed; returns at once. Repeating it can only bring
    /// the kill forward.
    async fn stop(&self, session: SessionId, generation: u32, grace: Duration) -> Result<ShimStatus, ControlError>;

    /// Ends by force everything of the session, of any generation, the shim included, without its help, and removes
    /// the sockets when nothing is left. For a shim that hangs or vanished: no record is written. Returns what was
    /// killed; nothing found is success.
    async fn kill(&self, session: SessionId) -> Result<Vec<FoundProcess>, KillError>;

    /// What the session still holds.
    async fn released(&self, session: SessionId) -> Result<Released, ObserveError>;

    /// Every process on this launcher's machines that belongs to a session of this data folder, known or not.
    async fn sweep(&self) -> Result<Vec<FoundProcess>, ObserveError>;

    /// Resolves when that generation's shim is gone, at once if there is none. What it left is then in
    /// [`Launcher::observe`]. May be dropped at any time.
    async fn wait_exit(&self, session: SessionId, generation: u32) -> Result<(), ObserveError>;

    /// A connection to the runtime's socket.
    async fn connect_runtime(&self, session: SessionId) -> Result<UnixStream, ConnectError>;
}
