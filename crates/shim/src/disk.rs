//! Watching what the runtime keeps on disk in its own folder against its bound.
//!
//! RLIMIT_FSIZE bounds each file; this bounds them together.

use std::{
    fs,
    os::unix::fs::MetadataExt as _,
    path::{Path, PathBuf},
    time::Duration,
};

use crate::clock::BootTime;

/// What an entry of a folder costs at the least, so that empty ones count too.
const ENTRY_BYTES: u64 = 4096;
/// The unit of a file's blocks, whatever the file system's own is (stat(2)).
const BLOCK_BYTES: u64 = 512;

/// The bytes of the runtime's folder, as sampled.
#[derive(Debug)]
pub(crate) struct DiskWatch {
    folder: PathBuf,
    bound: Option<u64>,
    next: BootTime,
}

impl DiskWatch {
    pub(crate) fn new(folder: PathBuf, bound: Option<u64>, now: BootTime) -> Self {
        Self { folder, bound, next: now }
    }

    /// When to look next; none where nothing is bounded.
    pub(crate) fn next(&self) -> Option<BootTime> {
        self.bound.map(|_| self.next)
    }

    /// Looks, if it is time to; true if the bound is passed.
    pub(crate) fn sample(&mut self, now: BootTime) -> bool {
        let Some(bound) = self.bound else { return false };
        if now < self.next {
            return false;
        }
        let bytes = used(&self.folder, bound);
        self.next = now.after(interval(bound, bytes));
        bytes > bound
    }
}

/// What a folder holds on disk, in bytes; no longer counted once it is over the bound, so that millions of entries take
/// no time. What vanishes meanwhile counts nothing; links are not followed.
fn used(folder: &Path, bound: u64) -> u64 {
    let (mut bytes, mut folders) = (0, vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(folder) else { continue };
        for entry in entries.flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            bytes += ENTRY_BYTES + metadata.blocks() * BLOCK_BYTES;
            if bytes > bound {
                return bytes;
            }
            if metadata.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    bytes
}

/// The time in which what is left below the bound could be written, at 2 GiB/s; from 10 ms to half a second.
fn interval(bound: u64, bytes: u64) -> Duration {
    const BYTES_PER_MS: u64 = 2 * 1024 * 1024 * 1024 / 1000;
    Duration::from_millis((bound.saturating_sub(bytes) / BYTES_PER_MS).clamp(10, 500))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_folders_and_entries_count_and_links_do_not_lead_away() {
        let dir = tempfile::TempDir::new().expect("a folder");
        fs::create_dir(dir.path().join("deep")).expect("a folder");
        fs::write(dir.path().join("deep/file"), vec![1; 1 << 20]).expect("a file");
        std::os::unix::fs::symlink("/", dir.path().join("link")).expect("a link");
        let bytes = used(dir.path(), u64::MAX);
        assert!(((1 << 20) + 3 * ENTRY_BYTES..(1 << 20) + 64 * 1024).contains(&bytes), "{bytes}");
        assert!(used(dir.path(), 1000) > 1000);
    }

    #[test]
    fn the_nearer_the_bound_the_closer_the_watch() {
        assert_eq!(interval(8 << 30, 0), Duration::from_millis(500));
        assert_eq!(interval(256 << 20, 0), Duration::from_millis(125));
        assert_eq!(interval(256 << 20, 256 << 20), Duration::from_millis(10));
    }
}
