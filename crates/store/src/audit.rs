//! The audit log: appended in the transaction of what it tells, and checked from its first entry to its last.
//!
//! The hash of an entry is SHA-256 over the hash before it, then number, time, actor, via, key, address, action, target
//! and detail, each with its length before it (64 bits, little-endian; all ones where there is none), so that no two
//! entries read alike.

use std::fmt::Write as _;

use jiff::Timestamp;
use protocol::{
    KeyId, UserId,
    audit::{AuditAction, AuditCheck, AuditEntry, AuditFault, AuditHead, AuditVia},
    session::Page,
};
use sha2::{Digest, Sha256};
use sqlx::{QueryBuilder, Sqlite, SqliteConnection, sqlite::SqliteRow};

use crate::{
    BadCursor, ListError, StorageError, Store,
    page::Paging,
    rows::{self, Columns, micros},
    writer::{Command, Tx},
};

/// Entries that the check reads at a time.
const BATCH: i64 = 500;
/// Faults that are told.
const MOST_FAULTS: usize = 20;

/// What is to be told of something that is being done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditNote {
    pub at: Timestamp,
    pub actor: Option<UserId>,
    pub via: AuditVia,
    pub key: Option<KeyId>,
    pub address: Option<String>,
    pub action: AuditAction,
    pub target: Option<String>,
    pub detail: Option<String>,
}

/// Which entries are wanted: those that meet all that is given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AuditFilter {
    pub actor: Option<UserId>,
    pub action: Option<AuditAction>,
    /// The id of what it was done to.
    pub target: Option<String>,
}

/// An entry as it stands in its row.
struct Row {
    number: i64,
    at: i64,
    actor: Option<Vec<u8>>,
    via: String,
    key: Option<Vec<u8>>,
    address: Option<String>,
    action: String,
    target: Option<String>,
    detail: Option<String>,
}

impl Row {
    fn of(number: i64, note: &AuditNote) -> Self {
        Self {
            number,
            at: micros(note.at),
            actor: note.actor.map(|actor| actor.as_bytes().to_vec()),
            via: rows::word(&note.via),
            key: note.key.map(|key| key.as_bytes().to_vec()),
            address: note.address.clone(),
            action: note.action.as_str().to_owned(),
            target: note.target.clone(),
            detail: note.detail.clone(),
        }
    }

    fn read(row: &SqliteRow) -> Result<Self, StorageError> {
        let columns = Columns::new(row, "an audit entry");
        Ok(Self {
            number: columns.get("number")?,
            at: columns.get("at")?,
            actor: columns.get("actor")?,
            via: columns.get("via")?,
            key: columns.get("key")?,
            address: columns.get("address")?,
            action: columns.get("action")?,
            target: columns.get("target")?,
            detail: columns.get("detail")?,
        })
    }

