//! Telling processes apart.

use serde::{Deserialize, Serialize};

/// A process, told apart from a later one with the same pid.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ProcessIdentity {
    pub pid: u32,
    /// Field 22 of `/proc/PID/stat`: clock ticks from boot to the start.
    pub start_time: u64,
    /// `/proc/sys/kernel/random/boot_id`.
    pub boot_id: String,
}

/// What of `/proc/PID/stat` (proc_pid_stat(5)) tells processes apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessStat {
    /// `Z` and `X` are gone.
    pub state: char,
    pub parent: u32,
    pub group: u32,
    /// The controlling terminal's device number; 0: none.
    pub terminal: i32,
    pub start_time: u64,
}

impl ProcessStat {
    /// Reads the file's text; `None` if it is not one. The program's name, which may hold anything, is skipped.
    pub fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
        Some(Self {
            state: fields.first()?.chars().next()?,
            parent: fields.get(1)?.parse().ok()?,
            group: fields.get(2)?.parse().ok()?,
            terminal: fields.get(4)?.parse().ok()?,
            start_time: fields.get(19)?.parse().ok()?,
        })
    }

    /// Nothing runs any more, whether or not it was waited for.
    pub fn is_gone(&self) -> bool {
        matches!(self.state, 'Z' | 'X' | 'x')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stat_is_read_past_a_name_made_to_confuse() {
        let text = "7 (a) Z 1 (b) S 3 4 5 6 -1 4194304 1 2 3 4 5 6 7 8 20 0 1 0 12345 999 1\n";
        let stat = ProcessStat::parse(text).expect("a stat line");
        assert_eq!(stat, ProcessStat { state: 'S', parent: 3, group: 4, terminal: 6, start_time: 12345 });
        assert!(!stat.is_gone());
        assert_eq!(ProcessStat::parse("7 (a) S 3"), None);
    }
}
