//! What an engine is started with.

use std::{net::SocketAddr, os::fd::RawFd, path::PathBuf};

/// Requests that wait, unless set otherwise.
pub const DEFAULT_QUEUE: u32 = 128;

/// One engine: one model, one listener.
#[derive(Debug, Clone)]
pub struct EngineOptions {
    /// A GGUF file; of a model in parts, the first.
    pub model: PathBuf,
    /// The name under which the model is served.
    pub served_name: String,
    /// Tokens per sequence. Absent: what the model was trained with, at most 4096.
    pub context_length: Option<u32>,
    /// Sequences computed at once, 1 to 256. Absent: 4.
    pub parallel: Option<u32>,
    /// Threads that compute. Absent: one per processor.
    pub threads: Option<u32>,
    /// Requests that may wait for a sequence; one more is refused.
    pub queue: u32,
    pub listener: Listener,
}

impl EngineOptions {
    pub(crate) fn effective_threads(&self) -> u32 {
        let processors = || std::thread::available_parallelism().map_or(1, |count| count.get() as u32);
        self.threads.unwrap_or_else(processors).clamp(1, 512)
    }
}

/// Where requests come in.
#[derive(Debug, Clone)]
pub enum Listener {
    /// A bound and listening Unix socket, inherited under this descriptor number.
    Descriptor(RawFd),
    /// A Unix socket to bind at this path; a stale one there is replaced.
    Path(PathBuf),
    /// A TCP address to bind, for use by hand.
    Address(SocketAddr),
}
