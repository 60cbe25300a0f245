//! The writer's loop: wait, gather, commit, answer.

use std::sync::{
    Arc,
    atomic::{AtomicBool, Ordering},
};

use sqlx::{Connection, SqliteConnection};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{
    Job, Record, Reply,
    group::{Committed, Group, commit},
    pending::{Due, Pending},
};
use crate::StorageError;

/// Most jobs of one group: bounds how long one commit takes.
const MOST: usize = 512;

/// Who waits for the journal to be emptied after the commit.
type Emptying = Reply<Result<bool, StorageError>>;

/// Runs until every sender is gone and everything taken is written.
pub(super) async fn run(
    mut connection: SqliteConnection,
    mut queue: mpsc::Receiver<Job>,
    changes: watch::Sender<u64>,
    failing: Arc<AtomicBool>,
) -> Result<(), StorageError> {
    let mut pending = Pending::default();
    let mut change = *changes.borrow();
    loop {
        let mut group = Group::default();
        let mut emptying = Vec::new();
        let open = gather(&mut queue, &mut pending, &mut group, &mut emptying).await;
        let now = Instant::now();
        let due = if open { pending.take_due(now, MOST) } else { pending.take_all(now) };
        for step in due {
            match step {
                Due::Begin(begin) => group.records.begins.push((begin, None)),
                Due::Checkpoint(id, checkpoint) => group.records.checkpoints.push((id, checkpoint)),
            }
        }
        let before = change;
        if !group.is_empty() {
            let committed = commit(&mut connection, group, &mut pending, &mut change).await;
            failing.store(committed != Committed::All, Ordering::Relaxed);
            if committed != Committed::Nothing && change > before {
                changes.send_replace(change);
            }
        }
        if !emptying.is_empty() {
            let emptied = empty_journal(&mut connection).await;
            for reply in emptying {
                // Who has gone away wants no answer.
                let _ = reply.send(emptied.clone());
            }
        }
        if !open {
            break;
        }
    }
    empty_journal(&mut connection).await?;
    Ok(connection.close().await?)
}

/// Waits for something that is to be written now, and takes whatever else waits. False once no more will come.
async fn gather(
    queue: &mut mpsc::Receiver<Job>,
    pending: &mut Pending,
    group: &mut Group,
    emptying: &mut Vec<Emptying>,
) -> bool {
    loop {
        let job = match pending.next_due() {
            None => queue.recv().await,
            Some(due) => tokio::select! {
                biased;
                job = queue.recv() => job,
                () = sleep_until(due) => return true,
            },
        };
        let Some(job) = job else { return false };
        accept(job, pending, group, emptying);
        while group.len() < MOST {
            match queue.try_recv() {
                Ok(job) => accept(job, pending, group, emptying),
                Err(_) => break,
            }
        }
        let overdue = pending.next_due().is_some_and(|due| due <= Instant::now());
        if !group.is_empty() || !emptying.is_empty() || overdue {
            return true;
        }
    }
}

fn accept(job: Job, pending: &mut Pending, group: &mut Group, emptying: &mut Vec<Emptying>) {
    match job {
        Job::Command(command) => group.commands.push(command),
        Job::EmptyJournal(reply) => emptying.push(reply),
        Job::Record(Record::Begin(begin, None)) => pending.begin(begin, Instant::now()),
        Job::Record(Record::Begin(begin, reply)) => group.records.begins.push((begin, reply)),
        Job::Record(Record::Checkpoint(id, checkpoint)) => pending.checkpoint(id, checkpoint, Instant::now()),
        Job::Record(Record::Finish(finish, words, reply)) => {
            pending.forget(finish.begin.id);
            group.records.finish(finish, words, reply);
        }
    }
}

/// Folds the journal into the database and cuts it to nothing. False where a reader stood in the way: readers are
/// waited for a moment only, as writes wait meanwhile.
async fn empty_journal(connection: &mut SqliteConnection) -> Result<bool, StorageError> {
    sqlx::query("PRAGMA busy_timeout = 50").execute(&mut *connection).await?;
    let busy = sqlx::query_scalar::<_, i64>("PRAGMA wal_checkpoint(TRUNCATE)").fetch_one(&mut *connection).await;
    sqlx::query("PRAGMA busy_timeout = 5000").execute(&mut *connection).await?;
    Ok(busy? == 0)
}
