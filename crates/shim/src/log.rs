//! The runtime's log: one file, bounded, whose beginning and end are kept.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Seek, SeekFrom, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

/// Appends until the bound is reached, then leaves out of the middle. A disk that is full loses output, never time.
///
/// The file never exceeds the bound; while the middle is left out, a second file of half the bound exists.
#[derive(Debug)]
pub(crate) struct BoundedLog {
    path: PathBuf,
    file: File,
    length: u64,
    bound: u64,
    /// Where the line that tells what was left out begins, once there is one.
    head: Option<u64>,
    left_out: u64,
}

impl BoundedLog {
    pub(crate) const LEAST_BYTES: u64 = 16 * 1024;

    /// Begins an empty log of at most `bound` bytes.
    pub(crate) fn create(path: &Path, bound: u64) -> io::Result<Self> {
        let file = open_empty(path)?;
        let bound = bound.max(Self::LEAST_BYTES);
        Ok(Self { path: path.to_owned(), file, length: 0, bound, head: None, left_out: 0 })
    }

    /// Appends what the disk takes; at most a quarter of the bound at a time is meant.
    pub(crate) fn append(&mut self, bytes: &[u8]) {
        if self.length + bytes.len() as u64 > self.bound && self.leave_out_middle().is_err() {
            self.left_out += bytes.len() as u64;
            return;
        }
        match self.file.write_all(bytes) {
            Ok(()) => self.length += bytes.len() as u64,
            Err(_) => self.length = self.file.stream_position().unwrap_or(self.length),
        }
    }

    /// Makes it durable; best effort.
    pub(crate) fn sync(&self) {
        let _ = self.file.sync_all();
    }

    fn leave_out_middle(&mut self) -> io::Result<()> {
        let keep = self.bound / 4;
        let mut source = File::open(&self.path)?;
        let head = self.head.unwrap_or(keep.min(self.length));
        let tail = self.length.saturating_sub(keep).max(head);
        let left_out = self.left_out + (tail - head);
        let temporary = self.path.with_extension("log.new");
        let mut file = open_empty(&temporary)?;
        let copied = io::copy(&mut (&mut source).take(head), &mut file)?;
        let line = format!("\n[{left_out} bytes left out]\n");
        file.write_all(line.as_bytes())?;
        source.seek(SeekFrom::Start(tail))?;
        let kept = io::copy(&mut source.take(self.length - tail), &mut file)?;
        fs::rename(&temporary, &self.path)?;
        self.file = file;
        self.length = copied + line.len() as u64 + kept;
        self.head = Some(head);
        self.left_out = left_out;
        Ok(())
    }
}

fn open_empty(path: &Path) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn beginning_and_end_stay_and_the_bound_holds() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("runtime.1.log");
        let mut log = BoundedLog::create(&path, 16 * 1024).expect("a log");
        for number in 0..20_000 {
            log.append(format!("line {number}\n").as_bytes());
            assert!(log.length <= 16 * 1024);
        }
        let text = fs::read_to_string(&path).expect("the log");
        assert_eq!(text.len() as u64, log.length);
        assert!(text.starts_with("line 0\nline 1\n"));
        assert!(text.ends_with("line 19998\nline 19999\n"));
        assert_eq!(text.matches("bytes left out").count(), 1, "one line tells of all that was left out");
    }

    #[test]
    fn a_short_log_is_whole() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("runtime.1.log");
        let mut log = BoundedLog::create(&path, 0).expect("a log");
        log.append(b"hello\n");
        assert_eq!(fs::read_to_string(&path).expect("the log"), "hello\n");
    }
}
