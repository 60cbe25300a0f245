//! Leaving the caller: a process of its own session, with nothing inherited, and one message back.

use std::{
    fs::File,
    io::{self, Read, Write},
    os::fd::OwnedFd,
    process::ExitCode,
};

use rustix::{
    pipe::{PipeFlags, pipe_with},
    process::setsid,
    stdio::{dup2_stderr, dup2_stdin, dup2_stdout},
};

/// The detached side's one message to the process that was started.
#[derive(Debug)]
pub(crate) struct Report(Option<OwnedFd>);

impl Report {
    /// For a shim that nobody waits for.
    pub(crate) fn nowhere() -> Self {
        Self(None)
    }

    /// Ends the starting process with this status; later calls do nothing. A starter that is gone is no error.
    pub(crate) fn send(&mut self, status: u8, message: &str) {
        if let Some(pipe) = self.0.take() {
            let mut bytes = vec![status];
            bytes.extend_from_slice(message.as_bytes());
            let _ = File::from(pipe).write_all(&bytes);
        }
    }
}

/// Which of the two processes this is.
#[derive(Debug)]
pub(crate) enum Side {
    /// The one that was started: to end with this status.
    Starter(ExitCode),
    Detached(Report),
}

/// Forks; the child becomes the leader of a session without a terminal, the parent waits for its report.
pub(crate) fn detach() -> io::Result<Side> {
    let (reader, writer) = pipe_with(PipeFlags::CLOEXEC)?;
    // SAFETY: the process has one thread (contract of `run`), so the child finds every lock free.
    #[expect(unsafe_code, reason = "fork has no safe form; with one thread it is one")]
    let pid = unsafe { libc::fork() };
    match pid {
        -1 => Err(io::Error::last_os_error()),
        0 => {
            drop(reader);
            setsid()?;
            Ok(Side::Detached(Report(Some(writer))))
        }
        _ => {
            drop(writer);
            Ok(Side::Starter(await_report(reader)))
        }
    }
}

fn await_report(reader: OwnedFd) -> ExitCode {
    let mut bytes = Vec::new();
    let read = File::from(reader).take(4096).read_to_end(&mut bytes);
    let (status, message) = match (read, bytes.split_first()) {
        (Ok(_), Some((&status, text))) => (status, String::from_utf8_lossy(text).into_owned()),
        (Ok(_), None) => (1, "the shim died while starting".to_owned()),
        (Err(error), _) => (1, format!("the shim's report could not be read: {error}")),
    };
    if status != 0 {
        let _ = writeln!(io::stderr(), "{message}");
    }
    ExitCode::from(status)
}

/// Closes every descriptor above 2, whoever opened it.
pub(crate) fn close_inherited() -> io::Result<()> {
    // SAFETY: called first thing (contract of `run`): no descriptor above 2 has an owner in this process yet.
    #[expect(unsafe_code, reason = "closing what others opened has no safe form")]
    let closed = unsafe { libc::syscall(libc::SYS_close_range, 3_u32, u32::MAX, 0_u32) };
    if closed == 0 { Ok(()) } else { Err(io::Error::last_os_error()) }
}

/// Standard input from nowhere, output and error to the shim's log.
pub(crate) fn redirect(log: &File) -> io::Result<()> {
    dup2_stdin(File::open("/dev/null")?)?;
    dup2_stdout(log)?;
    dup2_stderr(log)?;
    Ok(())
}
