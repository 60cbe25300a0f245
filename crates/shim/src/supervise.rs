//! The shim's one loop: signals, deadlines, memory, output and calls, until everything of the session is gone.

use std::io;

use protocol::shim::{
    ExitCause, LaunchSpec, ProcessIdentity, Refusal, ShimCall, ShimReply, ShimRequest, ShimState, ShimStatus,
};
use rustix::{
    event::{PollFd, PollFlags, poll},
    process::WaitStatus,
};

use crate::{
    cgroup::RuntimeGroup,
    clock::{BootTime, Timer},
    control::Control,
    deadlines::Deadlines,
    disk::DiskWatch,
    memory::MemoryWatch,
    output::Output,
    runtime::Runtime,
    signals::Signals,
    stopping,
};

/// While something must die, it is told so this often.
const KILL_AGAIN_MS: u64 = 20;

/// What the loop watches over.
#[derive(Debug)]
pub(crate) struct Supervision {
    pub(crate) spec: LaunchSpec,
    pub(crate) shim: ProcessIdentity,
    pub(crate) runtime: Runtime,
    pub(crate) deadlines: Deadlines,
    pub(crate) memory: MemoryWatch,
    pub(crate) disk: DiskWatch,
    pub(crate) output: Output,
}

/// How far the end has come; only forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    Running,
    /// SIGTERM was sent; SIGKILL follows.
    Terminating {
        cause: ExitCause,
        kill_at: BootTime,
    },
    /// SIGKILL was sent, and is sent again until nothing is left.
    Killing {
        cause: ExitCause,
        again_at: BootTime,
    },
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct End {
    pub(crate) cause: ExitCause,
    pub(crate) status: Option<WaitStatus>,
    pub(crate) peak_memory_bytes: u64,
    /// Kills by the kernel because of the runtime's own bound.
    pub(crate) bound_kills: u64,
    pub(crate) output: Output,
}

struct Watch {
    on: Supervision,
    phase: Phase,
    /// How the leader ended, once it is reaped.
    status: Option<WaitStatus>,
}

impl Supervision {
    /// Runs until no process of the session is left.
    ///
    /// # Errors
    /// The operating system refuses to wait; the runtime is then to be given up (it dies with the shim).
    pub(crate) fn run(self, mut signals: Signals, mut control: Control) -> io::Result<End> {
        let timer = Timer::new()?;
        let mut watch = Watch { on: self, phase: Phase::Running, status: None };
        loop {
            timer.arm(watch.wake_at())?;
            wait_for_any(&watch, &signals, &timer, &control)?;
            watch.on.output.drain();
            if signals.take().stop {
                let grace = watch.on.spec.stop_grace_ms;
                watch.terminate(ExitCause::StopRequested, grace);
            }
            control.accept();
            control.serve(|call| watch.answer(&call));
            watch.check_bounds();
            if watch.reap() {
                watch.on.output.drain_all();
                return Ok(watch.end());
            }
        }
    }
}

fn wait_for_any(watch: &Watch, signals: &Signals, timer: &Timer, control: &Control) -> io::Result<()> {
    let mut fds = vec![
        PollFd::new(signals, PollFlags::IN),
        PollFd::new(timer, PollFlags::IN),
        PollFd::from_borrowed_fd(control.listener(), PollFlags::IN),
    ];
    if watch.status.is_none() {
        fds.push(PollFd::new(&watch.on.runtime.pidfd, PollFlags::IN));
    }
    if let Some(pipe) = watch.on.output.pipe() {
        fds.push(PollFd::from_borrowed_fd(pipe, PollFlags::IN));
    }
    for (fd, interest) in control.interests() {
        let mut flags = PollFlags::empty();
        flags.set(PollFlags::IN, interest.read);
        flags.set(PollFlags::OUT, interest.write);
        fds.push(PollFd::from_borrowed_fd(fd, flags));
    }
    match poll(&mut fds, None) {
        Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
        Err(errno) => Err(errno.into()),
    }
}

impl Watch {
    fn wake_at(&self) -> BootTime {
        let look = self.on.disk.next().map_or(self.on.memory.next(), |next| next.min(self.on.memory.next()));
        match self.phase {
            Phase::Running => self.on.deadlines.next().min(look),
            Phase::Terminating { kill_at, .. } => kill_at.min(look),
            Phase::Killing { again_at, .. } => again_at,
        }
    }

