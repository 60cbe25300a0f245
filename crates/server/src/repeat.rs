//! Repeated requests: who sends the same `Idempotency-Key` again gets what the first request made.

use http::HeaderMap;
use protocol::{CompletionId, ErrorCode, ModelId, TaskId, UserId};
use sha2::{Digest, Sha256};
use store::{Idempotency, Made, RecallError};

use crate::{api::problem::ApiError, app::App};

/// The request's `Idempotency-Key`.
///
/// # Errors
/// `invalid_parameter`.
pub(crate) fn key(headers: &HeaderMap) -> Result<Option<String>, ApiError> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().filter(|key| (1..=255).contains(&key.len()));
    let message = "the Idempotency-Key is to have 1 to 255 visible ASCII characters";
    key.map(|key| Some(key.to_owned())).ok_or_else(|| ApiError::new(ErrorCode::InvalidParameter, message))
}

/// What tells this request from others. Of what it asks for, only a hash is kept.
pub(crate) fn identify(key: &str, asked: &[u8]) -> Idempotency {
    Idempotency { key_sha256: Sha256::digest(key).into(), body_sha256: Sha256::digest(asked).into() }
}

/// The same key came with something else.
pub(crate) fn conflict() -> ApiError {
    ApiError::new(
        ErrorCode::IdempotencyConflict,
        "this Idempotency-Key was used for another request; use a new key for a new one",
    )
}

async fn find(app: &App, owner: UserId, request: &Idempotency) -> Result<Option<Made>, ApiError> {
    app.store.recall_made(owner, request).await.map_err(|error| match error {
        RecallError::Conflict => conflict(),
        RecallError::Storage(error) => error.into(),
    })
}

/// The completion that the same request made before.
///
/// # Errors
/// `idempotency_conflict`, or the storage's.
pub(crate) async fn find_completion(
    app: &App,
    owner: UserId,
    request: &Idempotency,
) -> Result<Option<CompletionId>, ApiError> {
    match find(app, owner, request).await? {
        Some(Made::Completion(id)) => Ok(Some(id)),
        Some(Made::Model(_) | Made::Task(_)) => Err(conflict()),
        None => Ok(None),
    }
}

/// The model that the same request made before.
///
/// # Errors
/// `idempotency_conflict`, or the storage's.
pub(crate) async fn find_model(app: &App, owner: UserId, request: &Idempotency) -> Result<Option<ModelId>, ApiError> {
    match find(app, owner, request).await? {
        Some(Made::Model(id)) => Ok(Some(id)),
        Some(Made::Completion(_) | Made::Task(_)) => Err(conflict()),
        None => Ok(None),
    }
}

/// The task that the same request made before.
///
/// # Errors
/// `idempotency_conflict`, or the storage's.
pub(crate) async fn find_task(app: &App, owner: UserId, request: &Idempotency) -> Result<Option<TaskId>, ApiError> {
    match find(app, owner, request).await? {
        Some(Made::Task(id)) => Ok(Some(id)),
        Some(Made::Completion(_) | Made::Model(_)) => Err(conflict()),
        None => Ok(None),
    }
}
