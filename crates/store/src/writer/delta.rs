//! What a group adds to the counters of sessions: one statement for many of them.

use std::collections::HashMap;

use jiff::Timestamp;
use protocol::{SessionId, completion::CompletionUsage};

use super::Tx;
use crate::{
    Finish,
    bulk::{repeated, runs},
    rows,
};

/// What is added to a session.
#[derive(Default)]
pub(super) struct Delta {
    pub(super) interactions: i64,
    /// Of rows that were inserted; what changes or deletes a row is counted by the database's triggers.
    pub(super) result_bytes: i64,
    prompt_tokens: i64,
    completion_tokens: i64,
    last_active_at: Option<Timestamp>,
}

impl Delta {
    /// Counts tokens beyond those counted before.
    pub(super) fn count(&mut self, usage: CompletionUsage, counted: CompletionUsage) {
        self.prompt_tokens += rows::signed(usage.prompt_tokens) - rows::signed(counted.prompt_tokens);
        self.completion_tokens += rows::signed(usage.completion_tokens) - rows::signed(counted.completion_tokens);
    }

    pub(super) fn finish(&mut self, finish: &Finish, counted: CompletionUsage) {
        self.count(finish.usage, counted);
        self.last_active_at = self.last_active_at.max(Some(finish.finished_at));
    }
}

const ADDED: &str =
    "WITH added (id, interactions, result_bytes, prompt_tokens, completion_tokens, last_active_at, change) AS (VALUES ";
const UPDATE: &str = ") UPDATE session SET
    interactions = session.interactions + added.interactions,
    result_bytes = session.result_bytes + added.result_bytes,
    prompt_tokens = max(0, session.prompt_tokens + added.prompt_tokens),
    completion_tokens = max(0, session.completion_tokens + added.completion_tokens),
    last_active_at = coalesce(max(session.last_active_at, added.last_active_at), added.last_active_at,
        session.last_active_at),
    change = added.change
    FROM added WHERE session.id = added.id";

/// Adds to the sessions' counters; each takes the next change number.
pub(super) async fn add(tx: &mut Tx<'_>, deltas: HashMap<SessionId, Delta>) -> Result<(), sqlx::Error> {
    let deltas: Vec<(SessionId, Delta)> = deltas.into_iter().collect();
    for run in runs(&deltas) {
        let mut query = sqlx::query(repeated(ADDED, "(?,?,?,?,?,?,?)", run.len(), UPDATE));
        for (session, delta) in run {
            query = query
                .bind(session.as_bytes().as_slice())
                .bind(delta.interactions)
                .bind(delta.result_bytes)
                .bind(delta.prompt_tokens)
                .bind(delta.completion_tokens)
                .bind(delta.last_active_at.map(rows::micros))
                .bind(tx.next_change());
        }
        query.execute(&mut *tx.connection).await?;
    }
    Ok(())
}
