//! One answer: followed as it is written, stopped by Ctrl-C, taken up again after the connection broke.

use std::time::Duration;

use protocol::completion::{Completion, CompletionStatus, CompletionText};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use crate::{
    client::{Answer, ApiError, Event, EventStream},
    command::Context,
    failure::Failure,
    output::clean,
};

/// How long the server may be away in the middle of an answer, as it is while it starts again.
const PATIENCE: Duration = Duration::from_secs(15);
const PAUSE: Duration = Duration::from_millis(200);
/// How long the end may take to come after it was asked for.
const CANCEL_PATIENCE: Duration = Duration::from_secs(10);

/// A rendered prompt.
#[derive(Debug, Deserialize)]
pub(super) struct Rendered {
    pub(super) prompt: String,
    #[serde(alias = "prompt_tokens")]
    pub(super) tokens: u64,
    pub(super) context_length: u64,
}

/// An answer that has ended.
pub(super) struct Followed {
    pub(super) completion: Completion,
    /// The completion as the API gave it.
    pub(super) text: String,
}

/// How far an answer was followed.
struct Follower<'a> {
    context: &'a Context<'a>,
    path: String,
    /// Unicode scalar values that were printed.
    at: u64,
    /// Ends with a line break.
    ended_line: bool,
    lost_at: Option<Instant>,
    /// Set at the first Ctrl-C.
    cancelled_at: Option<Instant>,
}

/// Prints an answer as it comes, until it has ended.
///
/// # Errors
/// The server went away for longer than a restart takes.
pub(super) async fn follow(context: &Context<'_>, created: &Completion) -> anyhow::Result<Followed> {
    let path = format!("/api/v1/completions/{}", created.id);
    let mut follower = Follower { context, path, at: 0, ended_line: true, lost_at: None, cancelled_at: None };
    let result = follower.run().await;
    follower.end_line();
    result
}

impl Follower<'_> {
    async fn run(&mut self) -> anyhow::Result<Followed> {
        loop {
            match self.stream().await {
                Ok(Some(followed)) => return Ok(followed),
                Ok(None) => {}
                Err(error) if is_final(&error) => return Err(error),
                Err(error) => {
                    let lost_at = *self.lost_at.get_or_insert_with(Instant::now);
                    if lost_at.elapsed() > PATIENCE {
                        return Err(error);
                    }
                }
            }
            if let Some(followed) = self.look().await? {
                return Ok(followed);
            }
            sleep(PAUSE).await;
        }
    }

    /// Follows one connection to its end; `None`: it ended before the answer did.
    async fn stream(&mut self) -> anyhow::Result<Option<Followed>> {
        let path = format!("{}/stream", self.path);
        let mut events = self.context.client.events(&path, &[("from", self.at.to_string())]).await?;
        self.lost_at = None;
        while let Some(event) = self.next(&mut events).await? {
            match event.name.as_str() {
                "text" => {
                    let text: CompletionText = serde_json::from_str(&event.data)?;
                    self.print(text.from, &text.text);
                }
                "done" => return self.done(&Answer { text: event.data }).map(Some),
                // Something of a later version.
                _ => {}
            }
        }
        Ok(None)
    }

    /// The next event. Ctrl-C asks the server to stop, and the rest is still read; a second one leaves it.
    async fn next(&mut self, events: &mut EventStream) -> anyhow::Result<Option<Event>> {
        loop {
            let overdue = self.cancelled_at.map(|at| at + CANCEL_PATIENCE);
            tokio::select! {
                event = events.next() => return event,
                _ = tokio::signal::ctrl_c() => {}
                () = until(overdue) => return Err(Failure::new("the answer does not stop").into()),
            }
            if self.cancelled_at.is_some() {
                return Err(Failure::new("interrupted; what was written is in the history").into());
            }
            self.cancelled_at = Some(Instant::now());
            match self.context.client.post(&format!("{}/cancel", self.path), None).await {
                Ok(_) => {}
                // It ended by itself meanwhile.
                Err(error) if status_is_conflict(&error) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads the whole completion: it may have ended while nobody listened.
    async fn look(&mut self) -> anyhow::Result<Option<Followed>> {
        match self.context.client.get(&self.path, &[]).await {
            Ok(answer) => {
                let completion: Completion = answer.read()?;
                if completion.status == CompletionStatus::Done { self.done(&answer).map(Some) } else { Ok(None) }
            }
            Err(error) if is_final(&error) => Err(error),
            Err(_) => Ok(None),
        }
    }

    fn done(&mut self, answer: &Answer) -> anyhow::Result<Followed> {
        let completion: Completion = answer.read()?;
        self.print(0, &completion.response);
        Ok(Followed { completion, text: answer.text.clone() })
    }

    /// Prints what of a text, which begins at an offset, was not printed yet.
    fn print(&mut self, from: u64, text: &str) {
        let known = usize::try_from(self.at.saturating_sub(from)).unwrap_or(usize::MAX);
        let fresh: String = text.chars().skip(known).collect();
        self.at = self.at.max(from) + fresh.chars().count() as u64;
        let output = self.context.output;
        if fresh.is_empty() || output.is_json() {
            return;
        }
        // What a model writes must not steer the terminal; a pipe gets it as it is.
        let shown = if output.out_is_terminal() { clean(&fresh) } else { fresh };
        output.write(&shown);
        if !shown.is_empty() {
            self.ended_line = shown.ends_with('\n');
        }
    }

    fn end_line(&mut self) {
        if !std::mem::replace(&mut self.ended_line, true) {
            self.context.output.write("\n");
        }
    }
}

async fn until(at: Option<Instant>) {
    match at {
        Some(at) => tokio::time::sleep_until(at).await,
        None => std::future::pending().await,
    }
}

/// An answer of the server, or our own: trying again changes nothing.
fn is_final(error: &anyhow::Error) -> bool {
    let refused = error.downcast_ref::<ApiError>().is_some_and(|error| !error.is_unreachable() && !error.may_pass());
    refused || error.downcast_ref::<Failure>().is_some()
}

fn status_is_conflict(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ApiError>().is_some_and(ApiError::is_conflict)
}
