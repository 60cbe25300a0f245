//! Copies of the database: for a backup, while a server reads and writes, and before a migration. And whether a
//! database is whole.
//!
//! A copy is written by `VACUUM INTO`: one reading transaction of the original, and in the copy nothing but rows. What
//! was deleted from the original before is not in it.

use std::{
    fs::{self, File},
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    time::{Duration, Instant, SystemTime},
};

use protocol::{FileId, SessionId};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};

use crate::{
    OpenError, StorageError,
    database::{DATABASE, found_version, supported_version},
    error::result_code,
    rows::Columns,
};

/// A copy that was made before a migration begins so; the version of the database follows.
const BEFORE_MIGRATION: &str = "viva.db.before-";
/// How long such a copy is kept, if nothing is deleted meanwhile.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3600);
/// Instructions of SQLite between two looks at the time.
const STEP: i32 = 1000;

/// What belongs to a copied database beside it, as the copy itself tells.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Belongings {
    /// Version of the schema.
    pub version: i64,
    pub sessions: Vec<SessionId>,
    pub files: Vec<StoredFile>,
    /// SHA-256 and bytes of each file of a model, once.
    pub blobs: Vec<(String, u64)>,
}

/// Contents that lie in a session's folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredFile {
    pub session: SessionId,
    pub id: FileId,
    pub bytes: u64,
    pub sha256: String,
}

/// A database could not be copied, or a copy not be read.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    #[error("there is no database in {path}")]
    Absent { path: String },
    /// A newer version of Viva wrote it.
    #[error("the database is of version {found}, newer than the {supported} that this Viva knows; use the newer Viva")]
    Newer { found: i64, supported: i64 },
    #[error("the copy {path} cannot be written")]
    Write { path: String, source: io::Error },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for CopyError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Copies the database of a data folder as it is at one instant, also while a server runs on it, and leaves out what is
/// of the original's folder alone: uploads under way, contents to be unlinked. The copy is durable when this returns.
///
/// # Errors
/// [`CopyError`]; nothing is left at `into`.
pub async fn copy_database(data: &Path, into: &Path) -> Result<Belongings, CopyError> {
    let from = data.join(DATABASE);
    if !from.is_file() {
        return Err(CopyError::Absent { path: data.display().to_string() });
    }
    let copied = async {
        let mut original = connect(&from).await?;
        refuse_newer(&mut original).await?;
        vacuum_into(&mut original, into).await?;
        // Not awaited otherwise: the last to close folds the journal into the database.
        original.close().await?;
        let mut copy = connect(into).await?;
        let belongings = read_belongings(&mut copy).await?;
        for table in ["partial_file", "garbage_file"] {
            if has_table(&mut copy, table).await? {
                sqlx::query(sqlx::AssertSqlSafe(format!("DELETE FROM {table}"))).execute(&mut copy).await?;
            }
        }
        copy.close().await?;
        make_durable(into)?;
        Ok(belongings)
    };
    let copied = copied.await;
    if copied.is_err() {
        let _ = fs::remove_file(into);
    }
    copied
}

/// Checks a copied database to its end and tells what belongs to it.
///
/// # Errors
/// [`CopyError`]: it is damaged, or newer than this version knows.
pub async fn check_copy(path: &Path) -> Result<Belongings, CopyError> {
    let mut copy = connect(path).await?;
    refuse_newer(&mut copy).await?;
    let findings: Vec<String> = sqlx::query_scalar("PRAGMA integrity_check(1)").fetch_all(&mut copy).await?;
    if let Some(finding) = findings.into_iter().find(|finding| finding != "ok") {
        return Err(CopyError::Storage(StorageError::Damaged(damage(finding))));
    }
    let belongings = read_belongings(&mut copy).await?;
    copy.close().await?;
    Ok(belongings)
}

/// What SQLite found, as an error.
fn damage(finding: String) -> std::sync::Arc<sqlx::Error> {
    std::sync::Arc::new(sqlx::Error::Protocol(finding))
}

async fn connect(path: &Path) -> Result<SqliteConnection, sqlx::Error> {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(false)
        .busy_timeout(Duration::from_secs(5))
        .pragma("temp_store", "MEMORY");
    SqliteConnection::connect_with(&options).await
}

async fn refuse_newer(connection: &mut SqliteConnection) -> Result<(), CopyError> {
    let (found, supported) = (found_version(connection).await?.unwrap_or(0), supported_version());
    if found > supported { Err(CopyError::Newer { found, supported }) } else { Ok(()) }
}

async fn vacuum_into(connection: &mut SqliteConnection, into: &Path) -> Result<(), sqlx::Error> {
    sqlx::query("VACUUM INTO ?").bind(into.display().to_string()).execute(connection).await?;
    Ok(())
}

fn make_durable(path: &Path) -> Result<(), CopyError> {
    let durable = || -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(0o600))?;
        File::open(path)?.sync_all()?;
        File::open(path.parent().unwrap_or(Path::new(".")))?.sync_all()
    };
    durable().map_err(|source| CopyError::Write { path: path.display().to_string(), source })
}

async fn has_table(connection: &mut SqliteConnection, name: &str) -> Result<bool, sqlx::Error> {
    sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = ?")
        .bind(name)
        .fetch_one(connection)
        .await
}

