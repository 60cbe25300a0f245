//! Which waiting task gets which sequence, and what of its prompt is already computed.

use std::time::Instant;

use super::{Scheduler, task::Task};

/// A copy of another sequence's cache must save at least this many tokens: a copy moves a whole stream.
const LEAST_COPY: usize = 48;

/// Where a task goes.
#[derive(Debug, PartialEq, Eq)]
struct Placing {
    target: usize,
    /// The sequence whose start is reused; `target` itself for its own.
    source: usize,
    /// Tokens reused.
    common: usize,
}

impl Scheduler {
    /// Gives free sequences to waiting tasks, oldest first. A task whose beginning another one is just computing
    /// waits for it, and others go before.
    pub(super) fn place_waiting(&mut self) {
        let mut at = 0;
        while at < self.waiting.len() && self.slots.iter().any(|slot| slot.task.is_none()) {
            match self.choose(&self.waiting[at]) {
                Some(placing) => {
                    if let Some(task) = self.waiting.remove(at) {
                        self.place(task, &placing);
                    }
                }
                None => at += 1,
            }
        }
    }

    fn choose(&self, task: &Task) -> Option<Placing> {
        // The last token is always computed: its logits are needed.
        let most = task.prompt.len().saturating_sub(1);
        let commons: Vec<usize> = self.slots.iter().map(|slot| slot.common_prefix(&task.prompt).min(most)).collect();
        let best = (0..commons.len()).max_by_key(|at| commons[*at])?;
        let coming = self.slots.iter().map(|slot| slot.coming_prefix(&task.prompt).min(most)).max().unwrap_or(0);
        if coming >= commons[best] + LEAST_COPY {
            return None;
        }
        let free = || (0..self.slots.len()).filter(|at| self.slots[*at].task.is_none());
        let best_free = free().max_by_key(|at| (commons[*at], std::cmp::Reverse(self.slots[*at].used)))?;
        let oldest = free().filter(|at| *at != best).min_by_key(|at| self.slots[*at].used);
        // Continuing in place overwrites the rest of that cache: do so if the rest is the smaller part of it, or
        // if there is nowhere else to go.
        let continues = commons[best_free] * 2 >= self.slots[best_free].cached.len();
        if commons[best_free] == commons[best] && (continues || commons[best] < LEAST_COPY) {
            return Some(Placing { target: best_free, source: best_free, common: commons[best_free] });
        }
        match oldest {
            Some(target) if commons[best] >= commons[target] + LEAST_COPY => {
                Some(Placing { target, source: best, common: commons[best] })
            }
            _ => Some(Placing { target: best_free, source: best_free, common: commons[best_free] }),
        }
    }

    fn place(&mut self, mut task: Task, placing: &Placing) {
        let sequence = self.slots[placing.target].sequence;
        if placing.source != placing.target {
            let source = &self.slots[placing.source];
            self.context.copy_sequence(source.sequence, sequence);
            let cached = source.cached.clone();
            self.slots[placing.target].cached = cached;
        }
        let common = if self.keep_prefix(placing.target, placing.common) { placing.common } else { 0 };
        self.next_task += 1;
        task.started(Instant::now(), common);
        let slot = &mut self.slots[placing.target];
        slot.used = self.next_task;
        if let Some(request) = task.first_mask(sequence) {
            drop(self.masks.send(request));
        }
        slot.task = Some(task);
    }

    /// Cuts a sequence's cache to its first `keep` tokens. Where the model's memory cannot do that (recurrent
    /// and some windowed ones), everything goes: `false`.
    fn keep_prefix(&mut self, at: usize, keep: usize) -> bool {
        let slot = &mut self.slots[at];
        let sequence = slot.sequence;
        if keep > 0 && slot.cached.len() == keep && self.context.positions(sequence) == Some((0, keep as u32 - 1)) {
            return true;
        }
        let cut = keep > 0 && self.context.remove_tail(sequence, keep as u32);
        if cut && self.context.positions(sequence) == Some((0, keep as u32 - 1)) {
            slot.cached.truncate(keep);
            return true;
        }
        self.context.remove_tail(sequence, 0);
        slot.cached.clear();
        false
    }
}