    fn hash(&self, before: &[u8]) -> [u8; 32] {
        let text = |text: &Option<String>| text.as_ref().map(|text| text.as_bytes().to_vec());
        let fields = [
            Some(before.to_vec()),
            Some(self.number.to_le_bytes().to_vec()),
            Some(self.at.to_le_bytes().to_vec()),
            self.actor.clone(),
            Some(self.via.as_bytes().to_vec()),
            self.key.clone(),
            text(&self.address),
            Some(self.action.as_bytes().to_vec()),
            text(&self.target),
            text(&self.detail),
        ];
        let mut digest = Sha256::new();
        for field in fields {
            digest.update(field.as_ref().map_or(u64::MAX, |field| field.len() as u64).to_le_bytes());
            digest.update(field.unwrap_or_default());
        }
        digest.finalize().into()
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing into a string does not fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

struct Head {
    number: i64,
    sha256: Vec<u8>,
}

async fn head(connection: &mut SqliteConnection) -> Result<Head, StorageError> {
    let found = sqlx::query("SELECT number, sha256 FROM audit_head").fetch_one(connection).await?;
    let columns = Columns::new(&found, "the end of the audit log");
    Ok(Head { number: columns.get("number")?, sha256: columns.get("sha256")? })
}

/// Appends an entry, in the transaction at hand.
pub(crate) async fn append(connection: &mut SqliteConnection, note: &AuditNote) -> Result<(), StorageError> {
    let last = head(connection).await?;
    let row = Row::of(last.number + 1, note);
    let sha256 = row.hash(&last.sha256);
    sqlx::query(
        "INSERT INTO audit (number, at, actor, via, key, address, action, target, detail, sha256)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    )
    .bind(row.number)
    .bind(row.at)
    .bind(row.actor)
    .bind(row.via)
    .bind(row.key)
    .bind(row.address)
    .bind(row.action)
    .bind(row.target)
    .bind(row.detail)
    .bind(sha256.as_slice())
    .execute(&mut *connection)
    .await?;
    sqlx::query("UPDATE audit_head SET number = ?, sha256 = ?")
        .bind(row.number)
        .bind(sha256.as_slice())
        .execute(&mut *connection)
        .await?;
    Ok(())
}

impl Store {
    /// Appends an entry of something that changes nothing else here, a login for one.
    ///
    /// # Errors
    /// [`StorageError`]; nothing was appended.
    pub async fn append_audit(&self, note: AuditNote) -> Result<(), StorageError> {
        self.writer().execute(Append(note)).await
    }

    /// The wanted entries, the newest first. The cursor is the number of the last one told.
    ///
    /// # Errors
    /// [`ListError`]: the cursor, or the storage.
    pub async fn list_audit(&self, wanted: &AuditFilter, paging: &Paging) -> Result<Page<AuditEntry>, ListError> {
        let before = match &paging.cursor {
            None => i64::MAX,
            Some(cursor) => cursor.strip_prefix('a').and_then(|number| number.parse().ok()).ok_or(BadCursor)?,
        };
        let limit = paging.bounded();
        let mut query = QueryBuilder::<Sqlite>::new("SELECT * FROM audit WHERE number < ");
        query.push_bind(before);
        if let Some(actor) = &wanted.actor {
            query.push(" AND actor = ").push_bind(actor.as_bytes().to_vec());
        }
        if let Some(action) = wanted.action {
            query.push(" AND action = ").push_bind(action.as_str());
        }
        if let Some(target) = &wanted.target {
            query.push(" AND target = ").push_bind(target.clone());
        }
        query.push(" ORDER BY number DESC LIMIT ").push_bind(i64::from(limit) + 1);
        let found = query.build().fetch_all(self.readers()).await?;
        let mut items = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let most = usize::try_from(limit).unwrap_or(usize::MAX);
        let more = items.len() > most;
        items.truncate(most);
        let next_cursor = items.last().filter(|_| more).map(|entry| format!("a{}", entry.number));
        Ok(Page { items, next_cursor })
    }

    /// Reads the whole log and holds each entry against the one before, and the last against the end that is kept
    /// apart.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn check_audit(&self) -> Result<AuditCheck, StorageError> {
        let last = head(&mut *self.readers().acquire().await?).await?;
        let mut check = Check { before: vec![0; 32], number: 0, faults: Vec::new() };
        loop {
            let found = sqlx::query("SELECT * FROM audit WHERE number > ? AND number <= ? ORDER BY number LIMIT ?")
                .bind(check.number)
                .bind(last.number)
                .bind(BATCH)
                .fetch_all(self.readers())
                .await?;
            if found.is_empty() {
                break;
            }
            for row in &found {
                check.take(&Row::read(row)?, Columns::new(row, "an audit entry").get("sha256")?);
            }
        }
        check.end(&last);
        let number = u64::try_from(last.number).unwrap_or(0);
        let head = AuditHead { number, sha256: hex(&last.sha256) };
        check.faults.truncate(MOST_FAULTS);
        Ok(AuditCheck { entries: number, head, faults: check.faults })
    }
}

/// How far a check has come.
struct Check {
    before: Vec<u8>,
    number: i64,
    faults: Vec<AuditFault>,
}

impl Check {
    fn fault(&mut self, number: i64, message: &str) {
        if self.faults.len() < MOST_FAULTS {
            let number = u64::try_from(number).unwrap_or(0);
            self.faults.push(AuditFault { number, message: message.to_owned() });
        }
    }

    /// The next entry that is there. After a fault, what follows is held against what is there.
    fn take(&mut self, row: &Row, sha256: Vec<u8>) {
        for missing in self.number + 1..row.number {
            if self.faults.len() >= MOST_FAULTS {
                break;
            }
            self.fault(missing, "this entry is missing");
        }
        let follows = row.number == self.number + 1;
        if follows && row.hash(&self.before).as_slice() != sha256.as_slice() {
            self.fault(row.number, "this entry is not as it was written");
        }
        (self.number, self.before) = (row.number, sha256);
    }

    fn end(&mut self, last: &Head) {
        for missing in self.number + 1..=last.number {
            if self.faults.len() >= MOST_FAULTS {
                break;
            }
            self.fault(missing, "this entry is missing");
        }
        if self.number == last.number && self.before != last.sha256 {
            self.fault(last.number, "the end of the log is not as it was written");
        }
    }
}

fn read(row: &SqliteRow) -> Result<AuditEntry, StorageError> {
    let columns = Columns::new(row, "an audit entry");
    let maybe_id = |column: &str| -> Result<Option<[u8; 16]>, StorageError> {
        let bytes: Option<Vec<u8>> = columns.get(column)?;
        bytes.map(|bytes| bytes.try_into().map_err(|_| StorageError::Unreadable { what: "an audit entry" })).transpose()
    };
    Ok(AuditEntry {
        number: columns.count("number")?,
        at: columns.at("at")?,
        actor: maybe_id("actor")?.map(UserId::from_bytes),
        actor_name: None,
        via: columns.word("via")?,
        key: maybe_id("key")?.map(KeyId::from_bytes),
        address: columns.get("address")?,
        action: columns.word("action")?,
        target: columns.get("target")?,
        detail: columns.get("detail")?,
        sha256: hex(&columns.get::<Vec<u8>>("sha256")?),
    })
}

struct Append(AuditNote);

impl Command for Append {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        append(tx.connection, &self.0).await
    }
}

/// A command with what is to be told of it, in its own transaction.
pub(crate) struct Audited<C> {
    pub(crate) command: C,
    pub(crate) note: AuditNote,
}

impl<C: Command> Command for Audited<C> {
    type Output = C::Output;
    type Error = C::Error;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<C::Output, C::Error> {
        let output = self.command.apply(tx).await?;
        if C::has_changed(&output) {
            append(tx.connection, &self.note).await?;
        }
        Ok(output)
    }
}
