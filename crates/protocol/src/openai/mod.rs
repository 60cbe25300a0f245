//! OpenAI's shapes: requests with their validation, responses, errors.
//!
//! Requests are parsed from bytes by hand over a JSON tree, so that every refusal names the field, the value
//! and the bounds. Bounds on depth, counts and schemas are checked here, before any native code sees them.
//! `null` means absent everywhere; unknown fields are ignored. Nothing here knows a model: what depends on
//! one (the context's length, a missing chat template) is refused by the runtime with the same error shape.

mod chat;
mod completion;
mod error;
mod field;
mod format;
mod message;
mod response;
mod sampling;
#[cfg(test)]
mod tests;

pub use chat::{ChatRequest, MAX_MESSAGES};
pub use completion::CompletionRequest;
pub use error::{ErrorBody, ErrorDetail, RequestError, RequestErrorCode};
pub use field::parse_object;
pub use format::{
    JsonSchema, MAX_SCHEMA_BYTES, MAX_SCHEMA_DEPTH, MAX_SCHEMA_NODES, MAX_SCHEMA_REPETITION, ResponseFormat,
};
pub use message::{Message, Modality, Role};
pub use response::{
    ChatChoice, ChatChunkChoice, ChatCompletion, ChatCompletionChunk, ChatDelta, ChatLogprobs, ChatResponseMessage,
    FinishReason, ModelCard, ModelList, PromptTokensDetails, TextChoice, TextCompletion, TextLogprobs, Timings,
    TokenLogprob, TopLogprob, Usage,
};
pub use sampling::{MAX_CHOICES, MAX_OUTPUT_TOKENS, MAX_STOP_BYTES, MAX_STOPS, MAX_TOP_LOGPROBS, Sampling, StreamMode};
