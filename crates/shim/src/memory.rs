//! Watching the runtime's memory against its bound.

use std::time::Duration;

use crate::{clock::BootTime, procfs};

/// The memory of the runtime and its descendants, as sampled.
#[derive(Debug)]
pub(crate) struct MemoryWatch {
    bound: Option<u64>,
    now: u64,
    peak: u64,
    next: BootTime,
}

impl MemoryWatch {
    pub(crate) fn new(bound: Option<u64>, now: BootTime) -> Self {
        Self { bound, now: 0, peak: 0, next: now }
    }

    pub(crate) fn bound(&self) -> Option<u64> {
        self.bound
    }

    pub(crate) fn bytes(&self) -> u64 {
        self.now
    }

    pub(crate) fn peak(&self) -> u64 {
        self.peak
    }

    pub(crate) fn next(&self) -> BootTime {
        self.next
    }

    /// Measures, if it is time to; true if the bound is passed, whenever it was measured.
    pub(crate) fn sample(&mut self, leader: u32, now: BootTime) -> bool {
        if now >= self.next {
            self.measure(leader, now);
        }
        self.bound.is_some_and(|bound| self.now > bound)
    }

    /// Measures now.
    pub(crate) fn measure(&mut self, leader: u32, now: BootTime) {
        let mut pids = vec![leader];
        pids.extend(procfs::descendants(leader));
        self.now = procfs::memory_bytes(&pids);
        self.peak = self.peak.max(self.now);
        self.next = now.after(interval(self.bound, self.now));
    }
}

/// The time in which what is left below the bound could be filled, at 8 GiB/s; from 10 ms to half a second.
fn interval(bound: Option<u64>, bytes: u64) -> Duration {
    const BYTES_PER_MS: u64 = 8 * 1024 * 1024 * 1024 / 1000;
    let left = bound.map_or(u64::MAX, |bound| bound.saturating_sub(bytes));
    Duration::from_millis((left / BYTES_PER_MS).clamp(10, 500))
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1024 * 1024 * 1024;

    #[test]
    fn the_nearer_the_bound_the_closer_the_watch() {
        assert_eq!(interval(None, 0), Duration::from_millis(500));
        assert_eq!(interval(Some(16 * GIB), GIB), Duration::from_millis(500));
        assert_eq!(interval(Some(GIB), 0), Duration::from_millis(125));
        assert_eq!(interval(Some(GIB), 2 * GIB), Duration::from_millis(10));
    }
}
