//! The faults that strike, each healed before it returns.

use std::{
    fs::{self, File},
    io::Write,
    time::Duration,
};

use rustix::process::{Pid, Signal, kill_process};
use testkit::Viva;

use super::Random;

/// Whether there was something to strike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Struck,
    Missed,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    ServerKilled,
    ServerStopped,
    ServerFrozen,
    RuntimeKilled,
    RuntimeCrashed,
    RuntimeHung,
    ShimKilled,
    ShimHung,
    EverythingKilled,
    DiskFull,
    DiskFullAndServerKilled,
}

impl Fault {
    /// Those that can be made here; a hung shim is found out after some 20 seconds only.
    pub(super) fn all(has_small_disk: bool, is_long: bool) -> Vec<Self> {
        let mut all = vec![
            Self::ServerKilled,
            Self::ServerStopped,
            Self::ServerFrozen,
            Self::RuntimeKilled,
            Self::RuntimeCrashed,
            Self::RuntimeHung,
            Self::ShimKilled,
            Self::EverythingKilled,
        ];
        if has_small_disk {
            all.extend([Self::DiskFull, Self::DiskFullAndServerKilled]);
        }
        if is_long {
            all.push(Self::ShimHung);
        }
        all
    }

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::ServerKilled => "kill -9 of the server",
            Self::ServerStopped => "SIGTERM to the server",
            Self::ServerFrozen => "SIGSTOP of the server for a while",
            Self::RuntimeKilled => "kill -9 of a runtime",
            Self::RuntimeCrashed => "SIGILL in a runtime",
            Self::RuntimeHung => "SIGSTOP of a runtime",
            Self::ShimKilled => "kill -9 of a shim",
            Self::ShimHung => "SIGSTOP of a shim",
            Self::EverythingKilled => "kill -9 of server, shims and runtimes at once",
            Self::DiskFull => "full disk",
            Self::DiskFullAndServerKilled => "full disk, and kill -9 of the server",
        }
    }

    pub(super) async fn strike(self, viva: &mut Viva, random: &mut Random) -> Outcome {
        match self {
            Self::ServerKilled => {
                viva.kill();
                viva.restart();
                Outcome::Struck
            }
            Self::ServerStopped => {
                assert_eq!(viva.terminate(), Some(0));
                viva.restart();
                Outcome::Struck
            }
            Self::ServerFrozen => {
                viva.signal(Signal::STOP);
                tokio::time::sleep(Duration::from_millis(500 + random.below(2500) as u64)).await;
                viva.signal(Signal::CONT);
                Outcome::Struck
            }
            Self::RuntimeKilled => end_by(viva, "engine", Signal::KILL).await,
            Self::RuntimeCrashed => end_by(viva, "engine", Signal::ILL).await,
            Self::RuntimeHung => end_by(viva, "engine", Signal::STOP).await,
            Self::ShimKilled => end_by(viva, "shim", Signal::KILL).await,
            Self::ShimHung => end_by(viva, "shim", Signal::STOP).await,
            Self::EverythingKilled => {
                let processes = viva.processes();
                viva.kill();
                for pid in processes.into_iter().filter_map(Pid::from_raw) {
                    let _ = kill_process(pid, Signal::KILL);
                }
                viva.restart();
                Outcome::Struck
            }
            Self::DiskFull | Self::DiskFullAndServerKilled => {
                let ballast = viva.data.path().join("ballast");
                fill(&ballast);
                tokio::time::sleep(Duration::from_millis(300 + random.below(700) as u64)).await;
                let is_killed = self == Self::DiskFullAndServerKilled;
                if is_killed {
                    viva.kill();
                }
                fs::remove_file(&ballast).unwrap();
                if is_killed {
                    viva.restart();
                }
                Outcome::Struck
            }
        }
    }
}

/// What cannot be made on this machine, and why.
pub(super) fn not_made(has_small_disk: bool) -> Vec<(&'static str, &'static str)> {
    let mut not_made = vec![
        ("clock jumps", "the machine's clock is everybody's; see `with_the_clock_wrong_sessions_end_on_time`"),
        ("slow disk", "needs a block device of its own"),
        ("read-only disk", "one with files open for writing cannot be made so; at a start: see the tests of the disk"),
    ];
    if !has_small_disk {
        not_made.push(("full disk", "a small file system cannot be mounted here"));
    }
    not_made
}

/// Signals a process of this role, and waits until its session has ended for it.
async fn end_by(viva: &Viva, role: &str, signal: Signal) -> Outcome {
    let found = viva.processes().into_iter().find_map(|pid| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line);
        let words: Vec<&str> = line.split('\0').collect();
        let session = words.windows(2).find(|pair| pair[0] == "--session")?[1].to_owned();
        (words.get(1) == Some(&role)).then_some((Pid::from_raw(pid)?, session))
    });
    let Some((pid, session)) = found else { return Outcome::Missed };
    if kill_process(pid, signal).is_err() {
        return Outcome::Missed;
    }
    viva.wait_status(&session, "failed").await;
    Outcome::Struck
}

/// Writes until nothing fits any more, in ever smaller pieces.
fn fill(file: &std::path::Path) {
    let mut file = File::create(file).unwrap();
    for size in [4 << 20, 64 << 10, 512] {
        let piece = vec![1; size];
        while file.write_all(&piece).is_ok() {}
    }
}
