//! One shim's life: enter the session's folder, start the runtime, watch it, record the end.

use std::{
    fs::{File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
};

use jiff::Timestamp;
use protocol::shim::{EXIT_HELD, ExitCause, ExitRecord, LaunchSpec, ProcessIdentity, SessionFolder, ShimRecord};
use rustix::{
    fs::Mode,
    process::{getpid, set_child_subreaper, umask},
};

use crate::{
    ShimOptions,
    clock::BootTime,
    control::Control,
    deadlines::Deadlines,
    detach::{self, Report},
    disk::DiskWatch,
    folder::{FolderError, RunFolder},
    log::BoundedLog,
    memory::MemoryWatch,
    output::Output,
    procfs, runtime,
    sandbox::{Prepared, SandboxError},
    signals::Signals,
    stopping,
    supervise::{End, Supervision},
};

/// A shim did not do its work to the end.
#[derive(Debug, thiserror::Error)]
pub(crate) enum SessionError {
    #[error(transparent)]
    Folder(#[from] FolderError),
    #[error("could not {action}: {source}")]
    Os { action: &'static str, source: io::Error },
    /// Recorded.
    #[error("{0}")]
    Launch(String),
}

impl SessionError {
    pub(crate) fn status(&self) -> u8 {
        match self {
            Self::Folder(FolderError::Held) => EXIT_HELD,
            Self::Folder(_) | Self::Os { .. } | Self::Launch(_) => 1,
        }
    }
}

fn os(action: &'static str) -> impl FnOnce(io::Error) -> SessionError {
    move |source| SessionError::Os { action, source }
}

/// Why the runtime did not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    #[error("could not start {program}: {source}")]
    Program { program: String, source: io::Error },
    #[error("could not begin the log: {0}")]
    Log(#[source] io::Error),
    #[error(transparent)]
    Folder(#[from] FolderError),
}

/// What is known from the start on.
struct Begun {
    spec: LaunchSpec,
    shim: ProcessIdentity,
    started_at: Timestamp,
    /// From here the hard maximum counts.
    begun: BootTime,
    oom_kills: u64,
}

/// Does a shim's work; `report` is sent once the runtime was started.
pub(crate) fn serve(options: &ShimOptions, report: &mut Report) -> Result<(), SessionError> {
    let begun = BootTime::now();
    umask(Mode::RWXG | Mode::RWXO);
    let mut folder = RunFolder::enter(options)?;
    let log = open_own_log(options).map_err(os("open the shim's log"))?;
    detach::redirect(&log).map_err(os("redirect output"))?;
    let signals = Signals::block().map_err(os("take over signals"))?;
    set_child_subreaper(Some(getpid())).map_err(|errno| os("become the subreaper")(errno.into()))?;
    let spec = folder.spec(options)?;
    let shim = procfs::identity(std::process::id()).map_err(os("read /proc"))?;
    let begun = Begun { spec, shim, started_at: Timestamp::now(), begun, oom_kills: procfs::oom_kills() };
    folder.replace(SessionFolder::SHIM, &begun.record(None))?;
    let outcome = match start(options, &folder, &begun) {
        Ok((supervision, control)) => {
            report.send(0, "");
            supervision.run(signals, control).inspect_err(|_| stopping::end_children()).map_err(os("watch the runtime"))
        }
        Err(error) => {
            stopping::end_children();
            folder.write_exit(&begun.launch_failed(&error))?;
            Err(SessionError::Launch(error.to_string()))
        }
    };
    let recorded = outcome.and_then(|end| Ok(folder.write_exit(&begun.ended(end))?));
    folder.remove_sockets();
    recorded
}

/// Binds the sockets, then starts the runtime: whoever sees it alive can reach it.
fn start(options: &ShimOptions, folder: &RunFolder, begun: &Begun) -> Result<(Supervision, Control), StartError> {
    let spec = &begun.spec;
    let paths = SessionFolder::new(&options.data, options.session);
    let sandbox = Prepared::new(spec, &paths)?;
    let log = BoundedLog::create(&paths.runtime_log(spec.generation), spec.log_bound_bytes).map_err(StartError::Log)?;
    let control = Control::new(folder.bind_control()?);
    let listener = folder.bind_runtime()?;
    let (runtime, output) = runtime::start(spec, &paths, listener, sandbox)
        .map_err(|source| StartError::Program { program: spec.program.display().to_string(), source })?;
    folder.replace(SessionFolder::SHIM, &begun.record(Some(runtime.identity.clone())))?;
    let output = Output::new(output, log);
    let supervision = Supervision {
        spec: spec.clone(),
        shim: begun.shim.clone(),
        runtime,
        deadlines: Deadlines::new(begun.begun.after_ms(spec.hard_stop_ms)),
        memory: MemoryWatch::new(spec.memory_bound_bytes, begun.begun),
        disk: DiskWatch::new(paths.tmp(), spec.folder_bound_bytes, begun.begun),
        output,
    };
    Ok((supervision, control))
}

impl Begun {
    fn record(&self, runtime: Option<ProcessIdentity>) -> ShimRecord {
        ShimRecord { session: self.spec.session, generation: self.spec.generation, shim: self.shim.clone(), runtime }
    }

    fn launch_failed(&self, error: &StartError) -> ExitRecord {
        ExitRecord {
            session: self.spec.session,
            generation: self.spec.generation,
            cause: ExitCause::LaunchFailed,
            detail: Some(error.to_string()),
            exit_code: None,
            signal: None,
            peak_memory_bytes: 0,
            memory_bound_bytes: self.spec.memory_bound_bytes,
            started_at: self.started_at,
            ended_at: Timestamp::now(),
            engine_exit: None,
            log_tail: Vec::new(),
        }
    }

    fn ended(&self, end: End) -> ExitRecord {
        let signal = end.status.and_then(|status| status.terminating_signal());
        let (log_tail, engine_exit) = end.output.finish();
        ExitRecord {
            session: self.spec.session,
            generation: self.spec.generation,
            cause: cause_of(end.cause, signal, end.bound_kills, procfs::oom_kills().saturating_sub(self.oom_kills)),
            detail: None,
            exit_code: end.status.and_then(|status| status.exit_status()),
            signal,
            peak_memory_bytes: end.peak_memory_bytes,
            memory_bound_bytes: self.spec.memory_bound_bytes,
            started_at: self.started_at,
            ended_at: Timestamp::now(),
            engine_exit,
            log_tail,
        }
    }
}

/// A SIGKILL that the shim did not send, while the kernel killed for want of memory, is the kernel's: for the runtime's own
/// bound where it killed in the runtime's group, for the machine's else.
fn cause_of(cause: ExitCause, signal: Option<i32>, bound_kills: u64, oom_kills: u64) -> ExitCause {
    let unsent_kill = cause == ExitCause::Exited && signal == Some(libc::SIGKILL);
    match (unsent_kill, bound_kills, oom_kills) {
        (true, 1.., _) => ExitCause::Memory,
        (true, 0, 1..) => ExitCause::MachineMemory,
        (true, 0, 0) | (false, _, _) => cause,
    }
}

fn open_own_log(options: &ShimOptions) -> io::Result<File> {
    let path = SessionFolder::new(&options.data, options.session).shim_log(options.generation);
    OpenOptions::new().append(true).create(true).mode(0o600).open(path)
}

/// One line to the shim's log.
pub(crate) fn note(text: &str) {
    let _ = writeln!(io::stderr(), "{} {text}", Timestamp::now());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_unsent_kill_is_the_kernels() {
        let kill = Some(libc::SIGKILL);
        assert_eq!(cause_of(ExitCause::Exited, kill, 0, 1), ExitCause::MachineMemory);
        assert_eq!(cause_of(ExitCause::Exited, kill, 1, 1), ExitCause::Memory);
        assert_eq!(cause_of(ExitCause::Exited, kill, 0, 0), ExitCause::Exited);
        assert_eq!(cause_of(ExitCause::Exited, Some(libc::SIGSEGV), 0, 1), ExitCause::Exited);
        assert_eq!(cause_of(ExitCause::Memory, kill, 0, 1), ExitCause::Memory);
        assert_eq!(cause_of(ExitCause::StopRequested, kill, 1, 1), ExitCause::StopRequested);
    }
}
