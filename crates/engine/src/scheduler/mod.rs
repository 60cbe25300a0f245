//! The inference thread: continuous batching over the sequences of one context.
//!
//! It alone owns the context. It takes jobs from a channel and tells each job's events on the job's own channel;
//! a job whose events nobody reads any more is dropped at the next step, wherever it stands. Each round: take in
//! what arrived, place waiting tasks, decode one token of every running sequence, then compute a chunk of prompts
//! sized by the measured speed so that running sequences are not kept waiting. Background work gives way to
//! interactive requests: in line, in its sequences, and while their prompts are computed.

mod choose;
mod gear;
mod inference;
mod pace;
mod pass;
mod place;
mod preempt;
mod share;
mod slot;
mod task;
mod waiting;

use std::{
    sync::{Arc, atomic::Ordering, mpsc},
    time::Instant,
};

use protocol::engine::Priority;

use crate::{
    grammar::{MaskAnswer, MaskRequest},
    llama::{Batch, Context, Interrupt, Token, Vocab},
};
use gear::Gear;
use inference::Load;
pub(crate) use inference::{Inference, QueuePlace};
use pace::Pace;
use preempt::{Held, Round};
use share::{Background, Share};
use slot::Slot;
use task::Task;
pub(crate) use task::{Event, Finished, Job, TextPiece, TokenChance};
use waiting::Waiting;

/// Most tokens of one decode.
pub(crate) const BATCH: u32 = 512;

/// What arrives at the inference thread.
enum Arrival {
    Job(Box<Job>),
    Mask(Box<MaskAnswer>),
}

/// State of the inference thread.
struct Scheduler {
    context: Context,
    interrupt: Arc<Interrupt>,
    vocab: Vocab,
    slots: Vec<Slot>,
    waiting: Waiting,
    arrivals: mpsc::Receiver<Arrival>,
    masks: mpsc::Sender<MaskRequest>,
    batch: Batch,
    pace: Pace,
    decode_gear: Gear,
    prompt_gear: Gear,
    share: Share,
    held: Option<Held>,
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
            interrupt: context.interrupt(),
            context,
            vocab,
            slots: (0..sequences).map(Slot::new).collect(),
            waiting: Waiting::default(),
            arrivals,
            masks,
            batch: Batch::new(BATCH.max(sequences)),
            pace: Pace::default(),
            decode_gear: Gear::new(threads),
            prompt_gear: Gear::new(threads),
            share: Share::new(Instant::now()),
            held: None,
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
            let start = Instant::now();
            self.share.observe(self.background(), start);
            let round = self.round(start);
            self.decode_running(round);
            self.compute_prompts(round);
            if round == Round::Background {
                self.share.took_part(start.elapsed());
            }
            self.tell_active();
            self.load.rounds.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn tell_active(&self) {
        let active = self.slots.iter().filter(|slot| slot.task.is_some()).count();
        self.load.active.store(active as u32, Ordering::Relaxed);
    }

    /// Takes what arrived; waits if there is nothing else to do. `false` at the end.
    fn receive(&mut self) -> bool {
        // Before looking, so that one who arrives just now ends the next pass.
        self.interrupt.withdraw();
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
        let has_room = |priority| self.waiting.has(priority) && !self.targets(priority).is_empty();
        self.slots.iter().any(Slot::can_proceed) || has_room(Priority::Interactive) || has_room(Priority::Background)
    }

    fn background(&self) -> Background {
        if self.slots.iter().any(|slot| slot.priority() == Some(Priority::Background)) {
            Background::Placed
        } else if self.waiting.has(Priority::Background) {
            Background::Waiting
        } else {
            Background::None
        }
    }

    fn take(&mut self, arrival: Arrival) {
        match arrival {
            Arrival::Job(job) => {
                for task in Task::of_job(*job, &mut self.next_task) {
                    self.waiting.insert(task);
                }
            }
            Arrival::Mask(answer) => self.take_mask(*answer),
        }
    }

    fn take_mask(&mut self, answer: MaskAnswer) {
        let mut placed = self.slots.iter_mut().filter_map(|slot| slot.task.as_mut());
        let task = placed.find(|task| task.id == answer.task);
        if let Some(task) = task.or_else(|| self.waiting.find_mut(answer.task)) {
            task.take_mask(answer.matcher, answer.mask);
        }
    }

    /// Frees the places of those whose client is gone.
    fn drop_abandoned(&mut self) {
        self.waiting.drop_abandoned();
        for at in 0..self.slots.len() {
            if self.slots[at].task.as_ref().is_some_and(Task::is_abandoned) {
                drop(self.vacate(at));
            }
        }
    }
}
