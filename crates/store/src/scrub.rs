//! Wiping what deleted rows leave behind in the files.
//!
//! `secure_delete` overwrites a row where it lies, but not the copies that SQLite left while moving rows between
//! pages: they stay in the unallocated part of b-tree pages. A scrub reads all pages in short steps, overwrites those
//! parts through `sqlite_dbpage`, in transactions like any other, and then empties the journal.

mod page;

use std::{io, sync::Arc, time::Duration};

use sqlx::SqliteConnection;
use tokio::time::{Instant, sleep};

use self::page::wipe;
use crate::{
    StorageError, Store,
    writer::{Command, Tx},
};

/// Pages that one read looks at.
const READ_STEP: i64 = 512;
/// Pages that one commit wipes.
const WIPE_STEP: usize = 64;
/// How long readers may stand in the way of emptying the journal.
const PATIENCE: Duration = Duration::from_secs(30);
/// Below this number of pages (128 GiB) the first byte of a page tells b-tree pages from all others: others begin
/// with the number of a page, or with zeros.
const MOST_PAGES: i64 = 0x0200_0000;

/// What a scrub did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scrubbed {
    pub pages_read: u64,
    pub pages_wiped: u64,
}

/// Why a scrub did not come to its end.
#[derive(Debug, Clone, thiserror::Error)]
pub enum ScrubError {
    /// The journal still holds what was deleted, as somebody is reading it.
    #[error("a reader kept the journal from being emptied for {} s", PATIENCE.as_secs())]
    ReaderInTheWay,
    #[error("the database is too large to be scrubbed: {pages} pages of at most {MOST_PAGES}")]
    TooLarge { pages: i64 },
    /// The copy of the database that an upgrade has kept holds what was deleted, too.
    #[error("the copy of the database that was kept before an upgrade cannot be removed")]
    MigrationCopy(#[source] Arc<io::Error>),
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for ScrubError {
    fn from(error: sqlx::Error) -> Self {
        Self::Storage(error.into())
    }
}

/// Notes, in the transaction that deletes, that a scrub is due.
pub(crate) async fn note_deletion(connection: &mut SqliteConnection) -> Result<(), sqlx::Error> {
    sqlx::query("UPDATE scrub SET deleted = deleted + 1").execute(connection).await?;
    Ok(())
}

impl Store {
    /// Makes sure that nothing of what was deleted before the call remains in the database or its journal. Others
    /// read and write meanwhile. One scrub serves any number of deletions.
    ///
    /// # Errors
    /// [`ScrubError`]; safe to repeat.
    pub async fn scrub(&self) -> Result<Scrubbed, ScrubError> {
        let deleted: i64 = sqlx::query_scalar("SELECT deleted FROM scrub").fetch_one(self.readers()).await?;
        let pages: i64 = sqlx::query_scalar("PRAGMA page_count").fetch_one(self.readers()).await?;
        if pages >= MOST_PAGES {
            return Err(ScrubError::TooLarge { pages });
        }
        self.remove_migration_copies().map_err(|error| ScrubError::MigrationCopy(Arc::new(error)))?;
        let mut scrubbed = Scrubbed::default();
        let mut next = 1;
        while next <= pages {
            let last = pages.min(next + READ_STEP - 1);
            let stained = self.stained(next, last).await?;
            for step in stained.chunks(WIPE_STEP) {
                scrubbed.pages_wiped += self.writer().execute(Wipe { pages: step.to_vec() }).await?;
            }
            scrubbed.pages_read += u64::try_from(last - next + 1).unwrap_or(0);
            next = last + 1;
        }
        self.empty_journal().await?;
        self.writer().execute(Done { deleted }).await?;
        Ok(scrubbed)
    }

    /// Whether anything was deleted since the last scrub that came to its end began: to be asked at the start.
    ///
    /// # Errors
    /// [`StorageError`].
    pub async fn is_scrub_due(&self) -> Result<bool, StorageError> {
        Ok(sqlx::query_scalar("SELECT deleted > scrubbed FROM scrub").fetch_one(self.readers()).await?)
    }

    /// The pages of a range that hold bytes where nothing is allocated.
    async fn stained(&self, first: i64, last: i64) -> Result<Vec<i64>, StorageError> {
        let pages: Vec<(i64, Vec<u8>)> = sqlx::query_as(
            "WITH RECURSIVE numbers (n) AS (VALUES (?1) UNION ALL SELECT n + 1 FROM numbers WHERE n < ?2)
             SELECT n, data FROM numbers CROSS JOIN sqlite_dbpage WHERE pgno = n",
        )
        .bind(first)
        .bind(last)
        .fetch_all(self.readers())
        .await?;
        Ok(pages.into_iter().filter_map(|(number, mut page)| wipe(&mut page, number == 1).then_some(number)).collect())
    }

    async fn empty_journal(&self) -> Result<(), ScrubError> {
        let deadline = Instant::now() + PATIENCE;
        while !self.writer().empty_journal().await? {
            if Instant::now() >= deadline {
                return Err(ScrubError::ReaderInTheWay);
            }
            sleep(Duration::from_millis(5)).await;
        }
        Ok(())
    }
}

struct Done {
    deleted: i64,
}

impl Command for Done {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query("UPDATE scrub SET scrubbed = max(scrubbed, ?)")
            .bind(self.deleted)
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}

struct Wipe {
    pages: Vec<i64>,
}

impl Command for Wipe {
    type Output = u64;
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<u64, StorageError> {
        let mut wiped = 0;
        for number in self.pages {
            wiped += u64::from(wipe_page(tx.connection, number).await?);
        }
        Ok(wiped)
    }
}

/// Wipes a page as it stands now, which may not be as it was read.
async fn wipe_page(connection: &mut SqliteConnection, number: i64) -> Result<bool, StorageError> {
    let page: Option<Vec<u8>> = sqlx::query_scalar("SELECT data FROM sqlite_dbpage WHERE pgno = ?")
        .bind(number)
        .fetch_optional(&mut *connection)
        .await?;
    let Some(mut page) = page else { return Ok(false) };
    if !wipe(&mut page, number == 1) {
        return Ok(false);
    }
    sqlx::query("UPDATE sqlite_dbpage SET data = ? WHERE pgno = ?")
        .bind(page)
        .bind(number)
        .execute(&mut *connection)
        .await?;
    Ok(true)
}
