//! The content-addressed store of model files.
//!
//! Owns `DATA/models/`: `blobs/sha256-<hex>` (read-only, complete, named by its content), `incoming/<random>`
//! (anything; swept at start) and `loose/sha256-<hex>` (notes of blobs that may be nobody's: looked at at start). A blob appears by one rename after its bytes were synced, so that a crash at any
//! point leaves either the whole blob or none. Refuses to keep what cannot be inspected, and to know which models
//! use a blob: the caller removes one when no model names it.

mod error;
mod import;
mod incoming;
#[cfg(test)]
mod tests;
mod upload;
mod verify;

use std::{
    collections::HashMap,
    fs, io,
    os::unix::fs::{DirBuilderExt, PermissionsExt},
    path::{Path, PathBuf},
    sync::{Arc, Mutex, MutexGuard, PoisonError, Weak},
};

use crate::{Inspection, Sha256};
pub use error::{ImportError, OpenError, RemoveError, VerifyError};
pub use upload::Upload;
pub use verify::Verification;

/// What the store accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Most bytes of one file.
    pub max_file_bytes: u64,
    /// Bytes of the disk that imports leave free, a tenth of a small disk.
    pub keep_free_bytes: u64,
}

impl Bounds {
    /// Bytes that imports leave free of a disk of this size.
    const fn kept_free(self, disk_bytes: u64) -> u64 {
        let tenth = disk_bytes / 10;
        if tenth < self.keep_free_bytes { tenth } else { self.keep_free_bytes }
    }
}

impl Default for Bounds {
    /// 1 TiB a file, 256 MiB left free.
    fn default() -> Self {
        Self { max_file_bytes: 1 << 40, keep_free_bytes: 256 << 20 }
    }
}

/// What the importer is told about a file beside its bytes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// The name it had where it came from: a word such as `Instruct` in it tells the learning stage.
    pub file_name: Option<String>,
    /// The size it is said to have, checked before (against bounds and free space) and after.
    pub expected_bytes: Option<u64>,
    /// The content it is said to have, checked after.
    pub expected_sha256: Option<Sha256>,
}

/// How far an import or a verification is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub done_bytes: u64,
    /// `None` where the end is not known.
    pub total_bytes: Option<u64>,
}

/// A file that is in the store.
///
/// While it (or a clone) lives, its blob cannot be removed: hold it until the model that names it is recorded.
#[derive(Debug, Clone)]
pub struct Imported {
    pub sha256: Sha256,
    pub bytes: u64,
    /// The blob.
    pub path: PathBuf,
    pub inspection: Inspection,
    /// The same content was there before.
    pub deduplicated: bool,
    /// Held for its life alone.
    _pin: Arc<()>,
}

/// What a removal found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Removal {
    Removed {
        bytes: u64,
    },
    /// There was no such blob.
    Absent,
}

/// The store. Cheap to clone; one process per folder.
#[derive(Debug, Clone)]
pub struct Hub {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    blobs: PathBuf,
    incoming: PathBuf,
    /// A note for each blob that may be nobody's: published and not recorded yet, or about to be removed.
    loose: PathBuf,
    bounds: Bounds,
    /// Blobs that an [`Imported`] stands for. Locked while a blob appears or goes.
    pins: Mutex<HashMap<Sha256, Weak<()>>>,
}

impl Hub {
    /// Opens the store in `data/models/`, making its folders (0700) where they are missing.
    ///
    /// # Errors
    /// A folder cannot be made.
    pub fn open(data: &Path) -> Result<Self, OpenError> {
        Self::open_with(data, Bounds::default())
    }

    /// As [`Hub::open`], with other bounds.
    ///
    /// # Errors
    /// As [`Hub::open`].
    pub fn open_with(data: &Path, bounds: Bounds) -> Result<Self, OpenError> {
        let models = data.join("models");
        let shared = Shared {
            blobs: models.join("blobs"),
            incoming: models.join("incoming"),
            loose: models.join("loose"),
            bounds,
            pins: Mutex::default(),
        };
        for folder in [&shared.blobs, &shared.incoming, &shared.loose] {
            let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(|source| OpenError { path: folder.clone(), source })?;
        }
        Ok(Self { shared: Arc::new(shared) })
    }

    /// Removes what earlier processes left half-imported; answers how many files that were. Call it once, at the
    /// start, before any import.
    ///
    /// # Errors
    /// The folder cannot be read, or a file in it cannot be removed.
    pub fn sweep_incoming(&self) -> io::Result<usize> {
        let mut removed = 0;
        for entry in fs::read_dir(&self.shared.incoming)? {
            fs::remove_file(entry?.path())?;
            removed += 1;
        }
        Ok(removed)
    }

