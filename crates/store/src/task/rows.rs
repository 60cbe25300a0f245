//! Reading rows: those to be tried, those to be scored, a page to be shown, the scores of all.

use protocol::{
    CompletionId, TaskId,
    completion::{CompletionTiming, CompletionUsage},
    task::{RowState, TaskRow},
};
use serde_json::Value;
use sqlx::{QueryBuilder, Sqlite, sqlite::SqliteRow};

use super::Scores;
use crate::{
    StorageError, Store,
    page::MAX_LIMIT,
    rows::{self, Columns},
};

/// A row that is still to be tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    pub number: u64,
    pub line: u64,
    pub custom_id: Option<String>,
    /// JSON of the columns or the request.
    pub content: String,
}

/// A row that was answered and has no scores yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnscoredRow {
    pub row: PendingRow,
    /// None: the answer was deleted meanwhile.
    pub response: Option<String>,
}

/// The scores of a row.
#[derive(Debug, Clone, PartialEq)]
pub struct ScoredRow {
    pub number: u64,
    pub state: RowState,
    pub scores: Scores,
}

/// Which rows of a task are listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowFilter {
    pub state: Option<RowState>,
    /// Text of the input or the response, as it is written.
    pub q: Option<String>,
}

impl Store {
    /// The next rows of a task that are to be tried, from this number on: at most `limit` (up to 1,000).
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_pending_rows(
        &self,
        task: TaskId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<PendingRow>, StorageError> {
        let found = sqlx::query(
            "SELECT number, line, custom_id, content FROM task_row
             WHERE task = ? AND state = 'pending' AND number >= ? ORDER BY number LIMIT ?",
        )
        .bind(task.as_bytes().as_slice())
        .bind(rows::signed(from))
        .bind(i64::from(limit.clamp(1, 1000)))
        .fetch_all(self.readers())
        .await?;
        found.iter().map(|row| pending(&Columns::new(row, "a task's row"))).collect()
    }

    /// The next answered rows of a task without scores, from this number on: at most `limit` (up to 1,000).
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_unscored_rows(
        &self,
        task: TaskId,
        from: u64,
        limit: u32,
    ) -> Result<Vec<UnscoredRow>, StorageError> {
        let found = sqlx::query(
            "SELECT number, line, custom_id, content, response
             FROM task_row LEFT JOIN completion ON completion.id = task_row.completion
             WHERE task_row.task = ? AND state = 'done' AND scores IS NULL AND number >= ? ORDER BY number LIMIT ?",
        )
        .bind(task.as_bytes().as_slice())
        .bind(rows::signed(from))
        .bind(i64::from(limit.clamp(1, 1000)))
        .fetch_all(self.readers())
        .await?;
        let read = |row: &SqliteRow| {
            let columns = Columns::new(row, "a task's row");
            Ok(UnscoredRow { row: pending(&columns)?, response: columns.get("response")? })
        };
        found.iter().map(read).collect()
    }

    /// The scores of the rows of a task and of those that it goes on with, by number, from this number on: at most
    /// `limit` (up to 1,000).
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_row_scores(&self, task: TaskId, from: u64, limit: u32) -> Result<Vec<ScoredRow>, StorageError> {
        let chain = self.task_chain(task).await?;
        let mut query = QueryBuilder::new("");
        push_rows(&mut query, "number, state, scores", &chain, Numbers::From(from));
        query.push(" ORDER BY number LIMIT ").push_bind(i64::from(limit.clamp(1, 1000)));
        let found = query.build().fetch_all(self.readers()).await?;
        let read = |row: &SqliteRow| {
            let columns = Columns::new(row, "a task's row");
            Ok(ScoredRow {
                number: columns.count("number")?,
                state: columns.word("state")?,
                scores: columns.maybe_json("scores")?.unwrap_or_default(),
            })
        };
        found.iter().map(read).collect()
    }

    /// Rows of a task and of those that it goes on with, by number, from this number on: at most `limit` (up to 200),
    /// and the number that the next page begins with.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_task_rows(
        &self,
        task: TaskId,
        filter: &RowFilter,
        from: u64,
        limit: u32,
    ) -> Result<(Vec<TaskRow>, Option<u64>), StorageError> {
        let (chain, limit) = (self.task_chain(task).await?, limit.clamp(1, MAX_LIMIT));
        let mut query = QueryBuilder::new("SELECT r.*, ");
        query.push(ANSWER).push(" FROM (");
        push_rows(&mut query, "*", &chain, Numbers::From(from));
        query.push(" ORDER BY number) AS r LEFT JOIN completion AS c ON c.id = r.completion WHERE 1");
        if let Some(state) = filter.state {
            query.push(" AND r.state = ").push_bind(state.as_str());
        }
        if let Some(q) = filter.q.as_deref().filter(|q| !q.is_empty()) {
            query.push(" AND (instr(r.content, ").push_bind(q.to_owned());
            query.push(") > 0 OR instr(c.response, ").push_bind(q.to_owned()).push(") > 0)");
        }
        query.push(" ORDER BY r.number LIMIT ").push_bind(i64::from(limit) + 1);
        let found = query.build().fetch_all(self.readers()).await?;
        let mut rows = found.iter().map(read).collect::<Result<Vec<_>, _>>()?;
        let next = (rows.len() > limit as usize).then(|| rows.pop().map(|row| row.number)).flatten();
        Ok((rows, next))
    }
}

