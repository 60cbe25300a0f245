//! Ending a session's processes without the help of its shim.

use std::{
    thread,
    time::{Duration, Instant},
};

use protocol::{SessionId, shim::SessionFolder};

use super::{
    LocalLauncherConfig,
    process::{self, Process},
    records,
};
use crate::{FoundProcess, KillError, Role};

/// How long processes may take to die of SIGKILL.
const PATIENCE: Duration = Duration::from_secs(2);
const RETRY: Duration = Duration::from_millis(5);

/// Kills until nothing is found, shims first: one that sees its runtime die would write a record that tells of a
/// crash. Blocks.
pub(super) fn kill(config: &LocalLauncherConfig, session: SessionId) -> Result<Vec<FoundProcess>, KillError> {
    let folder = SessionFolder::new(&config.data, session);
    // A record that cannot be read must not stand in the way of an end by force.
    let record = records::find_records(&folder).ok().and_then(|records| records.shim);
    let give_up_at = Instant::now() + PATIENCE;
    let mut killed: Vec<(FoundProcess, Process)> = Vec::new();
    loop {
        let mut found = process::scan_session(config, session, record.as_ref())?;
        found.sort_by_key(|process| process.role != Role::Shim);
        for target in found {
            let Some(process) = Process::open(&target.identity)? else { continue };
            let pid = target.identity.pid;
            process.kill().map_err(|source| KillError::Signal { pid, source })?;
            if !killed.iter().any(|(known, _)| known.identity == target.identity) {
                killed.push((target, process));
            }
        }
        let left = killed.iter().filter(|(_, process)| !process.is_gone()).count();
        let none_found = left == 0 && process::scan_session(config, session, record.as_ref())?.is_empty();
        if none_found {
            records::remove_sockets(&folder)?;
            return Ok(killed.into_iter().map(|(target, _)| target).collect());
        }
        if Instant::now() >= give_up_at {
            return Err(KillError::Survived { left: left.max(1) });
        }
        thread::sleep(RETRY);
    }
}
