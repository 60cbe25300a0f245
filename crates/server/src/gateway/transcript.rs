//! What a runtime has answered so far: the choices' texts, how they ended, tokens and times.

use protocol::{
    completion::{Choice, FinishReason},
    openai::{Timings, Usage},
};
use serde::Deserialize;
use serde_json::{Map, Value};

/// The parts of a chunk that are looked at, of either kind of completion.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Piece {
    index: u32,
    delta: Delta,
    /// Of a plain completion.
    text: Option<String>,
    logprobs: Option<Map<String, Value>>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Delta {
    content: Option<String>,
    /// Where runtimes put the thoughts of reasoning models.
    reasoning_content: Option<String>,
}

/// One choice, as far as it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct ChoiceText {
    pub(crate) text: String,
    pub(crate) reasoning: String,
    pub(crate) finish_reason: Option<FinishReason>,
    /// Lists of log-probabilities, joined over the chunks.
    pub(crate) logprobs: Option<Map<String, Value>>,
}

/// An answer as far as it is written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Transcript {
    pub(crate) choices: Vec<ChoiceText>,
    pub(crate) usage: Option<Usage>,
    pub(crate) timings: Option<Timings>,
    /// Chunks that carried text: the tokens so far, as long as the runtime has not told the usage.
    pub(crate) pieces: u64,
}

/// What a chunk added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Added {
    pub(crate) pieces: u64,
}

impl Transcript {
    /// Most choices that are kept: more than a request can ask for.
    const MAX_CHOICES: usize = 64;

    /// Takes in one chunk of the runtime.
    pub(crate) fn take(&mut self, chunk: &Value) -> Added {
        let mut added = Added::default();
        if let Some(usage) = chunk.get("usage").filter(|usage| usage.is_object()) {
            self.usage = Usage::deserialize(usage).ok().or(self.usage.take());
        }
        if let Some(timings) = chunk.get("timings").filter(|timings| timings.is_object()) {
            self.timings = Timings::deserialize(timings).ok().or(self.timings.take());
        }
        for piece in chunk.get("choices").and_then(Value::as_array).into_iter().flatten() {
            let Ok(piece) = Piece::deserialize(piece) else { continue };
            let index = piece.index as usize;
            if index >= Self::MAX_CHOICES {
                continue;
            }
            if self.choices.len() <= index {
                self.choices.resize_with(index + 1, ChoiceText::default);
            }
            added.pieces += self.choices[index].take(piece);
        }
        self.pieces += added.pieces;
        added
    }

    /// Ends what has not ended by itself.
    pub(crate) fn finish(&mut self, reason: FinishReason) {
        if self.choices.is_empty() {
            self.choices.push(ChoiceText::default());
        }
        for choice in &mut self.choices {
            choice.finish_reason.get_or_insert(reason);
        }
    }

    /// Tokens of prompt and answer, as well as they are known.
    pub(crate) fn tokens(&self) -> (u64, u64) {
        match &self.usage {
            Some(usage) => (u64::from(usage.prompt_tokens), u64::from(usage.completion_tokens).max(self.pieces)),
            None => (0, self.pieces),
        }
    }

    /// The first choice's text.
    pub(crate) fn response(&self) -> &str {
        self.choices.first().map_or("", |choice| &choice.text)
    }

    /// The choices as they are stored and shown.
    pub(crate) fn choices(&self) -> Vec<Choice> {
        (0u32..)
            .zip(&self.choices)
            .map(|(index, choice)| Choice { index, text: choice.text.clone(), finish_reason: choice.finish_reason })
            .collect()
    }
}

impl ChoiceText {
    fn take(&mut self, piece: Piece) -> u64 {
        let mut pieces = 0;
        if let Some(text) = piece.text.or(piece.delta.content).filter(|text| !text.is_empty()) {
            self.text.push_str(&text);
            pieces = 1;
        }
        if let Some(text) = piece.delta.reasoning_content.filter(|text| !text.is_empty()) {
            self.reasoning.push_str(&text);
            pieces = 1;
        }
        if let Some(reason) = piece.finish_reason {
            self.finish_reason = Some(match reason.as_str() {
                "stop" => FinishReason::Stop,
                "length" => FinishReason::Length,
                "session_stopped" => FinishReason::SessionStopped,
                "cancelled" => FinishReason::Cancelled,
                "error" => FinishReason::Error,
                _ => FinishReason::Stop,
            });
        }
        if let Some(logprobs) = piece.logprobs {
            join(self.logprobs.get_or_insert_default(), logprobs);
        }
        pieces
    }
}

/// Appends the lists of `more` to those of `lists`; what is no list is replaced.
fn join(lists: &mut Map<String, Value>, more: Map<String, Value>) {
    for (key, value) in more {
        match (lists.get_mut(&key), value) {
            (Some(Value::Array(list)), Value::Array(more)) => list.extend(more),
            (_, value) => {
                lists.insert(key, value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn chunks_of_several_choices_are_joined() {
        let mut transcript = Transcript::default();
        transcript.take(&json!({"choices": [{"index": 1, "delta": {"content": "b"}, "logprobs": {"content": [1]}}]}));
        transcript.take(&json!({"choices": [{"index": 0, "text": "a"}]}));
        let added = transcript.take(&json!({"choices": [
            {"index": 1, "delta": {"content": "c"}, "logprobs": {"content": [2]}, "finish_reason": "length"}]}));
        assert_eq!(added, Added { pieces: 1 });
        transcript.take(&json!({"choices": [], "usage": {"prompt_tokens": 4, "completion_tokens": 3}}));
        transcript.finish(FinishReason::Cancelled);
        let choices = transcript.choices();
        assert_eq!((choices[0].text.as_str(), choices[0].finish_reason), ("a", Some(FinishReason::Cancelled)));
        assert_eq!((choices[1].text.as_str(), choices[1].finish_reason), ("bc", Some(FinishReason::Length)));
        assert_eq!(transcript.choices[1].logprobs.as_ref().unwrap()["content"], json!([1, 2]));
        assert_eq!(transcript.tokens(), (4, 3));
    }
}
