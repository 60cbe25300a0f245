//! The machine's memory, and what of it a new session could take.

use std::{fs, io};

use domain::Session;
use protocol::session::Phase;

use crate::app::App;

/// Memory in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Memory {
    pub(crate) total: u64,
    pub(crate) available: u64,
}

/// The machine does not tell its memory.
#[derive(Debug, thiserror::Error)]
#[error("the machine's memory could not be read")]
pub(crate) struct MemoryError(#[from] io::Error);

/// What the kernel says of this machine's memory.
///
/// # Errors
/// `/proc/meminfo` cannot be read.
pub(crate) fn memory() -> Result<Memory, MemoryError> {
    Ok(parse(&fs::read_to_string("/proc/meminfo")?))
}

fn parse(meminfo: &str) -> Memory {
    let value = |name: &str| {
        meminfo
            .lines()
            .find_map(|line| line.strip_prefix(name)?.trim().strip_suffix("kB")?.trim().parse::<u64>().ok())
            .unwrap_or(0)
            .saturating_mul(1024)
    };
    Memory { total: value("MemTotal:"), available: value("MemAvailable:") }
}

impl Memory {
    /// The memory for all sessions together: the machine's, or less where the operator says so.
    pub(crate) fn within(self, bound: Option<u64>) -> Self {
        let total = bound.map_or(self.total, |bound| bound.min(self.total));
        Self { total, available: self.available.min(total) }
    }

    /// What is left of it beside the sessions that hold resources. A new one could take what the kernel has available
    /// less what starting ones have yet to take, and never more than what is not reserved.
    fn beside(self, holding: &[Session]) -> Room {
        let (mut reserved, mut coming) = (0u64, 0u64);
        for session in holding {
            reserved = reserved.saturating_add(session.memory_needed);
            if matches!(session.state.phase(), Phase::Preparing | Phase::Loading) {
                coming = coming.saturating_add(session.memory_needed);
            }
        }
        let free = self.total.saturating_sub(reserved).min(self.available.saturating_sub(coming));
        Room { total: self.total, reserved, free }
    }
}

/// The memory for all sessions together, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Room {
    pub(crate) total: u64,
    /// Set aside for the sessions that hold resources.
    pub(crate) reserved: u64,
    /// What a new session could take.
    pub(crate) free: u64,
}

/// The room beside the sessions that hold resources.
///
/// # Errors
/// The machine does not tell its memory.
pub(super) fn room(app: &App, holding: &[Session]) -> Result<Room, MemoryError> {
    Ok(memory()?.within(app.config.sessions.memory_bytes).beside(holding))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_is_read_in_bytes() {
        let memory = parse("MemTotal:       100 kB\nMemFree: 1 kB\nMemAvailable:    40 kB\n");
        assert_eq!(memory, Memory { total: 102_400, available: 40_960 });
        assert_eq!(memory.within(Some(10_240)), Memory { total: 10_240, available: 10_240 });
    }
}
