//! The task that carries one answer from the runtime to its record, and on the way to whoever reads it.
//!
//! The task owns the answer, not the client: a client that goes away cancels what the API generates and leaves
//! alone what the playground does. The end is told only after the record is on disk.

use std::{sync::Arc, time::Duration};

use protocol::{
    completion::{CompletionError, CompletionTiming, FinishReason},
    openai::PromptTokensDetails,
};
use serde_json::Value;
use store::{Finish, WriteCompletionError};
use tokio::{sync::mpsc, time::Instant};

use super::{
    exchange::{Cut, End, Exchange},
    live::InFlight,
    sse::EventReader,
    wire::Answer,
};
use crate::app::App;

/// Text so far is stored at least this often while an answer is written.
const CHECKPOINT: Duration = Duration::from_millis(900);
/// How often a record that the storage did not take is tried again.
const RECORD_AGAIN: Duration = Duration::from_millis(500);
/// Chunks that may wait for a slow reader before the runtime is held back.
pub(crate) const READER_QUEUE: usize = 256;

/// What the reader of an answer gets.
#[derive(Debug)]
pub(crate) enum Outgoing {
    /// A chunk of the runtime, as it came.
    Chunk(Value),
    /// The end; the record is on disk.
    End(Box<Ended>),
    /// The end could not be recorded.
    Unrecorded,
}

/// An answer that is over and recorded.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) record: Finish,
    /// Choices whose end the reader has not been told.
    pub(crate) unfinished: Vec<u32>,
    /// How much of the prompt was computed before; `None` where the runtime does not tell.
    pub(crate) prompt_details: Option<PromptTokensDetails>,
}

/// One answer being written.
pub(crate) struct Generation {
    pub(crate) app: Arc<App>,
    pub(crate) exchange: Arc<Exchange>,
    pub(crate) in_flight: InFlight,
    pub(crate) runtime: Answer,
    /// `None`: the server owns it, nobody need read.
    pub(crate) reader: Option<mpsc::Sender<Outgoing>>,
    pub(crate) started: Instant,
    /// `max_tokens` that the session's budget imposed, where it is lower than what was asked for.
    pub(crate) imposed: Option<u64>,
}

/// Why no more chunks come.
enum Close {
    Complete,
    Cut(Cut),
    Broken(CompletionError),
}

/// Counts the tokens so far, for the session and for its user's day.
fn count_up_to(app: &App, in_flight: &mut InFlight, tokens: u64) {
    let added = in_flight.count_up_to(tokens);
    if added > 0 {
        app.allowances.count(in_flight.owner(), added, app.clock.now());
    }
}

impl Generation {
    /// Runs to the end of the answer and its record.
    pub(crate) async fn run(mut self) {
        let mut first_token = None;
        let mut checkpoint = tokio::time::interval(CHECKPOINT);
        checkpoint.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        checkpoint.reset();
        let mut stored_pieces = 0;
        let mut events = Events { answer: self.runtime, reader: EventReader::default() };
        let reader_gone = wait_closed(self.reader.clone());
        tokio::pin!(reader_gone);
        let close = loop {
            tokio::select! {
                biased;
                cut = self.exchange.wait_cut() => break Close::Cut(cut),
                () = &mut reader_gone => break Close::Cut(Cut::Cancelled),
                event = events.next() => {
                    let chunk = match event {
                        Ok(Some(chunk)) => chunk,
                        Ok(None) if all_finished(&self.exchange) => break Close::Complete,
                        Ok(None) => break Close::Broken(lost("the runtime ended the answer without an end")),
                        Err(error) => break Close::Broken(error),
                    };
                    self.in_flight.note_sign();
                    let (added, tokens) = {
                        let mut transcript = self.exchange.transcript();
                        let added = transcript.take(&chunk);
                        (added, transcript.tokens())
                    };
                    if added.pieces > 0 {
                        first_token.get_or_insert_with(|| self.started.elapsed());
                    }
                    count_up_to(&self.app, &mut self.in_flight, tokens.0 + tokens.1);
                    self.exchange.grown();
                    if let Some(reader) = &self.reader {
                        let sent = async { let _ = reader.send(Outgoing::Chunk(chunk)).await; };
                        tokio::select! {
                            biased;
                            () = sent => {}
                            cut = self.exchange.wait_cut() => break Close::Cut(cut),
                        }
                    }
                }
                _ = checkpoint.tick() => {
                    let pieces = self.exchange.transcript().pieces;
                    if pieces != stored_pieces {
                        stored_pieces = pieces;
                        let _ = self.app.store.checkpoint_completion(self.exchange.id, self.exchange.checkpoint()).await;
                    }
                }
            }
        };
        match close {
            Close::Complete => events.answer.done(),
            // Closing the connection is what frees the runtime's place.
            Close::Cut(_) | Close::Broken(_) => drop(events),
        }
        let ended = finish(&self.exchange, close, self.imposed, (self.started, first_token), self.app.clock.now());
        let (prompt, written) = self.exchange.transcript().tokens();
        count_up_to(&self.app, &mut self.in_flight, prompt + written);
        let recorded = self.app.store.finish_completion(ended.record.clone()).await;
        let outgoing = match recorded {
            Ok(()) => Outgoing::End(Box::new(ended)),
            Err(error) => {
                tracing::error!(completion = %self.exchange.id, error = &error as &dyn std::error::Error, "an answer could not be recorded");
                if matches!(error, WriteCompletionError::Storage(_)) {
                    let record = ended.record.clone();
                    self.app.tasks.spawn(record_later(Arc::clone(&self.app), record));
                }
                Outgoing::Unrecorded
            }
        };
        self.in_flight.end(self.app.clock.now());
        self.exchange.over();
        if let Some(reader) = self.reader {
            let _ = reader.send(outgoing).await;
        }
    }
}

