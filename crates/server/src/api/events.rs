//! `GET /api/v1/events`: each change of the caller's sessions, resumable by change number.

use std::{
    collections::{HashMap, HashSet},
    convert::Infallible,
    sync::Arc,
    time::Duration,
};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use protocol::{
    Problem, SessionId, TaskId, TestSetId, UserId,
    session::{Phase, SessionDeleted},
    task::TaskDeleted,
    test_set::TestSetDeleted,
};
use store::Change;
use tokio::{sync::watch, time::Instant};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{problem::ApiError, view};
use crate::{app::App, auth::UserCaller, tasks};

/// Changes that are read at a time.
const BATCH: u32 = 200;
/// How often at most a session is told of whose usage alone has changed.
const USAGE_PERIOD: Duration = Duration::from_secs(1);
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The event stream.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(follow_events))
}

struct Follower {
    app: Arc<App>,
    owner: UserId,
    /// Everything up to this change was told.
    last: u64,
    /// What was told last of each session.
    told: HashMap<SessionId, Told>,
    /// The change that each task was told at last.
    told_tasks: HashMap<TaskId, u64>,
    told_sets: HashMap<TestSetId, u64>,
    /// Deletions of tasks and test sets that were told and are read again, behind something held back.
    told_gone: HashSet<u64>,
    changes: watch::Receiver<u64>,
}

#[derive(Debug, Clone, Copy)]
struct Told {
    number: u64,
    /// None of a session that is gone.
    revision: Option<u64>,
    at: Instant,
}

/// Follow the changes of your sessions, tasks and test sets. Events: `session` with the session, `task` with the task,
/// `test_set` with the test set, and `session_deleted`, `task_deleted`, `test_set_deleted` with `{id}`. The tasks of a
/// session that is deleted are gone with it and not told of.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Go on after this change")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"), (status = 401, description = "No token", body = Problem)))]
async fn follow_events(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    let changes = app.store.watch_changes();
    let last = last.unwrap_or_else(|| app.store.latest_change());
    let shutdown = app.shutdown.clone();
    let (told_tasks, told_sets) = (HashMap::new(), HashMap::new());
    let follower =
        Follower { app, owner, last, told: HashMap::new(), told_tasks, told_sets, told_gone: HashSet::new(), changes };
    let opening = stream::iter([Ok(Event::default().comment("following"))]);
    let batches =
        stream::unfold(follower, Follower::next).flat_map(stream::iter).take_until(shutdown.cancelled_owned());
    Ok(Sse::new(opening.chain(batches)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Follower {
    async fn next(mut self) -> Option<(Vec<Result<Event, Infallible>>, Self)> {
        loop {
            self.changes.borrow_and_update();
            let changes = match self.app.store.changes_after(self.owner, self.last, BATCH).await {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the events were cut short");
                    return None;
                }
            };
            let (events, due) = self.take(changes);
            if !events.is_empty() {
                return Some((events, self));
            }
            let due = async {
                match due {
                    Some(due) => tokio::time::sleep_until(due).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                changed = self.changes.changed() => changed.ok()?,
                () = due => {}
            }
        }
    }

    /// The events to tell now, and when what is held back is due. Behind something that is held back, events carry
    /// the number before it, so that whoever resumes misses nothing.
    fn take(&mut self, changes: Vec<Change>) -> (Vec<Result<Event, Infallible>>, Option<Instant>) {
        let now = Instant::now();
        let may_hold = changes.len() < BATCH as usize;
        let (mut events, mut due) = (Vec::new(), None::<Instant>);
        for change in changes {
            let held = self.held_until(&change).filter(|until| may_hold && *until > now);
            if let Some(until) = held {
                due = Some(due.map_or(until, |due| due.min(until)));
                continue;
            }
            if due.is_none() {
                self.last = change.number();
            }
            if self.note(&change, now) {
                events.push(Ok(self.event(&change).id(self.last.to_string())));
            }
        }
        let last = self.last;
        self.told_gone.retain(|number| *number > last);
        (events, due)
    }

    /// Until when a change is held back: one of the usage alone, soon after another.
    fn held_until(&self, change: &Change) -> Option<Instant> {
        let Change::Session(session) = change else {
            // A task tells of itself at its own pace.
            return None;
        };
        let told = self.told.get(&session.id)?;
        let is_usage = session.state.phase() == Phase::Running && told.revision == Some(session.revision);
        (is_usage && session.change > told.number).then(|| told.at + USAGE_PERIOD)
    }

    /// Notes that a change is told; false where it was already.
    fn note(&mut self, change: &Change, now: Instant) -> bool {
        let (id, revision) = match change {
            Change::Session(session) => (session.id, Some(session.revision)),
            Change::Deleted(_, id) => (*id, None),
            Change::Task(task) => return self.told_tasks.insert(task.id, task.change) != Some(task.change),
            Change::TestSet(set) => return self.told_sets.insert(set.id, set.change) != Some(set.change),
            Change::TaskDeleted(number, id) => {
                self.told_tasks.remove(id);
                return self.told_gone.insert(*number);
            }
            Change::TestSetDeleted(number, id) => {
                self.told_sets.remove(id);
                return self.told_gone.insert(*number);
            }
        };
        let number = change.number();
        let told = self.told.insert(id, Told { number, revision, at: now });
        // A session that is gone changes twice: when its deletion begins, and when nothing of it is left.
        told.is_none_or(|told| told.number != number && (told.revision, revision) != (None, None))
    }

    fn event(&self, change: &Change) -> Event {
        let event = match change {
            Change::Session(session) => Event::default().event("session").json_data(view::session(&self.app, session)),
            Change::Deleted(_, id) => Event::default().event("session_deleted").json_data(SessionDeleted { id: *id }),
            Change::Task(task) => Event::default().event("task").json_data(tasks::view(&self.app, (**task).clone())),
            Change::TaskDeleted(_, id) => Event::default().event("task_deleted").json_data(TaskDeleted { id: *id }),
            Change::TestSet(set) => {
                Event::default().event("test_set").json_data(tasks::test_set::view(&self.app, (**set).clone()))
            }
            Change::TestSetDeleted(_, id) => {
                Event::default().event("test_set_deleted").json_data(TestSetDeleted { id: *id })
            }
        };
        event.unwrap_or_default()
    }
}
