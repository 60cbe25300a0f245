//! A runtime that answers by a script: `/health`, and completions of always the same text.

use std::{convert::Infallible, sync::Arc, time::Duration};

use bytes::Bytes;
use futures::stream;
use http_body_util::{BodyExt, Full, StreamBody, combinators::UnsyncBoxBody};
use hyper::{
    Method, Request, Response, StatusCode,
    body::{Frame, Incoming},
    header,
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    time::sleep,
};

type Body = UnsyncBoxBody<Bytes, Infallible>;

/// What a scripted runtime answers.
#[derive(Debug, Clone)]
pub struct Script {
    /// Chunks with text, of one word each.
    pub chunks: u32,
    /// Before the first chunk.
    pub first_after: Duration,
    /// Before each further one.
    pub between: Duration,
    /// Most connections to all runtimes of one launcher; more wait.
    pub connections: usize,
}

impl Default for Script {
    /// A short answer, of about 300 bytes as a stream, at once.
    fn default() -> Self {
        Self { chunks: 1, first_after: Duration::ZERO, between: Duration::ZERO, connections: 2048 }
    }
}

/// A script's answers, written once.
#[derive(Debug)]
pub struct Answers {
    script: Script,
    events: Vec<Bytes>,
    whole: Bytes,
}

impl Answers {
    pub fn new(script: &Script) -> Self {
        let event = |value: Value| Bytes::from(format!("data: {value}\n\n"));
        let usage = json!({"prompt_tokens": 9, "completion_tokens": script.chunks, "total_tokens": 9 + script.chunks});
        let chunk = |delta: Value, finish_reason: Value| {
            event(json!({"choices": [{"index": 0, "delta": delta, "finish_reason": finish_reason}]}))
        };
        let mut events: Vec<Bytes> =
            (0..script.chunks).map(|_| chunk(json!({"content": "answer "}), Value::Null)).collect();
        events.push(chunk(json!({}), json!("stop")));
        events.push(event(json!({"choices": [], "usage": usage})));
        events.push(Bytes::from_static(b"data: [DONE]\n\n"));
        let text = "answer ".repeat(usize::try_from(script.chunks).unwrap_or_default());
        let whole = json!({
            "object": "chat.completion",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
            "usage": usage,
        });
        Self { script: script.clone(), events, whole: Bytes::from(whole.to_string()) }
    }

    /// The pause before the event of this number.
    fn pause(&self, index: usize) -> Duration {
        match index {
            0 => self.script.first_after,
            _ if index < self.events.len() - 3 => self.script.between,
            _ => Duration::ZERO,
        }
    }

    /// The events of a stream, each after its pause.
    fn stream(self: Arc<Self>) -> Body {
        let events = stream::unfold((0, self), |(index, answers)| async move {
            let event = answers.events.get(index)?.clone();
            let pause = answers.pause(index);
            if !pause.is_zero() {
                sleep(pause).await;
            }
            Some((Ok(Frame::data(event)), (index + 1, answers)))
        });
        StreamBody::new(events).boxed_unsync()
    }
}

fn whole(bytes: Bytes) -> Body {
    Full::new(bytes).boxed_unsync()
}

async fn answer(answers: Arc<Answers>, request: Request<Incoming>) -> Result<Response<Body>, hyper::Error> {
    let is_completion = request.method() == Method::POST && request.uri().path().starts_with("/v1/");
    let is_health = request.uri().path() == "/health";
    let body = request.into_body().collect().await?.to_bytes();
    let builder = Response::builder().header(header::CONTENT_TYPE, "application/json");
    let response = if is_completion {
        let body: Value = serde_json::from_slice(&body).unwrap_or_default();
        if body["stream"] == true {
            Response::builder().header(header::CONTENT_TYPE, "text/event-stream").body(answers.stream())
        } else {
            builder.body(whole(answers.whole.clone()))
        }
    } else if is_health {
        // Many sessions are asked now and then: none keeps its connection for that.
        builder.header(header::CONNECTION, "close").body(whole(Bytes::from_static(br#"{"status":"ok"}"#)))
    } else {
        builder
            .status(StatusCode::NOT_FOUND)
            .body(whole(Bytes::from_static(br#"{"error":{"message":"no such path"}}"#)))
    };
    Ok(response.expect("the parts are valid"))
}

/// Answers the requests of one connection until it ends.
pub async fn serve(stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, answers: Arc<Answers>) {
    let service = service_fn(move |request| answer(Arc::clone(&answers), request));
    // A peer that goes away in the middle is an ordinary end.
    let _ = http1::Builder::new().serve_connection(TokioIo::new(stream), service).await;
}
