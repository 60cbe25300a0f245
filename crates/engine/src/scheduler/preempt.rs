//! How background work gives way to interactive requests: whose sequence is taken, what stays of the task, who sits
//! out a round, and which sequence is kept for the next turn of a conversation.

use std::{
    cmp::Reverse,
    time::{Duration, Instant},
};

use protocol::engine::Priority;

use super::{
    Scheduler,
    share::Background,
    task::{Phase, Task},
};
use crate::llama::Token;

/// How long the sequence of the last interactive request is kept from background work: while somebody reads and
/// writes, the next turn finds a free sequence, with the conversation in it.
const HOLD: Duration = Duration::from_secs(60);

/// A sequence that is kept from background work, while that has another.
#[derive(Debug)]
pub(super) struct Held {
    at: usize,
    until: Instant,
}

/// Who takes part in a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Round {
    Everyone,
    /// Interactive requests alone: one of them waits for its first token.
    Interactive,
    /// Everyone, and background prompts first.
    Background,
}

impl Round {
    pub(super) fn includes(self, priority: Priority) -> bool {
        self != Self::Interactive || priority == Priority::Interactive
    }

    /// Smallest first.
    pub(super) fn rank(self, priority: Priority) -> u8 {
        u8::from((priority == Priority::Background) != (self == Self::Background))
    }
}

impl Scheduler {
    /// Who takes part in the next passes.
    pub(super) fn round(&self, now: Instant) -> Round {
        let has_prompt = |priority| {
            let mut tasks = self.slots.iter().filter_map(|slot| slot.task.as_ref());
            tasks.any(|task| task.priority == priority && task.phase == Phase::Prompt)
        };
        if !has_prompt(Priority::Interactive) {
            Round::Everyone
        } else if self.share.is_due(now) {
            Round::Background
        } else {
            Round::Interactive
        }
    }

    /// The free sequences that a task of this priority may have.
    pub(super) fn targets(&self, priority: Priority) -> Vec<usize> {
        let mut free: Vec<usize> = (0..self.slots.len()).filter(|at| self.slots[*at].task.is_none()).collect();
        if let (Priority::Background, Some(held)) = (priority, &self.held)
            && (free.len() > 1 || self.background() == Background::Placed)
            && held.until > Instant::now()
        {
            free.retain(|at| *at != held.at);
        }
        free
    }

    /// Takes the task of a sequence out of it. The sequence keeps its cache for the next turn, and is held for that
    /// if the request was interactive.
    pub(super) fn vacate(&mut self, at: usize) -> Option<Task> {
        let task = self.slots[at].task.take()?;
        if task.priority == Priority::Interactive {
            self.held = Some(Held { at, until: Instant::now() + HOLD });
        }
        Some(task)
    }

    /// Whether an interactive task could have the sequence of a background task.
    pub(super) fn has_victim(&self) -> bool {
        (0..self.slots.len()).any(|at| self.is_victim(at))
    }

    fn is_victim(&self, at: usize) -> bool {
        self.slots[at].task.as_ref().is_some_and(|task| task.priority == Priority::Background && !task.is_in_stint())
    }

    /// Frees the sequence of the background task that has least to compute again, and of those of the youngest;
    /// what this prompt shares with its cache is not lost. The task waits again and goes on later where it was.
    pub(super) fn preempt_for(&mut self, prompt: &[Token]) {
        let loss = |at: &usize| {
            let slot = &self.slots[*at];
            let age = slot.task.as_ref().map_or(0, |task| task.id);
            (slot.cached.len() - slot.common_prefix(prompt), Reverse(age))
        };
        let Some(at) = (0..self.slots.len()).filter(|at| self.is_victim(*at)).min_by_key(loss) else { return };
        let Some(mut task) = self.vacate(at) else { return };
        task.put_back(&self.slots[at].cached, self.load.queue_again(Priority::Background));
        self.waiting.insert(task);
    }

    /// Undoes what an interrupted pass added to a sequence that held `before` tokens.
    pub(super) fn take_back(&mut self, at: usize, before: usize) {
        let all = self.slots[at].cached[..before].to_vec();
        if !self.keep_prefix(at, before)
            && let Some(task) = self.slots[at].task.as_mut()
        {
            // The model's memory cannot go back: everything is computed again.
            task.start_over(&all);
        }
    }
}
