//! What crosses a boundary: typed ids, the wire types of the API, of the shim and of OpenAI's shapes.
//!
//! Shapes and their validation only: no clock, no IO, no async.

pub mod id;
pub mod openai;
pub mod shim;

pub use id::{CompletionId, ModelId, SessionId, UserId};
