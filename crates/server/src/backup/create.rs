//! Writing an archive: under another name, made durable, then renamed. Whatever is at the final name is whole.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use jiff::Timestamp;
use protocol::shim::SessionFolder;
use store::{Belongings, CopyError};
use tempfile::NamedTempFile;
use zip::{CompressionMethod, ZipWriter, result::ZipError, write::SimpleFileOptions};

use super::{
    blocking, copy_hashed, folder_of,
    manifest::{DATABASE, FORMAT, MANIFEST, Manifest, Part, SINGLES, blob_path, file_path, is_log, log_path},
};

/// Whether the models' files are kept, too. They never change: one archive with them and many without is a plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ModelFiles {
    Included,
    LeftOut,
}

/// What is to be backed up, and where to.
#[derive(Debug, Clone)]
pub struct BackupOptions {
    pub data: PathBuf,
    pub file: PathBuf,
    pub models: ModelFiles,
}

/// What an archive holds.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Backup {
    pub sessions: u64,
    pub files: u64,
    pub models: u64,
    /// Of the archive.
    pub bytes: u64,
    /// What was not as the database says: the archive is kept all the same.
    pub flaws: Vec<Flaw>,
}

/// A part that is not what the database says of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flaw {
    /// Relative to the data folder.
    pub path: String,
    pub kind: FlawKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FlawKind {
    Missing,
    /// Its contents have another hash; they are in the archive as they are.
    Changed,
}

impl std::fmt::Display for Flaw {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.kind {
            FlawKind::Missing => write!(f, "{} is missing in the data folder", self.path),
            FlawKind::Changed => write!(f, "{} is damaged in the data folder: its SHA-256 is another", self.path),
        }
    }
}

/// There is no archive.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    #[error(transparent)]
    Copy(#[from] CopyError),
    #[error("{path} cannot be written")]
    Write { path: PathBuf, source: io::Error },
    #[error("{path} cannot be read")]
    Read { path: PathBuf, source: io::Error },
    #[error("the archive cannot be written")]
    Archive(#[source] ZipError),
}

/// How often it is begun anew where contents were removed while they were copied.
const ATTEMPTS: u32 = 3;

/// Writes an archive of a data folder, whether or not a server runs on it. A file that is there is replaced, once the
/// new one is whole and durable.
///
/// # Errors
/// [`BackupError`]; then nothing was changed.
pub async fn create(options: BackupOptions) -> Result<Backup, BackupError> {
    let folder = folder_of(&options.file);
    let write = |source| BackupError::Write { path: folder.clone(), source };
    let mut attempt = 1;
    loop {
        let scratch = tempfile::Builder::new().prefix(".viva-backup-").tempdir_in(&folder).map_err(write)?;
        let copy = scratch.path().join(DATABASE);
        let belongings = store::copy_database(&options.data, &copy).await?;
        let (work, last) = (options.clone(), attempt == ATTEMPTS);
        let written = blocking(move || {
            let written = write_archive(&work, &copy, &belongings);
            drop(scratch);
            written
        })
        .await?;
        let is_missing = |flaw: &Flaw| flaw.kind == FlawKind::Missing;
        if written.summary.flaws.iter().any(is_missing) && !last {
            // Deleted since the database was copied: then another copy does not name it any more.
            attempt += 1;
            continue;
        }
        return keep(written, &options.file);
    }
}

/// A whole archive that has not its name yet.
struct Written {
    file: NamedTempFile,
    summary: Backup,
}

fn keep(written: Written, path: &Path) -> Result<Backup, BackupError> {
    let failed = |source| BackupError::Write { path: path.to_owned(), source };
    written.file.as_file().sync_all().map_err(failed)?;
    written.file.persist(path).map_err(|error| failed(error.error))?;
    File::open(folder_of(path)).and_then(|folder| folder.sync_all()).map_err(failed)?;
    Ok(Backup { bytes: fs::metadata(path).map_err(failed)?.len(), ..written.summary })
}

struct Archive<'a> {
    zip: ZipWriter<File>,
    data: &'a Path,
    parts: Vec<Part>,
    flaws: Vec<Flaw>,
}

