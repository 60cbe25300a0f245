//! The way back: an archive is checked to its last byte, then its parts are written into an empty folder, the database
//! last. A folder that a restore was broken off in is not served: `restoring` in it says so.

use std::{
    fs::{self, DirBuilder, File, OpenOptions},
    io::{self, Read},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use store::{CopyError, RESTORING, StorageError};
use zip::{ZipArchive, result::ZipError};

use super::{
    blocking, copy_hashed, folder_of,
    manifest::{DATABASE, FORMAT, MANIFEST, Manifest, Part, is_allowed},
};

/// Most bytes of a manifest: some 200 for each part.
const MANIFEST_BYTES: u64 = 256 << 20;

/// What was restored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    pub sessions: u64,
    pub files: u64,
    /// When the archive was made.
    pub created_at: Timestamp,
    /// SHA-256 of models' files that the archive was made without.
    pub models_left_out: Vec<String>,
}

/// Nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    #[error("{path} is not empty; name a folder that is empty or does not exist")]
    NotEmpty { path: PathBuf },
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("{path} cannot be written")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} is no backup of Viva, or its end is missing")]
    NoArchive { path: PathBuf, source: ZipError },
    #[error("the backup is of form {found}, newer than the {FORMAT} that this Viva knows; use the newer Viva")]
    NewerFormat { found: u32 },
    #[error("the backup is damaged: {what}; use another one")]
    Damaged { what: String },
    #[error(transparent)]
    Database(#[from] CopyError),
}

/// Restores an archive into a folder that is empty or absent. The whole archive is read and checked first.
///
/// # Errors
/// [`RestoreError`]; the folder is as it was.
pub async fn restore(file: PathBuf, data: PathBuf) -> Result<Restored, RestoreError> {
    let target = data.clone();
    let manifest = blocking(move || -> Result<_, RestoreError> {
        refuse_full(&target)?;
        let (mut archive, manifest) = read_manifest(&file)?;
        for part in &manifest.parts {
            read_part(&mut archive, part, &mut io::sink())?;
        }
        Ok((file, manifest))
    });
    let (file, manifest) = manifest.await?;
    let was_there = data.is_dir();
    let restored = put_in_place(file, &data, manifest).await;
    if restored.is_err() {
        // It was empty: whatever is in it is of this restore.
        let _ = if was_there { empty(&data) } else { fs::remove_dir_all(&data) };
    }
    restored
}

async fn put_in_place(file: PathBuf, data: &Path, manifest: Manifest) -> Result<Restored, RestoreError> {
    let staging = data.join(RESTORING);
    let (into, unpacked) = (staging.clone(), manifest.clone());
    blocking(move || unpack(&file, &unpacked, &into)).await?;
    let belongings = store::check_copy(&staging.join(DATABASE)).await.map_err(of_database)?;
    let has = |path: &str| manifest.parts.iter().any(|part| part.path == path);
    let restored = Restored {
        sessions: belongings.sessions.len() as u64,
        files: belongings.files.len() as u64,
        created_at: manifest.created_at,
        models_left_out: belongings
            .blobs
            .iter()
            .filter(|(sha256, _)| !has(&super::manifest::blob_path(sha256)))
            .map(|(sha256, _)| sha256.clone())
            .collect(),
    };
    let data = data.to_owned();
    blocking(move || {
        let moved = move_parts(&staging, &data);
        moved.map_err(|source| RestoreError::Write { path: data, source })
    })
    .await?;
    Ok(restored)
}

fn of_database(error: CopyError) -> RestoreError {
    match error {
        CopyError::Storage(StorageError::Damaged(cause)) => {
            RestoreError::Damaged { what: format!("its database is not whole ({cause})") }
        }
        error => RestoreError::Database(error),
    }
}

fn refuse_full(data: &Path) -> Result<(), RestoreError> {
    match fs::read_dir(data) {
        Ok(mut entries) => match entries.next() {
            None => Ok(()),
            Some(_) => Err(RestoreError::NotEmpty { path: data.to_owned() }),
        },
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(source) => Err(RestoreError::Read { path: data.to_owned(), source }),
    }
}

fn damaged(what: impl Into<String>) -> RestoreError {
    RestoreError::Damaged { what: what.into() }
}

