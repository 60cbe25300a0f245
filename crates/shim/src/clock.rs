//! The clock all deadlines are on, and the one timer armed on it.
//!
//! CLOCK_BOOTTIME goes on while the machine sleeps and knows nothing of the wall clock.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    time::Duration,
};

use rustix::time::{
    ClockId, Itimerspec, TimerfdClockId, TimerfdFlags, TimerfdTimerFlags, Timespec, clock_gettime, timerfd_create,
    timerfd_settime,
};

/// An instant: the time since boot, sleep included.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct BootTime(Duration);

impl BootTime {
    pub(crate) fn now() -> Self {
        let now = clock_gettime(ClockId::Boottime);
        let seconds = u64::try_from(now.tv_sec).unwrap_or(0);
        let nanos = u32::try_from(now.tv_nsec).unwrap_or(0);
        Self(Duration::new(seconds, nanos))
    }

    #[cfg(test)]
    pub(crate) const fn at_ms(ms: u64) -> Self {
        Self(Duration::from_millis(ms))
    }

    /// Bounded at a century from boot, so that no length overflows a timer.
    pub(crate) fn after(self, span: Duration) -> Self {
        const CENTURY: Duration = Duration::from_secs(100 * 365 * 86_400);
        Self(self.0.saturating_add(span).min(CENTURY))
    }

    pub(crate) fn after_ms(self, ms: u64) -> Self {
        self.after(Duration::from_millis(ms))
    }

    /// Milliseconds from `self` to `later`, rounded up; 0 if that has passed.
    pub(crate) fn ms_until(self, later: Self) -> u64 {
        let left = later.0.saturating_sub(self.0);
        u64::try_from(left.as_nanos().div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }
}

/// A descriptor that is readable from an instant on.
#[derive(Debug)]
pub(crate) struct Timer(OwnedFd);

impl Timer {
    pub(crate) fn new() -> io::Result<Self> {
        Ok(Self(timerfd_create(TimerfdClockId::Boottime, TimerfdFlags::CLOEXEC | TimerfdFlags::NONBLOCK)?))
    }

    /// Replaces the instant; arming again also makes the descriptor unreadable.
    pub(crate) fn arm(&self, at: BootTime) -> io::Result<()> {
        let at = at.0.max(Duration::from_nanos(1));
        let value = Timespec {
            tv_sec: i64::try_from(at.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: i64::from(at.subsec_nanos()) as _,
        };
        let spec = Itimerspec { it_interval: Timespec { tv_sec: 0, tv_nsec: 0 }, it_value: value };
        timerfd_settime(&self.0, TimerfdTimerFlags::ABSTIME, &spec)?;
        Ok(())
    }
}

impl AsFd for Timer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
