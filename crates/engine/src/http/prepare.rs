//! From the bytes of a request to a job for the inference thread.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    sync::Arc,
    time::Instant,
};

use protocol::{
    engine::Priority,
    openai::{
        ChatRequest, CompletionRequest, MAX_OUTPUT_TOKENS, Modality, RequestError, RequestErrorCode as Code,
        ResponseFormat, Sampling, StreamMode,
    },
};
use tokio::sync::mpsc;

use super::{Served, body::Shape};
use crate::{
    llama::Token,
    scheduler::{Event, Job, QueuePlace},
};

/// The place of a request among the waiting.
pub(super) struct Queued {
    pub(super) place: QueuePlace,
    pub(super) priority: Priority,
}

/// A request that is ready to be computed.
pub(super) struct Prepared {
    pub(super) job: Job,
    pub(super) events: mpsc::UnboundedReceiver<Event>,
    pub(super) stream: StreamMode,
    pub(super) choices: u32,
    pub(super) prompt_tokens: u32,
}

/// Parses, renders, tokenises and bounds a request. Blocks.
pub(super) fn prepare(served: &Served, body: &[u8], shape: Shape, queued: Queued) -> Result<Prepared, RequestError> {
    let accepted_at = Instant::now();
    let (prompt, sampling, format, stream) = read(served, body, shape)?;
    let room = (served.context_length as usize).checked_sub(prompt.len()).filter(|room| *room > 0);
    let param = if shape == Shape::Chat { "messages" } else { "prompt" };
    let Some(room) = room else {
        let mut error = RequestError::context_length_exceeded(prompt.len(), served.context_length as usize);
        error.param = Some(param.into());
        return Err(error);
    };
    if prompt.is_empty() {
        let message = format!("`{param}` holds no text, and this model cannot begin from nothing");
        return Err(RequestError::at(Code::InvalidParameter, param, message));
    }
    let grammar = served
        .grammars
        .compile(&format)
        .map_err(|error| RequestError::at(Code::InvalidParameter, "response_format", error.to_string()))?;
    let limit = sampling.max_tokens.unwrap_or(MAX_OUTPUT_TOKENS).min(room as u32);
    let (sender, events) = mpsc::unbounded_channel();
    let prompt_tokens = prompt.len() as u32;
    let entropy = RandomState::new().build_hasher().finish();
    let (prompt, choices) = (Arc::from(prompt), sampling.n);
    let Queued { place, priority } = queued;
    let job = Job { priority, prompt, sampling, limit, grammar, entropy, events: sender, accepted_at, place };
    Ok(Prepared { job, events, stream, choices, prompt_tokens })
}

type Read = (Vec<Token>, Sampling, ResponseFormat, StreamMode);

fn read(served: &Served, body: &[u8], shape: Shape) -> Result<Read, RequestError> {
    match shape {
        Shape::Chat => {
            let request = ChatRequest::parse(body, Modality::Text)?;
            let (_, tokens) = render_chat(served, &request)?;
            Ok((tokens, request.sampling, request.response_format, request.stream))
        }
        Shape::Text => {
            let request = CompletionRequest::parse(body)?;
            let tokens = served.prompter.tokenize([request.prompt.as_str()]);
            Ok((tokens, request.sampling, request.response_format, request.stream))
        }
    }
}

/// The prompt of a chat request as text and tokens, whether or not it fits the context. Blocks.
pub(super) fn render(served: &Served, body: &[u8]) -> Result<(String, Vec<Token>), RequestError> {
    render_chat(served, &ChatRequest::parse(body, Modality::Text)?)
}

fn render_chat(served: &Served, request: &ChatRequest) -> Result<(String, Vec<Token>), RequestError> {
    let rendered = served.prompter.render(&request.messages).ok_or_else(|| {
        let message = "this model has no chat template: use /v1/completions, or a model file with \
                       `tokenizer.chat_template`";
        RequestError::unsupported("messages", message)
    })?;
    let rendered = rendered.map_err(|error| RequestError::at(Code::InvalidParameter, "messages", error.to_string()))?;
    let tokens = served.prompter.tokenize(rendered.parts.iter().map(String::as_str));
    Ok((rendered.text(), tokens))
}
