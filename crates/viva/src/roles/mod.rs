//! The roles of the binary that are no client: the server, a session's shim, a session's engine.

mod demo;
mod engine;
mod serve;
mod shim;

pub(crate) use engine::engine;
pub(crate) use serve::serve;
pub(crate) use shim::shim;
