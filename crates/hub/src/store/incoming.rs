//! A file on its way in: written, counted, hashed, checked, then published or gone. Blocks.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
};

use sha2::Digest;

use super::{ImportError, ImportOptions, Imported, Progress, Shared, make_read_only, sync_folder};
use crate::{Sha256, gguf, inspect_as, is_known_architecture};

/// Bytes written between two looks at the free space.
const SPACE_CHECK_BYTES: u64 = 64 << 20;
/// Bytes read at once.
pub(super) const CHUNK: usize = 1 << 20;

pub(super) struct Incoming {
    shared: Arc<Shared>,
    options: ImportOptions,
    file: File,
    path: TemporaryPath,
    hash: sha2::Sha256,
    bytes: u64,
    space_checked_at: u64,
    /// The first bytes, until there are enough to tell a GGUF.
    start: Vec<u8>,
}

/// Removes the file when dropped. After a rename there is nothing to remove.
struct TemporaryPath(PathBuf);

impl Drop for TemporaryPath {
    fn drop(&mut self) {
        // What cannot be removed now is swept at the next start.
        let _ = fs::remove_file(&self.0);
    }
}

impl Incoming {
    /// Makes the file, unless it is known already that it will not fit.
    pub(super) fn create(shared: Arc<Shared>, options: ImportOptions) -> Result<Self, ImportError> {
        if let Some(bytes) = options.expected_bytes {
            check_bound(&shared, bytes)?;
            check_space(&shared, bytes)?;
        }
        failpoint::pass("hub.create");
        let named = tempfile::Builder::new().prefix("").rand_bytes(24).make_in(&shared.incoming, |path| {
            OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(path)
        });
        let (file, path) = named.map_err(ImportError::from_write)?.into_parts();
        let path = path.keep().map_err(|error| ImportError::Write(error.error))?;
        failpoint::pass("hub.created");
        Ok(Self {
            shared,
            options,
            file,
            path: TemporaryPath(path),
            hash: sha2::Sha256::new(),
            bytes: 0,
            space_checked_at: 0,
            start: Vec::new(),
        })
    }

    pub(super) const fn progress(&self) -> Progress {
        Progress { done_bytes: self.bytes, total_bytes: self.options.expected_bytes }
    }

    /// Appends bytes; the first ones already show whether it is a GGUF at all.
    pub(super) fn write(&mut self, chunk: &[u8]) -> Result<(), ImportError> {
        self.admit(chunk)?;
        self.file.write_all(chunk).map_err(ImportError::from_write)
    }

