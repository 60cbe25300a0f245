//! Errors of `/api/v1` on their way out: the one place where they become responses.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use protocol::{ErrorCode, FieldError, Problem};
use serde_json::json;
use store::{ListError, ScrubError, StorageError, WriteSessionError};

use crate::{
    auth::guesses::HeldBack,
    control::{ApplyError, LookError, MemoryError},
    gateway::error::InferenceError,
};

/// An error of `/api/v1`.
#[derive(Debug, Clone)]
pub(crate) struct ApiError(pub(crate) Box<Problem>);

impl ApiError {
    pub(crate) fn new(code: ErrorCode, detail: impl Into<String>) -> Self {
        Self::from(Problem::new(code, detail))
    }

    /// Fields that break a rule. The detail names them too: it may be all that a person sees.
    pub(crate) fn fields(errors: Vec<FieldError>) -> Self {
        let named = |error: &FieldError| format!("`{}`: {}", error.field, error.message);
        let detail = errors.iter().map(named).collect::<Vec<_>>().join("; ");
        Self::from(Problem::new(ErrorCode::InvalidRequest, detail).with_errors(errors))
    }

    /// One field that breaks a rule.
    pub(crate) fn field(error: FieldError) -> Self {
        Self::fields(vec![error])
    }

    pub(crate) fn not_found(what: &str) -> Self {
        Self::new(ErrorCode::NotFound, format!("there is no such {what}"))
    }
}

/// The figure that says when to try again, in seconds.
const RETRY_AFTER: &str = "retry_after_seconds";

impl From<HeldBack> for ApiError {
    fn from(held: HeldBack) -> Self {
        let problem = Problem::new(ErrorCode::RateLimited, held.to_string());
        Self::from(problem.with_figures(json!({ RETRY_AFTER: held.seconds })))
    }
}

impl From<Problem> for ApiError {
    fn from(problem: Problem) -> Self {
        Self(Box::new(problem))
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.0.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let retry_after = self.0.figures.as_ref().and_then(|figures| figures.get(RETRY_AFTER)?.as_u64());
        let mut response = (status, Json(self.0)).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        match status {
            StatusCode::TOO_MANY_REQUESTS => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from(retry_after.unwrap_or(30)));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                headers.insert(header::RETRY_AFTER, HeaderValue::from_static("1"));
            }
            StatusCode::UNAUTHORIZED => {
                headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
            }
            _ => {}
        }
        response
    }
}

impl From<StorageError> for ApiError {
    fn from(error: StorageError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the store failed");
        let detail = match error {
            StorageError::Full => "the server's disk is full; free some space and try again",
            StorageError::Unavailable(_)
            | StorageError::Damaged(_)
            | StorageError::Unreadable { .. }
            | StorageError::Closed => "the server's storage does not answer; try again shortly",
        };
        Self::new(ErrorCode::StorageUnavailable, detail)
    }
}

impl From<ScrubError> for ApiError {
    fn from(error: ScrubError) -> Self {
        match error {
            ScrubError::Storage(error) => error.into(),
            error @ (ScrubError::ReaderInTheWay | ScrubError::TooLarge { .. } | ScrubError::MigrationCopy(_)) => {
                tracing::error!(error = &error as &dyn std::error::Error, "deleted data could not be wiped yet");
                Self::new(
                    ErrorCode::StorageUnavailable,
                    format!("it is deleted, but its bytes are not wiped yet: {error}"),
                )
            }
        }
    }
}

impl From<ListError> for ApiError {
    fn from(error: ListError) -> Self {
        match error {
            ListError::BadCursor(error) => Self::from(
                Problem::new(ErrorCode::InvalidParameter, error.to_string()).with_errors(vec![FieldError::new(
                    "cursor",
                    "invalid",
                    error.to_string(),
                )]),
            ),
            ListError::Storage(error) => error.into(),
        }
    }
}

impl From<WriteSessionError> for ApiError {
    fn from(error: WriteSessionError) -> Self {
        match error {
            WriteSessionError::Gone => Self::not_found("session"),
            WriteSessionError::Conflict { .. } => {
                Self::new(ErrorCode::Conflict, "the session was changed by someone else meanwhile; try again")
            }
            WriteSessionError::NameTaken => Self::field(name_taken()),
            WriteSessionError::Storage(error) => error.into(),
        }
    }
}

/// The name is another session's.
pub(crate) fn name_taken() -> FieldError {
    FieldError::new("name", "taken", "another of your sessions has this name; choose another one")
}

impl From<ApplyError> for ApiError {
    fn from(error: ApplyError) -> Self {
        match error {
            ApplyError::Gone => Self::not_found("session"),
            ApplyError::Refused(refusal) => Self::new(ErrorCode::SessionEnded, refusal.to_string()),
            ApplyError::Read(error) => error.into(),
            ApplyError::Write(error) => error.into(),
        }
    }
}

impl From<MemoryError> for ApiError {
    fn from(error: MemoryError) -> Self {
        tracing::error!(error = &error as &dyn std::error::Error, "the machine was not understood");
        Self::new(ErrorCode::Internal, error.to_string())
    }
}

impl From<LookError> for ApiError {
    fn from(error: LookError) -> Self {
        match error {
            LookError::Memory(error) => error.into(),
            LookError::Storage(error) => error.into(),
        }
    }
}

impl From<InferenceError> for ApiError {
    fn from(error: InferenceError) -> Self {
        let errors = error
            .param
            .map(|param| FieldError::new(param, error.code.as_str(), error.message.clone()))
            .into_iter()
            .collect();
        Self::from(Problem::new(error.code, error.message).with_errors(errors))
    }
}
