//! Refusals of a request, and OpenAI's error body.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Why a request was refused or failed. [`RequestErrorCode::as_str`] is the `code` on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RequestErrorCode {
    /// The body is no JSON, no object, too deep, or no UTF-8.
    MalformedRequest,
    /// The body is larger than accepted.
    PayloadTooLarge,
    /// A field has the wrong type, or a value outside its list.
    InvalidParameter,
    /// A number or a length outside its bounds.
    ParameterOutOfRange,
    /// A known feature that is not offered.
    UnsupportedParameter,
    /// The prompt does not fit the context.
    ContextLengthExceeded,
    /// Every place in the queue is taken.
    QueueFull,
    /// The runtime failed while answering.
    EngineFailed,
    /// The model is still being loaded.
    ModelLoading,
    /// No such path.
    NotFound,
}

impl RequestErrorCode {
    /// The code on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MalformedRequest => "malformed_request",
            Self::PayloadTooLarge => "too_large",
            Self::InvalidParameter => "invalid_parameter",
            Self::ParameterOutOfRange => "parameter_out_of_range",
            Self::UnsupportedParameter => "unsupported_parameter",
            Self::ContextLengthExceeded => "context_length_exceeded",
            Self::QueueFull => "queue_full",
            Self::EngineFailed => "engine_failed",
            Self::ModelLoading => "model_loading",
            Self::NotFound => "not_found",
        }
    }

    /// The HTTP status that goes with the code.
    pub const fn status(self) -> u16 {
        match self {
            Self::MalformedRequest
            | Self::InvalidParameter
            | Self::ParameterOutOfRange
            | Self::UnsupportedParameter
            | Self::ContextLengthExceeded => 400,
            Self::NotFound => 404,
            Self::PayloadTooLarge => 413,
            Self::QueueFull => 429,
            Self::EngineFailed => 500,
            Self::ModelLoading => 503,
        }
    }

    /// OpenAI's `type` of the error.
    pub const fn kind(self) -> &'static str {
        match self {
            Self::QueueFull => "rate_limit_error",
            Self::EngineFailed | Self::ModelLoading => "server_error",
            Self::MalformedRequest
            | Self::PayloadTooLarge
            | Self::InvalidParameter
            | Self::ParameterOutOfRange
            | Self::UnsupportedParameter
            | Self::ContextLengthExceeded
            | Self::NotFound => "invalid_request_error",
        }
    }
}

/// A request refused, with the field at fault. The message never holds more than a few words of the request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct RequestError {
    pub code: RequestErrorCode,
    /// The path of the field at fault, for example `messages[2].role`.
    pub param: Option<String>,
    /// One sentence: the field, the value, the bounds.
    pub message: String,
}

impl RequestError {
    /// An error about the field `param`.
    pub fn at(code: RequestErrorCode, param: impl Into<String>, message: impl Into<String>) -> Self {
        Self { code, param: Some(param.into()), message: message.into() }
    }

    /// An error about no field in particular.
    pub fn whole(code: RequestErrorCode, message: impl Into<String>) -> Self {
        Self { code, param: None, message: message.into() }
    }

    /// A feature that is not offered.
    pub fn unsupported(param: impl Into<String>, message: impl Into<String>) -> Self {
        Self::at(RequestErrorCode::UnsupportedParameter, param, message)
    }

    /// A prompt of `prompt_tokens` that leaves no room in a context of `context_length` tokens.
    pub fn context_length_exceeded(prompt_tokens: usize, context_length: usize) -> Self {
        Self::at(
            RequestErrorCode::ContextLengthExceeded,
            "messages",
            format!(
                "the prompt has {prompt_tokens} tokens and the context holds {context_length}, of which one at least must be left for the answer"
            ),
        )
    }

    /// The body for the wire.
    pub fn to_body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                message: self.message.clone(),
                kind: self.code.kind().into(),
                param: self.param.clone(),
                code: Some(self.code.as_str().into()),
            },
        }
    }
}

/// OpenAI's error body.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    pub error: ErrorDetail,
}

/// What is inside OpenAI's error body. Foreign runtimes leave fields out or send a number as `code`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorDetail {
    #[serde(default)]
    pub message: String,
    #[serde(rename = "type", default)]
    pub kind: String,
    #[serde(default)]
    pub param: Option<String>,
    #[serde(default, deserialize_with = "code_of_any_type")]
    pub code: Option<String>,
}

fn code_of_any_type<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Option::<serde_json::Value>::deserialize(deserializer)? {
        None | Some(serde_json::Value::Null) => None,
        Some(serde_json::Value::String(text)) => Some(text),
        Some(other) => Some(other.to_string()),
    })
}
