//! Opening and closing: the folder, its lock, the migrations, the connections.

use std::{
    fs::{DirBuilder, File, OpenOptions, TryLockError},
    io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, SystemTime},
};

use sqlx::{
    Connection, SqlSafeStr, SqliteConnection, SqlitePool,
    migrate::{MigrateError, Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};
use tokio::sync::watch;

use crate::{
    AuditNote, CopyError, StorageError,
    copy::{self, keep_before_migration, of_storage, remove_migration_copies, remove_old_migration_copies},
    error::result_code,
    writer::{Command, Scribe, Tx, Writer},
};

/// The database's name in the data directory.
pub(crate) const DATABASE: &str = "viva.db";

/// The schema's versions; what has been released is never changed, only followed by another.
fn migrations() -> Migrator {
    let initial = include_str!("../migrations/0001_initial.sql");
    let measures = include_str!("../migrations/0002_measures.sql");
    let queue = include_str!("../migrations/0003_queue.sql");
    let logins = include_str!("../migrations/0004_logins.sql");
    let files = include_str!("../migrations/0005_files.sql");
    let tasks = include_str!("../migrations/0006_tasks.sql");
    let made = include_str!("../migrations/0007_made.sql");
    let test_sets = include_str!("../migrations/0008_test_sets.sql");
    let told = include_str!("../migrations/0009_told.sql");
    let people = include_str!("../migrations/0010_people.sql");
    let audit = include_str!("../migrations/0011_audit_and_quotas.sql");
    let audit_filters = include_str!("../migrations/0012_audit_filters.sql");
    let identities = include_str!("../migrations/0013_identities.sql");
    let simple = |version, name: &'static str, sql: &'static str| {
        Migration::new(version, name.into(), MigrationType::Simple, sql.into_sql_str(), false)
    };
    Migrator::with_migrations(vec![
        simple(1, "initial", initial),
        simple(2, "measures", measures),
        simple(3, "queue", queue),
        simple(4, "logins", logins),
        simple(5, "files", files),
        simple(6, "tasks", tasks),
        simple(7, "made", made),
        simple(8, "test_sets", test_sets),
        simple(9, "told", told),
        simple(10, "people", people),
        simple(11, "audit_and_quotas", audit),
        simple(12, "audit_filters", audit_filters),
        simple(13, "identities", identities),
    ])
}

/// How the database is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Connections that read, at least 1.
    pub readers: u32,
    /// Commands that wait for the writer before callers wait, at least 1.
    pub queue: usize,
    /// Bytes that the database may have, without its journal; none: as much as the disk holds.
    pub max_bytes: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self { readers: 4, queue: 4096, max_bytes: None }
    }
}

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data directory cannot be made or is not a directory, or its files cannot be written.
    #[error("the data directory {path} cannot be used")]
    Directory {
        path: String,
        #[source]
        source: io::Error,
    },
    /// Another process has it open.
    #[error("the data directory {path} is in use by another server")]
    InUse { path: String },
    /// A newer version of Viva wrote it.
    #[error("the database is of version {found}, newer than the {supported} that this Viva knows; use the newer Viva")]
    Newer { found: i64, supported: i64 },
    /// It is no database, or no longer a whole one.
    #[error(
        "the database {path} is damaged ({finding}); nothing was changed: put the data directory aside and restore a \
         backup into an empty one (`viva restore`)"
    )]
    Damaged { path: String, finding: String },
    /// A restore into the directory has not come to its end.
    #[error("a restore into {path} was broken off; empty the directory and restore again")]
    HalfRestored { path: String },
    /// Before the schema is brought up to date, the database is copied.
    #[error(
        "before the database is brought up to date, a copy of it must be kept, and {path} cannot be written; free some space"
    )]
    NoCopy {
        path: String,
        #[source]
        source: Box<CopyError>,
    },
    /// The schema could not be brought up to date.
    #[error("the database's schema cannot be brought up to date")]
    Migration(#[source] Box<MigrateError>),
    /// SQLite was built without what the store needs.
    #[error("SQLite was built without {option}; build Viva with the settings of its own workspace")]
    Sqlite { option: &'static str },
    #[error(transparent)]
    Storage(#[from] StorageError),
}

/// The storage of one data directory. Cheap to clone; all clones are one store.
#[derive(Clone)]
pub struct Store {
    inner: Arc<Inner>,
    /// What is to be told of the commands of this handle.
    note: Option<AuditNote>,
}

struct Inner {
    readers: SqlitePool,
    writer: Writer,
    data: PathBuf,
    /// Holds the lock of the data directory until the last clone is gone.
    _lock: File,
}

impl Store {
    /// Opens the database of `data`, making what is absent; the directory is made for the owner alone.
    ///
    /// # Errors
    /// [`OpenError`]: the directory, the lock, the version, the file itself.
    pub async fn open(data: &Path, settings: &Settings) -> Result<Self, OpenError> {
        let lock = lock(data)?;
        if data.join(RESTORING).exists() {
            return Err(OpenError::HalfRestored { path: data.display().to_string() });
        }
        let options = options(data, settings);
        let mut connection = SqliteConnection::connect_with(&options).await.map_err(|error| connecting(data, error))?;
        require_page_access(&mut connection).await?;
        copy::check(&mut connection, data, CHECKED).await?;
        migrate(&mut connection, data).await?;
        remove_old_migration_copies(data, SystemTime::now()).map_err(unusable(data))?;
        let readers = SqlitePoolOptions::new()
            .max_connections(settings.readers.max(1))
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_lazy_with(
                options.create_if_missing(false).pragma("cache_size", READER_CACHE).pragma("query_only", "ON"),
            );
        let writer = Writer::start(connection, settings.queue).await?;
        Ok(Self { inner: Arc::new(Inner { readers, writer, data: data.to_owned(), _lock: lock }), note: None })
    }

    /// Finishes what was accepted, folds the journal into the database and closes it; later calls are answered
    /// [`StorageError::Closed`].
    ///
    /// # Errors
    /// What could not be written at the end. The store is closed all the same.
    pub async fn close(&self) -> Result<(), StorageError> {
        self.inner.readers.close().await;
        self.inner.writer.close().await
    }

    /// Whether it reads, and writes: where the latest commit failed, on a full disk perhaps, another is tried.
    pub async fn is_well(&self) -> bool {
        let reads = sqlx::query("SELECT 1 FROM scrub").fetch_one(self.readers()).await.is_ok();
        reads && (!self.writer().is_failing() || self.writer().execute(Touch).await.is_ok())
    }

    /// The number of the latest visible change of any session; 0 where there was none.
    pub fn latest_change(&self) -> u64 {
        *self.inner.writer.changes().borrow()
    }

    /// Follows [`latest_change`](Self::latest_change): told after each commit that changed something visible.
    pub fn watch_changes(&self) -> watch::Receiver<u64> {
        self.inner.writer.changes()
    }

    /// Removes the copies of the database that were made before migrations: they hold what is deleted now.
    pub(crate) fn remove_migration_copies(&self) -> io::Result<()> {
        remove_migration_copies(&self.inner.data)
    }

    pub(crate) fn readers(&self) -> &SqlitePool {
        &self.inner.readers
    }

    /// A handle whose commands append this to the audit log, each in its own transaction. Where a command changes
    /// nothing, nothing is appended.
    pub fn audited(&self, note: AuditNote) -> Self {
        Self { inner: Arc::clone(&self.inner), note: Some(note) }
    }

    pub(crate) fn writer(&self) -> Scribe<'_> {
        Scribe { writer: &self.inner.writer, note: self.note.as_ref() }
    }
}

/// A write that needs room and leaves nothing.
struct Touch;

impl Command for Touch {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        for statement in
            ["CREATE TABLE touch (room BLOB)", "INSERT INTO touch VALUES (zeroblob(65536))", "DROP TABLE touch"]
        {
            sqlx::query(statement).execute(&mut *tx.connection).await?;
        }
        Ok(())
    }
}

