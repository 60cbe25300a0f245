//! Answers as Server-Sent Events, exactly as OpenAI sends them: the role first, then deltas, an event with the
//! finish reason per choice, the usage if asked for, `[DONE]`.

use std::{
    convert::Infallible,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::Frame;
use protocol::openai::{
    ChatChunkChoice, ChatCompletionChunk, ChatDelta, FinishReason, RequestError, RequestErrorCode as Code, StreamMode,
    TextChoice, TextCompletion, Timings, Usage,
};
use serde::Serialize;
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    State,
    body::{self, Header, Shape},
};
use crate::scheduler::{Event, Finished, TextPiece, TokenChance};

/// A stream's body. Dropping it cancels the request.
pub(super) struct EventBody {
    state: Arc<State>,
    header: Header,
    choices: u32,
    mode: StreamMode,
    events: UnboundedReceiver<Event>,
    ends: Vec<Finished>,
    out: Vec<u8>,
    ended: bool,
}

/// One part of an answer.
#[derive(Default)]
struct Part {
    choice: u32,
    role: bool,
    text: Option<String>,
    chances: Vec<TokenChance>,
    reason: Option<FinishReason>,
    timings: Option<Timings>,
}

impl EventBody {
    pub(super) fn new(
        state: Arc<State>,
        header: Header,
        choices: u32,
        mode: StreamMode,
        events: UnboundedReceiver<Event>,
    ) -> Self {
        let mut body = Self { state, header, choices, mode, events, ends: Vec::new(), out: Vec::new(), ended: false };
        if body.mode == StreamMode::StreamWithRunningUsage {
            let prompt_tokens = body.header.prompt_tokens;
            body.write_usage(Usage { prompt_tokens, total_tokens: prompt_tokens, ..Usage::default() });
        }
        if body.header.shape == Shape::Chat {
            for choice in 0..choices {
                body.write_part(Part { choice, role: true, text: Some(String::new()), ..Part::default() });
            }
        }
        body
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::Text(TextPiece { choice, text, chances }) => {
                self.write_part(Part { choice, text: Some(text), chances, ..Part::default() });
            }
            Event::Finished(end) => {
                let (choice, reason) = (end.choice, Some(end.reason));
                self.ends.push(end);
                let last = self.ends.len() as u32 == self.choices;
                let (usage, timings) = body::summary(self.header.prompt_tokens, &self.ends);
                let timings = last.then_some(timings);
                self.write_part(Part { choice, reason, timings, ..Part::default() });
                if last {
                    if matches!(self.mode, StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage) {
                        self.write_usage(usage);
                    }
                    self.end();
                }
            }
            Event::Failed(message) => self.fail(message),
        }
    }

    fn fail(&mut self, message: &str) {
        self.write(&RequestError::whole(Code::EngineFailed, message).to_body());
        self.end();
    }

    fn end(&mut self) {
        self.out.extend_from_slice(b"data: [DONE]\n\n");
        self.ended = true;
    }

    fn write(&mut self, value: &impl Serialize) {
        self.out.extend_from_slice(b"data: ");
        let start = self.out.len();
        if serde_json::to_writer(&mut self.out, value).is_err() {
            self.out.truncate(start);
            self.out.extend_from_slice(b"{}");
        }
        self.out.extend_from_slice(b"\n\n");
    }

    fn write_part(&mut self, part: Part) {
        let state = Arc::clone(&self.state);
        let Some(vocab) = state.served.get().map(|served| served.prompter.vocab()) else { return };
        match self.header.shape {
            Shape::Chat => {
                let delta = ChatDelta { role: part.role.then(|| "assistant".into()), content: part.text };
                let choice = ChatChunkChoice {
                    index: part.choice,
                    delta,
                    logprobs: body::chat_logprobs(vocab, &part.chances),
                    finish_reason: part.reason,
                };
                self.write(&self.chat_chunk(vec![choice], None, part.timings));
            }
            Shape::Text => {
                let choice = TextChoice {
                    index: part.choice,
                    text: part.text.unwrap_or_default(),
                    logprobs: body::text_logprobs(vocab, &part.chances),
                    finish_reason: part.reason,
                };
                self.write(&self.text_chunk(vec![choice], None, part.timings));
            }
        }
    }

    fn write_usage(&mut self, usage: Usage) {
        match self.header.shape {
            Shape::Chat => self.write(&self.chat_chunk(Vec::new(), Some(usage), None)),
            Shape::Text => self.write(&self.text_chunk(Vec::new(), Some(usage), None)),
        }
    }

    fn chat_chunk(
        &self,
        choices: Vec<ChatChunkChoice>,
        usage: Option<Usage>,
        timings: Option<Timings>,
    ) -> ChatCompletionChunk {
        ChatCompletionChunk {
            id: self.header.id.clone(),
            object: "chat.completion.chunk".into(),
            created: self.header.created,
            model: self.header.model.clone(),
            choices,
            usage,
            timings,
        }
    }

    fn text_chunk(&self, choices: Vec<TextChoice>, usage: Option<Usage>, timings: Option<Timings>) -> TextCompletion {
        TextCompletion {
            id: self.header.id.clone(),
            object: "text_completion".into(),
            created: self.header.created,
            model: self.header.model.clone(),
            choices,
            usage,
            timings,
        }
    }
}

impl http_body::Body for EventBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        while !self.ended {
            match self.events.poll_recv(cx) {
                Poll::Ready(Some(event)) => self.take(event),
                Poll::Ready(None) => self.fail("the inference thread has ended"),
                Poll::Pending => break,
            }
        }
        if !self.out.is_empty() {
            let bytes = Bytes::from(std::mem::take(&mut self.out));
            return Poll::Ready(Some(Ok(Frame::data(bytes))));
        }
        if self.ended { Poll::Ready(None) } else { Poll::Pending }
    }
}
