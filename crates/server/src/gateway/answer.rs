//! Writes an answer to its client: as an event stream, or as one body.

use std::convert::Infallible;

use axum::{
    Json,
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::{StreamExt, stream};
use http::{HeaderValue, header};
use protocol::{
    CompletionId, ErrorCode,
    completion::{CompletionError, FinishReason},
    openai::StreamMode,
};
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;

use super::{
    error::InferenceError,
    generation::{Ended, Outgoing},
    request::Kind,
    transcript::Transcript,
};

/// What every part of an answer carries.
#[derive(Debug, Clone)]
pub(crate) struct Heading {
    pub(crate) id: CompletionId,
    pub(crate) kind: Kind,
    /// As shown to the client.
    pub(crate) model: String,
    /// Seconds since 1970.
    pub(crate) created: i64,
}

impl Heading {
    fn part(&self, choices: Value) -> Value {
        let object = match self.kind {
            Kind::Chat => "chat.completion.chunk",
            Kind::Text => "text_completion",
        };
        json!({"id": self.id, "object": object, "created": self.created, "model": self.model, "choices": choices})
    }
}

fn unrecorded() -> InferenceError {
    InferenceError::new(
        ErrorCode::StorageUnavailable,
        "the answer could not be stored; free disk space on the server and try again",
    )
}

/// The answer as server-sent events, each passed on as it comes.
pub(crate) fn streamed(heading: Heading, mode: StreamMode, chunks: mpsc::Receiver<Outgoing>) -> Response {
    let events = ReceiverStream::new(chunks).flat_map(move |outgoing| {
        let bytes = match outgoing {
            Outgoing::Chunk(chunk) => pass_on(&heading, mode, chunk).into_iter().collect(),
            Outgoing::End(ended) => ending(&heading, mode, &ended),
            Outgoing::Unrecorded => vec![event(&json!(unrecorded().body())), done()],
        };
        stream::iter(bytes.into_iter().map(Ok::<Bytes, Infallible>))
    });
    let mut response = Body::from_stream(events).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert("x-accel-buffering", HeaderValue::from_static("no"));
    response
}

fn event(value: &Value) -> Bytes {
    Bytes::from(format!("data: {value}\n\n"))
}

fn done() -> Bytes {
    Bytes::from_static(b"data: [DONE]\n\n")
}

/// A chunk with the gateway's id and model; the runtime's usage is left out, the gateway tells its own.
fn pass_on(heading: &Heading, mode: StreamMode, mut chunk: Value) -> Option<Bytes> {
    let object = chunk.as_object_mut()?;
    let has_choices = object.get("choices").and_then(Value::as_array).is_some_and(|choices| !choices.is_empty());
    if !has_choices {
        return None;
    }
    object.insert("id".to_owned(), Value::String(heading.id.to_string()));
    object.insert("model".to_owned(), Value::String(heading.model.clone()));
    object.insert("created".to_owned(), Value::from(heading.created));
    match mode {
        StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage => {
            object.insert("usage".to_owned(), Value::Null)
        }
        StreamMode::Stream | StreamMode::Whole => object.remove("usage"),
    };
    Some(event(&chunk))
}

fn ending(heading: &Heading, mode: StreamMode, ended: &Ended) -> Vec<Bytes> {
    let mut events = Vec::new();
    let reason_of = |index: u32| {
        ended
            .record
            .choices
            .iter()
            .find(|choice| choice.index == index)
            .and_then(|choice| choice.finish_reason)
            .unwrap_or(FinishReason::Error)
    };
    let last = |index: u32| match heading.kind {
        Kind::Chat => json!({"index": index, "delta": {}, "logprobs": null, "finish_reason": reason_of(index)}),
        Kind::Text => json!({"index": index, "text": "", "logprobs": null, "finish_reason": reason_of(index)}),
    };
    if let Some(error) = &ended.record.error {
        let code = code_of(error);
        // One event is both: the SDKs raise its `error`, other readers find each choice's end.
        let mut part = heading.part(ended.unfinished.iter().map(|index| last(*index)).collect());
        part["error"] = json!(InferenceError::new(code, &error.message).body().error);
        events.push(event(&part));
    } else {
        events.extend(ended.unfinished.iter().map(|index| event(&heading.part(json!([last(*index)])))));
        if matches!(mode, StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage) {
            let mut part = heading.part(json!([]));
            part["usage"] = usage(ended);
            events.push(event(&part));
        }
    }
    events.push(done());
    events
}

fn usage(ended: &Ended) -> Value {
    let usage = ended.record.usage;
    let mut told = json!({
        "prompt_tokens": usage.prompt_tokens,
        "completion_tokens": usage.completion_tokens,
        "total_tokens": usage.prompt_tokens + usage.completion_tokens,
    });
    if let Some(details) = &ended.prompt_details {
        told["prompt_tokens_details"] = json!(details);
    }
    told
}

/// What a client is told of an error that a record keeps.
fn code_of(error: &CompletionError) -> ErrorCode {
    match error.code.as_str() {
        // The record is read after the restart, the answer before it.
        "server_restarted" => ErrorCode::ShuttingDown,
        word => ErrorCode::from_word(word).unwrap_or(ErrorCode::RuntimeUnavailable),
    }
}

/// The answer as one body.
pub(crate) fn whole(heading: &Heading, ended: &Ended, transcript: &Transcript) -> Response {
    if let Some(error) = &ended.record.error {
        let code = code_of(error);
        return InferenceError::new(code, &error.message).into_response();
    }
    let choices: Vec<Value> = (0u32..)
        .zip(&transcript.choices)
        .map(|(index, choice)| {
            let mut value = json!({
                "index": index,
                "logprobs": choice.logprobs,
                "finish_reason": choice.finish_reason,
            });
            match heading.kind {
                Kind::Chat => {
                    value["message"] = json!({"role": "assistant", "content": choice.text, "refusal": null});
                    if !choice.reasoning.is_empty() {
                        value["message"]["reasoning_content"] = Value::String(choice.reasoning.clone());
                    }
                }
                Kind::Text => value["text"] = Value::String(choice.text.clone()),
            }
            value
        })
        .collect();
    let mut body = heading.part(Value::Array(choices));
    if heading.kind == Kind::Chat {
        body["object"] = Value::from("chat.completion");
    }
    body["usage"] = usage(ended);
    if let Some(timings) = &transcript.timings {
        body["timings"] = json!(timings);
    }
    Json(body).into_response()
}

/// Waits for the end of an answer that is not streamed.
///
/// # Errors
/// The end could not be recorded, or the server is going down.
pub(crate) async fn wait_end(mut chunks: mpsc::Receiver<Outgoing>) -> Result<Box<Ended>, InferenceError> {
    while let Some(outgoing) = chunks.recv().await {
        match outgoing {
            Outgoing::Chunk(_) => {}
            Outgoing::End(ended) => return Ok(ended),
            Outgoing::Unrecorded => return Err(unrecorded()),
        }
    }
    Err(InferenceError::new(ErrorCode::ShuttingDown, "the server is shutting down"))
}
