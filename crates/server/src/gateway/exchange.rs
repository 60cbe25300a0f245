//! One completion in flight: what was asked, what has been written so far, who wants it cut.

use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId,
    completion::{
        Completion, CompletionError, CompletionStatus, CompletionTiming, CompletionUsage, FinishReason, Origin,
    },
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::transcript::Transcript;

/// Who ends an answer early.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// The session's stop, or its token budget.
    SessionStopped,
    /// A person, or a client that went away.
    Cancelled,
}

impl Cut {
    pub const fn finish_reason(self) -> FinishReason {
        match self {
            Self::SessionStopped => FinishReason::SessionStopped,
            Self::Cancelled => FinishReason::Cancelled,
        }
    }
}

/// A completion from its acceptance by the runtime to its record.
#[derive(Debug)]
pub struct Exchange {
    pub id: CompletionId,
    pub session_id: SessionId,
    pub conversation: Option<String>,
    pub origin: Origin,
    /// The body as sent.
    pub request: serde_json::Value,
    pub created_at: Timestamp,
    transcript: Mutex<Transcript>,
    /// Rises with each change of the transcript; `u64::MAX` once the record is on disk.
    version: watch::Sender<u64>,
    cut: CancellationToken,
    cut_by: OnceLock<Cut>,
}

/// The version of an exchange that is over.
pub const OVER: u64 = u64::MAX;

impl Exchange {
    pub fn new(
        session_id: SessionId,
        origin: Origin,
        conversation: Option<String>,
        request: serde_json::Value,
        created_at: Timestamp,
    ) -> Self {
        Self {
            id: CompletionId::generate(),
            session_id,
            conversation,
            origin,
            request,
            created_at,
            transcript: Mutex::default(),
            version: watch::Sender::new(0),
            cut: CancellationToken::new(),
            cut_by: OnceLock::new(),
        }
    }

    /// Ends the answer early; the first to ask is named in the record.
    pub fn cut(&self, cut: Cut) {
        let _ = self.cut_by.set(cut);
        self.cut.cancel();
    }

    /// Resolves once somebody wants the answer cut.
    pub async fn wait_cut(&self) -> Cut {
        self.cut.cancelled().await;
        self.cut_by.get().copied().unwrap_or(Cut::Cancelled)
    }

    pub fn transcript(&self) -> MutexGuard<'_, Transcript> {
        self.transcript.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells followers that the transcript has grown.
    pub fn grown(&self) {
        self.version.send_modify(|version| *version = version.saturating_add(1).min(OVER - 1));
    }

    /// Tells followers that the record is on disk.
    pub fn over(&self) {
        self.version.send_replace(OVER);
    }

    /// Watches the transcript's version.
    pub fn follow(&self) -> watch::Receiver<u64> {
        self.version.subscribe()
    }

    /// The completion as it stands, running.
    pub fn completion(&self) -> Completion {
        let transcript = self.transcript();
        let (prompt_tokens, completion_tokens) = transcript.tokens();
        Completion {
            id: self.id,
            session_id: self.session_id,
            conversation: self.conversation.clone(),
            origin: self.origin,
            status: CompletionStatus::Running,
            request: self.request.clone(),
            response: transcript.response().to_owned(),
            choices: transcript.choices(),
            finish_reason: None,
            error: None,
            usage: CompletionUsage { prompt_tokens, completion_tokens },
            timing: CompletionTiming::default(),
            created_at: self.created_at,
            finished_at: None,
            starred: false,
        }
    }

    /// The completion as it ended.
    pub fn finished(&self, end: &End) -> Completion {
        let mut completion = self.completion();
        let first = completion.choices.first().and_then(|choice| choice.finish_reason);
        completion.status = CompletionStatus::Done;
        completion.finish_reason = Some(if end.error.is_some() {
            FinishReason::Error
        } else {
            first.unwrap_or(FinishReason::Error)
        });
        completion.error = end.error.clone();
        completion.timing = end.timing;
        completion.finished_at = Some(end.at);
        completion
    }
}

/// How and when an answer ended.
#[derive(Debug, Clone)]
pub struct End {
    pub at: Timestamp,
    pub error: Option<CompletionError>,
    pub timing: CompletionTiming,
}
