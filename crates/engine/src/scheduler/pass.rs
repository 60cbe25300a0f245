//! One pass over the model: a token of every running sequence, or a chunk of prompts.

use std::time::{Duration, Instant};

use protocol::engine::Priority;

use super::{Scheduler, choose::Logits, gear::Gear, pace::Company, preempt::Round, slot::Slot, task::Phase};
use crate::llama::{DecodeError, Interruptible};

const DECODE_FAILED: &str = "the model failed to compute this request";

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

/// The batch of a pass.
#[derive(Default)]
struct Pass {
    /// Sequences that take part, with the tokens that each held before.
    parts: Vec<(usize, usize)>,
    /// Sequences whose next token is chosen after it, with the entry of their logits.
    outputs: Vec<(usize, usize)>,
}

impl Scheduler {
    /// Decodes the next token of every running sequence that takes part, and chooses those that follow.
    pub(super) fn decode_running(&mut self, round: Round) {
        self.resume_masked();
        self.batch.clear();
        let mut pass = Pass::default();
        for (at, slot) in self.slots.iter_mut().enumerate() {
            let task = slot.task.as_ref().filter(|task| round.includes(task.priority));
            let Some(Phase::Next(token)) = task.map(|task| task.phase) else { continue };
            let before = slot.cached.len();
            let Some(index) = self.batch.push(token, before as u32, slot.sequence, true) else { break };
            slot.cached.push(token);
            pass.parts.push((at, before));
            pass.outputs.push((at, index));
        }
        if self.compute(Kind::Decode, &pass).is_some() {
            for (at, index) in pass.outputs {
                self.choose_token(at, &Logits::Batch(index));
            }
        }
    }

    /// Computes a chunk of the prompts of the sequences that are not running yet and take part, oldest first.
    pub(super) fn compute_prompts(&mut self, round: Round) {
        self.batch.clear();
        let order = self.prompts(round);
        let chunk = self.pace.chunk(self.company(round, &order), self.batch.room());
        let mut pass = Pass::default();
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
            let end = all.min(start + room);
            if start < end {
                pass.parts.push((at, start));
            }
            for token in &task.prompt[start..end] {
                let position = slot.cached.len();
                let last = position + 1 == all;
                let Some(index) = self.batch.push(*token, position as u32, slot.sequence, last) else { break };
                slot.cached.push(*token);
                if last {
                    pass.outputs.push((at, index));
                }
            }
        }
        let tokens = self.batch.len();
        if let Some(took) = self.compute(Kind::Prompt, &pass) {
            self.pace.measure(tokens, took);
            for (at, index) in pass.outputs {
                self.prompt_done(at, index);
            }
        }
    }

    /// The sequences that take part with prompt tokens to compute, in their order.
    fn prompts(&self, round: Round) -> Vec<usize> {
        let has_prompt = |slot: &Slot| {
            slot.task.as_ref().is_some_and(|task| task.phase == Phase::Prompt && round.includes(task.priority))
        };
        let mut order: Vec<usize> = (0..self.slots.len()).filter(|at| has_prompt(&self.slots[*at])).collect();
        order.sort_by_key(|at| (self.slots[*at].priority().map(|priority| round.rank(priority)), self.slots[*at].used));
        order
    }

    /// Who waits while a chunk of these prompts is computed. Beside background work an interactive request may come at
    /// any time.
    fn company(&self, round: Round, prompts: &[usize]) -> Company {
        let waits = |slot: &Slot| {
            slot.task.as_ref().is_some_and(|t| matches!(t.phase, Phase::Next(_)) && round.includes(t.priority))
        };
        let is_background = |at: &usize| self.slots[*at].priority() == Some(Priority::Background);
        let shared = self.slots.iter().any(waits) || prompts.iter().any(is_background);
        if shared { Company::Shared } else { Company::Alone }
    }

    /// Decodes the batch, with as many threads as now seems best; how long it took. `None` if there is nothing to
    /// decode, if it fails, and if an interactive request ended it: then it is as if it had not begun.
    fn compute(&mut self, kind: Kind, pass: &Pass) -> Option<Duration> {
        if pass.parts.is_empty() {
            return None;
        }
        let free = !must_repeat(&self.slots);
        let threads = if free { self.gear(kind).threads() } else { u32::MAX };
        self.context.set_threads(threads);
        let start = Instant::now();
        let interruptible = may_interrupt(&self.slots, pass, self.share.is_due(start));
        let result = self.context.decode(&self.batch, interruptible);
        let took = start.elapsed();
        match result {
            Ok(()) => {}
            Err(DecodeError::Interrupted) => {
                pass.parts.iter().for_each(|(at, before)| self.take_back(*at, *before));
                return None;
            }
            Err(error) => {
                self.fail_pass(pass, &error);
                return None;
            }
        }
        if free {
            // Reading the weights costs a decode about as much as three sequences more.
            let more = if matches!(kind, Kind::Decode) { 3 } else { 0 };
            let units = self.batch.len() + more;
            self.gear(kind).measure(took, units);
        }
        if pass.parts.iter().any(|(at, _)| self.slots[*at].priority() == Some(Priority::Background)) {
            self.share.passed(Instant::now());
        }
        Some(took)
    }

    fn gear(&mut self, kind: Kind) -> &mut Gear {
        match kind {
            Kind::Decode => &mut self.decode_gear,
            Kind::Prompt => &mut self.prompt_gear,
        }
    }

    /// Every task of the pass fails, and its sequence is emptied.
    fn fail_pass(&mut self, pass: &Pass, error: &DecodeError) {
        crate::report::line(&format!("decode failed: {error}"));
        for (at, _) in &pass.parts {
            let slot = &mut self.slots[*at];
            self.context.remove_tail(slot.sequence, 0);
            slot.cached.clear();
            self.fail(*at, DECODE_FAILED);
        }
    }
}

/// A pass of background work alone may be ended early, unless it was owed one.
fn may_interrupt(slots: &[Slot], pass: &Pass, is_due: bool) -> Interruptible {
    let gives_way = |(at, _): &(usize, usize)| {
        slots[*at].task.as_ref().is_some_and(|task| task.priority == Priority::Background && !task.is_in_stint())
    };
    if !is_due && pass.parts.iter().all(gives_way) { Interruptible::Yes } else { Interruptible::No }
}

/// Whether one request runs alone whose answer must be the same each time, so that the thread count may not vary.
fn must_repeat(slots: &[Slot]) -> bool {
    let mut placed = slots.iter().filter(|slot| slot.task.is_some());
    let (first, second) = (placed.next(), placed.next());
    let seeded = |slot: &Slot| slot.task.as_ref().is_some_and(|task| task.seeded);
    second.is_none() && first.is_some_and(|slot| seeded(slot) && slot.cached.len() >= SPLIT_ATTENTION)
}
