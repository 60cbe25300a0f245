//! What of the completions nobody waits for yet: begins and checkpoints are held back for a moment, so that an
//! answer that ends at once becomes a single insert, and a later checkpoint replaces an earlier one.

use std::{collections::HashMap, time::Duration};

use protocol::{CompletionId, completion::CompletionUsage};
use tokio::time::Instant;

use crate::{Begin, Checkpoint};

/// How long a begin or a checkpoint may wait for company.
pub(super) const LINGER: Duration = Duration::from_millis(50);
/// Begins kept for another try while the storage is full; beyond, the oldest attempts are let go.
const MOST_RETRIED: usize = 10_000;

struct Draft {
    begin: Option<Box<Begin>>,
    checkpoint: Option<Checkpoint>,
    due: Instant,
}

/// A step that is due.
pub(super) enum Due {
    Begin(Box<Begin>),
    Checkpoint(CompletionId, Checkpoint),
}

#[derive(Default)]
pub(super) struct Pending {
    drafts: HashMap<CompletionId, Draft>,
    /// Completions stored as running, with the tokens counted so far.
    running: HashMap<CompletionId, CompletionUsage>,
}

impl Pending {
    pub(super) fn begin(&mut self, begin: Box<Begin>, now: Instant) {
        let due = now + LINGER;
        let draft = self.drafts.entry(begin.id).or_insert(Draft { begin: None, checkpoint: None, due });
        draft.begin = Some(begin);
    }

    pub(super) fn checkpoint(&mut self, id: CompletionId, checkpoint: Checkpoint, now: Instant) {
        let due = now + LINGER;
        self.drafts.entry(id).or_insert(Draft { begin: None, checkpoint: None, due }).checkpoint = Some(checkpoint);
    }

    /// The completion has ended: what was held back of it is part of its end.
    pub(super) fn forget(&mut self, id: CompletionId) {
        self.drafts.remove(&id);
    }

    /// When the next of them must be written.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.drafts.values().map(|draft| draft.due).min()
    }

    /// Takes what has waited long enough, at most `most` completions.
    pub(super) fn take_due(&mut self, now: Instant, most: usize) -> Vec<Due> {
        let due = self.drafts.iter().filter(|(_, draft)| draft.due <= now).map(|(id, _)| *id);
        let ids: Vec<CompletionId> = due.take(most).collect();
        let mut taken = Vec::with_capacity(ids.len());
        for id in ids {
            let Some(draft) = self.drafts.remove(&id) else { continue };
            taken.extend(draft.begin.map(Due::Begin));
            taken.extend(draft.checkpoint.map(|checkpoint| Due::Checkpoint(id, checkpoint)));
        }
        taken
    }

    /// Takes everything, due or not.
    pub(super) fn take_all(&mut self, now: Instant) -> Vec<Due> {
        self.take_due(now + LINGER * 100, usize::MAX)
    }

    /// A begin that could not be written is tried again in a second.
    pub(super) fn retry(&mut self, begin: Box<Begin>, now: Instant) {
        if self.drafts.len() < MOST_RETRIED {
            let due = now + Duration::from_secs(1);
            self.drafts.insert(begin.id, Draft { begin: Some(begin), checkpoint: None, due });
        }
    }

    /// The tokens counted of a completion that is stored as running; none where it is not.
    pub(super) fn counted(&self, id: CompletionId) -> Option<CompletionUsage> {
        self.running.get(&id).copied()
    }

    pub(super) fn stored_running(&mut self, id: CompletionId, usage: CompletionUsage) {
        self.running.insert(id, usage);
    }

    pub(super) fn stored_done(&mut self, id: CompletionId) {
        self.running.remove(&id);
    }
}