    /// Takes over a whole file: shares its blocks where the file system can, else copies. Either way it is a copy
    /// of its own, which no later change of the source reaches.
    pub(super) fn copy(
        &mut self,
        mut source: File,
        failed: impl Fn(io::Error) -> ImportError,
        progress: &dyn Fn(Progress),
    ) -> Result<(), ImportError> {
        let cloned = rustix::fs::ioctl_ficlone(&self.file, &source).is_ok();
        // A clone is read back from the copy: what is hashed is what is kept.
        let mut copy = self.file.try_clone().map_err(ImportError::Write)?;
        let mut buffer = vec![0; CHUNK];
        loop {
            let read = if cloned { copy.read(&mut buffer) } else { source.read(&mut buffer) };
            let count = match read {
                Ok(0) => return Ok(()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(failed(error)),
            };
            if cloned {
                self.admit(&buffer[..count])?;
            } else {
                self.write(&buffer[..count])?;
            }
            progress(self.progress());
        }
    }

    /// Counts, checks and hashes.
    fn admit(&mut self, chunk: &[u8]) -> Result<(), ImportError> {
        self.bytes = self.bytes.saturating_add(chunk.len() as u64);
        check_bound(&self.shared, self.bytes)?;
        if let Some(expected) = self.options.expected_bytes.filter(|expected| self.bytes > *expected) {
            return Err(ImportError::WrongSize { expected, actual: self.bytes });
        }
        if self.start.len() < gguf::MAGIC.len() {
            self.start.extend(chunk.iter().take(64));
            gguf::check_start(&self.start).transpose()?;
        }
        if self.bytes - self.space_checked_at >= SPACE_CHECK_BYTES {
            self.space_checked_at = self.bytes;
            check_space(&self.shared, chunk.len() as u64)?;
        }
        self.hash.update(chunk);
        Ok(())
    }

    /// Checks the whole and makes it a blob.
    pub(super) fn finish(self) -> Result<Imported, ImportError> {
        let Self { shared, options, file, path, hash, bytes, .. } = self;
        if let Some(expected) = options.expected_bytes.filter(|expected| *expected != bytes) {
            return Err(ImportError::WrongSize { expected, actual: bytes });
        }
        let sha256 = Sha256::from_bytes(hash.finalize().into());
        if let Some(expected) = options.expected_sha256.filter(|expected| *expected != sha256) {
            return Err(ImportError::WrongContent { expected, actual: sha256 });
        }
        let inspection = accept(&path.0, options.file_name.as_deref())?;
        make_read_only(&path.0).map_err(ImportError::Write)?;
        file.sync_all().map_err(ImportError::from_write)?;
        let (blob, pin, deduplicated) = publish(&shared, &path.0, &sha256, bytes)?;
        Ok(Imported { sha256, bytes, path: blob, inspection, deduplicated, _pin: pin })
    }
}

/// The inspection of a file that the engine can be given.
pub(super) fn accept(path: &Path, file_name: Option<&str>) -> Result<crate::Inspection, ImportError> {
    let inspection = inspect_as(path, file_name)?;
    if !is_known_architecture(&inspection.architecture) {
        return Err(ImportError::UnsupportedArchitecture { architecture: inspection.architecture });
    }
    if inspection.parameters == 0 {
        return Err(ImportError::NoWeights);
    }
    Ok(inspection)
}

/// Gives the file its final name, unless the same content has it already, and pins it.
fn publish(shared: &Shared, from: &Path, sha256: &Sha256, bytes: u64) -> Result<(PathBuf, Arc<()>, bool), ImportError> {
    let blob = shared.blob_path(sha256);
    let mut pins = shared.lock_pins();
    // A blob of another size is damaged: the good copy takes its place.
    let present = fs::metadata(&blob).is_ok_and(|file| file.is_file() && file.len() == bytes);
    if !present {
        shared.note_loose(sha256).map_err(ImportError::from_write)?;
        failpoint::pass("hub.publish");
        fs::rename(from, &blob).map_err(ImportError::from_write)?;
        sync_folder(&shared.blobs).map_err(ImportError::Write)?;
        failpoint::pass("hub.published");
    }
    Ok((blob, pin(&mut pins, *sha256), present))
}

/// The pin of a blob, shared by all that hold it.
pub(super) fn pin(pins: &mut std::collections::HashMap<Sha256, std::sync::Weak<()>>, sha256: Sha256) -> Arc<()> {
    pins.retain(|_, pin| pin.strong_count() > 0);
    if let Some(pin) = pins.get(&sha256).and_then(std::sync::Weak::upgrade) {
        return pin;
    }
    let pin = Arc::new(());
    pins.insert(sha256, Arc::downgrade(&pin));
    pin
}

fn check_bound(shared: &Shared, bytes: u64) -> Result<(), ImportError> {
    let limit = shared.bounds.max_file_bytes;
    if bytes > limit { Err(ImportError::TooLarge { limit }) } else { Ok(()) }
}

fn check_space(shared: &Shared, bytes: u64) -> Result<(), ImportError> {
    let (free, kept) = shared.free_bytes().map_err(ImportError::Write)?;
    let needed = bytes.saturating_add(kept);
    if free < needed { Err(ImportError::StorageFull { needed, free }) } else { Ok(()) }
}
