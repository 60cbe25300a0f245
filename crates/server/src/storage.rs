//! The folders of a session: measured, emptied, removed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use protocol::{SessionId, shim::SessionFolder};

/// Files and their bytes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Measure {
    pub(crate) files: u64,
    pub(crate) bytes: u64,
}

/// Runs blocking file work off the async threads.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(io::Error::other(error)))
}

fn measure_now(folder: &Path) -> io::Result<Measure> {
    let mut measure = Measure::default();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(measure),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let entry = entry?;
        // Symbolic links are not followed: what they point to is not the session's.
        let metadata = match entry.metadata() {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        if metadata.is_dir() {
            let inner = measure_now(&entry.path())?;
            measure.files += inner.files;
            measure.bytes += inner.bytes;
        } else if metadata.is_file() {
            measure.files += 1;
            measure.bytes += metadata.len();
        }
    }
    Ok(measure)
}

/// What lies in a folder and below it; nothing where it does not exist.
///
/// # Errors
/// A folder cannot be read.
pub(crate) async fn measure(folder: PathBuf) -> io::Result<Measure> {
    blocking(move || measure_now(&folder)).await
}

fn remove_now(path: &Path) -> io::Result<()> {
    match fs::remove_dir_all(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// Removes the temporary storage: the scratch folder and what was needed to run. Returns its bytes.
///
/// # Errors
/// A folder cannot be read or removed.
pub(crate) async fn remove_temporary(folder: &SessionFolder) -> io::Result<u64> {
    let folder = folder.clone();
    blocking(move || {
        let mut bytes = 0;
        for path in [folder.tmp(), folder.run()] {
            bytes += measure_now(&path)?.bytes;
            failpoint::pass("files.remove_temporary");
            remove_now(&path)?;
            failpoint::pass("files.removed_temporary");
        }
        Ok(bytes)
    })
    .await
}

/// The sessions whose temporary storage is there.
///
/// # Errors
/// The folder of the sessions cannot be read.
pub(crate) async fn list_with_temporary(data: &Path) -> io::Result<Vec<SessionId>> {
    let data = data.to_owned();
    blocking(move || {
        let mut found = Vec::new();
        for entry in fs::read_dir(SessionFolder::parent(&data))? {
            let Some(id) = entry?.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
            let folder = SessionFolder::new(&data, id);
            if folder.run().exists() || folder.tmp().exists() {
                found.push(id);
            }
        }
        Ok(found)
    })
    .await
}

/// Removes everything of a session. Returns what lay in its persistent storage, and the bytes of the rest.
///
/// # Errors
/// A folder cannot be read or removed.
pub(crate) async fn remove_all(folder: &SessionFolder) -> io::Result<(Measure, u64)> {
    let folder = folder.clone();
    blocking(move || {
        let files = measure_now(&folder.files())?;
        let whole = measure_now(folder.root())?;
        failpoint::pass("files.remove_session");
        remove_now(folder.root())?;
        failpoint::pass("files.removed_session");
        if let Some(parent) = folder.root().parent().filter(|parent| parent.exists()) {
            fs::File::open(parent)?.sync_all()?;
        }
        Ok((files, whole.bytes - files.bytes.min(whole.bytes)))
    })
    .await
}
