//! Whole replies: JSON bodies and errors.

use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use http_body_util::{Either, Full};
use protocol::openai::{RequestError, RequestErrorCode};
use serde::Serialize;

use super::stream::EventBody;

/// The body of any reply.
pub(super) type ReplyBody = Either<Full<Bytes>, EventBody>;
pub(super) type Reply = Response<ReplyBody>;

/// A JSON reply.
pub(super) fn json(status: StatusCode, value: &impl Serialize) -> Reply {
    let (status, bytes) = match serde_json::to_vec(value) {
        Ok(bytes) => (status, bytes),
        Err(_) => (StatusCode::INTERNAL_SERVER_ERROR, b"{}".to_vec()),
    };
    let mut reply = Response::new(Either::Left(Full::new(Bytes::from(bytes))));
    *reply.status_mut() = status;
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    reply
}

/// A refusal as OpenAI words it.
pub(super) fn refusal(error: &RequestError) -> Reply {
    let status = StatusCode::from_u16(error.code.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut reply = json(status, &error.to_body());
    let retry = match error.code {
        RequestErrorCode::QueueFull | RequestErrorCode::ModelLoading => Some(HeaderValue::from_static("1")),
        _ => None,
    };
    if let Some(seconds) = retry {
        reply.headers_mut().insert(header::RETRY_AFTER, seconds);
    }
    reply
}

/// A stream of Server-Sent Events.
pub(super) fn events(body: EventBody) -> Reply {
    let mut reply = Response::new(Either::Right(body));
    let headers = reply.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    reply
}
