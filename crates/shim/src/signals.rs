//! The shim's signals, as a descriptor: children that ended, and requests to stop.

use std::{
    fs::File,
    io::{self, Read},
    mem,
    os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd},
    ptr,
};

/// Blocked SIGCHLD, SIGTERM and SIGINT, readable when one is pending. SIGHUP is blocked and never looked at.
#[derive(Debug)]
pub(crate) struct Signals(File);

/// What was pending.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) stop: bool,
}

impl Signals {
    /// Blocks them for the process (it has one thread) and opens the descriptor.
    pub(crate) fn block() -> io::Result<Self> {
        #[expect(unsafe_code, reason = "signal sets and signalfd have no safe form")]
        // SAFETY: the set lives through the calls and is initialised by `sigemptyset`; the descriptor is new.
        let file = unsafe {
            let mut watched = mem::zeroed::<libc::sigset_t>();
            libc::sigemptyset(&raw mut watched);
            for signal in [libc::SIGCHLD, libc::SIGTERM, libc::SIGINT] {
                libc::sigaddset(&raw mut watched, signal);
            }
            let mut blocked = watched;
            libc::sigaddset(&raw mut blocked, libc::SIGHUP);
            if libc::sigprocmask(libc::SIG_SETMASK, &raw const blocked, ptr::null_mut()) != 0 {
                return Err(io::Error::last_os_error());
            }
            // A parent may have left SIGCHLD ignored, and then children reap themselves.
            libc::signal(libc::SIGCHLD, libc::SIG_DFL);
            let fd = libc::signalfd(-1, &raw const watched, libc::SFD_CLOEXEC | libc::SFD_NONBLOCK);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            File::from(OwnedFd::from_raw_fd(fd))
        };
        Ok(Self(file))
    }

    /// Takes everything pending.
    pub(crate) fn take(&mut self) -> Pending {
        const RECORD: usize = mem::size_of::<libc::signalfd_siginfo>();
        let mut pending = Pending::default();
        let mut record = [0_u8; RECORD];
        while matches!(self.0.read(&mut record), Ok(RECORD)) {
            // `ssi_signo` is the record's first field, 32 bits (signalfd(2)).
            let number = u32::from_ne_bytes([record[0], record[1], record[2], record[3]]);
            pending.stop |= number == libc::SIGTERM as u32 || number == libc::SIGINT as u32;
        }
        pending
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

/// Gives a child that is about to start a program the default mask and dispositions.
///
/// Only system calls that are allowed between fork and exec.
pub(crate) fn reset_in_child() {
    #[expect(unsafe_code, reason = "signal masks have no safe form")]
    // SAFETY: the set lives through the calls; both calls are async-signal-safe and touch this process alone.
    unsafe {
        let mut none = mem::zeroed::<libc::sigset_t>();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, ptr::null_mut());
        for signal in 1..32 {
            libc::signal(signal, libc::SIG_DFL);
        }
    }
}
