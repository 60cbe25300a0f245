//! What a connection is doing, heard at its socket and at its answers.

use std::{
    io,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
};

use axum::body::{Body, Bytes};
use http_body::{Frame, SizeHint};
use hyper::rt::{Read, ReadBufCursor, Write};
use tokio::time::Instant;

use super::Bounds;

#[derive(Debug, Clone, Copy)]
enum Phase {
    /// The head of a request is awaited or being read.
    Head { since: Instant },
    /// A request is being answered: how long that takes is nobody's fault.
    Answering,
    /// An answer has ended, and nothing has come since.
    Idle { since: Instant },
}

/// The phase of one connection.
#[derive(Debug)]
pub(super) struct Pulse(Mutex<Phase>);

impl Pulse {
    /// A connection that has just been made.
    pub(super) fn new() -> Self {
        Self(Mutex::new(Phase::Head { since: Instant::now() }))
    }

    fn with<T>(&self, work: impl FnOnce(&mut Phase) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// When it will have kept the server waiting for too long.
    pub(super) fn deadline(&self, bounds: &Bounds) -> Option<Instant> {
        self.with(|phase| match *phase {
            Phase::Head { since } => Some(since + bounds.head),
            Phase::Idle { since } => Some(since + bounds.idle),
            Phase::Answering => None,
        })
    }

    pub(super) fn is_idle(&self) -> bool {
        self.with(|phase| matches!(phase, Phase::Idle { .. }))
    }

    /// Bytes came.
    fn hear(&self) {
        self.with(|phase| {
            if let Phase::Idle { .. } = phase {
                *phase = Phase::Head { since: Instant::now() };
            }
        });
    }

    /// A request's head has been read; it is being answered until what comes back is dropped.
    pub(super) fn answering(self: &Arc<Self>) -> Answering {
        self.with(|phase| *phase = Phase::Answering);
        Answering(Arc::clone(self))
    }
}

/// Held as long as a request is being answered.
#[derive(Debug)]
pub(super) struct Answering(Arc<Pulse>);

impl Drop for Answering {
    fn drop(&mut self) {
        self.0.with(|phase| *phase = Phase::Idle { since: Instant::now() });
    }
}

/// A socket that tells when bytes come.
pub(super) struct Heard<T> {
    io: T,
    pulse: Arc<Pulse>,
}

impl<T> Heard<T> {
    pub(super) const fn new(io: T, pulse: Arc<Pulse>) -> Self {
        Self { io, pulse }
    }
}

impl<T: Read + Unpin> Read for Heard<T> {
    fn poll_read(mut self: Pin<&mut Self>, cx: &mut Context<'_>, buffer: ReadBufCursor<'_>) -> Poll<io::Result<()>> {
        let read = Pin::new(&mut self.io).poll_read(cx, buffer);
        if read.is_ready() {
            self.pulse.hear();
        }
        read
    }
}

impl<T: Write + Unpin> Write for Heard<T> {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, slices)
    }
}

/// The body of an answer, whose end is the answer's.
pub(super) struct Answered {
    body: Body,
    _answering: Answering,
}

impl Answered {
    pub(super) const fn new(body: Body, answering: Answering) -> Self {
        Self { body, _answering: answering }
    }
}

impl http_body::Body for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
