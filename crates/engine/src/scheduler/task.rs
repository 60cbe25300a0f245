//! One choice of one request, from the queue to its end.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use llguidance::Matcher;
use protocol::{
    engine::Priority,
    openai::{FinishReason, Sampling},
};
use tokio::sync::mpsc::UnboundedSender;

use super::{inference::QueuePlace, share::STINT};
use crate::{
    grammar::{Mask, MaskRequest},
    llama::Token,
    sampler::{Sampler, TokenChances},
    text::TextStage,
};

/// A request for the inference thread: its prompt fits the context.
pub(crate) struct Job {
    pub(crate) priority: Priority,
    pub(crate) prompt: Arc<[Token]>,
    pub(crate) sampling: Sampling,
    /// Tokens that each choice may have; fits the context.
    pub(crate) limit: u32,
    pub(crate) grammar: Option<Matcher>,
    /// Takes the place of a seed where none was asked for.
    pub(crate) entropy: u64,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) accepted_at: Instant,
    pub(crate) place: QueuePlace,
}

/// What a job's reader is told.
#[derive(Debug)]
pub(crate) enum Event {
    Text(TextPiece),
    /// The end of one choice.
    Finished(Finished),
    /// The end of the whole request.
    Failed(&'static str),
}

/// More text of a choice. Never empty of both text and chances.
#[derive(Debug)]
pub(crate) struct TextPiece {
    pub(crate) choice: u32,
    pub(crate) text: String,
    pub(crate) chances: Vec<TokenChance>,
}

/// The log-probability of a token whose text begins `offset` bytes into the choice's text.
#[derive(Debug)]
pub(crate) struct TokenChance {
    pub(crate) token: Token,
    pub(crate) offset: usize,
    pub(crate) chances: TokenChances,
}

/// How a choice ended.
#[derive(Debug, Clone)]
pub(crate) struct Finished {
    pub(crate) choice: u32,
    pub(crate) reason: FinishReason,
    /// Tokens generated; an end-of-generation token is not counted.
    pub(crate) generated: u32,
    /// Prompt tokens taken from the cache.
    pub(crate) cached: u32,
    pub(crate) queued: Duration,
    /// From the start to the first token.
    pub(crate) prompt: Duration,
    /// From the first token to the last.
    pub(crate) predicted: Duration,
}

/// What a placed task needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Prompt tokens to compute.
    Prompt,
    /// This token to decode.
    Next(Token),
    /// The mask for logits that are at hand.
    AwaitingMask,
}

/// The grammar of a task.
pub(super) enum Grammar {
    None,
    /// At the grammar thread.
    Away,
    Ready(Box<Matcher>, Mask),
}

/// One choice.
pub(super) struct Task {
    pub(super) id: u64,
    pub(super) priority: Priority,
    pub(super) choice: u32,
    /// What its sequence must hold before the next token is chosen: the prompt, and where it gave a sequence away,
    /// what it had written by then.
    pub(super) prompt: Arc<[Token]>,
    pub(super) phase: Phase,
    pub(super) sampler: Sampler,
    pub(super) grammar: Grammar,
    /// Logits kept for a mask that is late.
    pub(super) kept_logits: Vec<f32>,
    pub(super) text: TextStage,
    pub(super) chances: Vec<TokenChance>,
    pub(super) events: UnboundedSender<Event>,
    pub(super) ignore_ends: bool,
    /// Whether the same request must give the same answer, when run alone from an empty cache.
    pub(super) seeded: bool,
    pub(super) limit: u32,
    pub(super) generated: u32,
    first_matcher: Option<Matcher>,
    place: Option<Arc<QueuePlace>>,
    accepted_at: Instant,
    /// When it first got a sequence.
    started_at: Option<Instant>,
    first_token_at: Option<Instant>,
    cached: u32,
    /// Its stint lasts until it has written this many tokens.
    stint_until: u32,
}

