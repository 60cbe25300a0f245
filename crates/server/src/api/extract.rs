//! Bodies, queries and paths of `/api/v1`, with errors that name the field.

use std::sync::Arc;

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Request},
};
use http::{HeaderMap, StatusCode, header, request::Parts};
use protocol::{ErrorCode, FieldError, Problem};
use serde::de::DeserializeOwned;
use store::{BadCursor, ListError, MAX_LIMIT, Paging};

use super::problem::ApiError;
use crate::app::App;

/// A JSON body.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiJson<T>(pub(crate) T);

/// A query.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiQuery<T>(pub(crate) T);

/// The parts of the path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct ApiPath<T>(pub(crate) T);

/// What serde calls `u64`, and what it says of text that is no number.
const WHOLE: &str = "expected a whole number, 0 or more";
const NO_NUMBER: &str = "it is no whole number";

/// The name in serde's message about a field that is not known.
fn unknown_field(message: &str) -> Option<&str> {
    message.strip_prefix("unknown field `")?.split('`').next()
}

fn join(path: &str, field: &str) -> String {
    match path {
        "" | "." => field.to_owned(),
        path if path == field || path.ends_with(&format!(".{field}")) => path.to_owned(),
        path => format!("{path}.{field}"),
    }
}

/// The name in serde's message about a field that is not there.
fn missing_field(message: &str) -> Option<&str> {
    message.strip_prefix("missing field `")?.split('`').next()
}

/// A body or query that cannot be read as `T`, as a problem with the field.
fn refused(path: &str, message: &str) -> ApiError {
    // Serde names the types of Rust, and counts columns of a body that nobody sees.
    let message = &message.split(" at line ").next().unwrap_or_default().replace("expected u64", WHOLE);
    let message = &message.replace("expected u32", WHOLE).replace("invalid digit found in string", NO_NUMBER);
    if let Some(field) = missing_field(message) {
        let field = join(path, field);
        let message = format!("`{field}` is missing");
        let problem = Problem::new(ErrorCode::MalformedRequest, message.clone());
        return ApiError::from(problem.with_errors(vec![FieldError::new(field, "missing", message)]));
    }
    if let Some(field) = unknown_field(message) {
        let field = join(path, field);
        let problem = Problem::new(ErrorCode::UnknownField, format!("`{field}`: {message}"));
        return ApiError::from(problem.with_errors(vec![FieldError::new(field, "unknown", message)]));
    }
    if path.is_empty() || path == "." {
        return ApiError::new(ErrorCode::MalformedRequest, message);
    }
    let problem = Problem::new(ErrorCode::MalformedRequest, format!("`{path}`: {message}"));
    ApiError::from(problem.with_errors(vec![FieldError::new(path, "malformed", message)]))
}

/// Where text is no JSON, its place says more than a field.
fn not_json(error: &serde_json::Error) -> ApiError {
    ApiError::new(ErrorCode::MalformedRequest, format!("the body is not valid JSON: {error}"))
}

/// Reads JSON, naming the field at fault.
///
/// # Errors
/// `malformed_request` or `unknown_field`.
pub(crate) fn read_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, ApiError> {
    if bytes.is_empty() {
        return Err(ApiError::new(ErrorCode::MalformedRequest, "the body is empty; send a JSON object"));
    }
    // Serde would take an array for the fields of a struct, in their order.
    if bytes.trim_ascii_start().first() == Some(&b'[') {
        return Err(ApiError::new(ErrorCode::MalformedRequest, "the body is an array; send a JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let value = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        if error.inner().is_data() {
            return refused(&error.path().to_string(), &error.inner().to_string());
        }
        not_json(error.inner())
    })?;
    reader.end().map_err(|error| not_json(&error))?;
    Ok(value)
}

/// Reads the whole body, within the bound that the router set.
///
/// # Errors
/// `too_large`, or `malformed_request` where the client went away.
pub(crate) async fn read_body(request: Request, app: &App) -> Result<Bytes, ApiError> {
    Bytes::from_request(request, &()).await.map_err(|rejection| {
        if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
            let bound = app.config.limits.body_bytes;
            ApiError::new(ErrorCode::TooLarge, format!("the body is larger than {bound} bytes"))
        } else {
            ApiError::new(ErrorCode::MalformedRequest, "the body could not be read")
        }
    })
}

/// Refuses a body that is said to be something else than JSON, or packed: what is small may unpack to anything. One of
/// which nothing is said is read as JSON.
///
/// # Errors
/// What to say to the client.
pub(crate) fn require_json(headers: &HeaderMap) -> Result<(), String> {
    if let Some(encoding) = headers.get(header::CONTENT_ENCODING).filter(|encoding| *encoding != "identity") {
        let encoding: String = String::from_utf8_lossy(encoding.as_bytes()).chars().take(100).collect();
        return Err(format!(
            "the body is said to be packed by `{encoding}`; send it as it is, without Content-Encoding"
        ));
    }
    let Some(said) = headers.get(header::CONTENT_TYPE) else { return Ok(()) };
    let said = String::from_utf8_lossy(said.as_bytes());
    let kind = said.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    if kind == "application/json" || kind.starts_with("application/") && kind.ends_with("+json") {
        return Ok(());
    }
    let kind: String = kind.chars().take(100).collect();
    Err(format!("the body is said to be `{kind}`; send JSON, with `Content-Type: application/json`"))
}