    /// Where the blob is, or would be.
    pub fn blob_path(&self, sha256: &Sha256) -> PathBuf {
        self.shared.blob_path(sha256)
    }

    /// Whether the blob is there with this many bytes: one look at the folder, no reading.
    pub fn is_present(&self, sha256: &Sha256, bytes: u64) -> bool {
        fs::metadata(self.blob_path(sha256)).is_ok_and(|file| file.is_file() && file.len() == bytes)
    }

    /// Notes that a blob may be nobody's from now on: to be called before the model that names it is removed. Blocks
    /// shortly.
    ///
    /// # Errors
    /// The note cannot be made durable.
    pub fn note_loose(&self, sha256: &Sha256) -> io::Result<()> {
        self.shared.note_loose(sha256)
    }

    /// A model that names the blob is recorded: it is no longer loose.
    ///
    /// # Errors
    /// The note cannot be removed, which is harmless.
    pub fn settle(&self, sha256: &Sha256) -> io::Result<()> {
        self.shared.settle(sha256)
    }

    /// The blobs that may be nobody's, because an import or a removal was broken off. Call it at the start, before any
    /// import; remove what no model names, and [`settle`](Self::settle) the others. Blocks.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list_loose(&self) -> io::Result<Vec<Sha256>> {
        Self::list(&self.shared.loose)
    }

    /// The blobs there are. Blocks.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn list_blobs(&self) -> io::Result<Vec<Sha256>> {
        Self::list(&self.shared.blobs)
    }

    fn list(folder: &Path) -> io::Result<Vec<Sha256>> {
        let mut blobs = Vec::new();
        for entry in fs::read_dir(folder)? {
            let name = entry?.file_name();
            let digest =
                name.to_str().and_then(|name| name.strip_prefix("sha256-")).and_then(|hex| hex.parse::<Sha256>().ok());
            blobs.extend(digest);
        }
        blobs.sort_unstable();
        Ok(blobs)
    }

    /// Removes a blob that no model names any more. Sessions that have it mapped keep their pages. Blocks shortly.
    ///
    /// # Errors
    /// An import of the same content is under way, or the file cannot be removed.
    pub fn remove_blob(&self, sha256: &Sha256) -> Result<Removal, RemoveError> {
        let pins = self.shared.lock_pins();
        if pins.get(sha256).is_some_and(|pin| pin.strong_count() > 0) {
            return Err(RemoveError::BeingImported);
        }
        let path = self.blob_path(sha256);
        let failed = |source| RemoveError::Remove { path: path.clone(), source };
        let bytes = match fs::symlink_metadata(&path) {
            Ok(file) => file.len(),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                self.shared.settle(sha256).map_err(failed)?;
                return Ok(Removal::Absent);
            }
            Err(error) => return Err(failed(error)),
        };
        failpoint::pass("hub.remove");
        fs::remove_file(&path).map_err(failed)?;
        failpoint::pass("hub.removed");
        self.shared.settle(sha256).map_err(failed)?;
        sync_folder(&self.shared.blobs).map_err(failed)?;
        Ok(Removal::Removed { bytes })
    }
}

impl Shared {
    fn blob_path(&self, sha256: &Sha256) -> PathBuf {
        self.blobs.join(format!("sha256-{sha256}"))
    }

    fn note_path(&self, sha256: &Sha256) -> PathBuf {
        self.loose.join(format!("sha256-{sha256}"))
    }

    fn note_loose(&self, sha256: &Sha256) -> io::Result<()> {
        fs::File::create(self.note_path(sha256))?;
        sync_folder(&self.loose)
    }

    fn settle(&self, sha256: &Sha256) -> io::Result<()> {
        match fs::remove_file(self.note_path(sha256)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// A panic while the lock was held leaves the map whole: it is only ever one insertion.
    fn lock_pins(&self) -> MutexGuard<'_, HashMap<Sha256, Weak<()>>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of the disk that may still be written, and bytes that imports leave free of them.
    fn free_bytes(&self) -> io::Result<(u64, u64)> {
        let disk = rustix::fs::statvfs(&self.incoming)?;
        let bytes = |blocks: u64| blocks.saturating_mul(disk.f_frsize);
        Ok((bytes(disk.f_bavail), self.bounds.kept_free(bytes(disk.f_blocks))))
    }
}

/// Makes a rename or a removal in the folder durable.
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

fn make_read_only(path: &Path) -> io::Result<()> {
    fs::set_permissions(path, fs::Permissions::from_mode(0o444))
}
