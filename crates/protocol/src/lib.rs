//! What crosses a boundary: typed ids, the wire types of the API, of the shim and of OpenAI's shapes.
//!
//! Shapes and their validation only: no clock, no IO, no async.

pub mod completion;
pub mod dataset;
pub mod docs;
pub mod engine;
pub mod error;
pub mod file;
pub mod id;
pub mod model;
pub mod openai;
pub mod readings;
pub mod scoring;
pub mod session;
pub mod shim;
pub mod system;
pub mod task;
pub mod test_set;
pub mod user;

pub use error::{ErrorCode, FieldError, Problem};
pub use id::{CompletionId, FileId, KeyId, ModelId, SessionId, SessionTokenId, TaskId, TestSetId, UserId};
