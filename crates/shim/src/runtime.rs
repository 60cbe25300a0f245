//! Starting the runtime: with one descriptor, the declared environment, its bounds, and nothing else.

use std::{
    fs::File,
    io,
    os::{
        fd::{AsRawFd, OwnedFd, RawFd},
        unix::process::CommandExt,
    },
    process::{Command, Stdio},
};

use protocol::shim::{Confinement, LaunchSpec, ProcessIdentity, SessionFolder};
use rustix::{
    fs::{OFlags, fcntl_setfl},
    pipe::{PipeFlags, pipe_with},
    process::{
        Pid, PidfdFlags, Resource, Rlimit, Signal, getpid, getppid, getrlimit, pidfd_open,
        set_parent_process_death_signal, setrlimit,
    },
    thread::set_no_new_privs,
};

use crate::{
    cgroup::{self, RuntimeGroup},
    procfs,
    sandbox::Prepared,
    signals,
};

/// The runtime finds its listening socket here.
const LISTENER_FD: RawFd = 3;
/// Enough for 64 clients and the engine's own files many times over.
const MOST_FILES: u64 = 4096;

/// A started runtime, the leader of its process group, not yet reaped.
#[derive(Debug)]
pub(crate) struct Runtime {
    pub(crate) pid: Pid,
    /// Readable once it ended.
    pub(crate) pidfd: OwnedFd,
    pub(crate) identity: ProcessIdentity,
    pub(crate) confinement: Confinement,
    /// Where its bounds are the kernel's, too.
    pub(crate) group: Option<RuntimeGroup>,
}

/// Starts the program of the spec with `listener` as descriptor 3; also gives the reading end, which does not
/// block, of its standard output and error.
///
/// # Errors
/// What the operating system said of the fork, of the confinement or of the program.
pub(crate) fn start(
    spec: &LaunchSpec,
    folder: &SessionFolder,
    listener: OwnedFd,
    sandbox: Prepared,
) -> io::Result<(Runtime, OwnedFd)> {
    let (output, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    fcntl_setfl(&output, OFlags::NONBLOCK)?;
    let group = RuntimeGroup::create(spec.session, spec.memory_bound_bytes);
    let door = group.as_ref().and_then(RuntimeGroup::door);
    let confinement = sandbox.confinement();
    let mut command = Command::new(&spec.program);
    command
        .args(&spec.args)
        .env_clear()
        .envs(&spec.environment)
        .current_dir(folder.tmp())
        .stdin(Stdio::null())
        .stdout(writer.try_clone()?)
        .stderr(writer)
        .process_group(0);
    confine_child(&mut command, spec.folder_bound_bytes, listener, door, sandbox);
    let child = command.spawn()?;
    let pid = Pid::from_child(&child);
    procfs::prefer_for_oom(child.id());
    let pidfd = pidfd_open(pid, PidfdFlags::empty())?;
    let group = group.filter(|group| group.holds(child.id()));
    let confinement = Confinement { cgroup: group.is_some(), ..confinement };
    let runtime = Runtime { pid, pidfd, identity: procfs::identity(child.id())?, confinement, group };
    Ok((runtime, output))
}

/// What the child does between fork and exec.
fn confine_child(
    command: &mut Command,
    file_bound: Option<u64>,
    listener: OwnedFd,
    door: Option<File>,
    mut sandbox: Prepared,
) {
    let shim = getpid();
    let enter = move || {
        // The death signal is sent when the parent dies from now on: it may have died before.
        set_parent_process_death_signal(Some(Signal::KILL))?;
        if getppid() != Some(shim) {
            return Err(io::Error::from_raw_os_error(libc::ESRCH));
        }
        if let Some(door) = &door {
            // Where it fails, the shim holds the bounds alone, and says so.
            let _ = cgroup::enter(door);
        }
        signals::reset_in_child();
        limit(Resource::Core, 0)?;
        limit(Resource::Nofile, MOST_FILES)?;
        if let Some(bytes) = file_bound {
            limit(Resource::Fsize, bytes)?;
        }
        set_no_new_privs(true)?;
        pass_listener(&listener)?;
        sandbox.enforce()
    };
    // SAFETY: the shim has one thread, so the forked child may do whatever a process may; the closure makes system
    // calls, on descriptors that it owns, and changes nothing the standard library relies on before exec.
    #[expect(unsafe_code, reason = "these must be done by the child itself")]
    unsafe {
        command.pre_exec(enter);
    }
}

fn limit(resource: Resource, most: u64) -> io::Result<()> {
    let most = getrlimit(resource).maximum.map_or(most, |hard| hard.min(most));
    setrlimit(resource, Rlimit { current: Some(most), maximum: Some(most) })?;
    Ok(())
}

/// Puts the listener at descriptor 3 and has exec close everything above.
fn pass_listener(listener: &OwnedFd) -> io::Result<()> {
    const CLOEXEC: u32 = libc::CLOSE_RANGE_CLOEXEC;
    // SAFETY: descriptor 3 is the shim's `run` folder (see `RunFolder`), which the child does not use; above it,
    // only the close-on-exec flag changes.
    #[expect(unsafe_code, reason = "a descriptor of a given number has no safe form")]
    let failed = unsafe {
        libc::dup2(listener.as_raw_fd(), LISTENER_FD) != LISTENER_FD
            || libc::syscall(libc::SYS_close_range, LISTENER_FD + 1, u32::MAX, CLOEXEC) != 0
    };
    if failed { Err(io::Error::last_os_error()) } else { Ok(()) }
}
