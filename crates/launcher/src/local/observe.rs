//! Seeing one generation of a session: its records, its shim's process, its shim's answer.

use std::time::Duration;

use protocol::{
    SessionId,
    shim::{ExitRecord, ProcessIdentity, Refusal, SessionFolder, ShimCall, ShimRequest},
};
use tokio::{
    io::{Interest, unix::AsyncFd},
    time::{Instant, sleep},
};

use super::{
    LocalLauncherConfig, blocking, control,
    process::{self, Process},
    records::{self, Records},
};
use crate::{ControlError, Observation, ObserveError, Released};

/// Between two attempts at a shim that is alive and not listening: it is starting or ending.
const RETRY: Duration = Duration::from_millis(5);

/// A generation, as its records and `/proc` tell.
enum Seen {
    Done(Observation),
    /// The shim lives. With a record it is in its last moments, and whoever is told of the end may rely on that.
    Living(ProcessIdentity, Process, Option<Box<ExitRecord>>),
}

pub(super) async fn observe(
    config: &LocalLauncherConfig,
    session: SessionId,
    generation: u32,
) -> Result<Observation, ObserveError> {
    let folder = SessionFolder::new(&config.data, session);
    let give_up_at = Instant::now() + config.answer_timeout;
    let status = ShimCall { generation, request: ShimRequest::Status };
    loop {
        let look = folder.clone();
        let (identity, process, exit) = match blocking(move || see(&look, generation)).await? {
            Seen::Done(observation) => return Ok(observation),
            Seen::Living(identity, process, exit) => (identity, process, exit),
        };
        let left = give_up_at.saturating_duration_since(Instant::now());
        match control::call(&folder, &status, left).await {
            Ok(status) => return Ok(Observation::Alive(Box::new(status))),
            // Superseded between the look and the call.
            Err(ControlError::Refused(Refusal::OtherGeneration { .. })) => return Ok(Observation::Absent),
            Err(_) if process.is_gone() => {}
            Err(_) if Instant::now() >= give_up_at => {
                let unresponsive = Observation::Unresponsive { shim: identity };
                return Ok(exit.map_or(unresponsive, Observation::Exited));
            }
            Err(_) => sleep(RETRY).await,
        }
    }
}

fn see(folder: &SessionFolder, generation: u32) -> Result<Seen, ObserveError> {
    let Records { shim, exit } = records::find_records(folder)?;
    let exit = exit.filter(|exit| exit.generation == generation).map(Box::new);
    let shim = shim.filter(|shim| shim.generation == generation);
    if let Some(shim) = &shim
        && let Some(process) = Process::open(&shim.shim)?
    {
        return Ok(Seen::Living(shim.shim.clone(), process, exit));
    }
    if let Some(exit) = exit {
        return Ok(Seen::Done(Observation::Exited(exit)));
    }
    let Some(shim) = shim else { return Ok(Seen::Done(Observation::Absent)) };
    if let Some(runtime) = &shim.runtime {
        // Looking reaps it, should it have become our child.
        Process::open(runtime)?;
    }
    // It may have written its record between the two looks.
    let exit = records::find_exit(folder)?.filter(|exit| exit.generation == generation);
    Ok(Seen::Done(exit.map_or(Observation::Vanished, |exit| Observation::Exited(Box::new(exit)))))
}

pub(super) async fn wait_exit(folder: SessionFolder, generation: u32) -> Result<(), ObserveError> {
    let found = blocking(move || -> Result<_, ObserveError> {
        let shim = records::find_records(&folder)?.shim.filter(|shim| shim.generation == generation);
        let Some(shim) = shim else { return Ok(None) };
        Ok(Process::open(&shim.shim)?.map(|process| (shim.shim.pid, process)))
    });
    let Some((pid, process)) = found.await? else { return Ok(()) };
    let watch = |source| ObserveError::Watch { pid, source };
    #[expect(deprecated, reason = "its successor is unsafe; the descriptor is owned and never changes, as that asks")]
    let ended = AsyncFd::with_interest(process, Interest::READABLE).map_err(watch)?;
    let _readable = ended.readable().await.map_err(watch)?;
    ended.get_ref().is_gone();
    Ok(())
}

pub(super) fn released(config: &LocalLauncherConfig, session: SessionId) -> Result<Released, ObserveError> {
    let folder = SessionFolder::new(&config.data, session);
    let record = records::find_records(&folder)?.shim;
    let processes = process::scan_session(config, session, record.as_ref())?;
    Ok(Released { processes, socket: records::has_socket(&folder) })
}