/// What is shown of a row's answer.
pub(super) const ANSWER: &str =
    "c.response, c.finish_reason, c.prompt_tokens, c.completion_tokens, c.queued_ms, c.first_token_ms,
    c.total_ms, c.tokens_per_second";

/// Which rows of a chain.
#[derive(Debug, Clone, Copy)]
pub(super) enum Numbers<'a> {
    From(u64),
    /// These.
    In(&'a [i64]),
}

/// The rows of the first task of a chain, and those of the others that are not to be tried any more.
pub(super) fn push_rows(query: &mut QueryBuilder<Sqlite>, columns: &str, chain: &[Vec<u8>], numbers: Numbers<'_>) {
    for (place, task) in chain.iter().enumerate() {
        let and = if place == 0 { "" } else { " UNION ALL " };
        query.push(and).push("SELECT ").push(columns).push(" FROM task_row WHERE task = ").push_bind(task.clone());
        match numbers {
            Numbers::From(0) => {}
            Numbers::From(from) => {
                query.push(" AND number >= ").push_bind(rows::signed(from));
            }
            Numbers::In(list) => {
                query.push(" AND number IN (SELECT value FROM json_each(").push_bind(rows::json(list)).push("))");
            }
        }
        if place > 0 {
            query.push(" AND state <> 'pending'");
        }
    }
    if chain.is_empty() {
        query.push("SELECT ").push(columns).push(" FROM task_row WHERE 0");
    }
}

fn pending(columns: &Columns<'_>) -> Result<PendingRow, StorageError> {
    Ok(PendingRow {
        number: columns.count("number")?,
        line: columns.count("line")?,
        custom_id: columns.get("custom_id")?,
        content: columns.get("content")?,
    })
}

pub(super) fn read(row: &SqliteRow) -> Result<TaskRow, StorageError> {
    let columns = Columns::new(row, "a task's row");
    let completion: Option<Vec<u8>> = columns.get("completion")?;
    let completion = completion.and_then(|bytes| bytes.as_slice().try_into().map(CompletionId::from_bytes).ok());
    let tokens = |column: &str| -> Result<u64, StorageError> {
        Ok(columns.get::<Option<i64>>(column)?.and_then(|tokens| u64::try_from(tokens).ok()).unwrap_or(0))
    };
    let content: Value = columns.maybe_json("content")?.unwrap_or_default();
    Ok(TaskRow {
        number: columns.count("number")?,
        line: columns.count("line")?,
        custom_id: columns.get("custom_id")?,
        state: columns.word("state")?,
        input: shown(content),
        completion_id: completion,
        response: columns.get("response")?,
        finish_reason: columns.maybe_word("finish_reason")?,
        error: columns.maybe_json("error")?,
        scores: columns.maybe_json("scores")?.unwrap_or_default(),
        usage: CompletionUsage {
            prompt_tokens: tokens("prompt_tokens")?,
            completion_tokens: tokens("completion_tokens")?,
        },
        timing: CompletionTiming {
            queued_ms: columns.get("queued_ms")?,
            first_token_ms: columns.get("first_token_ms")?,
            total_ms: columns.get("total_ms")?,
            tokens_per_second: columns.get("tokens_per_second")?,
        },
    })
}

/// A row's columns, or the body of its request.
fn shown(mut content: Value) -> Value {
    match content.as_object_mut() {
        Some(object) => object.remove("columns").or_else(|| object.remove("body")).unwrap_or_default(),
        None => Value::Null,
    }
}
