//! Runs a session's tasks, one after the other: keeps as many rows in flight as the task says until none is left, the
//! session lets nobody in any more, or somebody cancels it.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::Session;
use futures::{StreamExt, stream::FuturesUnordered};
use protocol::{
    ErrorCode, FieldError, SessionId, TaskId,
    task::{Task, TaskReason, TaskReasonCode, TaskStatus},
};
use store::{PendingRow, StorageError, TaskEnd};
use tokio::time::{Instant, MissedTickBehavior};
use tokio_util::sync::CancellationToken;

use super::{
    RunningTask,
    attempt::{Attempt, Outcome},
    pace::Pace,
    sum::{score_leftovers, sum, sum_left},
    test_set,
    work::{Instructions, Work},
};
use crate::{
    app::App,
    gateway::{
        live::{Live, Outlook},
        start::find_open,
    },
};

/// Rows that are read at a time.
const BATCH: u32 = 256;
/// How often a task's progress is told.
const TOLD: Duration = Duration::from_millis(500);
/// How long a cancelled task waits for what it cut.
const CUT: Duration = Duration::from_secs(5);
/// The pause after the storage failed.
const PAUSE: Duration = Duration::from_secs(1);

/// Sees to it that the session's tasks are run; whoever runs them looks again.
pub(crate) fn ensure_runner(app: &Arc<App>, session: SessionId) {
    if app.task_runners.begin(session) {
        let work = run(Arc::clone(app), session);
        app.tasks.spawn(work);
    }
}

/// The session is Running: test sets that wait for it begin, and its tasks are run.
pub(crate) fn session_runs(app: &Arc<App>, session: &Session) {
    let (app, session) = (Arc::clone(app), session.clone());
    let tracker = app.tasks.clone();
    tracker.spawn(async move {
        test_set::run_waiting(&app, &session).await;
        ensure_runner(&app, session.id);
    });
}

