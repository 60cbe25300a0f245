//! What follows a pass: the choice of tokens, the text that is sure now, and the ends.

use std::time::Instant;

use protocol::{engine::Priority, openai::FinishReason};

use super::{
    Scheduler,
    task::{Grammar, Phase, TokenChance},
};
use crate::{
    grammar::{Mask, MaskRequest},
    llama::{Special, Token},
    text::Progress,
};

const SAMPLING_FAILED: &str = "no token could be chosen: the model's output is not usable";
const GRAMMAR_FAILED: &str = "the response format's grammar exceeded its bound of work per token";

/// Where the logits for a choice of token are.
pub(super) enum Logits {
    /// At an entry of the last batch.
    Batch(usize),
    /// Kept in the task.
    Kept,
}

impl Scheduler {
    /// The prompt of a task is computed, its last entry in the batch at `index`.
    pub(super) fn prompt_done(&mut self, at: usize, index: usize) {
        if self.slots[at].task.as_ref().is_some_and(|task| task.limit == 0) {
            self.finish(at, FinishReason::Length);
        } else {
            self.choose_token(at, &Logits::Batch(index));
        }
    }

    /// Chooses tokens for those whose mask arrived after their logits.
    pub(super) fn resume_masked(&mut self) {
        for at in 0..self.slots.len() {
            let Some(task) = &self.slots[at].task else { continue };
            if task.phase == Phase::AwaitingMask && matches!(task.grammar, Grammar::Ready(..)) {
                self.choose_token(at, &Logits::Kept);
            }
        }
    }

    pub(super) fn choose_token(&mut self, at: usize, logits: &Logits) {
        let Some(task) = self.slots[at].task.as_mut() else { return };
        let mut kept = std::mem::take(&mut task.kept_logits);
        let logits = match logits {
            Logits::Batch(index) => self.context.logits(*index),
            Logits::Kept => Some(kept.as_mut_slice()),
        };
        let Some(logits) = logits else { return self.fail(at, SAMPLING_FAILED) };
        let mask = match &task.grammar {
            Grammar::None => None,
            Grammar::Away => {
                task.kept_logits = logits.to_vec();
                task.phase = Phase::AwaitingMask;
                return;
            }
            Grammar::Ready(_, Mask::Allowed(mask)) => Some(mask),
            Grammar::Ready(_, Mask::Complete) => return self.finish(at, FinishReason::Stop),
            Grammar::Ready(_, Mask::Failed) => return self.fail(at, GRAMMAR_FAILED),
        };
        let banned = if task.ignore_ends && mask.is_none() { self.ends.as_slice() } else { &[] };
        match task.sampler.choose(logits, mask, banned) {
            Some(choice) => {
                task.count_token();
                if task.priority == Priority::Background {
                    self.share.wrote(Instant::now());
                }
                if let Some(chances) = choice.chances {
                    let offset = task.text.decoded();
                    task.chances.push(TokenChance { token: choice.token, offset, chances });
                }
                self.take_token(at, choice.token);
            }
            None => self.fail(at, SAMPLING_FAILED),
        }
    }

    /// Follows up a chosen token: text, ends, and the mask after it.
    fn take_token(&mut self, at: usize, token: Token) {
        if self.vocab.is_end(token) {
            if let Some(task) = self.slots[at].task.as_mut() {
                task.chances.pop();
            }
            return self.finish(at, FinishReason::Stop);
        }
        let Some(task) = self.slots[at].task.as_mut() else { return };
        task.generated += 1;
        self.piece.clear();
        self.vocab.append_piece(token, Special::Plain, &mut self.piece);
        match task.text.push(&self.piece) {
            Progress::Text(text) => task.tell(text),
            Progress::Stopped(text) => {
                task.tell(text);
                return self.end(at, FinishReason::Stop);
            }
        }
        task.phase = Phase::Next(token);
        if task.generated >= task.limit {
            return self.finish(at, FinishReason::Length);
        }
        if let Grammar::Ready(matcher, _) = std::mem::replace(&mut task.grammar, Grammar::None) {
            task.grammar = Grammar::Away;
            drop(self.masks.send(MaskRequest { task: task.id, matcher, token: Some(token) }));
        }
    }

    /// Ends a task with the text that was held back.
    fn finish(&mut self, at: usize, reason: FinishReason) {
        if let Some(task) = self.slots[at].task.as_mut() {
            let text = task.text.finish();
            task.tell(text);
        }
        self.end(at, reason);
    }

    /// Ends a task; its sequence keeps its cache for the next turn.
    fn end(&mut self, at: usize, reason: FinishReason) {
        if let Some(task) = self.vacate(at) {
            task.finish(reason);
        }
    }

    pub(super) fn fail(&mut self, at: usize, message: &'static str) {
        if let Some(task) = self.vacate(at) {
            task.fail(message);
        }
    }
}
