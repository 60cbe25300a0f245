//! When the runtime must stop, as a pure function of what was asked.

use protocol::shim::ExitCause;

use crate::clock::BootTime;

/// The instants at which the shim stops the runtime by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Deadlines {
    hard: BootTime,
    stop: BootTime,
    idle: Option<BootTime>,
}

impl Deadlines {
    pub(crate) fn new(hard: BootTime) -> Self {
        Self { hard, stop: hard, idle: None }
    }

    /// Moves the stop, either way, never beyond the hard maximum.
    pub(crate) fn set_stop(&mut self, at: BootTime) {
        self.stop = at.min(self.hard);
    }

    pub(crate) fn set_idle(&mut self, at: Option<BootTime>) {
        self.idle = at;
    }

    pub(crate) fn stop(&self) -> BootTime {
        self.stop
    }

    pub(crate) fn idle(&self) -> Option<BootTime> {
        self.idle
    }

    /// The next instant at which something is due.
    pub(crate) fn next(&self) -> BootTime {
        self.idle.map_or(self.stop, |idle| idle.min(self.stop))
    }

    /// What has passed; of two, the one that passed first.
    pub(crate) fn due(&self, now: BootTime) -> Option<ExitCause> {
        if now < self.next() {
            return None;
        }
        match self.idle {
            Some(idle) if idle < self.stop => Some(ExitCause::Idle),
            Some(_) | None => Some(ExitCause::Deadline),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn at(ms: u64) -> BootTime {
        BootTime::at_ms(ms)
    }

    #[test]
    fn the_stop_moves_both_ways_but_never_beyond_the_hard_maximum() {
        let mut deadlines = Deadlines::new(at(100));
        deadlines.set_stop(at(50));
        assert_eq!(deadlines.stop(), at(50));
        deadlines.set_stop(at(80));
        assert_eq!(deadlines.stop(), at(80));
        deadlines.set_stop(at(500));
        assert_eq!(deadlines.stop(), at(100));
    }

    #[test]
    fn the_earlier_of_idle_and_stop_is_the_cause() {
        let mut deadlines = Deadlines::new(at(100));
        assert_eq!(deadlines.due(at(99)), None);
        assert_eq!(deadlines.due(at(100)), Some(ExitCause::Deadline));
        deadlines.set_idle(Some(at(60)));
        assert_eq!(deadlines.due(at(60)), Some(ExitCause::Idle));
        deadlines.set_idle(Some(at(300)));
        assert_eq!(deadlines.due(at(400)), Some(ExitCause::Deadline));
        deadlines.set_idle(None);
        assert_eq!(deadlines.due(at(99)), None);
    }

    #[test]
    fn remaining_time_rounds_up_and_ends_at_zero() {
        assert_eq!(at(10).ms_until(at(25)), 15);
        assert_eq!(at(25).ms_until(at(10)), 0);
        assert_eq!(at(0).after_ms(u64::MAX).ms_until(at(0)), 0);
    }
}
