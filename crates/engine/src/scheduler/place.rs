//! Which waiting task gets which sequence, and what of its prompt is already computed.

use std::{cmp::Reverse, sync::Arc, time::Instant};

use protocol::engine::Priority;

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

/// Where a task that waits could go.
enum Room {
    Here(Placing),
    /// Another task is just computing its beginning: it waits for that.
    Later,
    /// Every sequence is taken.
    Nowhere,
}

impl Scheduler {
    /// Gives sequences to waiting tasks: interactive ones before background work, each oldest first, unless
    /// background work is due a stint.
    pub(super) fn place_waiting(&mut self) {
        let now = Instant::now();
        if self.waiting.has(Priority::Background) && self.share.is_stint_due(now) && !self.has_stint() {
            self.place_stint();
        }
        self.place_line(Priority::Interactive);
        self.place_line(Priority::Background);
    }

    /// Whether a background task has its stint.
    fn has_stint(&self) -> bool {
        self.slots.iter().any(|slot| slot.task.as_ref().is_some_and(Task::is_in_stint))
    }

    /// Places the oldest background task for a stint, if a sequence is free.
    fn place_stint(&mut self) {
        let Some(task) = self.waiting.get(Priority::Background, 0) else { return };
        if let Room::Here(placing) = self.choose(task)
            && let Some(mut task) = self.waiting.remove(Priority::Background, 0)
        {
            task.begin_stint();
            self.place(task, &placing);
        }
    }

    /// Others go before a task that waits for its beginning. Where no sequence is free, an interactive task takes
    /// one from background work.
    fn place_line(&mut self, priority: Priority) {
        let mut at = 0;
        while let Some(task) = self.waiting.get(priority, at) {
            match self.choose(task) {
                Room::Here(placing) => {
                    if let Some(task) = self.waiting.remove(priority, at) {
                        self.place(task, &placing);
                    }
                }
                Room::Later => at += 1,
                Room::Nowhere if priority == Priority::Interactive && self.has_victim() => {
                    let prompt = Arc::clone(&task.prompt);
                    self.preempt_for(&prompt);
                }
                Room::Nowhere => return,
            }
        }
    }

    fn choose(&self, task: &Task) -> Room {
        let targets = self.targets(task.priority);
        if targets.is_empty() && (task.priority == Priority::Background || !self.has_victim()) {
            return Room::Nowhere;
        }
        // The last token is always computed: its logits are needed.
        let most = task.prompt.len().saturating_sub(1);
        let commons: Vec<usize> = self.slots.iter().map(|slot| slot.common_prefix(&task.prompt).min(most)).collect();
        let Some(best) = (0..commons.len()).max_by_key(|at| commons[*at]) else { return Room::Nowhere };
        let coming = self.slots.iter().map(|slot| slot.coming_prefix(task).min(most)).max().unwrap_or(0);
        if coming >= commons[best] + LEAST_COPY {
            return Room::Later;
        }
        let free = || targets.iter().copied();
        let best_free = free().max_by_key(|at| (commons[*at], Reverse(self.slots[*at].used)));
        let Some(best_free) = best_free else { return Room::Nowhere };
        let oldest = free().filter(|at| *at != best).min_by_key(|at| self.slots[*at].used);
        // Continuing in place overwrites the rest of that cache: do so if the rest is the smaller part of it, or
        // if there is nowhere else to go.
        let continues = commons[best_free] * 2 >= self.slots[best_free].cached.len();
        if commons[best_free] == commons[best] && (continues || commons[best] < LEAST_COPY) {
            return Room::Here(Placing { target: best_free, source: best_free, common: commons[best_free] });
        }
        match oldest {
            Some(target) if commons[best] >= commons[target] + LEAST_COPY => {
                Room::Here(Placing { target, source: best, common: commons[best] })
            }
            _ => Room::Here(Placing { target: best_free, source: best_free, common: commons[best_free] }),
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
        let place = task.started(Instant::now(), common);
        let slot = &mut self.slots[placing.target];
        slot.used = self.next_task;
        if let Some(request) = task.first_mask() {
            drop(self.masks.send(request));
        }
        slot.task = Some(task);
        // Counted as computed before it is no longer counted as waiting.
        self.tell_active();
        drop(place);
    }

    /// Cuts a sequence's cache to its first `keep` tokens. Where the model's memory cannot do that (recurrent
    /// and some windowed ones), everything goes: `false`.
    pub(super) fn keep_prefix(&mut self, at: usize, keep: usize) -> bool {
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
