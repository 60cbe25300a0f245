//! The runtime's output: from the pipe to the bounded log, its tail kept for the record.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use protocol::shim::EngineExit;

use crate::{log::BoundedLog, tail::LogTail};

/// Read at a time, and how often in one turn of the loop: a runtime that writes without end starves nothing else.
const CHUNK_BYTES: usize = 4 * 1024;
const CHUNKS_PER_TURN: usize = 16;
/// At the end, the most that is still read: a pipe's content, when nobody writes any more.
const CHUNKS_AT_END: usize = 1024;

#[derive(Debug)]
pub(crate) struct Output {
    /// `None` once every writer has closed it.
    pipe: Option<OwnedFd>,
    log: BoundedLog,
    tail: LogTail,
}

impl Output {
    pub(crate) fn new(pipe: OwnedFd, log: BoundedLog) -> Self {
        Self { pipe: Some(pipe), log, tail: LogTail::default() }
    }

    pub(crate) fn pipe(&self) -> Option<BorrowedFd<'_>> {
        self.pipe.as_ref().map(AsFd::as_fd)
    }

    /// Takes some of what waits.
    pub(crate) fn drain(&mut self) {
        self.take(CHUNKS_PER_TURN);
    }

    /// Takes all that waits; the writers are gone.
    pub(crate) fn drain_all(&mut self) {
        self.take(CHUNKS_AT_END);
    }

    /// Makes the log durable and gives its tail and the engine's own word.
    pub(crate) fn finish(self) -> (Vec<String>, Option<EngineExit>) {
        self.log.sync();
        self.tail.finish()
    }

    fn take(&mut self, chunks: usize) {
        let mut buffer = [0_u8; CHUNK_BYTES];
        for _ in 0..chunks {
            let Some(pipe) = &self.pipe else { return };
            match rustix::io::read(pipe, &mut buffer) {
                Ok(0) => self.pipe = None,
                Ok(length) => {
                    self.log.append(&buffer[..length]);
                    self.tail.feed(&buffer[..length]);
                }
                Err(rustix::io::Errno::INTR) => {}
                Err(rustix::io::Errno::AGAIN) => return,
                Err(_) => self.pipe = None,
            }
        }
    }
}
