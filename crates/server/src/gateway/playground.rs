//! Following an answer that the server owns: from any offset, by any number of readers, again after a reload.

use std::{convert::Infallible, sync::Arc};

use axum::{
    body::Body,
    response::{IntoResponse, Response},
};
use bytes::Bytes;
use futures::stream::{self, Stream};
use http::{HeaderValue, header};
use protocol::completion::{Completion, CompletionText};
use tokio::sync::watch;

use super::exchange::{Exchange, OVER};
use crate::app::App;

/// One server-sent event.
fn event(name: &str, data: &impl serde::Serialize) -> Bytes {
    let data = serde_json::to_string(data).unwrap_or_else(|_| "{}".to_owned());
    Bytes::from(format!("event: {name}\ndata: {data}\n\n"))
}

fn respond(events: impl Stream<Item = Bytes> + Send + 'static) -> Response {
    use futures::StreamExt;
    let mut response = Body::from_stream(events.map(Ok::<Bytes, Infallible>)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// What follows `from` (in characters) in `text`, and the length of `text`.
fn rest(text: &str, from: u64) -> (Option<CompletionText>, u64) {
    let length = text.chars().count() as u64;
    if from >= length {
        return (None, from);
    }
    let skip = usize::try_from(from).unwrap_or(usize::MAX);
    let text: String = text.chars().skip(skip).collect();
    (Some(CompletionText { from, text }), length)
}

/// A completion that is over: what is left of its text, then the whole.
pub(crate) fn replay(completion: &Completion, from: u64) -> Response {
    let text = rest(&completion.response, from).0.map(|text| event("text", &text));
    let events: Vec<Bytes> = text.into_iter().chain([event("done", completion)]).collect();
    respond(stream::iter(events))
}

struct Follower {
    app: Arc<App>,
    exchange: Arc<Exchange>,
    version: watch::Receiver<u64>,
    /// Characters that were sent.
    sent: u64,
    /// Bytes of the text that were sent, once `sent` has been reached.
    bytes: Option<usize>,
    over: bool,
}

impl Follower {
    fn news(&mut self) -> Option<Bytes> {
        let transcript = self.exchange.transcript();
        let text = transcript.response();
        let start = match self.bytes {
            Some(bytes) => bytes,
            None => {
                let skip = usize::try_from(self.sent).unwrap_or(usize::MAX);
                let (start, _) = text.char_indices().nth(skip)?;
                start
            }
        };
        let new = text.get(start..).filter(|new| !new.is_empty())?.to_owned();
        self.bytes = Some(text.len());
        drop(transcript);
        let from = self.sent;
        self.sent += new.chars().count() as u64;
        Some(event("text", &CompletionText { from, text: new }))
    }

    async fn next(mut self) -> Option<(Bytes, Self)> {
        if self.over {
            return None;
        }
        loop {
            let version = *self.version.borrow_and_update();
            if let Some(bytes) = self.news() {
                return Some((bytes, self));
            }
            if version == OVER {
                self.over = true;
                let stored = self.app.store.find_completion(self.exchange.id).await.ok().flatten();
                let completion = stored.unwrap_or_else(|| self.exchange.completion());
                return Some((event("done", &completion), self));
            }
            // An error means that the exchange was dropped, which `over` comes before.
            if self.version.changed().await.is_err() {
                return None;
            }
        }
    }
}

/// A completion that is being written: its text from the offset on, as it comes, then the whole.
pub(crate) fn follow(app: Arc<App>, exchange: Arc<Exchange>, from: u64) -> Response {
    let version = exchange.follow();
    let follower = Follower { app, exchange, version, sent: from, bytes: None, over: false };
    respond(stream::unfold(follower, Follower::next))
}
