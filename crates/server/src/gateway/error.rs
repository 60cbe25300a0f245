//! Refusals of `/v1`, in OpenAI's shape.

use axum::{
    Json,
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use protocol::{
    ErrorCode,
    openai::{ErrorBody, ErrorDetail, RequestError},
    session::Reason,
};

use super::{live::NotAdmitted, runtime::RuntimeError};

/// An error of `/v1`.
#[derive(Debug, Clone)]
pub(crate) struct InferenceError {
    pub(crate) code: ErrorCode,
    pub(crate) message: String,
    pub(crate) param: Option<String>,
    /// Seconds after which it is worth trying again.
    pub(crate) retry_after: Option<u64>,
}

impl InferenceError {
    pub(crate) fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let retry_after = match code.status() {
            429 | 503 => Some(1),
            _ => None,
        };
        Self { code, message: message.into(), param: None, retry_after }
    }

    pub(crate) fn with_param(mut self, param: impl Into<String>) -> Self {
        self.param = Some(param.into());
        self
    }

    /// The session has stopped, is stopping, or has failed.
    pub(crate) fn not_running(reason: &Reason) -> Self {
        Self::new(
            ErrorCode::SessionNotRunning,
            format!("the session is not running ({}): {}", reason.code.as_str(), reason.message),
        )
    }

    /// What the runtime said no to.
    pub(crate) fn from_runtime(error: RuntimeError) -> Self {
        match error {
            RuntimeError::Refused { status, body } => {
                let detail = body.error;
                let code = detail.code.as_deref().and_then(ErrorCode::from_word).unwrap_or(match status {
                    400 | 404 | 422 => ErrorCode::InvalidParameter,
                    413 => ErrorCode::TooLarge,
                    429 => ErrorCode::QueueFull,
                    _ => ErrorCode::RuntimeUnavailable,
                });
                Self { param: detail.param, ..Self::new(code, detail.message) }
            }
            error @ (RuntimeError::Unreachable(_)
            | RuntimeError::Broken(_)
            | RuntimeError::Closed
            | RuntimeError::TooLarge) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a runtime did not answer");
                Self::new(ErrorCode::RuntimeUnavailable, "the session's runtime does not answer; try again shortly")
            }
        }
    }

    /// OpenAI's name for the kind of error.
    const fn kind(&self) -> &'static str {
        match self.code.status() {
            401 => "authentication_error",
            403 => "permission_error",
            404 => "not_found_error",
            429 => "rate_limit_error",
            500..=599 => "server_error",
            _ => "invalid_request_error",
        }
    }

    pub(crate) fn body(&self) -> ErrorBody {
        ErrorBody {
            error: ErrorDetail {
                message: self.message.clone(),
                kind: self.kind().to_owned(),
                param: self.param.clone(),
                code: Some(self.code.as_str().to_owned()),
            },
        }
    }
}

impl From<RequestError> for InferenceError {
    fn from(error: RequestError) -> Self {
        let code = ErrorCode::from_word(error.code.as_str()).unwrap_or(ErrorCode::InvalidParameter);
        Self { param: error.param, ..Self::new(code, error.message) }
    }
}

impl From<NotAdmitted> for InferenceError {
    fn from(refusal: NotAdmitted) -> Self {
        match refusal {
            NotAdmitted::Closed(reason) => Self::not_running(&reason),
            NotAdmitted::Full { in_flight, allowed } => Self::new(
                ErrorCode::QueueFull,
                format!("{in_flight} requests of {allowed} are in flight on this session; try again shortly"),
            ),
        }
    }
}

impl IntoResponse for InferenceError {
    fn into_response(self) -> Response {
        let status = StatusCode::from_u16(self.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut response = (status, Json(self.body())).into_response();
        let headers = response.headers_mut();
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if status == StatusCode::CONFLICT {
            // The SDKs repeat a 409 otherwise; an ended session does not come back.
            headers.insert("x-should-retry", HeaderValue::from_static("false"));
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}
