//! One pass over the model: a token of every running sequence, or a chunk of prompts; then the choice of tokens.

use std::time::{Duration, Instant};

use protocol::openai::FinishReason;

use super::{
    Scheduler,
    pace::Company,
    slot::Slot,
    task::{Grammar, Phase, TokenChance},
};
use crate::{
    grammar::{Mask, MaskRequest},
    llama::{DecodeError, Special, Token},
    text::Progress,
};

const DECODE_FAILED: &str = "the model failed to compute this request";
const SAMPLING_FAILED: &str = "no token could be chosen: the model's output is not usable";
const GRAMMAR_FAILED: &str = "the response format's grammar exceeded its bound of work per token";

/// Prompt tokens that a request with a seed computes at a time.
const SEEDED_CHUNK: usize = 32;
/// From this many tokens on, llama.cpp splits a single sequence's attention among the threads, and the sum depends on
/// their number.
const SPLIT_ATTENTION: usize = 256;

/// What a pass computes.
#[derive(Clone, Copy)]
enum Kind {
    /// One token of each running sequence.
    Decode,
    /// Prompt tokens.
    Prompt,
}

/// Where the logits for a choice of token are.
enum Logits {
    /// At an entry of the last batch.
    Batch(usize),
    /// Kept in the task.
    Kept,
}

impl Scheduler {
    /// Decodes the next token of every running sequence and chooses those that follow.
    pub(super) fn decode_running(&mut self) {
        self.resume_masked();
        self.batch.clear();
        let mut outputs = Vec::with_capacity(self.slots.len());
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let Some(Phase::Next(token)) = slot.task.as_ref().map(|task| task.phase) else { continue };
            let Some(index) = self.batch.push(token, slot.cached.len() as u32, slot.sequence, true) else { break };
            slot.cached.push(token);
            outputs.push((at, index));
        }
        if outputs.is_empty() {
            return;
        }
        if self.compute(Kind::Decode).is_some() {
            for (at, index) in outputs {
                self.choose_token(at, &Logits::Batch(index));
            }
        }
    }

    /// Computes a chunk of the prompts of the sequences that are not running yet, oldest first.
    pub(super) fn compute_prompts(&mut self) {
        let running = self.slots.iter().any(|s| s.task.as_ref().is_some_and(|t| matches!(t.phase, Phase::Next(_))));
        let company = if running { Company::Shared } else { Company::Alone };
        self.batch.clear();
        let chunk = self.pace.chunk(company, self.batch.room());
        let mut order: Vec<usize> = (0..self.slots.len()).filter(|at| self.has_prompt_left(*at)).collect();
        order.sort_by_key(|at| self.slots[*at].used);
        let mut outputs = Vec::new();
        for at in order {
            let slot = &mut self.slots[at];
            let Some(task) = &slot.task else { continue };
            let mut room = chunk.saturating_sub(self.batch.len());
            if task.seeded {
                // Chunks sized by time would make the result depend on it.
                if room < SEEDED_CHUNK && self.batch.len() > 0 {
                    continue;
                }
                room = SEEDED_CHUNK.min(self.batch.room());
            }
            let (start, all) = (slot.cached.len(), task.prompt.len());
            for token in &task.prompt[start..all.min(start + room)] {
                let position = slot.cached.len();
                let last = position + 1 == all;
                let Some(index) = self.batch.push(*token, position as u32, slot.sequence, last) else { break };
                slot.cached.push(*token);
                if last {
                    outputs.push((at, index));
                }
            }
        }
        let tokens = self.batch.len();
        if tokens == 0 {
            return;
        }
        if let Some(took) = self.compute(Kind::Prompt) {
            self.pace.measure(tokens, took);
            for (at, index) in outputs {
                self.prompt_done(at, index);
            }
        }
    }

    fn has_prompt_left(&self, at: usize) -> bool {
        self.slots[at].task.as_ref().is_some_and(|task| task.phase == Phase::Prompt)
    }

    fn prompt_done(&mut self, at: usize, index: usize) {
        if self.slots[at].task.as_ref().is_some_and(|task| task.limit == 0) {
            self.finish(at, FinishReason::Length);
        } else {
            self.choose_token(at, &Logits::Batch(index));
        }
    }

    /// Decodes the batch, with as many threads as now seems best; how long it took. If it fails, every task in it
    /// fails and its sequence is emptied.
    fn compute(&mut self, kind: Kind) -> Option<Duration> {
        let (gear, units) = match kind {
            // Reading the weights costs about as much as three sequences more.
            Kind::Decode => (&mut self.decode_gear, self.batch.len() + 3),
            Kind::Prompt => (&mut self.prompt_gear, self.batch.len()),
        };
        let free = !must_repeat(&self.slots);
        self.context.set_threads(if free { gear.threads() } else { u32::MAX });
        let start = Instant::now();
        let result = self.context.decode(&self.batch);
        let took = start.elapsed();
        if let Err(error) = result {
            self.fail_batch(&error);
            return None;
        }
        if free {
            gear.measure(took, units);
        }
        Some(took)
    }

    fn fail_batch(&mut self, error: &DecodeError) {
        crate::report::line(&format!("decode failed: {error}"));
        for sequence in self.batch.sequences() {
            let Some(slot) = self.slots.get_mut(sequence as usize) else { continue };
            self.context.remove_tail(slot.sequence, 0);
            slot.cached.clear();
            if let Some(task) = slot.task.take() {
                task.fail(DECODE_FAILED);
            }
        }
    }

    /// Chooses tokens for those whose mask arrived after their logits.
    fn resume_masked(&mut self) {
        for at in 0..self.slots.len() {
            let Some(task) = &self.slots[at].task else { continue };
            if task.phase == Phase::AwaitingMask && matches!(task.grammar, Grammar::Ready(..)) {
                self.choose_token(at, &Logits::Kept);
            }
        }
    }

    fn choose_token(&mut self, at: usize, logits: &Logits) {
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
        let slot = &mut self.slots[at];
        let Some(task) = slot.task.as_mut() else { return };
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
            let (sequence, task) = (slot.sequence, task.id);
            drop(self.masks.send(MaskRequest { sequence, task, matcher, token: Some(token) }));
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
        if let Some(task) = self.slots[at].task.take() {
            task.finish(reason);
        }
    }

    fn fail(&mut self, at: usize, message: &'static str) {
        if let Some(task) = self.slots[at].task.take() {
            task.fail(message);
        }
    }
}

/// Whether one request runs alone whose answer must be the same each time, so that the thread count may not vary.
fn must_repeat(slots: &[Slot]) -> bool {
    let mut placed = slots.iter().filter(|slot| slot.task.is_some());
    let (first, second) = (placed.next(), placed.next());
    let seeded = |slot: &Slot| slot.task.as_ref().is_some_and(|task| task.seeded);
    second.is_none() && first.is_some_and(|slot| seeded(slot) && slot.cached.len() >= SPLIT_ATTENTION)
}
