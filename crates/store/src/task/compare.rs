//! Tasks on the same rows side by side, and a person's votes on them.

use std::collections::HashMap;

use jiff::Timestamp;
use protocol::{
    TaskId,
    task::{ComparedRow, RowVote, Tally, TaskRow, Vote},
};
use sqlx::{QueryBuilder, Sqlite};

use super::rows::{ANSWER, Numbers, push_rows, read};
use crate::{
    StorageError, Store,
    page::MAX_LIMIT,
    rows::{self, Columns},
    writer::{Command, Tx},
};

/// Which rows of tasks are wanted side by side.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ComparedRows {
    /// Those that differ most by this scoring first; none: in the order of the input.
    pub score: Option<String>,
    /// Text of the input or of an answer.
    pub q: Option<String>,
    pub offset: u64,
    /// Up to 200.
    pub limit: u32,
}

impl Store {
    /// Rows of the first task's input with what each task made of them, and whether there are more.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn list_compared_rows(
        &self,
        tasks: &[TaskId],
        wanted: &ComparedRows,
    ) -> Result<(Vec<ComparedRow>, bool), StorageError> {
        let limit = usize::try_from(wanted.limit.clamp(1, MAX_LIMIT)).unwrap_or(1);
        let mut chains = Vec::with_capacity(tasks.len());
        for task in tasks {
            chains.push(self.task_chain(*task).await?);
        }
        let mut query = numbers(&chains, wanted, limit);
        let mut numbers: Vec<i64> = query.build_query_scalar().fetch_all(self.readers()).await?;
        let more = numbers.len() > limit;
        numbers.truncate(limit);
        let mut answers = Vec::with_capacity(chains.len());
        for chain in &chains {
            answers.push(self.rows_by_number(chain, &numbers).await?);
        }
        let numbers = numbers.into_iter().map(|number| u64::try_from(number).unwrap_or(0));
        let rows = numbers.map(|number| side_by_side(number, &mut answers, wanted.score.as_deref())).collect();
        Ok((rows, more))
    }

    async fn rows_by_number(&self, chain: &[Vec<u8>], numbers: &[i64]) -> Result<HashMap<u64, TaskRow>, StorageError> {
        let mut query = QueryBuilder::new("SELECT r.*, ");
        query.push(ANSWER).push(" FROM (");
        push_rows(&mut query, "*", chain, Numbers::In(numbers));
        query.push(") AS r LEFT JOIN completion AS c ON c.id = r.completion");
        let found = query.build().fetch_all(self.readers()).await?;
        found.iter().map(|row| read(row).map(|row| (row.number, row))).collect()
    }

    /// Keeps a vote; an earlier one on the same row gives way.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn vote(&self, vote: &Vote, at: Timestamp) -> Result<(), StorageError> {
        self.writer().execute(KeepVote { vote: vote.clone(), at }).await
    }

    /// The votes on the rows of these tasks.
    ///
    /// # Errors
    /// [`StorageError`]
    pub async fn tally(&self, tasks: &[TaskId]) -> Result<Tally, StorageError> {
        let found = sqlx::query("SELECT task_row, choice FROM vote WHERE tasks = ? ORDER BY task_row")
            .bind(key(tasks))
            .fetch_all(self.readers())
            .await?;
        let mut tally = Tally { votes: vec![0; tasks.len()], ..Tally::default() };
        for row in &found {
            let columns = Columns::new(row, "a vote");
            let choice: Option<Vec<u8>> = columns.get("choice")?;
            let choice = choice.and_then(|bytes| bytes.as_slice().try_into().map(TaskId::from_bytes).ok());
            match choice.and_then(|choice| tasks.iter().position(|task| *task == choice)) {
                Some(place) => tally.votes[place] += 1,
                None => tally.ties += 1,
            }
            tally.rows.push(RowVote { row: columns.count("task_row")?, choice });
        }
        Ok(tally)
    }
}

