//! What a request for a session comes to: every rule checked that needs no transaction. Creating and checking share it.

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
use store::{CreateSessionError, ModelRecord};

use crate::{
    api::problem::{ApiError, name_taken},
    app::App,
    control, quota, repeat,
};

/// A session that breaks no rule of its own.
pub(crate) struct Plan {
    pub(crate) session: Session,
    /// Names to take where the one at hand is taken; empty where the user asked for a name.
    offers: Box<dyn Iterator<Item = String> + Send>,
}

/// Plans the session that `owner` asks for.
///
/// # Errors
/// Every rule that the request breaks, with field, value and remedy.
pub(crate) async fn plan(app: &App, owner: UserId, request: CreateSession) -> Result<Plan, ApiError> {
    let model = find_model(app, owner, &request.model).await?;
    let is_named = request.name.is_some();
    let now = app.clock.now();
    let mut session = planned(app, owner, request, &model, now)?;
    let mut offers: Box<dyn Iterator<Item = String> + Send> = Box::new(naming::offered(now));
    if is_named {
        offers = Box::new(std::iter::empty());
    } else {
        session.name = offers.next().unwrap_or_default();
    }
    Ok(Plan { session, offers })
}

impl Plan {
    /// After the store has refused the session: takes the next offered name where that is what was wrong.
    ///
    /// # Errors
    /// The refusal, where another name does not help or the user asked for this one.
    pub(crate) fn reconsider(&mut self, refusal: CreateSessionError) -> Result<(), ApiError> {
        match (refusal, self.offers.next()) {
            (CreateSessionError::NameTaken, Some(offer)) => self.session.name = offer,
            (refusal, _) => return Err(refused(refusal)),
        }
        Ok(())
    }
}

fn refused(error: CreateSessionError) -> ApiError {
    match error {
        CreateSessionError::NameTaken => ApiError::field(name_taken()),
        CreateSessionError::QuotaReached(quota) => ApiError::from(
            Problem::new(ErrorCode::QuotaReached, quota.to_string())
                .with_figures(json!({"have": quota.have, "allowed": quota.allowed})),
        ),
        CreateSessionError::IdempotencyConflict => repeat::conflict(),
        CreateSessionError::OwnerUnknown => ApiError::new(ErrorCode::Unauthorized, "this user does not exist any more"),
        CreateSessionError::Storage(error) => error.into(),
    }
}

/// The model by id, `name` or `name:version`.
///
/// # Errors
/// `model_not_found`, for the field `model`.
async fn find_model(app: &App, owner: UserId, wanted: &str) -> Result<ModelRecord, ApiError> {
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

fn planned(
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
    let bounds = quota::bounds_of(app, owner);
    keep(limits::check(&stop, &bounds, now, None).map(|()| None));
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
        limits: limits::in_force(&stop, &model.limits, &bounds),
        memory_needed,
        state: State::Queued(Stay { since: now, deadline: now.checked_add(queued).unwrap_or(Timestamp::MAX) }),
        generation: 0,
        revision: 0,
        change: 0,
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
    let memory = control::memory()?.within(app.config.sessions.memory_bytes);
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
