//! Back-ups of a data folder: one file that holds what belongs to it, and the way back into an empty folder.
//!
//! The file is a zip archive without compression (models and databases are not made smaller by much), so that a person
//! can look into it and take a part out with any tool. `manifest.json` names each part with its bytes and its SHA-256.
//! It holds: the database as of one instant, without what was deleted before; the models' files; the sessions' files
//! and logs; the keys, the owner's token and the configuration. It does not hold what lives with processes alone:
//! sockets, scratch folders, uploads and imports under way.
//!
//! Nothing here needs a running server or disturbs one: the database is read as any reader does.

mod create;
mod manifest;
mod restore;

use std::{
    io::{self, Read, Write},
    path::PathBuf,
};

use sha2::{Digest, Sha256};

pub use create::{Backup, BackupError, BackupOptions, Flaw, FlawKind, ModelFiles, create};
pub use restore::{RestoreError, Restored, restore};

/// Bytes copied at once.
const CHUNK: usize = 1 << 20;

/// Copies to the end, hashing; returns the bytes and the hash in hexadecimal.
fn copy_hashed(from: &mut impl Read, to: &mut impl Write) -> io::Result<(u64, String)> {
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0u64, vec![0; CHUNK]);
    loop {
        let count = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(&buffer[..count]);
        to.write_all(&buffer[..count])?;
        bytes += count as u64;
    }
    let hash: String = hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hash))
}

/// Runs blocking work off the async threads; a panic there goes on here.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    match tokio::task::spawn_blocking(work).await {
        Ok(value) => value,
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}

fn folder_of(file: &std::path::Path) -> PathBuf {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| PathBuf::from("."), std::path::Path::to_owned)
}
