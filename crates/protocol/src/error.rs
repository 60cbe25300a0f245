//! The closed set of error codes, shared by `/api/v1` (as `application/problem+json`, RFC 9457) and `/v1`
//! (as OpenAI's error object). A code fixes its HTTP status.

use serde::{Deserialize, Serialize};
use utoipa::{
    ToSchema,
    openapi::{ObjectBuilder, RefOr, Schema, Type},
};

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $variant:ident = $text:literal, $status:literal, $title:literal;)+) => {
        /// What went wrong, as a stable word for programs.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum ErrorCode {
            $($(#[doc = $doc])+ #[serde(rename = $text)] $variant,)+
        }

        impl ErrorCode {
            pub const ALL: &[Self] = &[$(Self::$variant),+];

            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// The HTTP status that this code always has.
            pub const fn status(self) -> u16 {
                match self { $(Self::$variant => $status,)+ }
            }

            /// A short sentence that is the same for every occurrence.
            pub const fn title(self) -> &'static str {
                match self { $(Self::$variant => $title,)+ }
            }

            /// The code with this word, if there is one.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|code| code.as_str() == word)
            }
        }
    };
}

codes! {
    /// The body or the query cannot be read: not JSON, not UTF-8, a wrong type, a missing field.
    MalformedRequest = "malformed_request", 400, "The request cannot be read";
    /// A management request carries a field that does not exist.
    UnknownField = "unknown_field", 400, "The request has a field that is not known";
    /// An id, cursor or query parameter has the wrong form.
    InvalidParameter = "invalid_parameter", 400, "A parameter has the wrong form";
    /// A known sampling parameter is out of its range.
    ParameterOutOfRange = "parameter_out_of_range", 400, "A parameter is out of its range";
    /// Something that this session's runtime or model cannot do: tools, images to an LLM.
    UnsupportedParameter = "unsupported_parameter", 400, "The request asks for what this session cannot do";
    /// Prompt and answer do not fit into the context.
    ContextLengthExceeded = "context_length_exceeded", 400, "The prompt does not fit into the context";
    /// No token, or one that opens nothing.
    Unauthorized = "unauthorized", 401, "A valid token is needed";
    /// The token is good but not for this.
    Forbidden = "forbidden", 403, "This token does not allow that";
    /// The request names a host that is not this server's.
    MisdirectedRequest = "misdirected_request", 421, "The request is meant for another host";
    /// A state-changing request from another site's page.
    CrossSiteRequest = "cross_site_request", 403, "The request comes from another site";
    /// Absent, or not yours.
    NotFound = "not_found", 404, "There is no such thing";
    /// No model has this id or name, or it is not yours.
    ModelNotFound = "model_not_found", 404, "There is no such model";
    /// The path is right, the method is not.
    MethodNotAllowed = "method_not_allowed", 405, "The method is not allowed here";
    /// The session is not Running (any more).
    SessionNotRunning = "session_not_running", 409, "The session is not running";
    /// The session has ended; ended sessions cannot change.
    SessionEnded = "session_ended", 409, "The session has ended";
    /// The model is in use by a live session.
    ModelInUse = "model_in_use", 409, "The model is in use";
    /// The same `Idempotency-Key` came with another body.
    IdempotencyConflict = "idempotency_conflict", 409, "The idempotency key was used for another request";
    /// Changed by someone else in between, again and again.
    Conflict = "conflict", 409, "Changed by someone else meanwhile";
    /// The completion is still being written.
    CompletionRunning = "completion_running", 409, "The completion is still being written";
    /// The task is not over.
    TaskRunning = "task_running", 409, "The task is not over";
    /// The user has sessions, models or test sets; `owned=delete` deletes them too.
    UserHasThings = "user_has_things", 409, "The user has things of their own";
    /// Only a task that was cut, and that no other goes on with, can be resumed.
    TaskNotCut = "task_not_cut", 409, "The task cannot be resumed";
    /// The body is larger than the bound.
    TooLarge = "too_large", 413, "The request is too large";
    /// The body's media type is not one that is read here.
    UnsupportedMediaType = "unsupported_media_type", 415, "The media type is not supported";
    /// A rule of the product is broken; the fields say which.
    InvalidRequest = "invalid_request", 422, "The request breaks a rule";
    /// The word `delete` is missing.
    ConfirmationRequired = "confirmation_required", 422, "A confirmation is required";
    /// The model fails an eligibility criterion.
    ModelIneligible = "model_ineligible", 422, "The model is not eligible";
    /// The file is no usable model file.
    ModelInvalid = "model_invalid", 422, "The model file cannot be used";
    /// The machine does not have this much memory, free or not.
    MemoryExceeded = "memory_exceeded", 422, "The machine has too little memory";
    /// The owner's number of sessions is reached.
    QuotaReached = "quota_reached", 429, "The quota is reached";
    /// The session's queue of requests is full.
    QueueFull = "queue_full", 429, "The queue is full";
    /// Too many requests in too short a time.
    RateLimited = "rate_limited", 429, "Too many requests";
    /// A bug; the log holds more.
    Internal = "internal", 500, "Something broke on the server";
    /// The session is still being prepared.
    SessionInitializing = "session_initializing", 503, "The session is being prepared";
    /// The runtime does not answer.
    RuntimeUnavailable = "runtime_unavailable", 503, "The session's runtime does not answer";
    /// The disk is full, or the database cannot be written.
    StorageUnavailable = "storage_unavailable", 503, "The storage cannot be written";
    /// The server is going down.
    ShuttingDown = "shutting_down", 503, "The server is shutting down";
}

