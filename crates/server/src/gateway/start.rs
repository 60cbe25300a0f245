//! From a checked request to an answer being written: admission, the runtime's acceptance, the first record.

use std::sync::Arc;

use domain::State;
use protocol::{
    CompletionId, ErrorCode, SessionId, TaskId, UserId, completion::Origin, engine::Priority, session::Status,
};
use store::{Begin, Begun, Idempotency};
use tokio::{sync::mpsc, time::Instant};

use super::{
    error::InferenceError,
    exchange::{Cut, Exchange},
    generation::{Generation, Outgoing},
    live::Live,
    request::Checked,
};
use crate::app::App;

/// The session, if requests may be brought to it.
///
/// # Errors
/// `session_initializing`, `session_not_running` with the reason, `not_found`.
pub(crate) async fn find_open(app: &App, id: SessionId) -> Result<Arc<Live>, InferenceError> {
    if let Some(live) = app.live.find(id) {
        return Ok(live);
    }
    let find = async || app.store.find_session(id).await.map_err(|error| app.storage_failed(&error));
    let gone = || InferenceError::new(ErrorCode::NotFound, "there is no such session");
    let mut session = find().await?.filter(|session| session.deleting_at.is_none()).ok_or_else(gone)?;
    if matches!(session.state, State::Running(_)) {
        // It became Running a moment ago; its supervisor is about to open it. Should it have ended since it was
        // read, its supervisor has been by already: then what was opened here is taken back.
        let live = app.live.ensure(&session, app.clock.now());
        session = find().await?.ok_or_else(gone)?;
        if matches!(session.state, State::Running(_)) {
            return Ok(live);
        }
        app.live.remove(id);
    }
    match (session.state.reason(), session.state.status()) {
        (Some(reason), _) => Err(InferenceError::not_running(reason)),
        (None, Status::Initializing | Status::Running) => Err(InferenceError::new(
            ErrorCode::SessionInitializing,
            format!("the session is being prepared ({}); try again shortly", session.state.phase().as_str()),
        )),
        (None, Status::Failed | Status::Stopped) => Err(gone()),
    }
}

/// Where a request comes from.
#[derive(Debug)]
pub(crate) struct Source {
    pub(crate) origin: Origin,
    /// Groups the turns of one talk.
    pub(crate) conversation: Option<String>,
    pub(crate) task_row: Option<(TaskId, u64)>,
    /// Under what a repeated request finds the answer.
    pub(crate) repeatable: Option<(UserId, Idempotency)>,
}

impl Source {
    pub(crate) fn api() -> Self {
        Self::of(Origin::Api)
    }

    pub(crate) fn playground(conversation: Option<String>, repeatable: Option<(UserId, Idempotency)>) -> Self {
        Self { conversation, repeatable, ..Self::of(Origin::Playground) }
    }

    /// A verdict on a row of a task, asked of another session.
    pub(crate) fn judge() -> Self {
        Self::of(Origin::Task)
    }

    /// A task's answers give way to everybody else's.
    const fn priority(&self) -> Priority {
        match self.origin {
            Origin::Playground | Origin::Api => Priority::Interactive,
            Origin::Task => Priority::Background,
        }
    }

    pub(crate) fn task(task: TaskId, number: u64) -> Self {
        Self { task_row: Some((task, number)), ..Self::of(Origin::Task) }
    }

    fn of(origin: Origin) -> Self {
        Self { origin, conversation: None, task_row: None, repeatable: None }
    }
}

/// Who reads the answer.
#[derive(Debug)]
pub(crate) enum Reader {
    /// A client that reads while the answer is written, and whose leaving cancels it.
    Stream(mpsc::Sender<Outgoing>),
    /// A client that waits for the end, and whose leaving cancels the answer.
    Whole(mpsc::Sender<Outgoing>),
    /// Nobody need.
    Nobody,
}

/// Queues the record of an answer's begin. Whoever is told of the answer before its end is promised that it is kept:
/// then the begin is waited for. An answer that is told as a whole is on disk with its end.
async fn begin(app: &App, exchange: &Exchange, reader: &Reader) -> Result<Option<Begun>, InferenceError> {
    let begin = exchange.begin().clone();
    let queued = match reader {
        Reader::Stream(_) | Reader::Nobody => app.store.begin_completion_durably(begin).await.map(Some),
        Reader::Whole(_) => app.store.begin_completion(begin).await.map(|()| None),
    };
    queued.map_err(|error| app.storage_failed(&error))
}

/// Admits a request, has the runtime accept it, and starts the task that carries the answer. Returns once the client
/// may be told of it; the runtime computes the prompt while the begin goes to the disk.
///
/// # Errors
/// What admission or the runtime refuses; then nothing was counted and nothing is stored. `storage_unavailable`: the
/// begin could not be stored; the answer is cut.
pub(crate) async fn start(
    app: &Arc<App>,
    live: &Arc<Live>,
    request: Checked,
    source: Source,
    reader: Reader,
) -> Result<Arc<Exchange>, InferenceError> {
    let started = Instant::now();
    let created_at = app.clock.now();
    let permit = live.admit(created_at)?;
    let (body, imposed) = request.for_runtime(live);
    let runtime = app
        .runtimes
        .post(live.id, request.kind.path(), body, source.priority())
        .await
        .map_err(InferenceError::from_runtime)?;
    let exchange = Arc::new(Exchange::new(Begin {
        id: CompletionId::generate(),
        session_id: live.id,
        conversation: source.conversation,
        origin: source.origin,
        task_row: source.task_row,
        repeatable: source.repeatable,
        request: request.sent,
        created_at,
    }));
    let in_flight = permit.accept(Arc::clone(&exchange));
    let begun = begin(app, &exchange, &reader).await?;
    let generation = Generation {
        app: Arc::clone(app),
        exchange: Arc::clone(&exchange),
        in_flight,
        runtime,
        reader: match reader {
            Reader::Stream(sender) | Reader::Whole(sender) => Some(sender),
            Reader::Nobody => None,
        },
        started,
        imposed,
    };
    app.tasks.spawn(generation.run());
    if let Some(begun) = begun {
        begun.stored().await.map_err(|error| {
            exchange.cut(Cut::Cancelled);
            app.storage_failed(&error)
        })?;
    }
    Ok(exchange)
}
