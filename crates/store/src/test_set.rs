//! Test sets and their cases.

use jiff::Timestamp;
use protocol::{
    TestSetId, UserId,
    test_set::{MAX_CASES, TestCase, TestRun, TestSet},
};
use serde_json::Value;
use sqlx::{SqliteConnection, sqlite::SqliteRow};

use crate::{
    StorageError, Store,
    rows::{self, Columns},
    scrub::note_deletion,
    task,
    writer::{Command, Tx},
};

/// A test set's columns, and how many cases it has.
const SELECT: &str = "SELECT *, (SELECT count(*) FROM test_case WHERE test_set = test_set.id) AS cases FROM test_set";
/// Tasks that are told of a set.
const RUNS: i64 = 10;

/// Why a test set or a case was not written.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteTestSetError {
    #[error("there is no such test set or case")]
    NotFound,
    #[error("another test set has this name")]
    NameTaken,
    #[error("the test set has {MAX_CASES} cases, as many as are allowed")]
    Full,
    #[error(transparent)]
    Storage(#[from] StorageError),
}

impl From<sqlx::Error> for WriteTestSetError {
    fn from(error: sqlx::Error) -> Self {
        match error.as_database_error() {
            Some(cause) if cause.is_unique_violation() => Self::NameTaken,
            Some(_) | None => Self::Storage(error.into()),
        }
    }
}

/// One write of a test set of an owner.
#[derive(Debug, Clone, PartialEq)]
pub enum TestSetWrite {
    Create { name: String, run: Option<TestRun>, now: Timestamp },
    Rename(String),
    SetRun { run: Option<TestRun>, now: Timestamp },
    Delete,
    AddCase { messages: Vec<Value>, expected: Option<String>, now: Timestamp },
    SetCase(TestCase),
    DeleteCase(u64),
}

impl Store {
    /// Writes one change of a test set. Of a new case, its number comes back.
    ///
    /// # Errors
    /// [`WriteTestSetError`]; nothing changed.
    pub async fn write_test_set(
        &self,
        owner: UserId,
        id: TestSetId,
        write: TestSetWrite,
    ) -> Result<u64, WriteTestSetError> {
        self.writer().execute(Write { owner, id, write }).await
    }

    /// An owner's test set, with the tasks that ran it.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn find_test_set(&self, owner: UserId, id: TestSetId) -> Result<Option<TestSet>, StorageError> {
        let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE id = ? AND owner = ?")))
            .bind(id.as_bytes().as_slice())
            .bind(owner.as_bytes().as_slice())
            .fetch_optional(self.readers())
            .await?;
        let Some(mut set) = found.as_ref().map(read).transpose()? else { return Ok(None) };
        let runs = "JOIN session ON session.id = task.session
            WHERE task.test_set = ? AND is_ready = 1 AND deleting_at IS NULL ORDER BY task.id DESC LIMIT ?";
        let runs = sqlx::query(sqlx::AssertSqlSafe(format!("{} {runs}", task::SELECT)))
            .bind(id.as_bytes().as_slice())
            .bind(RUNS)
            .fetch_all(self.readers())
            .await?;
        set.runs = runs.iter().map(task::read).collect::<Result<_, _>>()?;
        Ok(Some(set))
    }

    /// An owner's test sets by name, each with the last task that ran it.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_test_sets(&self, owner: UserId) -> Result<Vec<TestSet>, StorageError> {
        let mut reader = self.readers().begin().await?;
        listed(&mut reader, "owner = ?1 ORDER BY name", owner, 0, i64::MAX).await
    }

    /// The cases of a test set from this number on: at most `limit` (up to 1,000).
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_test_cases(&self, set: TestSetId, from: u64, limit: u32) -> Result<Vec<TestCase>, StorageError> {
        let found = sqlx::query("SELECT * FROM test_case WHERE test_set = ? AND number >= ? ORDER BY number LIMIT ?")
            .bind(set.as_bytes().as_slice())
            .bind(rows::signed(from))
            .bind(i64::from(limit.clamp(1, 1000)))
            .fetch_all(self.readers())
            .await?;
        let read = |row: &SqliteRow| {
            let columns = Columns::new(row, "a case");
            Ok(TestCase {
                number: columns.count("number")?,
                messages: columns.json("messages")?,
                expected: columns.get("expected")?,
                created_at: columns.at("created_at")?,
            })
        };
        found.iter().map(read).collect()
    }

    /// Whether a task of the session has run the test set.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn has_run(&self, session: protocol::SessionId, set: TestSetId) -> Result<bool, StorageError> {
        let found = sqlx::query_scalar(
            "SELECT EXISTS (SELECT 1 FROM task WHERE test_set = ? AND session = ? AND is_ready = 1)",
        );
        Ok(found.bind(set.as_bytes().as_slice()).bind(session.as_bytes().as_slice()).fetch_one(self.readers()).await?)
    }
}

