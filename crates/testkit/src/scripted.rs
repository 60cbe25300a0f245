//! Sessions without processes: a launch is an entry in a table, a runtime is a task of this process.
//!
//! An ordinary [`Launcher`]: generations are started at most once, deadlines end a session on time, an end leaves a
//! record unless it was a kill. What it has no processes for, it leaves out: memory is neither measured nor bounded.

mod runtime;

use std::{
    collections::HashMap,
    io,
    os::unix::net::UnixStream as StdUnixStream,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use async_trait::async_trait;
use jiff::Timestamp;
use launcher::{
    ConnectError, ControlError, FoundProcess, KillError, LaunchError, Launcher, Observation, ObserveError, Released,
    Role,
};
use protocol::{
    SessionId,
    shim::{Confinement, ExitCause, ExitRecord, LaunchSpec, ProcessIdentity, Refusal, ShimState, ShimStatus},
};
use tokio::{
    net::UnixStream,
    runtime::Handle,
    sync::{Semaphore, watch},
    time::{Instant, sleep_until},
};

pub use runtime::{Answers, Script, serve};

/// Launches sessions that are scripted. Cheap to clone; clones see the same sessions.
#[derive(Clone)]
pub struct ScriptedLauncher {
    shared: Arc<Shared>,
}

struct Shared {
    answers: Arc<Answers>,
    /// Where the runtimes' tasks run.
    tasks: Handle,
    /// Bounds the connections to all runtimes together: each takes two descriptors of this process.
    connections: Arc<Semaphore>,
    sessions: Mutex<HashMap<SessionId, Arc<Scripted>>>,
    stops: Mutex<Vec<Stopped>>,
}

/// A runtime that was told to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stopped {
    pub session: SessionId,
    pub at: Timestamp,
}

/// The latest generation of a session.
struct Scripted {
    session: SessionId,
    generation: u32,
    started_at: Timestamp,
    life: watch::Sender<Life>,
}

#[derive(Debug, Clone)]
struct Life {
    /// No deadline lies beyond it.
    hard: Instant,
    deadline: Instant,
    idle: Option<Instant>,
    end: Option<End>,
}

#[derive(Debug, Clone)]
enum End {
    Recorded(Box<ExitRecord>),
    /// Killed: no record.
    Vanished,
}

impl ScriptedLauncher {
    /// A launcher whose runtimes answer by `script`, as tasks of `tasks`.
    pub fn new(script: &Script, tasks: Handle) -> Self {
        Self {
            shared: Arc::new(Shared {
                answers: Arc::new(Answers::new(script)),
                tasks,
                connections: Arc::new(Semaphore::new(script.connections)),
                sessions: Mutex::default(),
                stops: Mutex::default(),
            }),
        }
    }

    /// Has a session be alive as if an earlier control plane had launched it.
    pub fn adopt(&self, session: SessionId, generation: u32, hard_stop: Duration) {
        let scripted = Arc::new(Scripted::new(session, generation, hard_stop));
        self.sessions().insert(session, scripted);
    }

    /// Every runtime that was told to stop, in that order.
    pub fn stopped(&self) -> Vec<Stopped> {
        lock(&self.shared.stops).clone()
    }

