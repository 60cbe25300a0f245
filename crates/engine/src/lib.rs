//! Inference: a GGUF model served with OpenAI's calls over a socket.
//!
//! Owns the model, the batching scheduler, sampling, chat templates and its HTTP. Refuses to know of sessions,
//! users or storage: it serves whoever reaches its listener, and writes nothing but its log, to stderr.

mod confine;
mod gguf;
mod grammar;
mod http;
mod llama;
mod load;
mod options;
mod prompt;
mod report;
mod run;
mod sampler;
mod scheduler;
mod template;
mod text;

pub use options::{DEFAULT_QUEUE, EngineOptions, Listener};
pub use run::{run, serve};