/// An owner's test sets that have changed after the change with this number, in order.
pub(crate) async fn changed_after(
    reader: &mut SqliteConnection,
    owner: UserId,
    change: u64,
    limit: i64,
) -> Result<Vec<TestSet>, StorageError> {
    listed(reader, "owner = ?1 AND change > ?2 ORDER BY change LIMIT ?3", owner, change, limit).await
}

/// The sets that `wanted` lets in (a constant; its parameters are owner, change, limit), each with its last run.
async fn listed(
    reader: &mut SqliteConnection,
    wanted: &'static str,
    owner: UserId,
    change: u64,
    limit: i64,
) -> Result<Vec<TestSet>, StorageError> {
    let found = sqlx::query(sqlx::AssertSqlSafe(format!("{SELECT} WHERE {wanted}")))
        .bind(owner.as_bytes().as_slice())
        .bind(rows::signed(change))
        .bind(limit)
        .fetch_all(&mut *reader)
        .await?;
    let mut sets = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
    let last = "JOIN session ON session.id = task.session
        WHERE task.test_set = ? AND is_ready = 1 AND deleting_at IS NULL ORDER BY task.id DESC LIMIT 1";
    for set in &mut sets {
        let run = sqlx::query(sqlx::AssertSqlSafe(format!("{} {last}", task::SELECT)))
            .bind(set.id.as_bytes().as_slice())
            .fetch_optional(&mut *reader)
            .await?;
        set.runs.extend(run.as_ref().map(task::read).transpose()?);
    }
    Ok(sets)
}

fn read(row: &SqliteRow) -> Result<TestSet, StorageError> {
    let columns = Columns::new(row, "a test set");
    Ok(TestSet {
        id: columns.id("id", TestSetId::from_bytes)?,
        name: columns.get("name")?,
        cases: columns.count("cases")?,
        run: columns.maybe_json("run")?,
        run_since: columns.maybe_at("run_since")?,
        runs: Vec::new(),
        created_at: columns.at("created_at")?,
        change: columns.count("change")?,
    })
}

struct Write {
    owner: UserId,
    id: TestSetId,
    write: TestSetWrite,
}

impl Command for Write {
    type Output = u64;
    type Error = WriteTestSetError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<u64, WriteTestSetError> {
        let Self { owner, id, write } = self;
        let change = tx.next_change();
        let key = (id.as_bytes().as_slice(), owner.as_bytes().as_slice());
        let is_deletion = write == TestSetWrite::Delete;
        let written = match write {
            TestSetWrite::AddCase { messages, expected, now } => add_case(tx, key, &messages, expected, now).await?,
            write => {
                if write.erases() {
                    note_deletion(tx.connection).await?;
                }
                match execute(tx, key, write).await? {
                    0 => return Err(WriteTestSetError::NotFound),
                    _ => 0,
                }
            }
        };
        if is_deletion {
            sqlx::query("INSERT INTO gone (change, kind, id, owner) VALUES (?3, 'test_set', ?1, ?2)")
        } else {
            sqlx::query("UPDATE test_set SET change = ?3 WHERE id = ?1 AND owner = ?2")
        }
        .bind(key.0)
        .bind(key.1)
        .bind(change)
        .execute(&mut *tx.connection)
        .await?;
        Ok(written)
    }
}

