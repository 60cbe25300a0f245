//! What is stored, as the API shows it.

use domain::eligibility::{self, Candidate};
use protocol::{
    model::Model,
    session::{Phase, Session, SessionCounts},
};
use store::{Counts, ModelRecord};

use crate::app::App;

/// A session with what the server knows of it beside the row: its load's progress and its place in the queue.
pub(crate) fn session(app: &App, session: &domain::Session) -> Session {
    let phase = session.state.phase();
    let progress = match phase {
        Phase::Loading => Some(app.supervisors.progress(session.id).unwrap_or(0.0)),
        Phase::Queued | Phase::Preparing | Phase::Probing | Phase::Running | Phase::Draining | Phase::Ended => None,
    };
    let queue_position = match phase {
        Phase::Queued => app.supervisors.place(session.id).map(|place| place.position),
        Phase::Preparing | Phase::Loading | Phase::Probing | Phase::Running | Phase::Draining | Phase::Ended => None,
    };
    let ended_at = match &session.state {
        domain::State::Ended(ended) => Some(ended.at),
        domain::State::Queued(_)
        | domain::State::Preparing(_)
        | domain::State::Loading { .. }
        | domain::State::Probing(_)
        | domain::State::Running(_)
        | domain::State::Draining(_) => None,
    };
    Session {
        id: session.id,
        name: session.name.clone(),
        description: session.description.clone(),
        model: session.model.clone(),
        status: session.state.status(),
        phase,
        progress,
        queue_position,
        stopping: phase == Phase::Draining,
        reason: session.state.reason().cloned(),
        stop: session.stop,
        engine: session.engine,
        limits: session.limits.clone(),
        stops_at: session.stops_at(),
        created_at: session.created_at,
        running_at: session.state.running_at(),
        ended_at,
        usage: session.usage,
        storage: session.storage,
        change: session.change,
    }
}

/// How many sessions there are, by status.
pub(crate) const fn counts(counts: &Counts) -> SessionCounts {
    SessionCounts {
        all: counts.sessions(),
        initializing: counts.initializing,
        running: counts.running,
        failed: counts.failed,
        stopped: counts.stopped,
    }
}

/// A model with its eligibility, decided anew: files can go missing.
pub(crate) fn model(app: &App, record: &ModelRecord) -> Model {
    let missing_files = record
        .files
        .iter()
        .filter(|file| !crate::models::is_present(app, file))
        .map(|file| file.path.clone())
        .collect();
    let ineligible_because = eligibility::failures(&Candidate {
        kind: record.kind,
        size_bytes: record.size_bytes,
        learning_stage: record.learning_stage.stage,
        missing_files,
    });
    let memory_needed_bytes = record.shape.and_then(|shape| {
        let engine = domain::memory::effective(&Default::default(), shape.context_length).ok()?;
        Some(domain::memory::needed(&shape, &engine))
    });
    Model {
        id: record.id,
        name: record.name.clone(),
        version: record.version.clone(),
        scope: record.scope(),
        family: record.family.clone(),
        kind: record.kind,
        parameters: record.parameters,
        size_bytes: record.size_bytes,
        format: record.format.clone(),
        quantization: record.quantization.clone(),
        context_length: record.context_length,
        has_chat_template: record.has_chat_template,
        learning_stage: record.learning_stage.clone(),
        tags: record.tags.clone(),
        files: record.files.clone(),
        eligible: ineligible_because.is_empty(),
        ineligible_because,
        limits: record.limits,
        memory_needed_bytes,
        created_at: record.created_at,
    }
}
