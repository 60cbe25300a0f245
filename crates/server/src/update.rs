//! Changing a session: its name, its description, its limits.

use std::sync::Arc;

use domain::{Session, State, limits, naming};
use protocol::{
    ErrorCode, SessionId,
    audit::AuditAction,
    session::{LimitKind, StopPolicyChange, UpdateSession},
};
use store::WriteSessionError;

use crate::{
    api::{problem::ApiError, sessions::find_own},
    app::App,
    auth::Access,
    quota,
};

/// Applies the change, all of it or nothing.
///
/// # Errors
/// The fields that break a rule; `session_ended` where limits of an ended session are moved.
pub(crate) async fn update(
    app: &Arc<App>,
    access: Access,
    id: SessionId,
    change: &UpdateSession,
) -> Result<Session, ApiError> {
    let mut attempts = 0;
    loop {
        attempts += 1;
        let before = find_own(app, access.user, id).await?;
        let after = changed(app, &before, change).await?;
        if after == before {
            return Ok(before);
        }
        let note = access.note(app, AuditAction::SessionChanged, id);
        match app.store.audited(note).write_session(before.revision, after, None).await {
            Ok(session) => {
                if let Some(live) = app.live.find(id) {
                    live.set_limits(&session);
                }
                app.supervisors.nudge(id);
                return Ok(session);
            }
            Err(WriteSessionError::Conflict { .. }) if attempts < 8 => {}
            Err(error) => return Err(error.into()),
        }
    }
}

async fn changed(app: &App, before: &Session, change: &UpdateSession) -> Result<Session, ApiError> {
    let mut after = before.clone();
    let mut errors = Vec::new();
    if let Some(name) = &change.name {
        match naming::name(name) {
            Ok(name) => after.name = name,
            Err(error) => errors.push(error),
        }
    }
    if let Some(description) = &change.description {
        match naming::description(description.as_deref().unwrap_or_default()) {
            Ok(description) => after.description = description,
            Err(error) => errors.push(error),
        }
    }
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    if let Some(stop) = &change.stop {
        move_limits(app, &mut after, stop).await?;
    }
    Ok(after)
}

async fn move_limits(app: &App, session: &mut Session, change: &StopPolicyChange) -> Result<(), ApiError> {
    if matches!(session.state, State::Ended(_) | State::Draining(_)) {
        return Err(ApiError::new(
            ErrorCode::SessionEnded,
            "the session is ending or has ended: its limits cannot be moved; open a new session like this one",
        ));
    }
    let now = app.clock.now();
    let policy = limits::changed(&session.stop, change);
    let asked = limits::changed(&Default::default(), change);
    limits::check(&asked, &quota::bounds_of(app, session.owner), now, session.state.running_at())
        .map_err(ApiError::fields)?;
    limits::check_change(change, &session.usage).map_err(ApiError::fields)?;
    let model = app.store.find_model(session.model.id).await?;
    let brought = model.map(|model| model.limits).unwrap_or_default();
    session.stop = policy;
    session.limits = limits::in_force(&policy, &brought, &quota::bounds_of(app, session.owner));
    if let State::Running(stay) = &mut session.state {
        stay.deadline = limits::time_deadline(&session.limits, stay.since).map_or(jiff::Timestamp::MAX, |(at, _)| at);
    }
    debug_assert!(session.limits.iter().any(|limit| limit.kind == LimitKind::AfterSeconds));
    Ok(())
}
