//! One completion in flight: what was asked, what has been written so far, who wants it cut.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use protocol::{
    CompletionId,
    completion::{Completion, CompletionError, CompletionStatus, CompletionTiming, CompletionUsage, FinishReason},
};
use store::{Begin, Checkpoint, Finish};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::transcript::Transcript;

/// Who ends an answer early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Cut {
    /// The session's stop, or its token budget.
    SessionStopped,
    /// A person, or a client that went away.
    Cancelled,
    /// The server's end.
    Shutdown,
}

impl Cut {
    pub(crate) const fn finish_reason(self) -> FinishReason {
        match self {
            Self::SessionStopped => FinishReason::SessionStopped,
            Self::Cancelled => FinishReason::Cancelled,
            Self::Shutdown => FinishReason::Error,
        }
    }
}

/// A completion from its acceptance by the runtime to its record.
#[derive(Debug)]
pub(crate) struct Exchange {
    pub(crate) id: CompletionId,
    begin: Begin,
    transcript: Mutex<Transcript>,
    /// Rises with each change of the transcript; `u64::MAX` once the record is on disk.
    version: watch::Sender<u64>,
    cut: CancellationToken,
    cut_by: OnceLock<Cut>,
}

/// The version of an exchange that is over.
pub(crate) const OVER: u64 = u64::MAX;

impl Exchange {
    pub(crate) fn new(begin: Begin) -> Self {
        Self {
            id: begin.id,
            begin,
            transcript: Mutex::default(),
            version: watch::Sender::new(0),
            cut: CancellationToken::new(),
            cut_by: OnceLock::new(),
        }
    }

    /// Ends the answer early; the first to ask is named in the record.
    pub(crate) fn cut(&self, cut: Cut) {
        let _ = self.cut_by.set(cut);
        self.cut.cancel();
    }

    /// Resolves once somebody wants the answer cut.
    pub(crate) async fn wait_cut(&self) -> Cut {
        self.cut.cancelled().await;
        self.cut_by.get().copied().unwrap_or(Cut::Cancelled)
    }

    pub(crate) fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells followers that the transcript has grown.
    pub(crate) fn grown(&self) {
        self.version.send_modify(|version| *version = version.saturating_add(1).min(OVER - 1));
    }

    /// Tells followers that the record is on disk.
    pub(crate) fn over(&self) {
        self.version.send_replace(OVER);
    }

    /// Watches the transcript's version.
    pub(crate) fn follow(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The completion as it began.
    pub(crate) const fn begin(&self) -> &Begin {
        &self.begin
    }

    /// The text so far, to be kept.
    pub(crate) fn checkpoint(&self) -> Checkpoint {
        let transcript = self.transcript();
        let (prompt_tokens, completion_tokens) = transcript.tokens();
        Checkpoint {
            session_id: self.begin.session_id,
            texts: transcript.choices.iter().map(|choice| choice.text.clone()).collect(),
            usage: CompletionUsage { prompt_tokens, completion_tokens },
        }
    }

    /// The completion as it stands, running.
    pub(crate) fn completion(&self) -> Completion {
        let transcript = self.transcript();
        let (prompt_tokens, completion_tokens) = transcript.tokens();
        Completion {
            id: self.id,
            session_id: self.begin.session_id,
            conversation: self.begin.conversation.clone(),
            origin: self.begin.origin,
            status: CompletionStatus::Running,
            request: serde_json::from_str(&self.begin.request).unwrap_or_default(),
            response: transcript.response().to_owned(),
            choices: transcript.choices(),
            finish_reason: None,
            error: None,
            usage: CompletionUsage { prompt_tokens, completion_tokens },
            timing: CompletionTiming::default(),
            created_at: self.begin.created_at,
            finished_at: None,
            starred: false,
        }
    }

    /// The record of the completion as it ended.
    pub(crate) fn finish(&self, end: &End) -> Finish {
        let transcript = self.transcript();
        let (prompt_tokens, completion_tokens) = transcript.tokens();
        let first = transcript.choices.first().and_then(|choice| choice.finish_reason);
        Finish {
            begin: self.begin.clone(),
            choices: transcript.choices(),
            finish_reason: match &end.error {
                Some(_) => FinishReason::Error,
                None => first.unwrap_or(FinishReason::Error),
            },
            error: end.error.clone(),
            usage: CompletionUsage { prompt_tokens, completion_tokens },
            timing: end.timing,
            finished_at: end.at,
        }
    }
}

/// How and when an answer ended.
#[derive(Debug, Clone)]
pub(crate) struct End {
    pub(crate) at: Timestamp,
    pub(crate) error: Option<CompletionError>,
    pub(crate) timing: CompletionTiming,
}