// The derived schema would tell the names of the variants: it does not see through the macro.
impl utoipa::PartialSchema for ErrorCode {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .description(Some("What went wrong, as a stable word for programs."))
            .enum_values(Some(Self::ALL.iter().map(|code| code.as_str())))
            .into()
    }
}

impl ToSchema for ErrorCode {}

/// One field at fault.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldError {
    /// Path of the field, with dots: `stop.after_seconds`.
    pub field: String,
    /// What is wrong with it, as a stable word: `out_of_range`, `taken`, `too_long`, `unknown` …
    pub code: String,
    /// One sentence with the value, the bound and the remedy.
    pub message: String,
}

impl FieldError {
    pub fn new(field: impl Into<String>, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { field: field.into(), code: code.into(), message: message.into() }
    }
}

/// An error of `/api/v1`: RFC 9457's problem details.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// Address of the documentation of this code.
    #[serde(rename = "type")]
    pub kind: String,
    pub title: String,
    /// The HTTP status, repeated.
    pub status: u16,
    /// What happened this time, and what to do.
    pub detail: String,
    pub code: ErrorCode,
    /// The fields at fault; empty where no field is.
    #[serde(default)]
    pub errors: Vec<FieldError>,
    /// The figures that matter, where there are any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Object>)]
    pub figures: Option<serde_json::Value>,
}

impl Problem {
    pub fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("/docs/troubleshooting#{}", code.as_str()),
            title: code.title().to_owned(),
            status: code.status(),
            detail: detail.into(),
            code,
            errors: Vec::new(),
            figures: None,
        }
    }

    pub fn with_errors(mut self, errors: Vec<FieldError>) -> Self {
        self.errors = errors;
        self
    }

    pub fn with_figures(mut self, figures: serde_json::Value) -> Self {
        self.figures = Some(figures);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_unique_and_survive_json() {
        for (i, code) in ErrorCode::ALL.iter().enumerate() {
            assert_eq!(ErrorCode::ALL.iter().position(|c| c.as_str() == code.as_str()), Some(i));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
            assert!((400..=503).contains(&code.status()));
        }
    }

    #[test]
    fn the_schema_tells_the_words_of_the_wire() {
        let schema = serde_json::to_value(<ErrorCode as utoipa::PartialSchema>::schema()).unwrap();
        assert_eq!(schema["enum"], serde_json::to_value(ErrorCode::ALL).unwrap());
    }
}