/// Opens an archive and reads what it says of itself; every part it names is there, and no other.
fn read_manifest(file: &Path) -> Result<(ZipArchive<File>, Manifest), RestoreError> {
    let read = |source| RestoreError::Read { path: file.to_owned(), source };
    let opened = File::open(file).map_err(read)?;
    let mut archive =
        ZipArchive::new(opened).map_err(|source| RestoreError::NoArchive { path: file.to_owned(), source })?;
    let mut text = Vec::new();
    let part = archive.by_name(MANIFEST).map_err(|_| damaged("it has no manifest"))?;
    part.take(MANIFEST_BYTES).read_to_end(&mut text).map_err(|error| damaged(format!("its manifest: {error}")))?;
    let form: Form = serde_json::from_slice(&text).map_err(|error| damaged(format!("its manifest: {error}")))?;
    if form.format > FORMAT {
        return Err(RestoreError::NewerFormat { found: form.format });
    }
    let manifest: Manifest =
        serde_json::from_slice(&text).map_err(|error| damaged(format!("its manifest: {error}")))?;
    if let Some(part) = manifest.parts.iter().find(|part| !is_allowed(&part.path)) {
        return Err(damaged(format!("`{}` has no place in a data folder", part.path)));
    }
    if !manifest.parts.iter().any(|part| part.path == DATABASE) {
        return Err(damaged("it has no database"));
    }
    let mut named: Vec<&str> = manifest.parts.iter().map(|part| part.path.as_str()).chain([MANIFEST]).collect();
    named.sort_unstable();
    let mut found: Vec<String> = archive.file_names().flatten().map(|name| name.into_owned()).collect();
    found.sort_unstable();
    if named != found {
        return Err(damaged("its parts are not those that its manifest names"));
    }
    Ok((archive, manifest))
}

#[derive(serde::Deserialize)]
struct Form {
    format: u32,
}

/// Reads a part to its end and holds it against the manifest.
fn read_part(archive: &mut ZipArchive<File>, part: &Part, to: &mut impl io::Write) -> Result<(), RestoreError> {
    let path = &part.path;
    let mut entry = archive.by_name(path).map_err(|error| damaged(format!("`{path}`: {error}")))?;
    let (bytes, sha256) = copy_hashed(&mut entry, to).map_err(|error| damaged(format!("`{path}`: {error}")))?;
    if bytes != part.bytes {
        return Err(damaged(format!("`{path}` has {bytes} of {} bytes", part.bytes)));
    }
    if sha256 != part.sha256 {
        return Err(damaged(format!("`{path}` has another SHA-256 than when it was made")));
    }
    Ok(())
}

fn make_folder(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

fn unpack(file: &Path, manifest: &Manifest, staging: &Path) -> Result<(), RestoreError> {
    make_folder(staging).map_err(|source| RestoreError::Write { path: staging.to_owned(), source })?;
    let (mut archive, now) = read_manifest(file)?;
    if now != *manifest {
        return Err(damaged("it was changed while it was read"));
    }
    for part in &manifest.parts {
        let path = staging.join(&part.path);
        let failed = |source| RestoreError::Write { path: path.clone(), source };
        make_folder(&folder_of(&path)).map_err(failed)?;
        let mode = if part.path.starts_with("models/") { 0o444 } else { 0o600 };
        let mut to = OpenOptions::new().write(true).create_new(true).mode(mode).open(&path).map_err(failed)?;
        let mut failing = Failing { to: &mut to, error: None };
        let read = read_part(&mut archive, part, &mut failing);
        if let Some(error) = failing.error {
            return Err(failed(error));
        }
        read?;
        to.sync_all().map_err(failed)?;
    }
    Ok(())
}

/// Tells a failure of writing from one of reading.
struct Failing<'a> {
    to: &'a mut File,
    error: Option<io::Error>,
}

impl io::Write for Failing<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.to.write(bytes).inspect_err(|error| self.error = Some(io::Error::new(error.kind(), error.to_string())))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

/// Moves everything to its place, the database last, and removes the mark of a restore under way.
fn move_parts(staging: &Path, data: &Path) -> io::Result<()> {
    sync_folders(staging)?;
    let mut names: Vec<_> = fs::read_dir(staging)?.map(|entry| Ok(entry?.file_name())).collect::<io::Result<_>>()?;
    names.sort_by_key(|name| name == DATABASE);
    for name in names {
        fs::rename(staging.join(&name), data.join(&name))?;
    }
    sync(data)?;
    fs::remove_dir(staging)?;
    sync(data)
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn sync_folders(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_folders(&entry.path())?;
        }
    }
    sync(folder)
}

fn empty(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() { fs::remove_dir_all(entry.path())? } else { fs::remove_file(entry.path())? }
    }
    Ok(())
}
