//! The one place where the time is read.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use rustix::time::{ClockId, clock_gettime};

/// Tells the time. Instants are cut to milliseconds, as they are stored.
pub trait Clock: Send + Sync + 'static {
    fn now(&self) -> Timestamp;
}

/// The machine's clock as it was at the start, carried on by the time since boot, sleep included. Setting the machine's
/// clock moves no limit of a session that runs; it is followed at the next start.
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started_at: Timestamp,
    since_boot: Duration,
}

impl Default for SystemClock {
    fn default() -> Self {
        Self { started_at: Timestamp::now(), since_boot: since_boot() }
    }
}

fn since_boot() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    Duration::new(u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0))
}

impl SystemClock {
    /// How far the machine's clock has been set from this one.
    pub fn set_by(&self) -> SignedDuration {
        Timestamp::now().duration_since(self.now())
    }
}

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        let elapsed = since_boot().saturating_sub(self.since_boot);
        let now = self.started_at.saturating_add(elapsed).unwrap_or(Timestamp::MAX);
        Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
    }
}

/// How long from `now` to `at`; zero if it has passed.
pub fn until(now: Timestamp, at: Timestamp) -> std::time::Duration {
    std::time::Duration::try_from(at.duration_since(now)).unwrap_or_default()
}
