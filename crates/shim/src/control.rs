//! The control socket: clients that may be slow, silent or wrong, and never hold the shim up.

use std::{
    io::{self, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::{UnixListener, UnixStream},
    },
};

use protocol::shim::{MAX_LINE_BYTES, Refusal, ShimCall, ShimReply};

/// Most connections at once; the one that was silent longest makes room.
const MOST_CLIENTS: usize = 16;

#[derive(Debug)]
struct Client {
    stream: UnixStream,
    input: Vec<u8>,
    output: Vec<u8>,
    /// Counts up at each sign of life, across all clients.
    last_seen: u64,
}

/// The listener and its connections.
#[derive(Debug)]
pub(crate) struct Control {
    listener: UnixListener,
    clients: Vec<Client>,
    seen: u64,
}

/// What is wanted of a descriptor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Interest {
    pub(crate) read: bool,
    pub(crate) write: bool,
}

impl Control {
    pub(crate) fn new(listener: UnixListener) -> Self {
        Self { listener, clients: Vec::new(), seen: 0 }
    }

    pub(crate) fn listener(&self) -> BorrowedFd<'_> {
        self.listener.as_fd()
    }

    /// The connections and what each waits for; a client that does not take its replies is not read.
    pub(crate) fn interests(&self) -> impl Iterator<Item = (BorrowedFd<'_>, Interest)> {
        self.clients.iter().map(|client| {
            let write = !client.output.is_empty();
            (client.stream.as_fd(), Interest { read: !write, write })
        })
    }

    /// Takes what waits at the listener.
    pub(crate) fn accept(&mut self) {
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_err() {
                continue;
            }
            if self.clients.len() == MOST_CLIENTS {
                let silent = (0..self.clients.len()).min_by_key(|&index| self.clients[index].last_seen);
                self.clients.swap_remove(silent.unwrap_or(0));
            }
            self.seen += 1;
            self.clients.push(Client { stream, input: Vec::new(), output: Vec::new(), last_seen: self.seen });
        }
    }

    /// Serves every connection once, without waiting; `answer` does what a call asks.
    pub(crate) fn serve(&mut self, mut answer: impl FnMut(ShimCall) -> ShimReply) {
        let seen = &mut self.seen;
        self.clients.retain_mut(|client| {
            let before = client.output.len();
            let stays = client.serve(&mut answer).is_ok();
            if client.output.len() != before || !client.input.is_empty() {
                *seen += 1;
                client.last_seen = *seen;
            }
            stays
        });
    }
}

impl Client {
    /// An error ends the connection, as does a line that is no call.
    fn serve(&mut self, answer: &mut impl FnMut(ShimCall) -> ShimReply) -> io::Result<()> {
        self.flush()?;
        if !self.output.is_empty() {
            return Ok(());
        }
        let mut open = self.fill()?;
        while let Some(end) = self.input.iter().position(|&byte| byte == b'\n') {
            let line: Vec<u8> = self.input.drain(..=end).collect();
            let reply = match serde_json::from_slice::<ShimCall>(&line) {
                Ok(call) => answer(call),
                Err(_) => {
                    open = false;
                    ShimReply::Refused { refusal: Refusal::Malformed }
                }
            };
            serde_json::to_writer(&mut self.output, &reply)?;
            self.output.push(b'\n');
            if !open {
                self.input.clear();
            }
        }
        self.flush()?;
        let too_long = self.input.len() >= MAX_LINE_BYTES;
        if too_long || !open { Err(io::ErrorKind::ConnectionAborted.into()) } else { Ok(()) }
    }

    /// Reads at most a line's worth; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        let mut buffer = [0_u8; MAX_LINE_BYTES];
        let room = MAX_LINE_BYTES.saturating_sub(self.input.len());
        match self.stream.read(&mut buffer[..room]) {
            Ok(0) => Ok(false),
            Ok(length) => {
                self.input.extend_from_slice(&buffer[..length]);
                Ok(true)
            }
            Err(error) if would_wait(&error) => Ok(true),
            Err(error) => Err(error),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.output.is_empty() {
            match self.stream.write(&self.output) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(length) => drop(self.output.drain(..length)),
                Err(error) if would_wait(&error) => return Ok(()),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

fn would_wait(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}
