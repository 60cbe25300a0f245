//! Ending everything the shim is responsible for, and reaping it.

use std::time::Duration;

use rustix::{
    io::Errno,
    process::{
        Pid, Signal, WaitId, WaitIdOptions, WaitOptions, WaitStatus, kill_process, kill_process_group, wait, waitid,
    },
};

use crate::{clock::BootTime, procfs};

/// What waiting brought.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Reaped {
    /// How the leader ended, if it did now.
    pub(crate) leader: Option<WaitStatus>,
    /// The shim has no children left: nothing of the session is alive.
    pub(crate) none_left: bool,
}

/// Asks the runtime's group to end. A group that is gone is fine.
pub(crate) fn terminate_group(leader: Pid) {
    let _ = kill_process_group(leader, Signal::TERM);
}

/// Kills the runtime's group, if its leader is not reaped yet (its number could be another's otherwise), and every
/// child of the shim. As a subreaper the shim is the parent of what its descendants leave behind, so repeating this
/// after each reaping reaches all of them, whatever group or session they moved to.
pub(crate) fn kill_all(leader: Option<Pid>) {
    if let Some(leader) = leader {
        let _ = kill_process_group(leader, Signal::KILL);
    }
    for child in procfs::children(std::process::id()) {
        // A child of ours keeps its number until we reap it.
        if let Some(pid) = i32::try_from(child).ok().and_then(Pid::from_raw) {
            let _ = kill_process(pid, Signal::KILL);
        }
    }
}

/// Whether the leader ended; it stays unreaped.
pub(crate) fn has_ended(leader: Pid) -> bool {
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOHANG | WaitIdOptions::NOWAIT;
    !matches!(waitid(WaitId::Pid(leader), options), Ok(None))
}

/// Reaps whatever ended.
pub(crate) fn reap(leader: Pid) -> Reaped {
    let mut reaped = Reaped::default();
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) if pid == leader => reaped.leader = Some(status),
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) => return reaped,
            Err(_) => {
                reaped.none_left = true;
                return reaped;
            }
        }
    }
}

/// Kills and reaps all children, for a shim that gives up; what does not die within five seconds is left.
pub(crate) fn end_children() {
    let give_up_at = BootTime::now().after_ms(5_000);
    loop {
        kill_all(None);
        match wait(WaitOptions::NOHANG) {
            Ok(Some(_)) | Err(Errno::INTR) => {}
            Ok(None) if BootTime::now() < give_up_at => std::thread::sleep(Duration::from_millis(2)),
            Ok(None) | Err(_) => return,
        }
    }
}
