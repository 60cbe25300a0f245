//! A sequence of the context, with what its cache holds.

use protocol::engine::Priority;

use crate::llama::Token;

use super::task::{Phase, Task};

/// One sequence. `cached` is exactly what the context holds of it, from position 0.
pub(super) struct Slot {
    pub(super) sequence: u32,
    pub(super) cached: Vec<Token>,
    pub(super) task: Option<Task>,
    /// Counts up with each use; the smallest is the least recently used.
    pub(super) used: u64,
}

impl Slot {
    pub(super) fn new(sequence: u32) -> Self {
        Self { sequence, cached: Vec::new(), task: None, used: 0 }
    }

    /// Whether the next round can do something for its task.
    pub(super) fn can_proceed(&self) -> bool {
        self.task.as_ref().is_some_and(|task| task.phase != Phase::AwaitingMask)
    }

    /// The priority of its task.
    pub(super) fn priority(&self) -> Option<Priority> {
        self.task.as_ref().map(|task| task.priority)
    }

    /// Tokens at the start that cache and prompt share.
    pub(super) fn common_prefix(&self, prompt: &[Token]) -> usize {
        common_prefix(&self.cached, prompt)
    }

    /// Tokens at the start that the task's prompt shares with what this sequence will hold once its own prompt is
    /// computed. An interactive task counts on no background task: those sit out.
    pub(super) fn coming_prefix(&self, waiting: &Task) -> usize {
        match &self.task {
            Some(task) if waiting.priority == Priority::Interactive && task.priority == Priority::Background => 0,
            Some(task) if task.phase == Phase::Prompt => common_prefix(&task.prompt, &waiting.prompt),
            _ => 0,
        }
    }
}

fn common_prefix(a: &[Token], b: &[Token]) -> usize {
    a.iter().zip(b).take_while(|(a, b)| a == b).count()
}
