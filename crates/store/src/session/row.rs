//! A session's row: bound from and read into the domain's session.

use domain::{
    Session, State,
    session::{Draining, Ended, Stay},
};
use jiff::Timestamp;
use protocol::{
    ModelId, SessionId, UserId,
    session::{EffectiveEngine, Phase, Reason, SessionModel, SessionStorage, SessionUsage},
};
use sqlx::sqlite::SqliteRow;

use crate::{
    StorageError,
    rows::{self, Columns},
    search,
};

/// The lifecycle columns of a state.
pub(crate) struct StateColumns {
    pub(crate) phase: &'static str,
    pub(crate) status: &'static str,
    pub(crate) reason_code: Option<&'static str>,
    pub(crate) reason: Option<String>,
    pub(crate) since_at: i64,
    pub(crate) deadline_at: Option<i64>,
    pub(crate) running_at: Option<i64>,
    pub(crate) grace_until_at: Option<i64>,
    pub(crate) unreleased: bool,
}

impl StateColumns {
    pub(crate) fn of(state: &State) -> Self {
        let (since, grace_until, unreleased) = match state {
            State::Queued(stay)
            | State::Preparing(stay)
            | State::Loading { stay, .. }
            | State::Probing(stay)
            | State::Running(stay) => (stay.since, None, false),
            State::Draining(draining) => (draining.since, Some(draining.grace_until), false),
            State::Ended(ended) => (ended.at, None, ended.unreleased),
        };
        Self {
            phase: state.phase().as_str(),
            status: state.status().as_str(),
            reason_code: state.reason().map(|reason| reason.code.as_str()),
            reason: state.reason().map(rows::json),
            since_at: rows::micros(since),
            deadline_at: state.deadline().map(rows::micros),
            running_at: state.running_at().map(rows::micros),
            grace_until_at: grace_until.map(rows::micros),
            unreleased,
        }
    }
}

/// What a search for a session looks through.
pub(crate) fn search_text(session: &Session) -> String {
    let description = session.description.as_deref().unwrap_or_default();
    search::folded(&format!("{}\n{description}\n{}:{}", session.name, session.model.name, session.model.version))
}

/// Reads a row with all columns of the table.
pub(crate) fn read(row: &SqliteRow) -> Result<Session, StorageError> {
    let columns = Columns::new(row, "a session");
    Ok(Session {
        id: columns.id("id", SessionId::from_bytes)?,
        owner: columns.id("owner", UserId::from_bytes)?,
        name: columns.get("name")?,
        description: columns.get("description")?,
        model: SessionModel {
            id: columns.id("model_id", ModelId::from_bytes)?,
            name: columns.get("model_name")?,
            version: columns.get("model_version")?,
            kind: columns.word("model_kind")?,
        },
        engine: EffectiveEngine {
            context_length: columns.small("context_length")?,
            parallel: columns.small("parallel")?,
        },
        stop: columns.json("stop")?,
        limits: columns.json("limits")?,
        memory_needed: columns.count("memory_needed")?,
        state: state(&columns)?,
        generation: columns.small("generation")?,
        revision: columns.count("revision")?,
        change: columns.count("change")?,
        usage: SessionUsage {
            interactions: columns.count("interactions")?,
            prompt_tokens: columns.count("prompt_tokens")?,
            completion_tokens: columns.count("completion_tokens")?,
        },
        last_active_at: columns.maybe_at("last_active_at")?,
        storage: SessionStorage {
            temporary_bytes: columns.count("temporary_bytes")?,
            persistent_bytes: columns.count("file_bytes")?.saturating_add(columns.count("result_bytes")?),
        },
        created_at: columns.at("created_at")?,
        deleting_at: columns.maybe_at("deleting_at")?,
    })
}

fn state(columns: &Columns<'_>) -> Result<State, StorageError> {
    let since = columns.at("since_at")?;
    let running_at = columns.maybe_at("running_at")?;
    let stay = || -> Result<Stay, StorageError> { Ok(Stay { since, deadline: columns.at("deadline_at")? }) };
    Ok(match columns.word::<Phase>("phase")? {
        Phase::Queued => State::Queued(stay()?),
        Phase::Preparing => State::Preparing(stay()?),
        Phase::Loading => State::Loading { stay: stay()?, progress: 0.0 },
        Phase::Probing => State::Probing(stay()?),
        Phase::Running => State::Running(stay()?),
        Phase::Draining => State::Draining(draining(columns, since, running_at)?),
        Phase::Ended => State::Ended(Ended {
            at: since,
            running_at,
            reason: columns.json::<Reason>("reason")?,
            unreleased: columns.get("unreleased")?,
        }),
    })
}

fn draining(columns: &Columns<'_>, since: Timestamp, running_at: Option<Timestamp>) -> Result<Draining, StorageError> {
    Ok(Draining {
        since,
        running_at,
        grace_until: columns.at("grace_until_at")?,
        deadline: columns.at("deadline_at")?,
        reason: columns.json("reason")?,
    })
}