fn unusable(data: &Path) -> impl Fn(io::Error) -> OpenError {
    let path = data.display().to_string();
    move |source| OpenError::Directory { path: path.clone(), source }
}

fn lock(data: &Path) -> Result<File, OpenError> {
    let unusable = unusable(data);
    DirBuilder::new().recursive(true).mode(0o700).create(data).map_err(&unusable)?;
    let path = data.join("lock");
    let file = OpenOptions::new().create(true).truncate(false).write(true).mode(0o600).open(path).map_err(&unusable)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse { path: data.display().to_string() }),
        Err(TryLockError::Error(error)) => Err(unusable(error)),
    }
}

/// What a restore puts its parts into before they are put in place.
pub const RESTORING: &str = "restoring";
/// How long a start may look for damage: some hundred megabytes.
const CHECKED: Duration = Duration::from_millis(500);

const PAGE_BYTES: u32 = 4096;
/// Page caches, in KiB with SQLite's sign for that. Readers lean on the kernel's cache.
const WRITER_CACHE: &str = "-16384";
const READER_CACHE: &str = "-4096";
/// Pages of journal after which a commit folds it into the database: rarer than SQLite's 1,000, as each folding
/// costs the group an fsync of the database file.
const CHECKPOINT_PAGES: &str = "4000";

