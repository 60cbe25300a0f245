//! The one place that calls llama.cpp. Owns every raw pointer of it and refuses to let one out: what leaves
//! this module is safe to use from safe code, in any order.
//!
//! The raw bindings are used, not their safe wrapper: the wrapper gives no way to change the thread count of a pass,
//! or to take a refusal of a cache operation as a value.

mod batch;
mod context;
mod interrupt;
mod log;
mod model;
mod vocab;

pub(crate) use batch::Batch;
pub(crate) use context::{Context, ContextOptions, DecodeError};
pub(crate) use interrupt::{Interrupt, Interruptible};
pub(crate) use log::LogCapture;
pub(crate) use model::{LoadError, Model};
pub(crate) use vocab::{Special, Token, Vocab};
