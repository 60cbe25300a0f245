//! Refusals of the server and failures to reach it, as one sentence with a hint.

use std::fmt;

use protocol::FieldError;
use serde::Deserialize;

/// An answer that is none.
#[derive(Debug)]
pub(crate) struct ApiError {
    /// The HTTP status; `None` where no answer came.
    status: Option<u16>,
    /// The code of the problem, or an empty text.
    code: String,
    message: String,
    /// The fields at fault.
    fields: Vec<String>,
    /// The problem, as the server sent it.
    json: Option<String>,
    retry_after: Option<u64>,
}

/// `application/problem+json`, and OpenAI's error object: whatever is there is taken.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Body {
    title: String,
    detail: String,
    code: String,
    errors: Vec<FieldError>,
    error: Option<Inner>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Inner {
    message: String,
    code: Option<String>,
}

impl ApiError {
    pub(super) fn refused(status: u16, text: String, retry_after: Option<u64>) -> Self {
        let Ok(body) = serde_json::from_str::<Body>(&text) else {
            let message = format!("the server answered with status {status}");
            return Self {
                status: Some(status),
                code: String::new(),
                message,
                fields: Vec::new(),
                json: None,
                retry_after,
            };
        };
        let inner = body.error.unwrap_or_default();
        let first = |texts: [String; 3]| texts.into_iter().find(|text| !text.trim().is_empty());
        let mut message = first([body.detail, inner.message, body.title])
            .unwrap_or_else(|| format!("the server answered with status {status}"));
        for error in &body.errors {
            if !message.contains(error.message.trim_end_matches('.')) {
                message = format!("{}; {}: {}", message.trim_end_matches('.'), error.field, error.message);
            }
        }
        let code = if body.code.is_empty() { inner.code.unwrap_or_default() } else { body.code };
        let fields = body.errors.into_iter().map(|error| error.field).collect();
        Self { status: Some(status), code, message, fields, json: Some(text), retry_after }
    }

    pub(crate) fn unreachable(base: &str, error: &reqwest::Error) -> Self {
        let message = if error.is_connect() && base.starts_with("https://") {
            // The name, the certificate or the port: only the cause tells which.
            format!("no connection to {base}: {}", root_cause(error))
        } else if error.is_connect() {
            format!("no server answers at {base}")
        } else if error.is_timeout() {
            format!("the server at {base} does not answer in time")
        } else if error.is_builder() {
            format!("`{base}` is no address of a server")
        } else {
            format!("the connection to {base} broke: {}", root_cause(error))
        };
        let code = if error.is_connect() { "unreachable" } else { "" };
        Self { status: None, code: code.into(), message, fields: Vec::new(), json: None, retry_after: None }
    }

    /// The code of the problem, or an empty text.
    pub(crate) fn code(&self) -> &str {
        &self.code
    }

    /// Whether no answer came: the server may be starting again.
    pub(crate) const fn is_unreachable(&self) -> bool {
        self.status.is_none()
    }

    /// Whether the same request may succeed later by itself.
    pub(crate) const fn may_pass(&self) -> bool {
        matches!(self.status, Some(502..=504))
    }

    pub(crate) const fn is_conflict(&self) -> bool {
        matches!(self.status, Some(409))
    }

    pub(crate) const fn is_not_found(&self) -> bool {
        matches!(self.status, Some(404))
    }

    /// Whether this field is at fault.
    pub(crate) fn names(&self, field: &str) -> bool {
        self.fields.iter().any(|named| named == field)
    }

    pub(crate) fn json(&self) -> Option<&str> {
        self.json.as_deref()
    }

    /// What to try.
    pub(crate) fn hint(&self) -> Option<String> {
        let text = match self.code.as_str() {
            "unreachable" => "start it with `viva serve`, or check VIVA_URL",
            "unauthorized" => "set VIVA_TOKEN to a valid token, or unset VIVA_URL and VIVA_TOKEN to use this machine's",
            "quota_reached" => "delete a session you no longer need: `viva session list`, `viva session delete`",
            "session_ended" => "an ended session stays ended; create another: `viva session create`",
            "session_not_running" => "see why: `viva session show`; create another: `viva session create`",
            "session_initializing" => "watch it start: `viva session list --watch`",
            "model_not_found" | "model_ineligible" => "see which models can be opened: `viva model list`",
            "model_in_use" => "stop the sessions on it first: `viva session list --status running`",
            "context_length_exceeded" => {
                "begin a new conversation with /new, or create a session with a larger --context"
            }
            "user_has_things" => "delete them with the user: `viva user delete --owned`",
            "task_running" => "cancel it first: `viva task cancel`",
            "task_not_cut" => "see where it stands: `viva task show`",
            "internal" => "the server's log says more",
            _ => {
                return self
                    .retry_after
                    .map(|seconds| format!("try again in {}", crate::moment::humane(seconds.max(1))));
            }
        };
        Some(text.to_owned())
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for ApiError {}

fn root_cause(error: &reqwest::Error) -> String {
    let mut cause: &dyn std::error::Error = error;
    while let Some(next) = cause.source() {
        cause = next;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use protocol::{ErrorCode, Problem};

    use super::*;

    fn refused(problem: &Problem) -> ApiError {
        ApiError::refused(problem.status, serde_json::to_string(problem).unwrap(), None)
    }

    #[test]
    fn a_problem_is_its_detail_and_the_fields_that_add_something() {
        let problem =
            Problem::new(ErrorCode::InvalidRequest, "The request breaks 1 rule.").with_errors(vec![FieldError::new(
                "name",
                "too_long",
                "the name has 101 characters; at most 100 are allowed",
            )]);
        assert_eq!(
            refused(&problem).to_string(),
            "The request breaks 1 rule; name: the name has 101 characters; at most 100 are allowed"
        );
        let problem = Problem::new(ErrorCode::InvalidRequest, "the name is empty").with_errors(vec![FieldError::new(
            "name",
            "empty",
            "the name is empty",
        )]);
        assert_eq!(refused(&problem).to_string(), "the name is empty");
    }

    #[test]
    fn every_code_is_read_and_some_have_a_hint() {
        for code in ErrorCode::ALL {
            let error = refused(&Problem::new(*code, "x"));
            assert_eq!(error.code(), code.as_str());
        }
        let error = refused(&Problem::new(ErrorCode::QuotaReached, "20 of 20 sessions"));
        assert!(error.hint().unwrap().contains("delete"));
    }

    #[test]
    fn answers_of_other_shapes_still_make_a_sentence() {
        let openai =
            r#"{"error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}}"#;
        let error = ApiError::refused(400, openai.into(), None);
        assert_eq!((error.to_string().as_str(), error.code()), ("too long", "context_length_exceeded"));
        let error = ApiError::refused(502, "<html>".into(), None);
        assert_eq!(error.to_string(), "the server answered with status 502");
        assert!(error.json().is_none());
        let error = ApiError::refused(503, "{}".into(), Some(90));
        assert_eq!(error.hint().as_deref(), Some("try again in 1m 30s"));
    }
}
