//! Creating a session: every rule checked, then one transaction.

use std::sync::Arc;

use domain::{
    Session, State,
    eligibility::{self, Candidate},
    limits, memory, naming,
    session::Stay,
};
use jiff::Timestamp;
use protocol::{
    ErrorCode, FieldError, Problem, SessionId, UserId,
    session::{CreateSession, SessionModel, SessionStorage, SessionUsage},
};
use serde_json::json;
use sha2::{Digest, Sha256};
use store::{CreateSessionError, Created, Creation, Idempotency, ModelRecord};

use crate::{
    api::problem::{ApiError, name_taken},
    app::App,
    control,
};

/// Creates a session for `owner`, or returns the one that the same key created before.
///
/// # Errors
/// Every rule that the request breaks, with field, value and remedy.
pub(crate) async fn create(
    app: &Arc<App>,
    owner: UserId,
    request: CreateSession,
    key: Option<String>,
) -> Result<Session, ApiError> {
    let idempotency = key.map(|key| {
        let body = serde_json::to_vec(&request).unwrap_or_default();
        Idempotency { key_sha256: Sha256::digest(key).into(), body_sha256: Sha256::digest(body).into() }
    });
    let model = find_model(app, owner, &request.model).await?;
    let now = app.clock.now();
    let asked_name = request.name.clone();
    let mut session = plan(app, owner, request, &model, now)?;
    let mut offers = naming::offered(now);
    if asked_name.is_none() {
        session.name = offers.next().unwrap_or_default();
    }
    loop {
        let creation =
            Creation { session: session.clone(), actor: owner.to_string(), quotas: app.config.quotas(), idempotency };
        match app.store.create_session(creation).await {
            Ok(Created::New(session)) => {
                tracing::info!(session = %session.id, model = %session.model.name, "session created");
                control::nudge_queue(app);
                return Ok(session);
            }
            Ok(Created::Repeated(session)) => return Ok(session),
            Err(CreateSessionError::NameTaken) if asked_name.is_none() => {
                session.name = offers.next().unwrap_or_default();
            }
            Err(error) => return Err(refused(error)),
        }
    }
}

fn refused(error: CreateSessionError) -> ApiError {
    match error {
        CreateSessionError::NameTaken => ApiError::field(name_taken()),
        CreateSessionError::QuotaReached(quota) => ApiError::from(
            Problem::new(ErrorCode::QuotaReached, quota.to_string())
                .with_figures(json!({"have": quota.have, "allowed": quota.allowed})),
        ),
        CreateSessionError::IdempotencyConflict => ApiError::new(
            ErrorCode::IdempotencyConflict,
            "this Idempotency-Key was used for another request; use a new key for a new session",
        ),
        CreateSessionError::OwnerUnknown => ApiError::new(ErrorCode::Unauthorized, "this user does not exist any more"),
        CreateSessionError::Storage(error) => error.into(),
    }
}

/// The model by id, `name` or `name:version`.
///
/// # Errors
/// `model_not_found`, for the field `model`.
pub(crate) async fn find_model(app: &App, owner: UserId, wanted: &str) -> Result<ModelRecord, ApiError> {
    let found = app.store.resolve_model(owner, wanted).await?;
    found.ok_or_else(|| {
        let shown: String = wanted.chars().take(100).collect();
        let message = format!("there is no model `{shown}`; `viva model list` names those that there are");
        ApiError::from(Problem::new(ErrorCode::ModelNotFound, message.clone()).with_errors(vec![FieldError::new(
            "model",
            "not_found",
            message,
        )]))
    })
}