/// Records the end of an answer that was told as not kept, once the storage takes it again: until then its record is one
/// that is still being written. A task's row is asked again, so its answer is one that was given up.
async fn record_later(app: Arc<App>, mut record: Finish) {
    if record.begin.task_row.is_some() {
        record.finish_reason = FinishReason::Cancelled;
    } else {
        record.finish_reason = FinishReason::Error;
        record.error = Some(CompletionError {
            code: "storage_unavailable".to_owned(),
            message: "the storage could not be written when the answer ended".to_owned(),
        });
    }
    loop {
        tokio::select! {
            () = tokio::time::sleep(RECORD_AGAIN) => {}
            // What is open then is closed by the next start.
            () = app.shutdown.cancelled() => return,
        }
        match app.store.finish_completion(record.clone()).await {
            Err(WriteCompletionError::Storage(_)) => {}
            Ok(()) | Err(WriteCompletionError::SessionGone) => return,
        }
    }
}

fn all_finished(exchange: &Exchange) -> bool {
    let transcript = exchange.transcript();
    !transcript.choices.is_empty() && transcript.choices.iter().all(|choice| choice.finish_reason.is_some())
}

async fn wait_closed(reader: Option<mpsc::Sender<Outgoing>>) {
    match reader {
        Some(reader) => reader.closed().await,
        None => std::future::pending().await,
    }
}

fn lost(message: &str) -> CompletionError {
    CompletionError { code: "runtime_unavailable".to_owned(), message: message.to_owned() }
}

fn finish(
    exchange: &Exchange,
    close: Close,
    imposed: Option<u64>,
    (started, first_token): (Instant, Option<Duration>),
    at: jiff::Timestamp,
) -> Ended {
    let mut transcript = exchange.transcript();
    let unfinished = (0u32..)
        .zip(&transcript.choices)
        .filter(|(_, choice)| choice.finish_reason.is_none())
        .map(|(index, _)| index)
        .collect::<Vec<_>>();
    let unfinished = if transcript.choices.is_empty() { vec![0] } else { unfinished };
    let error = match close {
        Close::Complete => None,
        Close::Cut(cut) => {
            transcript.finish(cut.finish_reason());
            (cut == Cut::Shutdown).then(|| CompletionError {
                code: "server_restarted".to_owned(),
                message: "The server was stopped while this was being written.".to_owned(),
            })
        }
        Close::Broken(error) => {
            transcript.finish(FinishReason::Error);
            Some(error)
        }
    };
    let (_, written) = transcript.tokens();
    if imposed.is_some_and(|imposed| written >= imposed) {
        for choice in &mut transcript.choices {
            if choice.finish_reason == Some(FinishReason::Length) {
                choice.finish_reason = Some(FinishReason::SessionStopped);
            }
        }
    }
    let prompt_details = transcript.usage.as_ref().and_then(|usage| usage.prompt_tokens_details.clone());
    let timing = timing(transcript.timings.as_ref(), written, started.elapsed(), first_token);
    drop(transcript);
    Ended { record: exchange.finish(&End { at, error, timing }), unfinished, prompt_details }
}

fn timing(
    engine: Option<&protocol::openai::Timings>,
    written: u64,
    total: Duration,
    first_token: Option<Duration>,
) -> CompletionTiming {
    let milliseconds = |duration: Duration| (duration.as_secs_f64() * 1e6).round() / 1e3;
    let writing = match (engine, first_token) {
        (Some(timings), _) if timings.predicted_ms > 0.0 => Some(timings.predicted_ms / 1e3),
        (_, Some(first)) => Some(total.saturating_sub(first).as_secs_f64()),
        (_, None) => None,
    };
    // The first token ends the reading of the prompt: the time of writing is that of the others.
    let tokens_per_second = writing
        .filter(|seconds| *seconds > 0.0 && written > 1)
        .map(|seconds| (written - 1) as f64 / seconds)
        .map(|rate| (rate * 10.0).round() / 10.0);
    CompletionTiming {
        queued_ms: engine.map(|timings| timings.queued_ms),
        first_token_ms: first_token.map(milliseconds),
        total_ms: Some(milliseconds(total)),
        tokens_per_second,
    }
}

/// The runtime's answer as a stream of chunks.
struct Events {
    answer: Answer,
    reader: EventReader,
}

impl Events {
    /// The next chunk; `None` at `[DONE]` or the end of the body. May be dropped at any time.
    async fn next(&mut self) -> Result<Option<Value>, CompletionError> {
        loop {
            if let Some(data) = self.reader.next_event().map_err(|error| lost(&error.to_string()))? {
                return Self::read(&data);
            }
            match self.answer.next().await {
                None => return Ok(None),
                Some(Err(_)) => return Err(lost("the connection to the runtime broke in the middle of the answer")),
                Some(Ok(bytes)) => self.reader.push(&bytes),
            }
        }
    }

    fn read(data: &str) -> Result<Option<Value>, CompletionError> {
        if data == "[DONE]" {
            return Ok(None);
        }
        let chunk: Value =
            serde_json::from_str(data).map_err(|_| lost("the runtime sent an event that is not JSON"))?;
        match chunk.get("error") {
            Some(error) if !error.is_null() => Err(CompletionError {
                code: error.get("code").and_then(Value::as_str).unwrap_or("runtime_unavailable").to_owned(),
                message: error.get("message").and_then(Value::as_str).unwrap_or("the runtime failed").to_owned(),
            }),
            Some(_) | None => Ok(Some(chunk)),
        }
    }
}
