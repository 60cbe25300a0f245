//! The completions of a group: inserted many rows at a time, counted on their sessions once per session.
//!
//! The bulk goes the fast way under one savepoint. Should anything in it fail, it is undone and each record goes
//! its own way, so that one whose session is gone takes no other with it.

use std::collections::HashMap;

use protocol::{CompletionId, SessionId, completion::CompletionUsage};

use super::{
    Tx,
    delta::{self, Delta},
    group::{Finishing, Records, undo},
    pending::Pending,
};
use crate::{
    Begin, Checkpoint, Finish, StorageError, WriteCompletionError,
    completion::write::{self, Row},
};

/// What of the group was refused, by index; an index that is absent was not.
#[derive(Default)]
pub(super) struct Outcome {
    pub(super) begins: Vec<Option<WriteCompletionError>>,
    pub(super) finishes: Vec<Option<WriteCompletionError>>,
}

/// One record and the tokens counted of it, where it is stored as running.
#[derive(Clone, Copy)]
enum Step<'a> {
    Begin(&'a Begin),
    Checkpoint(CompletionId, &'a Checkpoint, CompletionUsage),
    Insert(&'a Finish, &'a str),
    Update(&'a Finish, &'a str, CompletionUsage),
}

pub(super) async fn apply(tx: &mut Tx<'_>, group: &Records, pending: &Pending) -> Result<Outcome, StorageError> {
    let steps = plan(group, pending);
    if steps.is_empty() {
        return Ok(Outcome::default());
    }
    sqlx::query("SAVEPOINT records").execute(&mut *tx.connection).await?;
    let outcome = match write_all(tx, &steps).await {
        Ok(()) => Outcome::default(),
        Err(error) => {
            undo(tx.connection, "ROLLBACK TO records", cause(&error)).await?;
            one_by_one(tx, group).await?
        }
    };
    sqlx::query("RELEASE records").execute(&mut *tx.connection).await?;
    Ok(outcome)
}

fn plan<'a>(group: &'a Records, pending: &Pending) -> Vec<Step<'a>> {
    let mut steps = Vec::with_capacity(group.len());
    steps.extend(group.begins.iter().map(|(begin, _)| Step::Begin(begin)));
    steps.extend(group.finishes.iter().map(|Finishing { finish, words, .. }| match pending.counted(finish.begin.id) {
        None => Step::Insert(finish, words),
        Some(counted) => Step::Update(finish, words, counted),
    }));
    // A checkpoint of what was just begun or is not known to run goes by what the row says, if there is one.
    steps.extend(
        group
            .checkpoints
            .iter()
            .map(|(id, point)| Step::Checkpoint(*id, point, pending.counted(*id).unwrap_or_default())),
    );
    steps
}

async fn one_by_one(tx: &mut Tx<'_>, group: &Records) -> Result<Outcome, StorageError> {
    let mut outcome = Outcome::default();
    for (begin, _) in &group.begins {
        let stored = write::find_counted(&mut *tx.connection, begin.id).await?;
        let refused = match stored {
            // Begun already: a begin says nothing new.
            Some(_) => None,
            None => alone(tx, Step::Begin(begin)).await?,
        };
        outcome.begins.push(refused);
    }
    for Finishing { finish, words, .. } in &group.finishes {
        let step = match write::find_counted(&mut *tx.connection, finish.begin.id).await? {
            None => Step::Insert(finish, words),
            Some(counted) => Step::Update(finish, words, counted),
        };
        outcome.finishes.push(alone(tx, step).await?);
    }
    for (id, checkpoint) in &group.checkpoints {
        if let Some(counted) = write::find_counted(&mut *tx.connection, *id).await? {
            // A checkpoint that cannot be written is followed by another, or by the end.
            alone(tx, Step::Checkpoint(*id, checkpoint, counted)).await?;
        }
    }
    Ok(outcome)
}

/// Writes one record under its own savepoint; what was refused comes back, what breaks the group is the error.
async fn alone(tx: &mut Tx<'_>, step: Step<'_>) -> Result<Option<WriteCompletionError>, StorageError> {
    sqlx::query("SAVEPOINT record").execute(&mut *tx.connection).await?;
    let refused = write_all(tx, &[step]).await.err();
    if let Some(error) = &refused {
        undo(tx.connection, "ROLLBACK TO record", cause(error)).await?;
    }
    sqlx::query("RELEASE record").execute(&mut *tx.connection).await?;
    Ok(refused)
}

fn cause(error: &WriteCompletionError) -> Option<StorageError> {
    match error {
        WriteCompletionError::Storage(error) => Some(error.clone()),
        WriteCompletionError::SessionGone => None,
    }
}

async fn write_all(tx: &mut Tx<'_>, steps: &[Step<'_>]) -> Result<(), WriteCompletionError> {
    let rows: Vec<Row<'_>> = steps.iter().filter_map(inserted).collect();
    write::insert(&mut *tx.connection, &rows).await?;
    let mut deltas: HashMap<SessionId, Delta> = HashMap::new();
    for row in &rows {
        let delta = deltas.entry(row.session()).or_default();
        delta.interactions += 1;
        delta.result_bytes += row.bytes();
    }
    let mut words = Vec::new();
    for step in steps {
        match *step {
            Step::Begin(_) => {}
            Step::Checkpoint(id, checkpoint, counted) => {
                if write::checkpoint(&mut *tx.connection, id, checkpoint).await? {
                    deltas.entry(checkpoint.session_id).or_default().count(checkpoint.usage, counted);
                }
            }
            Step::Insert(finish, text) => {
                deltas.entry(finish.begin.session_id).or_default().finish(finish, CompletionUsage::default());
                words.push((finish.begin.session_id, finish.begin.id, text));
            }
            Step::Update(finish, text, counted) => {
                write::finish(&mut *tx.connection, &Row::finished(finish)).await?;
                deltas.entry(finish.begin.session_id).or_default().finish(finish, counted);
                words.push((finish.begin.session_id, finish.begin.id, text));
            }
        }
    }
    write::insert_words(&mut *tx.connection, &words).await?;
    delta::add(tx, deltas).await?;
    Ok(())
}

fn inserted<'a>(step: &Step<'a>) -> Option<Row<'a>> {
    match *step {
        Step::Begin(begin) => Some(Row::begun(begin)),
        Step::Insert(finish, _) => Some(Row::finished(finish)),
        Step::Checkpoint(..) | Step::Update(..) => None,
    }
}