impl Task {
    /// The tasks of a job, one per choice.
    pub(super) fn of_job(job: Job, next_id: &mut u64) -> Vec<Self> {
        let place = Arc::new(job.place);
        let task = |choice| {
            *next_id += 1;
            Self {
                id: *next_id,
                priority: job.priority,
                choice,
                prompt: Arc::clone(&job.prompt),
                phase: Phase::Prompt,
                sampler: Sampler::new(job.sampling.clone(), &job.prompt, choice, job.entropy),
                grammar: if job.grammar.is_some() { Grammar::Away } else { Grammar::None },
                kept_logits: Vec::new(),
                text: TextStage::new(&job.sampling.stop),
                chances: Vec::new(),
                events: job.events.clone(),
                ignore_ends: job.sampling.ignore_eos,
                seeded: job.sampling.seed.is_some(),
                limit: job.limit,
                generated: 0,
                first_matcher: job.grammar.as_ref().map(Matcher::deep_clone),
                place: Some(Arc::clone(&place)),
                accepted_at: job.accepted_at,
                started_at: None,
                first_token_at: None,
                cached: 0,
                stint_until: 0,
            }
        };
        (0..job.sampling.n).map(task).collect()
    }

    /// Whether nobody reads its events any more.
    pub(super) fn is_abandoned(&self) -> bool {
        self.events.is_closed()
    }

    /// It got a sequence that holds `cached` tokens of its prompt. What is told of its start is the first one's.
    /// Answered is its place among the waiting.
    pub(super) fn started(&mut self, now: Instant, cached: usize) -> Option<Arc<QueuePlace>> {
        if self.started_at.is_none() {
            self.started_at = Some(now);
            self.cached = cached as u32;
        }
        self.place.take()
    }

    /// Its sequence, which held `cached`, is given away: it waits at `place`, keeping all else.
    pub(super) fn put_back(&mut self, cached: &[Token], place: Option<QueuePlace>) {
        self.place = place.map(Arc::new);
        self.start_over(cached);
    }

    /// What its sequence held, `cached`, and the token that was to be decoded must be computed again, as a prompt is:
    /// the logits after it are those that the next token is chosen from.
    pub(super) fn start_over(&mut self, cached: &[Token]) {
        match self.phase {
            Phase::Prompt => return,
            Phase::Next(token) => self.prompt = cached.iter().copied().chain([token]).collect(),
            Phase::AwaitingMask => self.prompt = cached.into(),
        }
        self.kept_logits = Vec::new();
        self.phase = Phase::Prompt;
    }

    /// From now on its sequence is not taken away until it has written some tokens.
    pub(super) fn begin_stint(&mut self) {
        self.stint_until = self.generated + STINT;
    }

    pub(super) fn is_in_stint(&self) -> bool {
        self.generated < self.stint_until
    }

    /// The request for the first mask, if it has a grammar.
    pub(super) fn first_mask(&mut self) -> Option<MaskRequest> {
        let matcher = Box::new(self.first_matcher.take()?);
        Some(MaskRequest { task: self.id, matcher, token: None })
    }

    pub(super) fn take_mask(&mut self, matcher: Box<Matcher>, mask: Mask) {
        self.grammar = Grammar::Ready(matcher, mask);
    }

    /// A token was chosen now.
    pub(super) fn count_token(&mut self) {
        self.first_token_at.get_or_insert_with(Instant::now);
    }

    /// Tells text that is sure now, with the chances of the tokens that began in it.
    pub(super) fn tell(&mut self, text: String) {
        let released = self.text.released();
        let ready = self.chances.iter().take_while(|chance| chance.offset < released).count();
        let chances: Vec<TokenChance> = self.chances.drain(..ready).collect();
        if !text.is_empty() || !chances.is_empty() {
            // A reader that is gone is noticed at the next round.
            drop(self.events.send(Event::Text(TextPiece { choice: self.choice, text, chances })));
        }
    }

    /// Tells the end.
    pub(super) fn finish(self, reason: FinishReason) {
        let now = Instant::now();
        let started = self.started_at.unwrap_or(now);
        let first = self.first_token_at.unwrap_or(now);
        let finished = Finished {
            choice: self.choice,
            reason,
            generated: self.generated,
            cached: self.cached,
            queued: started - self.accepted_at,
            prompt: first - started,
            predicted: now - first,
        };
        drop(self.events.send(Event::Finished(finished)));
    }

    /// Tells a failure, which ends the whole request.
    pub(super) fn fail(self, message: &'static str) {
        drop(self.events.send(Event::Failed(message)));
    }
}
