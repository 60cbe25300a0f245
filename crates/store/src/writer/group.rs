//! One group: a transaction, a savepoint for whatever may fail alone, one commit, then the answers.

use protocol::CompletionId;
use sqlx::SqliteConnection;
use tokio::time::Instant;

use super::{
    Reply, Tx,
    command::{AnyCommand, Verdict},
    pending::Pending,
    records::{self, Outcome},
};
use crate::{Begin, Checkpoint, Finish, StorageError, WriteCompletionError};

pub(super) type RecordReply = Reply<Result<(), WriteCompletionError>>;

/// The steps of completions in a group.
#[derive(Default)]
pub(super) struct Records {
    pub(super) begins: Vec<(Box<Begin>, Option<RecordReply>)>,
    pub(super) checkpoints: Vec<(CompletionId, Checkpoint)>,
    pub(super) finishes: Vec<Finishing>,
}

/// An end on its way to the disk.
pub(super) struct Finishing {
    pub(super) finish: Box<Finish>,
    /// Those of the answer, to be searched by.
    pub(super) words: String,
    pub(super) reply: RecordReply,
    /// Who waits for the begin, where this end came before it was written and is stored in its stead.
    pub(super) begun: Option<RecordReply>,
}

/// What is committed together.
#[derive(Default)]
pub(super) struct Group {
    pub(super) records: Records,
    pub(super) commands: Vec<Box<dyn AnyCommand>>,
}

impl Records {
    /// Takes an end in. It says all that a begin of the same group would: the row is written once.
    pub(super) fn finish(&mut self, finish: Box<Finish>, words: String, reply: RecordReply) {
        let begun = self.begins.iter().rposition(|(begin, _)| begin.id == finish.begin.id);
        let begun = begun.and_then(|index| self.begins.swap_remove(index).1);
        self.finishes.push(Finishing { finish, words, reply, begun });
    }

    pub(super) fn len(&self) -> usize {
        self.begins.len() + self.checkpoints.len() + self.finishes.len()
    }
}

impl Group {
    pub(super) fn len(&self) -> usize {
        self.records.len() + self.commands.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// What became of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Committed {
    All,
    /// All but records that the storage failed.
    Partly,
    Nothing,
}

/// Commits a group and answers everyone in it.
pub(super) async fn commit(
    connection: &mut SqliteConnection,
    mut group: Group,
    pending: &mut Pending,
    change: &mut u64,
) -> Committed {
    let worked = work(connection, &mut group, pending, change).await;
    let (outcome, committed) = match worked {
        Ok(outcome) => match sqlx::query("COMMIT").execute(&mut *connection).await {
            Ok(_) => (outcome, Ok(())),
            Err(error) => (Outcome::default(), Err(StorageError::from(error))),
        },
        Err(error) => (Outcome::default(), Err(error)),
    };
    if let Err(error) = &committed {
        tracing::error!(error = error as &dyn std::error::Error, jobs = group.len(), "a group was not committed");
        // SQLite has rolled back by itself after some errors: that there is nothing to roll back is no fault.
        let _ = sqlx::query("ROLLBACK").execute(&mut *connection).await;
    }
    let is_failed = |refused: &Option<WriteCompletionError>| matches!(refused, Some(WriteCompletionError::Storage(_)));
    let failed = outcome.begins.iter().chain(&outcome.finishes).any(is_failed);
    let became = match (committed.is_ok(), failed) {
        (true, false) => Committed::All,
        (true, true) => Committed::Partly,
        (false, _) => Committed::Nothing,
    };
    answer(group, outcome, committed, pending);
    became
}

async fn work(
    connection: &mut SqliteConnection,
    group: &mut Group,
    pending: &Pending,
    change: &mut u64,
) -> Result<Outcome, StorageError> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await?;
    let outcome =
        records::apply(&mut Tx { connection: &mut *connection, change: &mut *change }, &group.records, pending).await?;
    for command in &mut group.commands {
        sqlx::query("SAVEPOINT command").execute(&mut *connection).await?;
        let verdict = command.apply(Tx { connection: &mut *connection, change: &mut *change }).await;
        if let Verdict::Undo(cause) = verdict {
            undo(connection, "ROLLBACK TO command", cause).await?;
        }
        sqlx::query("RELEASE command").execute(&mut *connection).await?;
    }
    Ok(outcome)
}

/// Goes back to a savepoint. After some errors, a full disk among them, SQLite has rolled back the whole transaction:
/// then the cause is what the group failed for.
pub(super) async fn undo(
    connection: &mut SqliteConnection,
    to: &'static str,
    cause: Option<StorageError>,
) -> Result<(), StorageError> {
    match sqlx::query(to).execute(connection).await {
        Ok(_) => Ok(()),
        Err(error) => Err(cause.unwrap_or_else(|| error.into())),
    }
}

fn answer(group: Group, outcome: Outcome, committed: Result<(), StorageError>, pending: &mut Pending) {
    let now = Instant::now();
    let refused = |index: usize, list: &[Option<WriteCompletionError>]| list.get(index).cloned().flatten();
    let stored = |index, list: &[Option<WriteCompletionError>]| match (&committed, refused(index, list)) {
        (Err(error), _) => Err(WriteCompletionError::Storage(error.clone())),
        (Ok(()), Some(error)) => Err(error),
        (Ok(()), None) => Ok(()),
    };
    // Nobody waits for a reply that cannot be delivered.
    for (index, (begin, reply)) in group.records.begins.into_iter().enumerate() {
        let result = stored(index, &outcome.begins);
        match (&result, reply) {
            (Ok(()), None) => pending.stored_running(begin.id, Default::default()),
            (Err(WriteCompletionError::Storage(_)), None) => pending.retry(begin, now),
            (Err(error), None) => tracing::warn!(%error, "the begin of a completion was let go"),
            (_, Some(reply)) => {
                if result.is_ok() {
                    pending.stored_running(begin.id, Default::default());
                }
                let _ = reply.send(result);
            }
        }
    }
    if committed.is_ok() {
        for (id, checkpoint) in group.records.checkpoints {
            if pending.counted(id).is_some() {
                pending.stored_running(id, checkpoint.usage);
            }
        }
    }
    for (index, finishing) in group.records.finishes.into_iter().enumerate() {
        let result = stored(index, &outcome.finishes);
        if result.is_ok() {
            pending.stored_done(finishing.finish.begin.id);
        }
        if let Some(begun) = finishing.begun {
            let _ = begun.send(result.clone());
        }
        let _ = finishing.reply.send(result);
    }
    for command in group.commands {
        command.answer(committed.clone());
    }
}