async fn run(app: Arc<App>, session: SessionId) {
    loop {
        let worked = tokio::select! {
            worked = run_next(&app, session) => worked,
            () = app.shutdown.cancelled() => return,
        };
        app.task_runners.set_task(session, None);
        match worked {
            Ok(Next::Again) => {}
            Ok(Next::Rest) if app.task_runners.rest(session) => return,
            Ok(Next::Rest) => {}
            Err(error) => {
                tracing::error!(%session, error = &error as &dyn std::error::Error, "a task waits for the storage");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

enum Next {
    Again,
    /// There is nothing to do until the session has moved or another task is created.
    Rest,
}

async fn run_next(app: &Arc<App>, session: SessionId) -> Result<Next, StorageError> {
    sum_left(app, session).await?;
    let Some(task) = app.store.find_next_task(session).await? else { return Ok(Next::Rest) };
    match find_open(app, session).await {
        Ok(live) => run_task(app, &live, task).await.map(|()| Next::Again),
        Err(error) if error.code == ErrorCode::StorageUnavailable => {
            tokio::time::sleep(PAUSE).await;
            Ok(Next::Again)
        }
        // Being prepared, it comes back once it is Running; ended, its tasks were cut in the same commit.
        Err(_) => Ok(Next::Rest),
    }
}

pub(super) fn compile(task: &Task) -> Result<Work, FieldError> {
    Work::compile(&Instructions {
        format: task.input.format,
        columns: &task.input.columns,
        prompt: task.prompt.as_deref(),
        system: task.system.as_deref(),
        parameters: &task.parameters,
        scoring: &task.scoring,
    })
}

async fn run_task(app: &Arc<App>, live: &Arc<Live>, task: Task) -> Result<(), StorageError> {
    let work = match compile(&task) {
        Ok(work) => Arc::new(work),
        Err(error) => {
            let reason = TaskReason { code: TaskReasonCode::Unreadable, message: error.message };
            let end = TaskEnd { status: TaskStatus::Failed, reason: Some(reason), scores: None };
            app.store.end_task(task.id, end, app.clock.now()).await?;
            return Ok(());
        }
    };
    if task.status == TaskStatus::Queued && app.store.start_task(task.id, app.clock.now()).await?.is_none() {
        return Ok(());
    }
    tracing::info!(task = %task.id, session = %task.session_id, left = task.progress.left, "task runs");
    let (cancel, pace) = (CancellationToken::new(), Arc::new(Mutex::new(Pace::new())));
    let running = RunningTask { id: task.id, cancel: cancel.clone(), pace: Arc::clone(&pace) };
    app.task_runners.set_task(task.session_id, Some(running));
    restore_scores(app, &task, &work, &pace).await?;
    let run = Run { app, live, work, pace, task: task.id, limit: task.concurrency as usize };
    let end = run.to_the_end(&cancel).await?;
    let (status, reason) = match end {
        // Whoever is told that it is done is told its scores.
        End::Tried => {
            let end = TaskEnd { status: TaskStatus::Done, reason: None, scores: Some(sum(app, &task).await?) };
            app.store.end_task(task.id, end, app.clock.now()).await?;
            tracing::info!(task = %task.id, status = "done", "task ended");
            return Ok(());
        }
        End::Cancelled => {
            wait_for_cut(live, task.id).await;
            let message = "It was cancelled; the rows that are left can be resumed.".to_owned();
            (TaskStatus::Cut, Some(TaskReason { code: TaskReasonCode::Cancelled, message }))
        }
        End::Closed(message) => (TaskStatus::Cut, Some(TaskReason { code: TaskReasonCode::SessionStopped, message })),
    };
    // It is told at once: what is done is summed up before anything else of the session runs.
    let end = TaskEnd { status, reason, scores: None };
    app.store.end_task(task.id, end, app.clock.now()).await?;
    tracing::info!(task = %task.id, status = status.as_str(), "task ended");
    Ok(())
}

/// Waits until what was in flight has ended: an answer may have come to its end just before it was cut.
async fn wait_for_cut(live: &Live, task: TaskId) {
    let until = Instant::now() + CUT;
    while live.is_answering(task) && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// Brings the running scores to what is stored, and scores the answers that a crash left without.
async fn restore_scores(app: &Arc<App>, task: &Task, work: &Arc<Work>, pace: &Mutex<Pace>) -> Result<(), StorageError> {
    if work.scorers.is_empty() || task.progress.done == 0 {
        return Ok(());
    }
    let mut from = 0;
    loop {
        let rows = app.store.list_row_scores(task.id, from, BATCH).await?;
        let Some(last) = rows.last() else { break };
        from = last.number + 1;
        let mut pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        rows.iter().for_each(|row| pace.scored(&row.scores));
    }
    score_leftovers(app, task.id, work, |scores| pace.lock().unwrap_or_else(PoisonError::into_inner).scored(scores))
        .await
}

/// How a task's run ended.
enum End {
    Tried,
    Cancelled,
    /// The session stops; why.
    Closed(String),
}

struct Run<'a> {
    app: &'a Arc<App>,
    live: &'a Arc<Live>,
    work: Arc<Work>,
    pace: Arc<Mutex<Pace>>,
    task: TaskId,
    limit: usize,
}

impl Run<'_> {
    async fn to_the_end(&self, cancel: &CancellationToken) -> Result<End, StorageError> {
        let (mut rows, mut flight) = (Rows::default(), FuturesUnordered::new());
        let mut told = tokio::time::interval(TOLD);
        told.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let (mut closed, mut has_news) = (false, false);
        loop {
            while !closed && flight.len() < self.limit {
                let Some(attempt) = rows.take(self.app, self.task).await? else { break };
                flight.push(attempt.run(Arc::clone(self.app), Arc::clone(self.live), Arc::clone(&self.work)));
            }
            if flight.is_empty() {
                if !closed {
                    return Ok(End::Tried);
                }
                match self.live.outlook(self.app.clock.now()) {
                    Outlook::Stop(reason) => return Ok(End::Closed(reason.message)),
                    // A refusal by a limit that others had taken up and gave back.
                    Outlook::Until(_) => closed = false,
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
                continue;
            }
            tokio::select! {
                outcome = flight.next() => match outcome.transpose()? {
                    Some(Outcome::Tried { tokens, scores }) => {
                        has_news = true;
                        let mut pace = self.pace.lock().unwrap_or_else(PoisonError::into_inner);
                        pace.ended(tokens);
                        pace.scored(&scores);
                    }
                    Some(Outcome::Again(attempt)) => rows.again.push_back(attempt),
                    Some(Outcome::Closed) => closed = true,
                    None => {}
                },
                // Dropped with what is in flight, each answer is cut and its row stays to be tried.
                () = cancel.cancelled() => return Ok(End::Cancelled),
                _ = told.tick() => if std::mem::take(&mut has_news) {
                    self.app.store.touch_task(self.task).await?;
                },
            }
        }
    }
}

/// The rows that are left, in order.
#[derive(Default)]
struct Rows {
    again: VecDeque<Attempt>,
    read: VecDeque<PendingRow>,
    from: u64,
    is_read: bool,
}

impl Rows {
    async fn take(&mut self, app: &App, task: TaskId) -> Result<Option<Attempt>, StorageError> {
        if let Some(attempt) = self.again.pop_front() {
            return Ok(Some(attempt));
        }
        if self.read.is_empty() && !self.is_read {
            self.read = app.store.list_pending_rows(task, self.from, BATCH).await?.into();
            self.is_read = self.read.len() < BATCH as usize;
            self.from = self.read.back().map_or(self.from, |row| row.number + 1);
        }
        Ok(self.read.pop_front().map(|row| Attempt::first(task, row)))
    }
}
