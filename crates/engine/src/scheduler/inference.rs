//! The other threads' side of the inference thread: jobs in, counts out.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, AtomicU64, Ordering},
        mpsc,
    },
    thread,
};

use protocol::engine::Priority;

use super::{Arrival, Job, Scheduler};
use crate::{
    grammar,
    llama::{Context, Interrupt, Vocab},
};

/// Counts that other threads read.
#[derive(Debug, Default)]
pub(super) struct Load {
    /// Choices being computed.
    pub(super) active: AtomicU32,
    /// Rounds that came to their end.
    pub(super) rounds: AtomicU64,
    /// Interactive requests waiting for a place.
    interactive: Arc<AtomicU32>,
    /// Background requests that do, and choices that gave their place away.
    background: Arc<AtomicU32>,
}

impl Load {
    fn waiting(&self, priority: Priority) -> &Arc<AtomicU32> {
        match priority {
            Priority::Interactive => &self.interactive,
            Priority::Background => &self.background,
        }
    }

    /// A place for one that was in already: there always is one.
    pub(super) fn queue_again(&self, priority: Priority) -> Option<QueuePlace> {
        QueuePlace::take(self.waiting(priority), u32::MAX)
    }
}

/// A place among the waiting; given back when dropped.
#[derive(Debug)]
pub(crate) struct QueuePlace {
    waiting: Arc<AtomicU32>,
}

impl QueuePlace {
    fn take(waiting: &Arc<AtomicU32>, bound: u32) -> Option<Self> {
        let more = |count: u32| (count < bound).then_some(count + 1);
        waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).ok()?;
        Some(Self { waiting: Arc::clone(waiting) })
    }
}

impl Drop for QueuePlace {
    fn drop(&mut self) {
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Hands jobs to the inference thread.
#[derive(Clone)]
pub(crate) struct Inference {
    arrivals: mpsc::Sender<Arrival>,
    interrupt: Arc<Interrupt>,
    load: Arc<Load>,
    queue_bound: u32,
}

impl Inference {
    /// Starts the inference thread on a context; `ended` runs if it ever ends.
    pub(crate) fn start(
        context: Context,
        vocab: Vocab,
        sequences: u32,
        queue_bound: u32,
        ended: impl FnOnce() + Send + 'static,
    ) -> std::io::Result<Self> {
        let (arrivals, received) = mpsc::channel();
        let load = Arc::new(Load::default());
        let interrupt = context.interrupt();
        let answers = arrivals.clone();
        let masks = grammar::start_masks(move |answer| drop(answers.send(Arrival::Mask(Box::new(answer)))))?;
        let scheduler = Scheduler::new(context, vocab, sequences, received, masks, Arc::clone(&load));
        // Runs at the thread's end, a panic's included.
        let guard = OnDrop(Some(ended));
        thread::Builder::new().name("inference".into()).spawn(move || {
            let _guard = guard;
            scheduler.run();
        })?;
        Ok(Self { arrivals, interrupt, load, queue_bound })
    }

    /// A place in the queue, unless that of this priority is full.
    pub(crate) fn reserve(&self, priority: Priority) -> Option<QueuePlace> {
        QueuePlace::take(self.load.waiting(priority), self.queue_bound)
    }

    /// Hands a job over; `false` if the inference thread is gone.
    pub(crate) fn submit(&self, job: Job) -> bool {
        let priority = job.priority;
        let is_sent = self.arrivals.send(Arrival::Job(Box::new(job))).is_ok();
        if priority == Priority::Interactive {
            // After it was sent: whoever ends a pass for it finds it.
            self.interrupt.want();
        }
        is_sent
    }

    pub(crate) fn active(&self) -> u32 {
        self.load.active.load(Ordering::Relaxed)
    }

    /// Rounds of the inference thread so far.
    pub(crate) fn rounds(&self) -> u64 {
        self.load.rounds.load(Ordering::Relaxed)
    }

    /// Requests that wait, of both priorities.
    pub(crate) fn waiting(&self) -> u32 {
        let count = |priority| self.load.waiting(priority).load(Ordering::Relaxed);
        count(Priority::Interactive) + count(Priority::Background)
    }

    /// Requests of one priority that may wait.
    pub(crate) fn queue_bound(&self) -> u32 {
        self.queue_bound
    }
}

struct OnDrop<F: FnOnce()>(Option<F>);

impl<F: FnOnce()> Drop for OnDrop<F> {
    fn drop(&mut self) {
        if let Some(run) = self.0.take() {
            run();
        }
    }
}
