//! The one writer: a task that owns the write connection, fed by a bounded queue.
//!
//! It gathers what waits and commits it together, so that durability costs one fsync per group. A caller is
//! answered after the commit alone. What one command refuses or breaks is undone by its savepoint and spoils
//! nothing else of the group.

mod command;
mod delta;
mod group;
mod pending;
mod records;
mod task;

use std::sync::{
    Arc, Mutex,
    atomic::{AtomicBool, Ordering},
};

use sqlx::SqliteConnection;
use tokio::{
    sync::{mpsc, oneshot, watch},
    task::JoinHandle,
};

pub(crate) use command::{Command, Tx};

use crate::{Begin, Checkpoint, Finish, StorageError, WriteCompletionError};
use protocol::CompletionId;

type Reply<T> = oneshot::Sender<T>;

/// What waits for the writer.
enum Job {
    Command(Box<dyn command::AnyCommand>),
    Record(Record),
    /// Empties the journal; true if no reader stood in the way.
    EmptyJournal(Reply<Result<bool, StorageError>>),
}

/// A step of a completion: the gateway's hot path, written in bulk.
enum Record {
    /// Answered once durable where somebody waits for it, else written with what comes next.
    Begin(Box<Begin>, Option<Reply<Result<(), WriteCompletionError>>>),
    Checkpoint(CompletionId, Checkpoint),
    /// With the words of the answer.
    Finish(Box<Finish>, String, Reply<Result<(), WriteCompletionError>>),
}

/// The handle of the writer task.
pub(crate) struct Writer {
    /// None once closed.
    queue: Mutex<Option<mpsc::Sender<Job>>>,
    changes: watch::Receiver<u64>,
    /// Whether the storage failed the latest group or a part of it.
    failing: Arc<AtomicBool>,
    task: tokio::sync::Mutex<Option<JoinHandle<Result<(), StorageError>>>>,
}

impl Writer {
    pub(crate) async fn start(mut connection: SqliteConnection, queue: usize) -> Result<Self, StorageError> {
        let last: i64 = sqlx::query_scalar(
            "SELECT max(coalesce((SELECT max(change) FROM session), 0), coalesce((SELECT max(change) FROM tombstone), 0),
                coalesce((SELECT max(change) FROM task), 0), coalesce((SELECT max(change) FROM test_set), 0),
                coalesce((SELECT max(change) FROM gone), 0))",
        )
        .fetch_one(&mut connection)
        .await?;
        let (sender, receiver) = mpsc::channel(queue.max(1));
        let (told, changes) = watch::channel(u64::try_from(last).unwrap_or(0));
        let failing = Arc::new(AtomicBool::new(false));
        let task = tokio::spawn(task::run(connection, receiver, told, Arc::clone(&failing)));
        Ok(Self { queue: Mutex::new(Some(sender)), changes, failing, task: tokio::sync::Mutex::new(Some(task)) })
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.clone()
    }

    /// Whether the storage failed the latest group or a part of it: what comes next may fail, too.
    pub(crate) fn is_failing(&self) -> bool {
        self.failing.load(Ordering::Relaxed)
    }

    async fn send(&self, job: Job) -> Result<(), StorageError> {
        let queue = self.queue.lock().map_err(|_| StorageError::Closed)?.clone();
        queue.ok_or(StorageError::Closed)?.send(job).await.map_err(|_| StorageError::Closed)
    }

    /// Runs a command in the writer's next group, and answers after its commit.
    pub(crate) async fn execute<C: Command>(&self, command: C) -> Result<C::Output, C::Error> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Command(command::boxed(command, reply))).await?;
        answer.await.unwrap_or_else(|_| Err(StorageError::Closed.into()))
    }

    /// Queues a begin that nobody waits for.
    pub(crate) async fn begin(&self, begin: Begin) -> Result<(), StorageError> {
        self.send(Job::Record(Record::Begin(Box::new(begin), None))).await
    }

    /// Queues a begin; the receiver is answered after its commit.
    pub(crate) async fn begin_durably(
        &self,
        begin: Begin,
    ) -> Result<oneshot::Receiver<Result<(), WriteCompletionError>>, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Record(Record::Begin(Box::new(begin), Some(reply)))).await?;
        Ok(answer)
    }

    pub(crate) async fn checkpoint(&self, id: CompletionId, checkpoint: Checkpoint) -> Result<(), StorageError> {
        self.send(Job::Record(Record::Checkpoint(id, checkpoint))).await
    }

    pub(crate) async fn finish(&self, finish: Finish, words: String) -> Result<(), WriteCompletionError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::Record(Record::Finish(Box::new(finish), words, reply))).await?;
        answer.await.unwrap_or(Err(WriteCompletionError::Storage(StorageError::Closed)))
    }

    /// Folds the journal into the database and cuts it to nothing. False where a reader stood in the way.
    pub(crate) async fn empty_journal(&self) -> Result<bool, StorageError> {
        let (reply, answer) = oneshot::channel();
        self.send(Job::EmptyJournal(reply)).await?;
        answer.await.unwrap_or(Err(StorageError::Closed))
    }

    /// Takes no more, finishes what was taken, closes the connection.
    pub(crate) async fn close(&self) -> Result<(), StorageError> {
        if let Ok(mut queue) = self.queue.lock() {
            queue.take();
        }
        match self.task.lock().await.take() {
            Some(task) => task.await.unwrap_or(Err(StorageError::Closed)),
            None => Ok(()),
        }
    }
}