    fn check_bounds(&mut self) {
        let now = BootTime::now();
        if let Phase::Running = self.phase
            && let Some(cause) = self.on.deadlines.due(now)
        {
            let grace = self.on.spec.stop_grace_ms;
            self.terminate(cause, grace);
        }
        if self.status.is_none() && self.on.memory.sample(self.on.runtime.identity.pid, now) {
            self.kill(ExitCause::Memory);
        }
        if self.status.is_none() && self.on.disk.sample(now) {
            self.kill(ExitCause::Disk);
        }
        match self.phase {
            Phase::Terminating { cause, kill_at } if kill_at <= now => self.kill(cause),
            Phase::Killing { cause, again_at } if again_at <= now => self.kill(cause),
            Phase::Running | Phase::Terminating { .. } | Phase::Killing { .. } => {}
        }
    }

    /// SIGTERM now, SIGKILL after the grace; while terminating, the earlier SIGKILL holds.
    fn terminate(&mut self, cause: ExitCause, grace_ms: u64) {
        let kill_at = BootTime::now().after_ms(grace_ms);
        match &mut self.phase {
            Phase::Running => {
                stopping::terminate_group(self.on.runtime.pid);
                self.phase = Phase::Terminating { cause, kill_at };
            }
            Phase::Terminating { kill_at: before, .. } => *before = kill_at.min(*before),
            Phase::Killing { .. } => {}
        }
    }

    /// SIGKILL to everything, now; the first cause stays.
    fn kill(&mut self, cause: ExitCause) {
        let cause = match self.phase {
            Phase::Running => cause,
            Phase::Terminating { cause, .. } | Phase::Killing { cause, .. } => cause,
        };
        if let Some(group) = &self.on.runtime.group {
            group.kill();
        }
        stopping::kill_all(self.status.is_none().then_some(self.on.runtime.pid));
        self.phase = Phase::Killing { cause, again_at: BootTime::now().after_ms(KILL_AGAIN_MS) };
    }

    /// Reaps what ended; true when nothing is left. The leader's end is the runtime's: what it leaves is killed,
    /// while its number still is its own.
    fn reap(&mut self) -> bool {
        if self.status.is_none() && stopping::has_ended(self.on.runtime.pid) {
            self.kill(ExitCause::Exited);
        }
        let reaped = stopping::reap(self.on.runtime.pid);
        self.status = self.status.or(reaped.leader);
        reaped.none_left
    }

    fn answer(&mut self, call: &ShimCall) -> ShimReply {
        let running = self.on.spec.generation;
        if call.generation != running {
            return ShimReply::Refused { refusal: Refusal::OtherGeneration { running } };
        }
        let now = BootTime::now();
        let stopping = self.phase != Phase::Running;
        match call.request {
            // What was seen half a second ago is old: a model is loaded in less.
            ShimRequest::Status if self.status.is_none() => self.on.memory.measure(self.on.runtime.identity.pid, now),
            ShimRequest::Status => {}
            ShimRequest::SetDeadline { .. } | ShimRequest::Heartbeat { .. } if stopping => {
                return ShimReply::Refused { refusal: Refusal::Stopping };
            }
            ShimRequest::SetDeadline { in_ms } => self.on.deadlines.set_stop(now.after_ms(in_ms)),
            ShimRequest::Heartbeat { idle_in_ms } => {
                self.on.deadlines.set_idle(idle_in_ms.map(|ms| now.after_ms(ms)));
            }
            ShimRequest::Stop { grace_ms } => self.terminate(ExitCause::StopRequested, grace_ms),
            ShimRequest::Kill => self.kill(ExitCause::StopRequested),
        }
        ShimReply::Done { status: self.status_at(now) }
    }

    fn status_at(&self, now: BootTime) -> ShimStatus {
        let on = &self.on;
        ShimStatus {
            session: on.spec.session,
            generation: on.spec.generation,
            shim: on.shim.clone(),
            runtime: on.runtime.identity.clone(),
            state: if self.phase == Phase::Running { ShimState::Running } else { ShimState::Stopping },
            memory_bytes: on.memory.bytes(),
            peak_memory_bytes: on.memory.peak(),
            memory_bound_bytes: on.memory.bound(),
            deadline_in_ms: now.ms_until(on.deadlines.stop()),
            idle_deadline_in_ms: on.deadlines.idle().map(|idle| now.ms_until(idle)),
            confinement: on.runtime.confinement,
        }
    }

    fn end(self) -> End {
        let cause = match self.phase {
            Phase::Running => ExitCause::Exited,
            Phase::Terminating { cause, .. } | Phase::Killing { cause, .. } => cause,
        };
        End {
            cause,
            status: self.status,
            peak_memory_bytes: self.on.memory.peak(),
            bound_kills: self.on.runtime.group.as_ref().map_or(0, RuntimeGroup::oom_kills),
            output: self.on.output,
        }
    }
}