impl TestSetWrite {
    /// Whether something of a case is gone after it.
    const fn erases(&self) -> bool {
        match self {
            Self::Delete | Self::SetCase(_) | Self::DeleteCase(_) => true,
            Self::Create { .. } | Self::Rename(_) | Self::SetRun { .. } | Self::AddCase { .. } => false,
        }
    }
}

/// One statement; how many rows it has written.
async fn execute(tx: &mut Tx<'_>, (id, owner): (&[u8], &[u8]), write: TestSetWrite) -> Result<u64, sqlx::Error> {
    const OF_CASE: &str = "WHERE test_set = (SELECT id FROM test_set WHERE id = ?1 AND owner = ?2) AND number = ?3";
    let keyed = |sql: String| sqlx::query(sqlx::AssertSqlSafe(sql)).bind(id).bind(owner);
    let query = match write {
        TestSetWrite::Create { name, run, now } => keyed(
            "INSERT INTO test_set (id, owner, name, run, created_at, run_since)
             VALUES (?1, ?2, ?3, ?4, ?5, iif(?4 IS NULL, NULL, ?5))"
                .to_owned(),
        )
        .bind(name)
        .bind(run.as_ref().map(rows::json))
        .bind(rows::micros(now)),
        TestSetWrite::Rename(name) => {
            keyed("UPDATE test_set SET name = ?3 WHERE id = ?1 AND owner = ?2".to_owned()).bind(name)
        }
        TestSetWrite::SetRun { run, now } => keyed(
            "UPDATE test_set SET run = ?3, run_since = iif(?3 IS NULL, NULL, ?4) WHERE id = ?1 AND owner = ?2"
                .to_owned(),
        )
        .bind(run.as_ref().map(rows::json))
        .bind(rows::micros(now)),
        TestSetWrite::Delete => keyed("DELETE FROM test_set WHERE id = ?1 AND owner = ?2".to_owned()),
        TestSetWrite::SetCase(case) => keyed(format!("UPDATE test_case SET messages = ?4, expected = ?5 {OF_CASE}"))
            .bind(rows::signed(case.number))
            .bind(rows::json(&case.messages))
            .bind(case.expected),
        TestSetWrite::DeleteCase(number) => {
            keyed(format!("DELETE FROM test_case {OF_CASE}")).bind(rows::signed(number))
        }
        TestSetWrite::AddCase { .. } => return Ok(0),
    };
    Ok(query.execute(&mut *tx.connection).await?.rows_affected())
}

async fn add_case(
    tx: &mut Tx<'_>,
    (id, owner): (&[u8], &[u8]),
    messages: &[Value],
    expected: Option<String>,
    now: Timestamp,
) -> Result<u64, WriteTestSetError> {
    let (cases, last): (i64, i64) = sqlx::query_as(
        "SELECT count(number), coalesce(max(number), 0) FROM test_set LEFT JOIN test_case ON test_set = id
         WHERE id = ? AND owner = ? GROUP BY id",
    )
    .bind(id)
    .bind(owner)
    .fetch_optional(&mut *tx.connection)
    .await?
    .ok_or(WriteTestSetError::NotFound)?;
    if cases >= rows::signed(MAX_CASES) {
        return Err(WriteTestSetError::Full);
    }
    sqlx::query("INSERT INTO test_case (test_set, number, messages, expected, created_at) VALUES (?, ?, ?, ?, ?)")
        .bind(id)
        .bind(last + 1)
        .bind(rows::json(messages))
        .bind(expected)
        .bind(rows::micros(now))
        .execute(&mut *tx.connection)
        .await?;
    Ok(u64::try_from(last + 1).unwrap_or(0))
}
