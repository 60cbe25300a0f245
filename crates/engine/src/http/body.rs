//! What answers are made of, whole or streamed.

use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use protocol::openai::{ChatLogprobs, PromptTokensDetails, TextLogprobs, Timings, TokenLogprob, TopLogprob, Usage};

use crate::{
    llama::{Special, Token, Vocab},
    scheduler::{Finished, TokenChance},
};

/// Which of the two calls is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Chat,
    Text,
}

/// What is the same in every part of an answer.
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) id: String,
    pub(super) created: i64,
    pub(super) model: String,
    pub(super) shape: Shape,
    pub(super) prompt_tokens: u32,
}

pub(super) fn header(model: &str, shape: Shape, prompt_tokens: u32) -> Header {
    let prefix = match shape {
        Shape::Chat => "chatcmpl",
        Shape::Text => "cmpl",
    };
    let id = format!("{prefix}-{:016x}", RandomState::new().build_hasher().finish());
    Header { id, created: now(), model: model.to_owned(), shape, prompt_tokens }
}

/// Seconds since 1970.
pub(super) fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs() as i64)
}

/// Counts and times of a request whose choices ended so.
pub(super) fn summary(prompt_tokens: u32, ends: &[Finished]) -> (Usage, Timings) {
    let generated: u32 = ends.iter().map(|end| end.generated).sum();
    let cached = ends.iter().find(|end| end.choice == 0).map_or(0, |end| end.cached);
    let usage = Usage {
        prompt_tokens,
        completion_tokens: generated,
        total_tokens: prompt_tokens + generated,
        prompt_tokens_details: Some(PromptTokensDetails { cached_tokens: cached }),
    };
    let longest = |of: fn(&Finished) -> Duration| {
        let longest = ends.iter().map(of).max().unwrap_or_default();
        (longest.as_secs_f64() * 1e6).round() / 1e3
    };
    let first = ends.iter().filter(|end| end.choice == 0).map(|end| end.prompt).max().unwrap_or_default();
    let timings = Timings {
        queued_ms: longest(|end| end.queued),
        prompt_ms: (first.as_secs_f64() * 1e6).round() / 1e3,
        predicted_ms: longest(|end| end.predicted),
        prompt_n: prompt_tokens.saturating_sub(cached),
        cached_n: cached,
        predicted_n: generated,
    };
    (usage, timings)
}

fn text_and_bytes(vocab: &Vocab, token: Token) -> (String, Option<Vec<u8>>) {
    let mut bytes = Vec::new();
    vocab.append_piece(token, Special::Recognised, &mut bytes);
    (String::from_utf8_lossy(&bytes).into_owned(), Some(bytes))
}

/// Log-probabilities as chat answers tell them.
pub(super) fn chat_logprobs(vocab: &Vocab, chances: &[TokenChance]) -> Option<ChatLogprobs> {
    if chances.is_empty() {
        return None;
    }
    let top = |&(token, logprob): &(Token, f64)| {
        let (token, bytes) = text_and_bytes(vocab, token);
        TopLogprob { token, logprob, bytes }
    };
    let entry = |chance: &TokenChance| {
        let (token, bytes) = text_and_bytes(vocab, chance.token);
        let top_logprobs = chance.chances.top.iter().map(top).collect();
        TokenLogprob { token, logprob: chance.chances.logprob, bytes, top_logprobs }
    };
    Some(ChatLogprobs { content: Some(chances.iter().map(entry).collect()) })
}

/// Log-probabilities as plain completions tell them.
pub(super) fn text_logprobs(vocab: &Vocab, chances: &[TokenChance]) -> Option<TextLogprobs> {
    if chances.is_empty() {
        return None;
    }
    let mut lists = TextLogprobs::default();
    for chance in chances {
        lists.tokens.push(text_and_bytes(vocab, chance.token).0);
        lists.token_logprobs.push(chance.chances.logprob);
        let top = chance.chances.top.iter().map(|&(token, logprob)| (text_and_bytes(vocab, token).0, logprob.into()));
        lists.top_logprobs.push(top.collect());
        lists.text_offset.push(chance.offset as u32);
    }
    Some(lists)
}
