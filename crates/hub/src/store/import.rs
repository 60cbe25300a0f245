//! Imports of what is at hand: a file on this machine, bytes in the binary.

use std::{borrow::Cow, fs::File, path::PathBuf, sync::Arc};

use sha2::Digest;
use tokio::task::spawn_blocking;

use super::{
    Hub, ImportError, ImportOptions, Imported, Progress, Shared,
    incoming::{CHUNK, Incoming, accept, pin},
};
use crate::Sha256;

impl Hub {
    /// Copies a file of this machine into the store. `progress` is called from a blocking thread, after every
    /// megabyte or so. `options.file_name` and `options.expected_bytes` default to the file's own.
    ///
    /// # Errors
    /// The file cannot be read or is no model that the engine knows, or the store cannot take it. Dropping the
    /// future does not abort the copy, which then ends by itself.
    pub async fn import_path(
        &self,
        path: impl Into<PathBuf>,
        options: ImportOptions,
        progress: impl Fn(Progress) + Send + 'static,
    ) -> Result<Imported, ImportError> {
        let (shared, path) = (Arc::clone(&self.shared), path.into());
        blocking(move || import_file(shared, path, options, &progress)).await
    }

    /// Puts a model that is in memory into the store: the demo models, which the binary embeds. Writes nothing
    /// where the same content is there already.
    ///
    /// # Errors
    /// As [`Hub::import_path`].
    pub async fn import_bytes(
        &self,
        bytes: impl Into<Cow<'static, [u8]>>,
        options: ImportOptions,
    ) -> Result<Imported, ImportError> {
        let (shared, bytes) = (Arc::clone(&self.shared), bytes.into());
        blocking(move || import_memory(shared, &bytes, options)).await
    }
}

/// Runs on a blocking thread; a panic there goes on here.
pub(super) async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn import_file(
    shared: Arc<Shared>,
    path: PathBuf,
    mut options: ImportOptions,
    progress: &dyn Fn(Progress),
) -> Result<Imported, ImportError> {
    let failed = |source| ImportError::Source { path: path.clone(), source };
    // A look before opening: opening a named pipe would wait for its writer.
    if !std::fs::metadata(&path).map_err(failed)?.is_file() {
        return Err(ImportError::NoFile { path });
    }
    let source = File::open(&path).map_err(failed)?;
    options.expected_bytes.get_or_insert(source.metadata().map_err(failed)?.len());
    if options.file_name.is_none() {
        options.file_name = path.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    let mut incoming = Incoming::create(shared, options)?;
    incoming.copy(source, failed, progress)?;
    incoming.finish()
}

fn import_memory(shared: Arc<Shared>, bytes: &[u8], mut options: ImportOptions) -> Result<Imported, ImportError> {
    let sha256 = Sha256::from_bytes(sha2::Sha256::digest(bytes).into());
    if let Some(imported) = find_present(&shared, sha256, bytes.len() as u64, &options)? {
        return Ok(imported);
    }
    options.expected_bytes.get_or_insert(bytes.len() as u64);
    let mut incoming = Incoming::create(shared, options)?;
    bytes.chunks(CHUNK).try_for_each(|chunk| incoming.write(chunk))?;
    incoming.finish()
}

/// The blob of this content, pinned, where it is there.
fn find_present(
    shared: &Shared,
    sha256: Sha256,
    bytes: u64,
    options: &ImportOptions,
) -> Result<Option<Imported>, ImportError> {
    let path = shared.blob_path(&sha256);
    let pin = {
        let mut pins = shared.lock_pins();
        if !std::fs::metadata(&path).is_ok_and(|file| file.is_file() && file.len() == bytes) {
            return Ok(None);
        }
        pin(&mut pins, sha256)
    };
    let inspection = accept(&path, options.file_name.as_deref())?;
    Ok(Some(Imported { sha256, bytes, path, inspection, deduplicated: true, _pin: pin }))
}
