//! Tasks: their input read at the creation, their rows run over the session in the background, their scores summed up.
//!
//! What is done is derived from what is stored, so that a restart goes on where the last run ended: which task's turn it
//! is, which rows are left, which answers have no scores yet. What a row came to is decided by its completion's commit.

mod attempt;
mod compare;
mod content;
mod create;
mod judge;
mod pace;
mod runner;
mod source;
mod sum;
pub(crate) mod test_set;
mod work;

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use protocol::{
    ErrorCode, FieldError, SessionId, TaskId,
    task::{Task, TaskReason, TaskReasonCode, TaskStatus},
};
use store::{CreateTaskError, DeleteTaskError, ResumeTaskError, StorageError, TaskEnd};
use tokio_util::sync::CancellationToken;

use crate::{api::problem::ApiError, app::App};

pub(crate) use compare::compare;
pub(crate) use create::{create, resume};
pub(crate) use runner::{ensure_runner, session_runs};

use compare::Compared;
use pace::Pace;

/// The sessions whose tasks are being run, and what is known of the running ones beside what is stored.
#[derive(Debug, Default)]
pub(crate) struct TaskRunners {
    sessions: Mutex<HashMap<SessionId, Runner>>,
    /// What was compared last.
    compared: Compared,
    /// Held by a creation that may be asked for twice.
    pub(crate) repeatable: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Runner {
    /// Asked for while it was running: it looks once more before it rests.
    is_wanted: bool,
    task: Option<RunningTask>,
}

#[derive(Debug)]
struct RunningTask {
    id: TaskId,
    cancel: CancellationToken,
    pace: Arc<Mutex<Pace>>,
}

impl TaskRunners {
    fn lock(&self) -> MutexGuard<'_, HashMap<SessionId, Runner>> {
        self.sessions.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// True for whoever is to run the session's tasks; a runner that is there is told to look again.
    fn begin(&self, session: SessionId) -> bool {
        let mut sessions = self.lock();
        match sessions.get_mut(&session) {
            Some(runner) => {
                runner.is_wanted = true;
                false
            }
            None => {
                sessions.insert(session, Runner::default());
                true
            }
        }
    }

    /// Whether the runner may end; it was not asked for meanwhile.
    fn rest(&self, session: SessionId) -> bool {
        let mut sessions = self.lock();
        let Some(runner) = sessions.get_mut(&session) else { return true };
        if std::mem::take(&mut runner.is_wanted) {
            return false;
        }
        sessions.remove(&session);
        true
    }

    fn set_task(&self, session: SessionId, task: Option<RunningTask>) {
        if let Some(runner) = self.lock().get_mut(&session) {
            runner.task = task;
        }
    }

    /// Tells the task's runner to end it. False: it is not running.
    pub(crate) fn cancel(&self, session: SessionId, task: TaskId) -> bool {
        let sessions = self.lock();
        let running =
            sessions.get(&session).and_then(|runner| runner.task.as_ref()).filter(|running| running.id == task);
        running.map(|running| running.cancel.cancel()).is_some()
    }
}

/// A task with what is known of it while it runs: its pace, and its scores so far.
pub(crate) fn view(app: &App, mut task: Task) -> Task {
    let pace = {
        let sessions = app.task_runners.lock();
        let running = sessions.get(&task.session_id).and_then(|runner| runner.task.as_ref());
        running.filter(|running| running.id == task.id).map(|running| Arc::clone(&running.pace))
    };
    if let Some(pace) = pace.filter(|_| !task.status.is_over()) {
        let pace = pace.lock().unwrap_or_else(PoisonError::into_inner);
        pace.show(&mut task, app.clock.now());
    }
    task
}

/// Cuts a task that is not over: now where it waits for its turn, else its runner does, at once.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn cancel(app: &Arc<App>, task: &Task) -> Result<(), StorageError> {
    if !app.task_runners.cancel(task.session_id, task.id) {
        let message = "It was cancelled before its turn; its rows can be resumed.".to_owned();
        let reason = TaskReason { code: TaskReasonCode::Cancelled, message };
        let end = TaskEnd { status: TaskStatus::Cut, reason: Some(reason), scores: None };
        app.store.end_task(task.id, end, app.clock.now()).await?;
        ensure_runner(app, task.session_id);
        // It may have begun just then: whoever runs it looks again.
        app.task_runners.cancel(task.session_id, task.id);
    }
    Ok(())
}

/// Goes on with what an earlier run left.
///
/// # Errors
/// [`StorageError`]
pub(crate) async fn adopt(app: &Arc<App>) -> Result<(), StorageError> {
    app.store.remove_unready_tasks(store::Unready::All).await?;
    for session in app.store.list_sessions_with_tasks().await? {
        ensure_runner(app, session);
    }
    Ok(())
}

impl From<CreateTaskError> for ApiError {
    fn from(error: CreateTaskError) -> Self {
        match error {
            CreateTaskError::SessionGone => Self::not_found("session"),
            CreateTaskError::SessionEnded => session_ended(),
            CreateTaskError::Storage(error) => error.into(),
        }
    }
}

fn session_ended() -> ApiError {
    ApiError::new(ErrorCode::SessionEnded, "the session is stopping or has ended: run the task in another one")
}

impl From<ResumeTaskError> for ApiError {
    fn from(error: ResumeTaskError) -> Self {
        match error {
            ResumeTaskError::NotFound => Self::not_found("task"),
            ResumeTaskError::NotCut { .. } | ResumeTaskError::Resumed { .. } => {
                Self::new(ErrorCode::TaskNotCut, error.to_string())
            }
            ResumeTaskError::SessionGone => {
                let message = "`session` is none of your sessions; give the id of one that has not ended";
                Self::field(FieldError::new("session", "unknown", message))
            }
            ResumeTaskError::SessionEnded => session_ended(),
            ResumeTaskError::Storage(error) => error.into(),
        }
    }
}

impl From<DeleteTaskError> for ApiError {
    fn from(error: DeleteTaskError) -> Self {
        match error {
            DeleteTaskError::NotOver => {
                Self::new(ErrorCode::TaskRunning, "the task is not over; cancel it first, or wait for its end")
            }
            DeleteTaskError::Storage(error) => error.into(),
        }
    }
}