fn write_archive(options: &BackupOptions, copy: &Path, belongings: &Belongings) -> Result<Written, BackupError> {
    let failed = |source| BackupError::Write { path: options.file.clone(), source };
    let file =
        tempfile::Builder::new().prefix(".viva-backup-").tempfile_in(folder_of(&options.file)).map_err(failed)?;
    let zip = ZipWriter::new(file.reopen().map_err(failed)?);
    let mut archive = Archive { zip, data: &options.data, parts: Vec::new(), flaws: Vec::new() };
    archive.add_open(DATABASE, &mut open(copy)?)?;
    for path in SINGLES {
        archive.add(path, None)?;
    }
    let mut summary = Backup { sessions: belongings.sessions.len() as u64, ..Backup::default() };
    for file in &belongings.files {
        archive.add(&file_path(file.session, file.id), Some(&file.sha256))?;
        summary.files += 1;
    }
    for session in &belongings.sessions {
        archive.add_logs(*session)?;
    }
    if options.models == ModelFiles::Included {
        for (sha256, _) in &belongings.blobs {
            archive.add(&blob_path(sha256), Some(sha256))?;
            summary.models += 1;
        }
    }
    summary.flaws = archive.finish(belongings.version)?;
    Ok(Written { file, summary })
}

fn open(path: &Path) -> Result<File, BackupError> {
    File::open(path).map_err(|source| BackupError::Read { path: path.to_owned(), source })
}

impl Archive<'_> {
    fn add_open(&mut self, path: &str, file: &mut impl Read) -> Result<&Part, BackupError> {
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Stored)
            .unix_permissions(0o600)
            .large_file(true);
        self.zip.start_file(path, options).map_err(BackupError::Archive)?;
        let (bytes, sha256) = copy_hashed(file, &mut self.zip)
            .map_err(|source| BackupError::Write { path: PathBuf::from(path), source })?;
        self.parts.push(Part { path: path.to_owned(), bytes, sha256 });
        Ok(self.parts.last().expect("it was pushed just now"))
    }

    /// Adds a file of the data folder. What need not be there and is not is left out.
    fn add(&mut self, path: &str, sha256: Option<&str>) -> Result<(), BackupError> {
        let mut file = match File::open(self.data.join(path)) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                if sha256.is_some() {
                    self.flaws.push(Flaw { path: path.to_owned(), kind: FlawKind::Missing });
                }
                return Ok(());
            }
            Err(source) => return Err(BackupError::Read { path: self.data.join(path), source }),
        };
        let part = self.add_open(path, &mut file)?;
        if sha256.is_some_and(|sha256| sha256 != part.sha256) {
            self.flaws.push(Flaw { path: path.to_owned(), kind: FlawKind::Changed });
        }
        Ok(())
    }

    /// The logs of a session, as long as they are now: a runtime may go on writing.
    fn add_logs(&mut self, session: protocol::SessionId) -> Result<(), BackupError> {
        let folder = SessionFolder::new(self.data, session).log();
        let read = |source| BackupError::Read { path: folder.clone(), source };
        let entries = match fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(read(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            names.extend(entry.map_err(read)?.file_name().into_string().ok().filter(|name| is_log(name)));
        }
        names.sort_unstable();
        for name in names {
            let Ok(file) = File::open(folder.join(&name)) else { continue };
            let length = file.metadata().map_err(read)?.len();
            self.add_open(&log_path(session, &name), &mut file.take(length))?;
        }
        Ok(())
    }

    /// Writes the manifest and the archive's end; returns what was not as it should be.
    fn finish(mut self, schema: i64) -> Result<Vec<Flaw>, BackupError> {
        let manifest = Manifest {
            format: FORMAT,
            viva: env!("CARGO_PKG_VERSION").to_owned(),
            schema,
            created_at: Timestamp::now(),
            parts: std::mem::take(&mut self.parts),
        };
        let text = serde_json::to_vec_pretty(&manifest).expect("our own structures serialize");
        self.add_open(MANIFEST, &mut text.as_slice())?;
        self.zip.finish().map_err(BackupError::Archive)?;
        Ok(self.flaws)
    }
}
