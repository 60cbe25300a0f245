//! Recognising a session's processes in `/proc`, and holding on to one of them.
//!
//! A process is a session's if its command line has the pairs `--data DATA` and `--session ID`, or, for what hides
//! its command line, if it has no terminal and its working folder is the session's `tmp`. Only living processes
//! count: a zombie has neither.

use std::{
    ffi::OsStr,
    fs, io,
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::ffi::OsStrExt,
    },
    path::{Path, PathBuf},
};

use protocol::{
    SessionId,
    shim::{ProcessIdentity, ProcessStat, SessionFolder, ShimRecord},
};
use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, pidfd_open, pidfd_send_signal, waitid},
};

use super::LocalLauncherConfig;
use crate::{FoundProcess, ObserveError, Role};

/// A process that cannot be mistaken for a later one with its pid.
#[derive(Debug)]
pub(super) struct Process {
    pidfd: OwnedFd,
}

impl Process {
    /// Takes hold of a process; `None` if it is gone.
    pub(super) fn open(identity: &ProcessIdentity) -> Result<Option<Self>, ObserveError> {
        let watch = |source: io::Error| ObserveError::Watch { pid: identity.pid, source };
        let Some(pid) = i32::try_from(identity.pid).ok().and_then(Pid::from_raw) else { return Ok(None) };
        if boot_id()? != identity.boot_id {
            return Ok(None);
        }
        let pidfd = match pidfd_open(pid, PidfdFlags::NONBLOCK) {
            Ok(pidfd) => pidfd,
            Err(rustix::io::Errno::SRCH) => return Ok(None),
            Err(errno) => return Err(watch(errno.into())),
        };
        let process = Self { pidfd };
        let same = stat(identity.pid).is_some_and(|stat| stat.start_time == identity.start_time);
        // Alive now means alive since it was opened: what was read in between was read of this process.
        Ok((same && !process.is_gone()).then_some(process))
    }

    /// Whether it ended; waited for or not. Reaps it if it is a child of ours.
    pub(super) fn is_gone(&self) -> bool {
        let mut fds = [PollFd::new(&self.pidfd, PollFlags::IN)];
        let gone = matches!(poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })), Ok(1));
        if gone {
            self.reap();
        }
        gone
    }

    pub(super) fn kill(&self) -> io::Result<()> {
        match pidfd_send_signal(&self.pidfd, Signal::KILL) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }

    /// A shim becomes our child where we are the first process of a container, or a subreaper.
    fn reap(&self) {
        let _ = waitid(WaitId::PidFd(self.pidfd.as_fd()), WaitIdOptions::EXITED | WaitIdOptions::NOHANG);
    }
}

impl AsFd for Process {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl std::os::fd::AsRawFd for Process {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        self.pidfd.as_raw_fd()
    }
}

/// Every process of the data folder's sessions.
pub(super) fn scan(config: &LocalLauncherConfig) -> Result<Vec<FoundProcess>, ObserveError> {
    let boot_id = boot_id()?;
    let read = |source| ObserveError::Read { path: "/proc".into(), source };
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").map_err(read)? {
        let name = entry.map_err(read)?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else { continue };
        let (Some(stat), Some((session, role, generation))) = (stat(pid), recognise(config, pid)) else { continue };
        if !stat.is_gone() {
            let identity = ProcessIdentity { pid, start_time: stat.start_time, boot_id: boot_id.clone() };
            found.push(FoundProcess { session, role, generation, identity });
        }
    }
    Ok(found)
}

/// The processes of one session; also what is in the runtime's process group while its leader lives.
pub(super) fn scan_session(
    config: &LocalLauncherConfig,
    session: SessionId,
    record: Option<&ShimRecord>,
) -> Result<Vec<FoundProcess>, ObserveError> {
    let mut found: Vec<_> = scan(config)?.into_iter().filter(|process| process.session == session).collect();
    let Some(leader) = record.and_then(|record| record.runtime.as_ref()) else { return Ok(found) };
    if Process::open(leader)?.is_none() {
        return Ok(found);
    }
    for pid in pids() {
        let known = found.iter().any(|process| process.identity.pid == pid);
        let Some(stat) = stat(pid).filter(|stat| !known && stat.group == leader.pid && !stat.is_gone()) else {
            continue;
        };
        let identity = ProcessIdentity { pid, start_time: stat.start_time, boot_id: leader.boot_id.clone() };
        found.push(FoundProcess { session, role: Role::Runtime, generation: None, identity });
    }
    Ok(found)
}

