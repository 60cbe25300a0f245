//! Preparing, Loading, Probing: from a reserved place to a model that has answered.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use domain::{Event, Session, limits, reason};
use jiff::Timestamp;
use launcher::LaunchError;
use protocol::{
    engine::EngineHealth,
    session::{LimitKind, LimitValue, ReasonCode},
    shim::{LaunchSpec, Requirement, Sandbox},
};
use tokio::sync::Notify;

use super::{apply, exit, probe as first_question, queue, running::IDLE_MARGIN, supervisor::Outcome};
use crate::{app::App, clock::until, config::SandboxMode, models};

/// Turns of the spin (some 30 µs) after which the engine's computing threads sleep while they wait for each other.
/// GNU OpenMP's own choice spins through whole time slices where other work wants the processors.
const SPIN: (&str, &str) = ("GOMP_SPINCOUNT", "1000");

pub(super) type Work = Result<Outcome, Box<dyn std::error::Error + Send + Sync>>;

/// How often a loading runtime is asked at first, and later on.
const ASK_EAGERLY: Duration = Duration::from_millis(4);
const ASK_CALMLY: Duration = Duration::from_millis(50);
/// How long it is asked eagerly.
const EAGER: Duration = Duration::from_millis(500);
/// How often at most the event stream tells of the load's progress.
const TELL: Duration = Duration::from_millis(250);
/// Most that a runtime may keep in its session's folder. The engine writes nothing there.
pub(super) const FOLDER_BYTES: u64 = 256 << 20;
/// What the shim allows beyond the control plane's own timing before it acts by itself.
const MARGIN: Duration = Duration::from_secs(2);

/// Preparing: starts the session's processes.
pub(super) async fn prepare(app: &Arc<App>, session: &Session) -> Work {
    let model = app.store.find_model(session.model.id).await?;
    let files = model.map(|model| model.files).unwrap_or_default();
    let missing = files.iter().find(|file| !models::is_present(app, file));
    let weights = files.first().and_then(|file| Some((models::path_of(app, file)?, file.bytes)));
    let Some((path, bytes)) = weights.filter(|_| missing.is_none()) else {
        let what = missing.map_or_else(|| "its entry".to_owned(), |file| file.path.clone());
        let mut reason =
            reason::plain(ReasonCode::ModelMissing, format!("The model's file is missing or not whole: {what}."));
        reason.details.hints = vec!["Add the model again: `viva model add FILE`.".to_owned()];
        apply(app, session.id, &Event::Broke(reason), "system").await?;
        return Ok(Outcome::Again);
    };
    let spec = launch_spec(app, session, &path, bytes);
    let event = match app.launcher.launch(&spec).await {
        Ok(()) => Event::Launched,
        Err(error @ (LaunchError::Unconfirmed(_) | LaunchError::Unresponsive | LaunchError::Observe(_))) => {
            if session.state.deadline().is_some_and(|deadline| deadline <= app.clock.now()) {
                Event::DeadlinePassed
            } else {
                return Err(error.into());
            }
        }
        Err(error) => Event::Broke(exit::launch_reason(session, &error)),
    };
    apply(app, session.id, &event, "system").await?;
    Ok(Outcome::Again)
}

fn launch_spec(app: &App, session: &Session, model: &std::path::Path, weight_bytes: u64) -> LaunchSpec {
    let threads = app
        .config
        .sessions
        .threads
        .unwrap_or_else(|| u32::try_from(std::thread::available_parallelism().map_or(1, usize::from)).unwrap_or(1));
    let args = [
        "engine".to_owned(),
        "--data".to_owned(),
        app.data.display().to_string(),
        "--session".to_owned(),
        session.id.to_string(),
        "--model".to_owned(),
        model.display().to_string(),
        "--name".to_owned(),
        session.model.name.clone(),
        "--listen-fd".to_owned(),
        "3".to_owned(),
        "--context".to_owned(),
        session.engine.context_length.to_string(),
        "--parallel".to_owned(),
        session.engine.parallel.to_string(),
        "--threads".to_owned(),
        threads.to_string(),
    ];
    let start = &app.config.start;
    let longest = start.preparing_seconds
        + start.loading_seconds
        + start.probing_seconds
        + app.config.sessions.max_seconds
        + app.config.sessions.grace_seconds;
    // Weights that are repacked are private memory: they count in full beside what was reckoned.
    let memory_bound = session.memory_needed.saturating_add(weight_bytes).saturating_add(512 << 20);
    LaunchSpec {
        session: session.id,
        generation: session.generation,
        program: app.program.clone(),
        args: args.into(),
        environment: BTreeMap::from([(SPIN.0.to_owned(), SPIN.1.to_owned())]),
        log_bound_bytes: app.config.sessions.log_bytes.max(16 << 10),
        memory_bound_bytes: Some(memory_bound),
        hard_stop_ms: (longest * 1000).saturating_add(MARGIN.as_millis() as u64),
        stop_grace_ms: 2000,
        folder_bound_bytes: Some(FOLDER_BYTES),
        sandbox: Sandbox::Engine {
            read: vec![model.to_owned()],
            requirement: match app.config.sessions.sandbox {
                SandboxMode::BestEffort => Requirement::BestEffort,
                SandboxMode::Required => Requirement::Required,
            },
        },
    }
}

