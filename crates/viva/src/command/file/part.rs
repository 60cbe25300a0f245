//! A download that can be gone on with: what has come lies beside the file, named by the hash that the whole is to
//! have, so that nothing of another version is gone on with. What is here is hashed before more is asked for.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::{Path, PathBuf},
};

use anyhow::Context as _;
use sha2::{Digest, Sha256};

use crate::{
    command::download::{Existing, hex},
    failure::Failure,
};

/// Digits of the hash in the part's name.
const DIGITS: usize = 16;
const BUFFER: usize = 1 << 16;

/// What has come so far. Held by one process at a time.
#[derive(Debug)]
pub(super) struct Part {
    path: PathBuf,
    file: File,
    hash: Sha256,
    pub(super) bytes: u64,
}

impl Part {
    /// What is here of the file already, or nothing yet.
    ///
    /// # Errors
    /// The folder cannot be written, or another process gets the same file.
    pub(super) fn open(target: &Path, sha256: &str) -> anyhow::Result<Self> {
        let name = target.file_name().unwrap_or_default().to_string_lossy();
        let path = target.with_file_name(format!(".{name}.{}.part", &sha256[..DIGITS.min(sha256.len())]));
        let writing = || format!("{} cannot be written", path.display());
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        let mut file = options.open(&path).with_context(writing)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(format!("{} is being downloaded already", target.display())).into());
            }
            Err(TryLockError::Error(error)) => return Err(error).with_context(writing),
        }
        let (hash, bytes) = hashed(&mut file).with_context(writing)?;
        Ok(Self { path, file, hash, bytes })
    }

    pub(super) fn append(&mut self, chunk: &[u8]) -> anyhow::Result<()> {
        self.file.write_all(chunk).with_context(|| format!("{} cannot be written", self.path.display()))?;
        self.hash.update(chunk);
        self.bytes += chunk.len() as u64;
        Ok(())
    }

    /// Begins anew: what is here is of no use.
    pub(super) fn clear(&mut self) -> anyhow::Result<()> {
        let cleared = self.file.set_len(0).and_then(|()| self.file.seek(SeekFrom::Start(0)));
        cleared.with_context(|| format!("{} cannot be written", self.path.display()))?;
        (self.hash, self.bytes) = (Sha256::new(), 0);
        Ok(())
    }

    /// Of what is here, in hexadecimal.
    pub(super) fn sha256(&self) -> String {
        hex(&self.hash.clone().finalize())
    }

    /// Takes it away.
    pub(super) fn discard(self) {
        // What cannot be removed is gone on with, or begun anew, by the next download.
        let _ = fs::remove_file(&self.path);
    }

    /// Makes it the file.
    ///
    /// # Errors
    /// The file came meanwhile, or cannot be written.
    pub(super) fn keep(self, target: &Path, existing: Existing) -> anyhow::Result<()> {
        let kept = self.file.sync_all().and_then(|()| match existing {
            Existing::Replace => fs::rename(&self.path, target),
            // A link is made only where nothing is.
            Existing::Keep => fs::hard_link(&self.path, target).and_then(|()| fs::remove_file(&self.path)),
        });
        match kept {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(Existing::is_there(target)),
            kept => kept.with_context(|| format!("{} cannot be written", target.display())),
        }
    }
}

/// Reads to the end, where more is written.
fn hashed(file: &mut File) -> io::Result<(Sha256, u64)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; BUFFER]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok((hash, bytes)),
            count => {
                hash.update(&buffer[..count]);
                bytes += count as u64;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_came_is_there_again_under_its_own_hash_alone() {
        let folder = tempfile::tempdir().unwrap();
        let target = folder.path().join("a.bin");
        let (one, other) = ("1".repeat(64), "2".repeat(64));
        let mut part = Part::open(&target, &one).unwrap();
        part.append(b"abc").unwrap();
        assert!(Part::open(&target, &one).unwrap_err().to_string().contains("already"));
        drop(part);
        assert_eq!(Part::open(&target, &other).unwrap().bytes, 0);
        let mut part = Part::open(&target, &one).unwrap();
        part.append(b"def").unwrap();
        assert_eq!((part.bytes, part.sha256()), (6, hex(&Sha256::digest(b"abcdef"))));
        fs::write(&target, "mine").unwrap();
        assert!(part.keep(&target, Existing::Keep).unwrap_err().to_string().contains("is there already"));
        Part::open(&target, &one).unwrap().keep(&target, Existing::Replace).unwrap();
        assert_eq!(fs::read(&target).unwrap(), b"abcdef");
        let mut part = Part::open(&target, &one).unwrap();
        part.append(b"x").unwrap();
        part.clear().unwrap();
        part.append(b"y").unwrap();
        part.keep(&folder.path().join("b.bin"), Existing::Keep).unwrap();
        assert_eq!(fs::read(folder.path().join("b.bin")).unwrap(), b"y");
    }
}
