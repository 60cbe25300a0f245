//! The tasks that wait for a sequence: a line for each priority.

use std::collections::VecDeque;

use protocol::engine::Priority;

use super::task::Task;

/// Waiting tasks, each line oldest first.
#[derive(Default)]
pub(super) struct Waiting {
    interactive: VecDeque<Task>,
    background: VecDeque<Task>,
}

impl Waiting {
    fn line(&self, priority: Priority) -> &VecDeque<Task> {
        match priority {
            Priority::Interactive => &self.interactive,
            Priority::Background => &self.background,
        }
    }

    fn line_mut(&mut self, priority: Priority) -> &mut VecDeque<Task> {
        match priority {
            Priority::Interactive => &mut self.interactive,
            Priority::Background => &mut self.background,
        }
    }

    /// Puts a task where its age belongs: a new one at the end, one that gave its sequence away before those that
    /// never had one.
    pub(super) fn insert(&mut self, task: Task) {
        let line = self.line_mut(task.priority);
        let at = line.partition_point(|other| other.id < task.id);
        line.insert(at, task);
    }

    pub(super) fn get(&self, priority: Priority, at: usize) -> Option<&Task> {
        self.line(priority).get(at)
    }

    pub(super) fn remove(&mut self, priority: Priority, at: usize) -> Option<Task> {
        self.line_mut(priority).remove(at)
    }

    pub(super) fn has(&self, priority: Priority) -> bool {
        !self.line(priority).is_empty()
    }

    /// The task with this id.
    pub(super) fn find_mut(&mut self, id: u64) -> Option<&mut Task> {
        self.interactive.iter_mut().chain(&mut self.background).find(|task| task.id == id)
    }

    /// Drops those whose client is gone.
    pub(super) fn drop_abandoned(&mut self) {
        self.interactive.retain(|task| !task.is_abandoned());
        self.background.retain(|task| !task.is_abandoned());
    }
}