fn plan(
    app: &App,
    owner: UserId,
    request: CreateSession,
    model: &ModelRecord,
    now: Timestamp,
) -> Result<Session, ApiError> {
    check_eligible(app, model)?;
    let mut errors = Vec::new();
    let mut keep = |result: Result<_, Vec<FieldError>>| result.map_err(|more| errors.extend(more)).ok();
    let stop = request.stop.unwrap_or_default();
    keep(limits::check(&stop, &app.config.bounds(), now, None).map(|()| None));
    let name = request.name.as_deref().map(naming::name).transpose();
    let name = keep(name.map_err(|error| vec![error])).flatten();
    let description = request.description.as_deref().map(naming::description).transpose();
    let description = keep(description.map(Option::flatten).map_err(|error| vec![error])).flatten();
    let shape = model.shape.ok_or_else(|| {
        ApiError::new(
            ErrorCode::ModelIneligible,
            "this model's shape is not known; add it again: `viva model add FILE`",
        )
    })?;
    let engine = match memory::effective(&request.engine.unwrap_or_default(), shape.context_length) {
        Ok(engine) => Some(engine),
        Err(more) => {
            errors.extend(more);
            None
        }
    };
    let Some(engine) = engine.filter(|_| errors.is_empty()) else { return Err(ApiError::fields(errors)) };
    let memory_needed = memory::needed(&shape, &engine);
    check_memory(app, memory_needed)?;
    let queued = app.config.timing().queued;
    Ok(Session {
        id: SessionId::generate(),
        owner,
        name: name.unwrap_or_default(),
        description,
        model: SessionModel {
            id: model.id,
            name: model.name.clone(),
            version: model.version.clone(),
            kind: model.kind,
        },
        engine,
        stop,
        limits: limits::in_force(&stop, &model.limits, &app.config.bounds()),
        memory_needed,
        state: State::Queued(Stay { since: now, deadline: now.checked_add(queued).unwrap_or(Timestamp::MAX) }),
        generation: 0,
        revision: 0,
        usage: SessionUsage::default(),
        last_active_at: None,
        storage: SessionStorage::default(),
        created_at: now,
        deleting_at: None,
    })
}

fn check_eligible(app: &App, model: &ModelRecord) -> Result<(), ApiError> {
    let missing_files =
        model.files.iter().filter(|file| !crate::models::is_present(app, file)).map(|file| file.path.clone()).collect();
    let failures = eligibility::failures(&Candidate {
        kind: model.kind,
        size_bytes: model.size_bytes,
        learning_stage: model.learning_stage.stage,
        missing_files,
    });
    if failures.is_empty() {
        return Ok(());
    }
    let list = failures.iter().map(|failure| failure.message.as_str()).collect::<Vec<_>>().join("; ");
    let errors = failures
        .iter()
        .map(|failure| {
            let criterion = serde_json::to_value(failure.criterion).ok();
            let code = criterion.as_ref().and_then(|word| word.as_str()).unwrap_or("ineligible").to_owned();
            FieldError::new("model", code, failure.message.clone())
        })
        .collect();
    Err(ApiError::from(
        Problem::new(
            ErrorCode::ModelIneligible,
            format!("`{}:{}` cannot be opened: {list}", model.name, model.version),
        )
        .with_errors(errors)
        .with_figures(json!({"ineligible_because": failures})),
    ))
}

fn check_memory(app: &App, needed: u64) -> Result<(), ApiError> {
    let memory = control::memory()
        .map_err(|error| {
            tracing::error!(error = &error as &dyn std::error::Error, "the machine's memory could not be read");
            ApiError::new(ErrorCode::Internal, "the machine's memory could not be read")
        })?
        .within(app.config.sessions.memory_bytes);
    if needed <= memory.total {
        return Ok(());
    }
    Err(ApiError::from(
        Problem::new(
            ErrorCode::MemoryExceeded,
            format!(
                "this session needs {} of memory and the machine has {}; ask for a smaller context or less parallel, or take a smaller model",
                control::bytes(needed),
                control::bytes(memory.total)
            ),
        )
        .with_figures(json!({"memory_needed_bytes": needed, "memory_total_bytes": memory.total})),
    ))
}