/// The end of the phase that comes first: its own deadline, or the session's stop time.
fn overdue(session: &Session) -> (Timestamp, Event) {
    let deadline = session.state.deadline().unwrap_or(Timestamp::MAX);
    match limits::wall_clock(&session.limits) {
        Some(at) if at <= deadline => {
            let limit = session.limits.iter().find(|limit| limit.value == LimitValue::At(at)).copied();
            (at, Event::StopRequested(reason::time_limit(limit)))
        }
        Some(_) | None => (deadline, Event::DeadlinePassed),
    }
}

/// Loading: waits until the runtime says that the model is loaded.
pub(super) async fn load(app: &Arc<App>, session: &Session, nudge: &Notify) -> Work {
    let (deadline, late) = overdue(session);
    let event = tokio::select! {
        event = wait_exit(app, session) => event?,
        () = wait_loaded(app, session) => Event::Loaded,
        () = nudge.notified() => return Ok(Outcome::Again),
        () = tokio::time::sleep(until(app.clock.now(), deadline)) => late,
    };
    app.supervisors.set_progress(session.id, None);
    apply(app, session.id, &event, "system").await?;
    Ok(Outcome::Again)
}

/// Resolves when the runtime is gone.
pub(super) async fn wait_exit(
    app: &Arc<App>,
    session: &Session,
) -> Result<Event, Box<dyn std::error::Error + Send + Sync>> {
    loop {
        app.launcher.wait_exit(session.id, session.generation).await?;
        let seen = app.launcher.observe(session.id, session.generation).await?;
        if let Some(reason) = exit::reason_seen(session, &seen) {
            let stopped = reason.code.status() == protocol::session::Status::Stopped;
            return Ok(if stopped { Event::StopRequested(reason) } else { Event::Exited(reason) });
        }
        tokio::time::sleep(ASK_CALMLY).await;
    }
}

async fn wait_loaded(app: &Arc<App>, session: &Session) {
    let started = tokio::time::Instant::now();
    let mut told = started;
    loop {
        if let Ok((status, body)) = app.runtimes.get(session.id, "/health").await {
            if status == 200 {
                return;
            }
            if let Ok(health) = serde_json::from_slice::<EngineHealth>(&body) {
                let progress = f64::from(health.progress);
                let has_grown = app.supervisors.progress(session.id).is_none_or(|before| progress >= before + 0.01);
                if has_grown {
                    app.supervisors.set_progress(session.id, Some(progress));
                }
                if has_grown && told.elapsed() >= TELL {
                    told = tokio::time::Instant::now();
                    let _ = queue::tell(app, session.id).await;
                }
            }
        }
        let pause = if started.elapsed() < EAGER { ASK_EAGERLY } else { ASK_CALMLY };
        tokio::time::sleep(pause).await;
    }
}

/// Probing: Running is told only after the model has answered.
pub(super) async fn probe(app: &Arc<App>, session: &Session, nudge: &Notify) -> Work {
    let (deadline, late) = overdue(session);
    let event = tokio::select! {
        event = wait_exit(app, session) => event?,
        answer = first_question::ask(app, session) => match answer {
            Ok(()) => Event::Probed,
            Err(reason) => Event::Broke(*reason),
        },
        () = nudge.notified() => return Ok(Outcome::Again),
        () = tokio::time::sleep(until(app.clock.now(), deadline)) => late,
    };
    if event == Event::Probed {
        tighten(app, session).await?;
    }
    apply(app, session.id, &event, "system").await?;
    Ok(Outcome::Again)
}

/// Has the shim end the session on time by itself, should the control plane be gone: before Running is committed.
async fn tighten(app: &Arc<App>, session: &Session) -> Result<(), launcher::ControlError> {
    if let Some((at, _)) = limits::time_deadline(&session.limits, app.clock.now()) {
        end_by(app, session, at).await?;
    }
    // The first beat of the running session may come too late: its server may die before.
    if let Some((seconds, _)) = limits::smallest(&session.limits, LimitKind::IdleSeconds) {
        let remaining = Duration::from_secs(seconds) + IDLE_MARGIN;
        app.launcher.heartbeat(session.id, session.generation, Some(remaining)).await?;
    }
    Ok(())
}

/// Moves the shim's deadline to that of a running session.
pub(super) async fn move_deadline(app: &Arc<App>, session: &Session) -> Result<(), launcher::ControlError> {
    match session.stops_at() {
        Some(at) => end_by(app, session, at).await,
        None => Ok(()),
    }
}

/// Has the shim end the session by itself right after `at`. The grace is not in it: without a control plane nothing is
/// in flight, and one that is there asks for the grace when the session begins to drain.
pub(super) async fn end_by(app: &App, session: &Session, at: Timestamp) -> Result<(), launcher::ControlError> {
    let remaining = until(app.clock.now(), at) + MARGIN;
    app.launcher.set_deadline(session.id, session.generation, remaining).await.map(|_| ())
}