fn pids() -> Vec<u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    entries.flatten().filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
}

fn recognise(config: &LocalLauncherConfig, pid: u32) -> Option<(SessionId, Role, Option<u32>)> {
    let line = fs::read(format!("/proc/{pid}/cmdline")).ok()?;
    let args: Vec<&[u8]> = line.split(|&byte| byte == 0).collect();
    if let Some(session) = named_session(&args, &config.data) {
        let is_shim =
            config.shim_args.iter().enumerate().all(|(index, arg)| args.get(index + 1) == Some(&arg.as_bytes()));
        let generation = value_of(&args, b"--generation").and_then(|text| text.parse().ok());
        return Some(if is_shim { (session, Role::Shim, generation) } else { (session, Role::Runtime, None) });
    }
    let session = session_of_folder(&config.data, &fs::read_link(format!("/proc/{pid}/cwd")).ok()?)?;
    let has_terminal = stat(pid).is_none_or(|stat| stat.terminal != 0);
    (!has_terminal).then_some((session, Role::Runtime, None))
}

fn named_session(args: &[&[u8]], data: &Path) -> Option<SessionId> {
    let names_data = args.windows(2).any(|pair| pair[0] == b"--data" && OsStr::from_bytes(pair[1]) == data);
    names_data.then(|| value_of(args, b"--session")?.parse().ok()).flatten()
}

fn value_of<'a>(args: &[&'a [u8]], flag: &[u8]) -> Option<&'a str> {
    let pair = args.windows(2).find(|pair| pair[0] == flag)?;
    std::str::from_utf8(pair[1]).ok()
}

/// The session whose `tmp` this folder is; also when it was removed meanwhile, which `/proc` appends to the name.
fn session_of_folder(data: &Path, folder: &Path) -> Option<SessionId> {
    let text = folder.as_os_str().as_bytes();
    let folder = PathBuf::from(OsStr::from_bytes(text.strip_suffix(b" (deleted)").unwrap_or(text)));
    let session: SessionId = folder.parent()?.file_name()?.to_str()?.parse().ok()?;
    (SessionFolder::new(data, session).tmp() == folder).then_some(session)
}

fn stat(pid: u32) -> Option<ProcessStat> {
    let text = fs::read(format!("/proc/{pid}/stat")).ok()?;
    ProcessStat::parse(&String::from_utf8_lossy(&text))
}

fn boot_id() -> Result<String, ObserveError> {
    const PATH: &str = "/proc/sys/kernel/random/boot_id";
    let text = fs::read_to_string(PATH).map_err(|source| ObserveError::Read { path: PATH.into(), source })?;
    Ok(text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_pairs_of_flags_name_a_session() {
        let id = SessionId::generate();
        let text = id.to_string();
        let data = Path::new("/var/lib/viva");
        let engine: [&[u8]; 6] = [b"viva", b"engine", b"--data", b"/var/lib/viva", b"--session", text.as_bytes()];
        assert_eq!(named_session(&engine, data), Some(id));
        assert_eq!(named_session(&engine, Path::new("/var/lib/viv")), None, "another server's session");
        let client: [&[u8]; 6] = [b"viva", b"session", b"show", text.as_bytes(), b"--data", b"/var/lib/viva"];
        assert_eq!(named_session(&client, data), None, "a client is no process of the session");
    }

    #[test]
    fn a_folder_names_its_session_also_when_it_was_removed() {
        let id = SessionId::generate();
        let data = Path::new("/d");
        let tmp = SessionFolder::new(data, id).tmp();
        assert_eq!(session_of_folder(data, &tmp), Some(id));
        assert_eq!(session_of_folder(data, Path::new(&format!("{} (deleted)", tmp.display()))), Some(id));
        assert_eq!(session_of_folder(data, &SessionFolder::new(data, id).files()), None);
    }
}
