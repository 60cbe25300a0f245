//! The inference thread: continuous batching over the sequences of one context.
//!
//! It alone owns the context. It takes jobs from a channel and tells each job's events on the job's own channel;
//! a job whose events nobody reads any more is dropped at the next step, wherever it stands. Each round: take in
//! what arrived, place waiting tasks, decode one token of every running sequence, then compute a chunk of prompts
//! sized by the measured speed so that running sequences are not kept waiting.

mod gear;
mod pace;
mod pass;
mod place;
mod slot;
mod task;

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
        mpsc,
    },
    thread,
};

use crate::{
    grammar::{self, MaskAnswer, MaskRequest},
    llama::{Batch, Context, Token, Vocab},
};
use gear::Gear;
use pace::Pace;
use slot::Slot;
use task::Task;
pub(crate) use task::{Event, Finished, Job, QueuePlace, TextPiece, TokenChance};

/// Most tokens of one decode.
pub(crate) const BATCH: u32 = 512;

/// What arrives at the inference thread.
enum Arrival {
    Job(Box<Job>),
    Mask(Box<MaskAnswer>),
}

/// Counts that other threads read.
#[derive(Debug, Default)]
pub(crate) struct Load {
    /// Choices being computed.
    pub(crate) active: AtomicU32,
    /// Requests waiting for a place.
    pub(crate) waiting: Arc<AtomicU32>,
}

/// Hands jobs to the inference thread.
#[derive(Clone)]
pub(crate) struct Inference {
    arrivals: mpsc::Sender<Arrival>,
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
        let answers = arrivals.clone();
        let masks = grammar::start_masks(move |answer| drop(answers.send(Arrival::Mask(Box::new(answer)))))?;
        let scheduler = Scheduler::new(context, vocab, sequences, received, masks, Arc::clone(&load));
        // Runs at the thread's end, a panic's included.
        let guard = OnDrop(Some(ended));
        thread::Builder::new().name("inference".into()).spawn(move || {
            let _guard = guard;
            scheduler.run();
        })?;
        Ok(Self { arrivals, load, queue_bound })
    }

    /// A place in the queue, unless it is full.
    pub(crate) fn reserve(&self) -> Option<QueuePlace> {
        QueuePlace::take(&self.load.waiting, self.queue_bound)
    }

    /// Hands a job over; `false` if the inference thread is gone.
    pub(crate) fn submit(&self, job: Job) -> bool {
        self.arrivals.send(Arrival::Job(Box::new(job))).is_ok()
    }

    pub(crate) fn active(&self) -> u32 {
        self.load.active.load(Ordering::Relaxed)
    }

    pub(crate) fn waiting(&self) -> u32 {
        self.load.waiting.load(Ordering::Relaxed)
    }

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

/// State of the inference thread.
struct Scheduler {
    context: Context,
    vocab: Vocab,
    slots: Vec<Slot>,
    waiting: VecDeque<Task>,
    arrivals: mpsc::Receiver<Arrival>,
    masks: mpsc::Sender<MaskRequest>,
    batch: Batch,
    pace: Pace,
    decode_gear: Gear,
    prompt_gear: Gear,
    load: Arc<Load>,
    /// Tokens that end a generation: banned where a request goes on after them.
    ends: Vec<Token>,
    next_task: u64,
    piece: Vec<u8>,
}

impl Scheduler {
    fn new(
        context: Context,
        vocab: Vocab,
        sequences: u32,
        arrivals: mpsc::Receiver<Arrival>,
        masks: mpsc::Sender<MaskRequest>,
        load: Arc<Load>,
    ) -> Self {
        let threads = context.threads();
        let ends = (0..vocab.len() as Token).filter(|token| vocab.is_end(*token)).collect();
        Self {
            context,
            vocab,
            slots: (0..sequences).map(Slot::new).collect(),
            waiting: VecDeque::new(),
            arrivals,
            masks,
            batch: Batch::new(BATCH.max(sequences)),
            pace: Pace::default(),
            decode_gear: Gear::new(threads),
            prompt_gear: Gear::new(threads),
            load,
            ends,
            next_task: 0,
            piece: Vec::new(),
        }
    }

    /// Works until every sender of arrivals is gone.
    fn run(mut self) {
        while self.receive() {
            self.drop_abandoned();
            self.place_waiting();
            self.decode_running();
            self.compute_prompts();
            let active = self.slots.iter().filter(|slot| slot.task.is_some()).count();
            self.load.active.store(active as u32, Ordering::Relaxed);
        }
    }

    /// Takes what arrived; waits if there is nothing else to do. `false` at the end.
    fn receive(&mut self) -> bool {
        if !self.has_work() {
            match self.arrivals.recv() {
                Ok(arrival) => self.take(arrival),
                Err(mpsc::RecvError) => return false,
            }
        }
        while let Ok(arrival) = self.arrivals.try_recv() {
            self.take(arrival);
        }
        true
    }

    fn has_work(&self) -> bool {
        !self.waiting.is_empty() && self.slots.iter().any(|slot| slot.task.is_none())
            || self.slots.iter().any(Slot::can_proceed)
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Job(job) => {
                for task in Task::of_job(*job, &mut self.next_task) {
                    self.waiting.push_back(task);
                }
            }
            Arrival::Mask(answer) => self.take_mask(*answer),
        }
    }

    fn take_mask(&mut self, answer: MaskAnswer) {
        let slot = self.slots.get_mut(answer.sequence as usize).and_then(|slot| slot.task.as_mut());
        if let Some(task) = slot.filter(|task| task.id == answer.task) {
            task.take_mask(answer.matcher, answer.mask);
        }
    }

    /// Frees the places of those whose client is gone.
    fn drop_abandoned(&mut self) {
        self.waiting.retain(|task| !task.is_abandoned());
        for slot in &mut self.slots {
            if slot.task.as_ref().is_some_and(Task::is_abandoned) {
                slot.task = None;
            }
        }
    }
}
