//! The files in a session's `run` folder, read and written from outside.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use protocol::shim::{ExitRecord, LaunchSpec, SessionFolder, ShimRecord};
use rustix::fs::{FlockOperation, flock};
use serde::de::DeserializeOwned;

use crate::{KillError, LaunchError, ObserveError};

/// What a session's shim has left so far.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) shim: Option<ShimRecord>,
    pub(super) exit: Option<ExitRecord>,
}

/// Reads the exit record last: a shim seen before without one may have left it since.
pub(super) fn find_records(folder: &SessionFolder) -> Result<Records, ObserveError> {
    let shim = find(folder, SessionFolder::SHIM)?;
    Ok(Records { shim, exit: find_exit(folder)? })
}

pub(super) fn find_exit(folder: &SessionFolder) -> Result<Option<ExitRecord>, ObserveError> {
    find(folder, SessionFolder::EXIT)
}

pub(super) fn find_spec(folder: &SessionFolder) -> Result<Option<LaunchSpec>, ObserveError> {
    find(folder, SessionFolder::LAUNCH)
}

fn find<T: DeserializeOwned>(folder: &SessionFolder, name: &str) -> Result<Option<T>, ObserveError> {
    let path = folder.run().join(name);
    match fs::read(&path) {
        Ok(text) => serde_json::from_slice(&text).map(Some).map_err(|source| ObserveError::Malformed { path, source }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ObserveError::Read { path, source }),
    }
}

/// Makes the session's folders, each 0700.
pub(super) fn ensure_folders(folder: &SessionFolder) -> Result<(), LaunchError> {
    for name in SessionFolder::FOLDERS {
        let path = folder.root().join(name);
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&path);
        made.map_err(|source| LaunchError::Write { path, source })?;
        failpoint::pass("launcher.made_folder");
    }
    Ok(())
}

/// Writes the launch spec so that a shim reads a whole one, also after power loss.
pub(super) fn write_spec(folder: &SessionFolder, spec: &LaunchSpec) -> Result<(), LaunchError> {
    static WRITES: AtomicU64 = AtomicU64::new(0);
    let path = folder.run().join(SessionFolder::LAUNCH);
    // Two callers may launch at once: each writes a file of its own.
    let write = WRITES.fetch_add(1, Ordering::Relaxed);
    let temporary = folder.run().join(format!("{}.{}.{write}.new", SessionFolder::LAUNCH, std::process::id()));
    let written = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(&serde_json::to_vec(spec)?)?;
        file.sync_all()?;
        failpoint::pass("launcher.write_spec");
        fs::rename(&temporary, &path)?;
        File::open(folder.run())?.sync_all()?;
        failpoint::pass("launcher.written_spec");
        Ok(())
    };
    written().map_err(|source| LaunchError::Write { path: path.clone(), source })
}

/// The sockets' paths; whether they are short enough to be connected to is another matter.
pub(super) fn sockets(folder: &SessionFolder) -> [PathBuf; 2] {
    [folder.run().join(SessionFolder::SHIM_SOCKET), folder.run().join(SessionFolder::RUNTIME_SOCKET)]
}

/// Whether a socket of the session is there.
pub(super) fn has_socket(folder: &SessionFolder) -> bool {
    sockets(folder).iter().any(|path| path.symlink_metadata().is_ok())
}

/// Removes the sockets that a killed shim left, unless another shim has taken the session over.
pub(super) fn remove_sockets(folder: &SessionFolder) -> Result<(), KillError> {
    let Ok(lock) = File::open(folder.run().join(SessionFolder::LOCK)) else { return Ok(()) };
    if flock(&lock, FlockOperation::NonBlockingLockExclusive).is_err() {
        return Ok(());
    }
    for path in sockets(folder) {
        match fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => return Err(KillError::Remove { path, source }),
        }
    }
    Ok(())
}