/// The numbers of the wanted rows in their order, one more than fits. The rows themselves are looked through for a text
/// alone; their order comes from the scores, which lie apart from them.
fn numbers(chains: &[Vec<Vec<u8>>], wanted: &ComparedRows, limit: usize) -> QueryBuilder<Sqlite> {
    let text = wanted.q.as_deref().filter(|q| !q.is_empty());
    let mut query = QueryBuilder::new("SELECT r0.number FROM (");
    for (place, chain) in chains.iter().enumerate() {
        let columns = if text.is_some() { "number, content, completion" } else { "number" };
        match (place, text) {
            (0, _) => push_rows(&mut query, columns, chain, Numbers::From(0)),
            (_, None) => continue,
            (_, Some(_)) => {
                query.push(" LEFT JOIN (");
                push_rows(&mut query, columns, chain, Numbers::From(0));
            }
        }
        query.push(") AS r").push(place);
        if place > 0 {
            query.push(" ON r").push(place).push(".number = r0.number");
        }
    }
    for (place, chain) in chains.iter().enumerate().filter(|_| wanted.score.is_some()) {
        query.push(" LEFT JOIN row_score AS s").push(place).push(" ON s").push(place).push(".number = r0.number AND s");
        query
            .push(place)
            .push(".name = ")
            .push_bind(wanted.score.clone())
            .push(" AND s")
            .push(place)
            .push(".task IN (");
        let mut tasks = query.separated(", ");
        for task in chain {
            tasks.push_bind(task.clone());
        }
        query.push(")");
    }
    query.push(" WHERE 1");
    if let Some(text) = text {
        push_search(&mut query, chains.len(), text);
    }
    query.push(" ORDER BY ");
    if wanted.score.is_some() {
        for (function, then) in [("max(", " - "), ("min(", " DESC NULLS LAST, ")] {
            query.push(function);
            for place in 0..chains.len() {
                query.push(if place > 0 { ", s" } else { "s" }).push(place).push(".value");
            }
            query.push(")").push(then);
        }
    }
    query.push("r0.number LIMIT ").push_bind(i64::try_from(limit + 1).unwrap_or(i64::MAX));
    query.push(" OFFSET ").push_bind(rows::signed(wanted.offset));
    query
}

/// Only rows whose input, or the answer of one of so many tasks, holds the text.
fn push_search(query: &mut QueryBuilder<Sqlite>, tasks: usize, text: &str) {
    query.push(" AND (instr(r0.content, ").push_bind(text.to_owned()).push(") > 0");
    for place in 0..tasks {
        query.push(" OR instr((SELECT response FROM completion WHERE id = r").push(place).push(".completion), ");
        query.push_bind(text.to_owned()).push(") > 0");
    }
    query.push(")");
}

fn side_by_side(number: u64, answers: &mut [HashMap<u64, TaskRow>], score: Option<&str>) -> ComparedRow {
    let answers: Vec<Option<TaskRow>> = answers.iter_mut().map(|rows| rows.remove(&number)).collect();
    let values: Vec<f64> = score
        .into_iter()
        .flat_map(|name| answers.iter().flatten().filter_map(move |row| row.scores.get(name)?.value()))
        .collect();
    let spread = || values.iter().copied().fold(f64::MIN, f64::max) - values.iter().copied().fold(f64::MAX, f64::min);
    let input = answers.iter().flatten().map(|row| row.input.clone()).find(|input| !input.is_null());
    ComparedRow { number, input: input.unwrap_or_default(), difference: (values.len() > 1).then(spread), answers }
}

/// The ids in order, as the schema's triggers write them.
fn key(tasks: &[TaskId]) -> String {
    let mut ids: Vec<String> =
        tasks.iter().map(|task| task.as_bytes().iter().map(|byte| format!("{byte:02X}")).collect::<String>()).collect();
    ids.sort_unstable();
    ids.join(" ")
}

struct KeepVote {
    vote: Vote,
    at: Timestamp,
}

impl Command for KeepVote {
    type Output = ();
    type Error = StorageError;

    async fn apply(self, tx: &mut Tx<'_>) -> Result<(), StorageError> {
        sqlx::query("INSERT OR REPLACE INTO vote (tasks, task_row, choice, at) VALUES (?, ?, ?, ?)")
            .bind(key(&self.vote.tasks))
            .bind(rows::signed(self.vote.row))
            .bind(self.vote.choice.as_ref().map(|choice| choice.as_bytes().as_slice()))
            .bind(rows::micros(self.at))
            .execute(&mut *tx.connection)
            .await?;
        Ok(())
    }
}