async fn read_belongings(connection: &mut SqliteConnection) -> Result<Belongings, CopyError> {
    let mut belongings = Belongings { version: found_version(connection).await?.unwrap_or(0), ..Belongings::default() };
    for row in sqlx::query("SELECT id FROM session ORDER BY id").fetch_all(&mut *connection).await? {
        belongings.sessions.push(Columns::new(&row, "a session").id("id", SessionId::from_bytes)?);
    }
    if has_table(connection, "file").await? {
        let rows = sqlx::query("SELECT session, id, bytes, sha256 FROM file ORDER BY session, id");
        for row in rows.fetch_all(&mut *connection).await? {
            let columns = Columns::new(&row, "a file");
            belongings.files.push(StoredFile {
                session: columns.id("session", SessionId::from_bytes)?,
                id: columns.id("id", FileId::from_bytes)?,
                bytes: columns.count("bytes")?,
                sha256: columns.get("sha256")?,
            });
        }
    }
    let blobs = sqlx::query("SELECT sha256, max(bytes) AS bytes FROM model_file GROUP BY sha256 ORDER BY sha256");
    for row in blobs.fetch_all(&mut *connection).await? {
        let columns = Columns::new(&row, "a model's file");
        belongings.blobs.push((columns.get("sha256")?, columns.count("bytes")?));
    }
    Ok(belongings)
}

/// Looks through the database for damage, for as long as `budget` allows: what of a large one is not reached in that
/// time is taken on trust, until something reads it.
///
/// # Errors
/// [`OpenError::Damaged`] with the first finding.
pub(crate) async fn check(connection: &mut SqliteConnection, data: &Path, budget: Duration) -> Result<(), OpenError> {
    let began = Instant::now();
    let handler = move || began.elapsed() < budget;
    connection.lock_handle().await.map_err(StorageError::from)?.set_progress_handler(STEP, handler);
    let findings = sqlx::query_scalar::<_, String>("PRAGMA quick_check(1)").fetch_all(&mut *connection).await;
    connection.lock_handle().await.map_err(StorageError::from)?.remove_progress_handler();
    const INTERRUPTED: i32 = 9;
    match findings {
        Ok(findings) => match findings.into_iter().find(|finding| finding != "ok") {
            None => Ok(()),
            Some(finding) => Err(damaged(data, &finding)),
        },
        Err(error) if result_code(&error).map(|code| code & 0xff) == Some(INTERRUPTED) => {
            tracing::info!(ms = budget.as_millis(), "the database is large: only a part of it was checked for damage");
            Ok(())
        }
        Err(error) => Err(of_storage(data, error.into())),
    }
}

fn damaged(data: &Path, finding: &str) -> OpenError {
    let finding = finding.lines().map(str::trim).collect::<Vec<_>>().join("; ");
    OpenError::Damaged { path: data.join(DATABASE).display().to_string(), finding }
}

/// An error of opening, where a damaged database says what to do.
pub(crate) fn of_storage(data: &Path, error: StorageError) -> OpenError {
    match error {
        StorageError::Damaged(cause) => {
            let finding =
                cause.as_database_error().map_or_else(|| cause.to_string(), |error| error.message().to_owned());
            damaged(data, &finding)
        }
        error => OpenError::Storage(error),
    }
}

/// Keeps a copy of a database that is about to be brought to a newer version.
pub(crate) async fn keep_before_migration(
    connection: &mut SqliteConnection,
    data: &Path,
    version: i64,
) -> Result<(), OpenError> {
    let path = data.join(format!("{BEFORE_MIGRATION}{version}"));
    let failed = |source: CopyError| OpenError::NoCopy { path: path.display().to_string(), source: Box::new(source) };
    let begun = data.join(format!("{BEFORE_MIGRATION}{version}.new"));
    let copied = async {
        remove_if_there(&begun).map_err(|source| CopyError::Write { path: begun.display().to_string(), source })?;
        vacuum_into(connection, &begun).await?;
        make_durable(&begun)?;
        let renamed = fs::rename(&begun, &path).and_then(|()| File::open(data)?.sync_all());
        renamed.map_err(|source| CopyError::Write { path: path.display().to_string(), source })
    };
    if let Err(error) = copied.await {
        let _ = fs::remove_file(&begun);
        return Err(failed(error));
    }
    tracing::info!(from = version, copy = %path.display(), "the database is brought up to date; a copy of it is kept");
    Ok(())
}

fn remove_if_there(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

fn migration_copies(data: &Path) -> io::Result<Vec<PathBuf>> {
    let entries = fs::read_dir(data)?.collect::<Result<Vec<_>, _>>()?;
    let is_copy = |name: &str| name.starts_with(BEFORE_MIGRATION);
    Ok(entries.into_iter().filter(|entry| entry.file_name().to_str().is_some_and(is_copy)).map(|e| e.path()).collect())
}

/// Removes the copies that were made before migrations: they hold what is deleted now.
pub(crate) fn remove_migration_copies(data: &Path) -> io::Result<()> {
    let copies = migration_copies(data)?;
    if copies.is_empty() {
        return Ok(());
    }
    copies.iter().try_for_each(|copy| remove_if_there(copy))?;
    File::open(data)?.sync_all()
}

/// Removes those that have been kept long enough.
pub(crate) fn remove_old_migration_copies(data: &Path, now: SystemTime) -> io::Result<()> {
    for copy in migration_copies(data)? {
        let is_old = now.duration_since(fs::metadata(&copy)?.modified()?).is_ok_and(|age| age > KEPT);
        // Broken off in the middle, it is no copy.
        if is_old || copy.extension().is_some_and(|kind| kind == "new") {
            remove_if_there(&copy)?;
        }
    }
    Ok(())
}