    fn sessions(&self) -> MutexGuard<'_, HashMap<SessionId, Arc<Scripted>>> {
        lock(&self.shared.sessions)
    }

    fn find(&self, session: SessionId) -> Option<Arc<Scripted>> {
        self.sessions().get(&session).cloned()
    }

    /// That generation's entry, if a shim of it would answer.
    fn find_alive(&self, session: SessionId, generation: u32) -> Result<Arc<Scripted>, ControlError> {
        let gone = || ControlError::Gone(io::ErrorKind::NotFound.into());
        let scripted = self.find(session).filter(|scripted| scripted.is_alive()).ok_or_else(gone)?;
        if scripted.generation != generation {
            return Err(ControlError::Refused(Refusal::OtherGeneration { running: scripted.generation }));
        }
        Ok(scripted)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// As if there were a process.
fn identity() -> ProcessIdentity {
    ProcessIdentity { pid: std::process::id(), start_time: 0, boot_id: "scripted".to_owned() }
}

impl Life {
    /// What time ends it by, and when.
    fn due(&self) -> (Instant, ExitCause) {
        match self.idle {
            Some(idle) if idle < self.deadline => (idle, ExitCause::Idle),
            Some(_) | None => (self.deadline, ExitCause::Deadline),
        }
    }
}

impl Scripted {
    fn new(session: SessionId, generation: u32, hard_stop: Duration) -> Self {
        let hard = Instant::now() + hard_stop;
        let life = Life { hard, deadline: hard, idle: None, end: None };
        Self { session, generation, started_at: Timestamp::now(), life: watch::Sender::new(life) }
    }

    fn end(&self, cause: ExitCause) {
        let record = ExitRecord {
            session: self.session,
            generation: self.generation,
            cause,
            detail: None,
            exit_code: Some(0),
            signal: None,
            peak_memory_bytes: 0,
            memory_bound_bytes: None,
            started_at: self.started_at,
            ended_at: Timestamp::now(),
            engine_exit: None,
            log_tail: Vec::new(),
        };
        self.finish(End::Recorded(Box::new(record)));
    }

    /// The first end stays.
    fn finish(&self, end: End) {
        self.life.send_if_modified(|life| {
            let is_first = life.end.is_none();
            life.end.get_or_insert(end);
            is_first
        });
    }

    /// The end, where there is one by now.
    fn find_end(&self) -> Option<End> {
        let (due, cause) = self.life.borrow().due();
        if due <= Instant::now() {
            self.end(cause);
        }
        self.life.borrow().end.clone()
    }

    fn is_alive(&self) -> bool {
        self.find_end().is_none()
    }

    async fn wait_end(&self) {
        let mut life = self.life.subscribe();
        loop {
            let (due, cause) = {
                let life = life.borrow_and_update();
                if life.end.is_some() {
                    return;
                }
                life.due()
            };
            tokio::select! {
                _ = life.changed() => {}
                () = sleep_until(due) => self.end(cause),
            }
        }
    }

    fn status(&self, state: ShimState) -> ShimStatus {
        let life = self.life.borrow();
        let left = |at: Instant| {
            let left = at.saturating_duration_since(Instant::now());
            u64::try_from(left.as_millis()).unwrap_or(u64::MAX)
        };
        ShimStatus {
            session: self.session,
            generation: self.generation,
            shim: identity(),
            runtime: identity(),
            state,
            memory_bytes: 0,
            peak_memory_bytes: 0,
            memory_bound_bytes: None,
            deadline_in_ms: left(life.deadline),
            idle_deadline_in_ms: life.idle.map(left),
            confinement: Confinement::default(),
        }
    }

    fn found(&self) -> FoundProcess {
        FoundProcess {
            session: self.session,
            role: Role::Shim,
            generation: Some(self.generation),
            identity: identity(),
        }
    }
}

#[async_trait]
impl Launcher for ScriptedLauncher {
    async fn launch(&self, spec: &LaunchSpec) -> Result<(), LaunchError> {
        let mut sessions = self.sessions();
        if let Some(latest) = sessions.get(&spec.session) {
            let (end, same) = (latest.find_end(), latest.generation == spec.generation);
            match end {
                None if same => return Ok(()),
                None => return Err(LaunchError::OtherGeneration { alive: latest.generation }),
                Some(End::Recorded(record)) if same => return Err(LaunchError::Ended(record)),
                Some(End::Vanished) if same => return Err(LaunchError::Vanished),
                Some(_) if latest.generation > spec.generation => {
                    return Err(LaunchError::Superseded { latest: latest.generation });
                }
                Some(_) => {}
            }
        }
        let scripted = Scripted::new(spec.session, spec.generation, Duration::from_millis(spec.hard_stop_ms));
        sessions.insert(spec.session, Arc::new(scripted));
        Ok(())
    }

    async fn observe(&self, session: SessionId, generation: u32) -> Result<Observation, ObserveError> {
        let found = self.find(session).filter(|scripted| scripted.generation == generation);
        Ok(match found.map(|scripted| (scripted.find_end(), scripted)) {
            None => Observation::Absent,
            Some((None, scripted)) => Observation::Alive(Box::new(scripted.status(ShimState::Running))),
            Some((Some(End::Recorded(record)), _)) => Observation::Exited(record),
            Some((Some(End::Vanished), _)) => Observation::Vanished,
        })
    }

    async fn set_deadline(
        &self,
        session: SessionId,
        generation: u32,
        remaining: Duration,
    ) -> Result<ShimStatus, ControlError> {
        let scripted = self.find_alive(session, generation)?;
        scripted.life.send_modify(|life| life.deadline = (Instant::now() + remaining).min(life.hard));
        Ok(scripted.status(ShimState::Running))
    }

    async fn heartbeat(
        &self,
        session: SessionId,
        generation: u32,
        idle: Option<Duration>,
    ) -> Result<ShimStatus, ControlError> {
        let scripted = self.find_alive(session, generation)?;
        scripted.life.send_modify(|life| life.idle = idle.map(|idle| Instant::now() + idle));
        Ok(scripted.status(ShimState::Running))
    }

    async fn stop(&self, session: SessionId, generation: u32, _: Duration) -> Result<ShimStatus, ControlError> {
        let scripted = self.find_alive(session, generation)?;
        lock(&self.shared.stops).push(Stopped { session, at: Timestamp::now() });
        let status = scripted.status(ShimState::Stopping);
        scripted.end(ExitCause::StopRequested);
        Ok(status)
    }

    async fn kill(&self, session: SessionId) -> Result<Vec<FoundProcess>, KillError> {
        let Some(scripted) = self.find(session).filter(|scripted| scripted.is_alive()) else { return Ok(Vec::new()) };
        scripted.finish(End::Vanished);
        Ok(vec![scripted.found()])
    }

    async fn released(&self, session: SessionId) -> Result<Released, ObserveError> {
        let alive = self.find(session).filter(|scripted| scripted.is_alive());
        Ok(Released { socket: alive.is_some(), processes: alive.iter().map(|scripted| scripted.found()).collect() })
    }

    async fn sweep(&self) -> Result<Vec<FoundProcess>, ObserveError> {
        Ok(self.sessions().values().filter(|scripted| scripted.is_alive()).map(|scripted| scripted.found()).collect())
    }

    async fn wait_exit(&self, session: SessionId, generation: u32) -> Result<(), ObserveError> {
        if let Some(scripted) = self.find(session).filter(|scripted| scripted.generation == generation) {
            scripted.wait_end().await;
        }
        Ok(())
    }

    async fn connect_runtime(&self, session: SessionId) -> Result<UnixStream, ConnectError> {
        let gone = || ConnectError::Gone(io::ErrorKind::NotFound.into());
        let scripted = self.find(session).filter(|scripted| scripted.is_alive()).ok_or_else(gone)?;
        let permit = Arc::clone(&self.shared.connections).acquire_owned().await.map_err(|_| gone())?;
        let (near, far) = self.pair().map_err(ConnectError::Io)?;
        let answers = Arc::clone(&self.shared.answers);
        self.shared.tasks.spawn(async move {
            tokio::select! {
                () = serve(far, answers) => {}
                () = scripted.wait_end() => {}
            }
            drop(permit);
        });
        Ok(near)
    }
}

impl ScriptedLauncher {
    /// Two ends of a connection: one for the caller's tasks, one for the runtimes'.
    fn pair(&self) -> io::Result<(UnixStream, UnixStream)> {
        let (near, far) = StdUnixStream::pair()?;
        near.set_nonblocking(true)?;
        far.set_nonblocking(true)?;
        let near = UnixStream::from_std(near)?;
        let _tasks = self.shared.tasks.enter();
        Ok((near, UnixStream::from_std(far)?))
    }
}

#[cfg(test)]
mod tests;
