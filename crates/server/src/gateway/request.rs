//! A completion request on its way in: read, checked, rewritten for the runtime.

use bytes::Bytes;
use protocol::{
    model::ModelType,
    openai::{ChatRequest, CompletionRequest, MAX_OUTPUT_TOKENS, Modality, StreamMode, parse_object},
};
use serde_json::{Value, json};

use super::{error::InferenceError, live::Live};

/// Which of the two calls.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Chat,
    Text,
}

impl Kind {
    pub(crate) const fn path(self) -> &'static str {
        match self {
            Self::Chat => "/v1/chat/completions",
            Self::Text => "/v1/completions",
        }
    }
}

/// A request that has been read but not yet held against a model.
#[derive(Debug)]
pub(crate) struct Incoming {
    pub(crate) kind: Kind,
    /// The body as sent.
    pub(crate) body: Value,
    bytes: Bytes,
}

/// A request within its bounds, ready for the runtime.
#[derive(Debug)]
pub(crate) struct Checked {
    pub(crate) kind: Kind,
    pub(crate) body: Value,
    /// The body as sent.
    pub(crate) sent: String,
    pub(crate) stream: StreamMode,
    asked_tokens: Option<u64>,
}

impl Incoming {
    /// Reads the body.
    ///
    /// # Errors
    /// `malformed_request` where it is no JSON object.
    pub(crate) fn read(kind: Kind, bytes: Bytes) -> Result<Self, InferenceError> {
        let body = Value::Object(parse_object(&bytes)?);
        Ok(Self { kind, body, bytes })
    }

    /// What the client sent as `model`.
    pub(crate) fn model(&self) -> Option<&str> {
        self.body.get("model").and_then(Value::as_str)
    }

    /// Holds the request against the session's model.
    ///
    /// # Errors
    /// What the request breaks, with the field and its bounds.
    pub(crate) fn check(self, live: &Live) -> Result<Checked, InferenceError> {
        let modality = match live.model.kind {
            ModelType::Vlm => Modality::TextAndImages,
            ModelType::Llm | ModelType::Other => Modality::Text,
        };
        let (sampling, stream) = match self.kind {
            Kind::Chat => {
                let request = ChatRequest::parse(&self.bytes, modality)?;
                (request.sampling, request.stream)
            }
            Kind::Text => {
                let request = CompletionRequest::parse(&self.bytes)?;
                (request.sampling, request.stream)
            }
        };
        let sent = String::from_utf8_lossy(&self.bytes).into_owned();
        let asked_tokens = sampling.max_tokens.map(u64::from);
        Ok(Checked { kind: self.kind, body: self.body, sent, stream, asked_tokens })
    }
}

impl Checked {
    /// The body for the runtime, always streamed with its usage, and the `max_tokens` that the session's budget
    /// imposes, if it does.
    pub(crate) fn for_runtime(&self, live: &Live) -> (Bytes, Option<u64>) {
        let mut body = self.body.clone();
        let mut imposed = None;
        if let Some(object) = body.as_object_mut() {
            object.insert("stream".to_owned(), Value::Bool(true));
            object.insert("stream_options".to_owned(), json!({"include_usage": true, "continuous_usage_stats": true}));
            object.insert("model".to_owned(), Value::String(live.model.name.clone()));
            object.remove("conversation");
            if let Some(left) = live.tokens_left() {
                let asked = self.asked_tokens.unwrap_or(u64::from(MAX_OUTPUT_TOKENS));
                if left < asked {
                    imposed = Some(left);
                    object.remove("max_completion_tokens");
                    object.insert("max_tokens".to_owned(), Value::from(left));
                }
            }
        }
        (Bytes::from(body.to_string()), imposed)
    }
}