fn options(data: &Path, settings: &Settings) -> SqliteConnectOptions {
    let options = SqliteConnectOptions::new()
        .filename(data.join(DATABASE))
        .create_if_missing(true)
        .page_size(PAGE_BYTES)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(Duration::from_secs(5))
        .statement_cache_capacity(256)
        .pragma("secure_delete", "ON")
        .pragma("temp_store", "MEMORY")
        .pragma("cache_size", WRITER_CACHE)
        .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
    match settings.max_bytes {
        Some(bytes) => options.pragma("max_page_count", (bytes / u64::from(PAGE_BYTES)).max(1).to_string()),
        None => options,
    }
}

/// A file that cannot be opened is the directory's fault; one that can but is no database is damaged.
fn connecting(data: &Path, error: sqlx::Error) -> OpenError {
    const CANNOT_OPEN: i32 = 14;
    const READ_ONLY: i32 = 8;
    const PERMISSION: i32 = 3;
    match result_code(&error).map(|code| code & 0xff) {
        Some(CANNOT_OPEN | READ_ONLY | PERMISSION) => {
            unusable(data)(io::Error::new(io::ErrorKind::PermissionDenied, error))
        }
        _ => of_storage(data, error.into()),
    }
}

async fn require_page_access(connection: &mut SqliteConnection) -> Result<(), OpenError> {
    let option = "ENABLE_DBPAGE_VTAB";
    let present: bool = sqlx::query_scalar("SELECT sqlite_compileoption_used(?)")
        .bind(option)
        .fetch_one(connection)
        .await
        .map_err(StorageError::from)?;
    if present { Ok(()) } else { Err(OpenError::Sqlite { option }) }
}

/// The newest version of the schema that this version knows.
pub(crate) fn supported_version() -> i64 {
    migrations().iter().map(|migration| migration.version).max().unwrap_or(0)
}

/// The version of the schema that a database has; none before the first.
pub(crate) async fn found_version(connection: &mut SqliteConnection) -> Result<Option<i64>, StorageError> {
    let known: bool = sqlx::query_scalar("SELECT count(*) FROM sqlite_schema WHERE name = '_sqlx_migrations'")
        .fetch_one(&mut *connection)
        .await?;
    if !known {
        return Ok(None);
    }
    Ok(sqlx::query_scalar("SELECT max(version) FROM _sqlx_migrations").fetch_one(connection).await?)
}

async fn migrate(connection: &mut SqliteConnection, data: &Path) -> Result<(), OpenError> {
    let (migrations, supported) = (migrations(), supported_version());
    match found_version(connection).await.map_err(|error| of_storage(data, error))? {
        Some(found) if found > supported => return Err(OpenError::Newer { found, supported }),
        Some(found) if found < supported => keep_before_migration(connection, data, found).await?,
        Some(_) | None => {}
    }
    migrations.run_direct(None, connection, false).await.map_err(|error| match error {
        MigrateError::Execute(error) | MigrateError::ExecuteMigration(error, _) => OpenError::Storage(error.into()),
        error => OpenError::Migration(Box::new(error)),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_migration_that_is_there_is_applied() {
        let files = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).expect("the folder").count();
        let versions: Vec<i64> = migrations().iter().map(|migration| migration.version).collect();
        let all = (1..=i64::try_from(files).expect("some")).collect::<Vec<_>>();
        assert_eq!(versions, all);
    }
}