impl<T: DeserializeOwned> FromRequest<Arc<App>> for ApiJson<T> {
    type Rejection = ApiError;

    async fn from_request(request: Request, app: &Arc<App>) -> Result<Self, ApiError> {
        require_json(request.headers()).map_err(|message| ApiError::new(ErrorCode::UnsupportedMediaType, message))?;
        let bytes = read_body(request, app).await?;
        read_json(&bytes).map(Self)
    }
}

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for ApiQuery<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let query = axum::extract::Query::<T>::try_from_uri(&parts.uri);
        query.map(|query| Self(query.0)).map_err(|rejection| {
            let text = std::error::Error::source(&rejection).map_or_else(|| rejection.to_string(), ToString::to_string);
            let (path, message) = text.split_once(": ").unwrap_or(("", &text));
            let message = if path.contains(' ') { &text } else { message };
            let path = if path.contains(' ') { "" } else { path };
            refused(path, message)
        })
    }
}

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for ApiPath<T> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        // An id of the wrong form names nothing, as an id that does not exist does.
        axum::extract::Path::<T>::from_request_parts(parts, state)
            .await
            .map(|path| Self(path.0))
            .map_err(|_| ApiError::new(ErrorCode::NotFound, "there is nothing with this id; ids are copied as a whole"))
    }
}

/// Where a page begins in a list whose cursors are numbers behind the list's own mark; 0 without one.
///
/// # Errors
/// `invalid_parameter`, as for every other list's cursor.
pub(crate) fn place(cursor: Option<&str>, mark: char) -> Result<u64, ApiError> {
    let Some(cursor) = cursor else { return Ok(0) };
    let number = cursor.strip_prefix(mark).and_then(|number| number.parse().ok());
    number.ok_or_else(|| ListError::BadCursor(BadCursor).into())
}

/// The page that a list's query asks for.
///
/// # Errors
/// `limit` is out of its range.
pub(crate) fn paging(limit: Option<u32>, cursor: Option<String>) -> Result<Paging, ApiError> {
    let limit = limit.unwrap_or(50);
    if !(1..=MAX_LIMIT).contains(&limit) {
        let message = format!("{limit} is out of range: give 1 to {MAX_LIMIT}");
        return Err(ApiError::from(
            Problem::new(ErrorCode::InvalidParameter, message.clone()).with_errors(vec![FieldError::new(
                "limit",
                "out_of_range",
                message,
            )]),
        ));
    }
    Ok(Paging { limit, cursor })
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::session::CreateSession;

    #[test]
    fn what_is_said_to_be_something_else_is_not_read_as_json() {
        let said = |kind: &str| {
            let headers = HeaderMap::from_iter([(header::CONTENT_TYPE, kind.parse().unwrap())]);
            require_json(&headers)
        };
        assert_eq!(require_json(&HeaderMap::new()), Ok(()));
        for json in ["application/json", "Application/JSON; charset=utf-8", "application/merge-patch+json"] {
            assert_eq!(said(json), Ok(()), "{json}");
        }
        for other in ["text/plain", "application/x-www-form-urlencoded", "", "json", "text/x+json", "application/jsonp"]
        {
            assert!(said(other).is_err(), "{other}");
        }
        assert!(said("text/plain").unwrap_err().contains("`text/plain`"));
    }

    #[test]
    fn the_field_at_fault_is_named() {
        let of = |body: &str| read_json::<CreateSession>(body.as_bytes()).unwrap_err().0;
        let unknown = of(r#"{"model": "m", "colour": 1}"#);
        assert_eq!((unknown.code, unknown.errors[0].field.as_str()), (ErrorCode::UnknownField, "colour"));
        let nested = of(r#"{"model": "m", "stop": {"afterseconds": 1}}"#);
        assert_eq!((nested.code, nested.errors[0].field.as_str()), (ErrorCode::UnknownField, "stop.afterseconds"));
        let wrong = of(r#"{"model": "m", "stop": {"after_seconds": -1}}"#);
        assert_eq!((wrong.code, wrong.errors[0].field.as_str()), (ErrorCode::MalformedRequest, "stop.after_seconds"));
        assert_eq!(of("{").code, ErrorCode::MalformedRequest);
        assert_eq!(of("").code, ErrorCode::MalformedRequest);
        assert_eq!(of("{} x").code, ErrorCode::MalformedRequest);
        let missing = of(r#"{"name": "n"}"#);
        assert_eq!((missing.code, missing.errors[0].field.as_str()), (ErrorCode::MalformedRequest, "model"));
        // A negative number is told in words, a broken text names no field, an array is no request.
        assert!(wrong.detail.contains("a whole number, 0 or more") && !wrong.detail.contains("u64"), "{wrong:?}");
        assert_eq!(of(r#"{"model": "#).errors, vec![]);
        assert!(of(r#"["a", null, "m", null, null]"#).detail.contains("array"));
        assert_eq!(read_json::<CreateSession>(b"\xff\xfe").unwrap_err().0.code, ErrorCode::MalformedRequest);
    }
}
