//! Checking a session before it is created: the same decisions, and nothing changed.

use domain::limits;
use protocol::{
    UserId,
    session::{CreateSession, LimitKind, SessionCheck, SessionMemory, Starts},
};

use crate::{api::problem::ApiError, app::App, control, plan::plan, quota};

/// What creation would make of the request now.
///
/// # Errors
/// What creation would answer.
pub(crate) async fn check(app: &App, owner: UserId, request: CreateSession) -> Result<SessionCheck, ApiError> {
    let quotas = quota::limits_of(app, owner).admission();
    let mut plan = plan(app, owner, request).await?;
    while let Err(refusal) = app.store.check_creation(owner, &plan.session.name, &quotas).await {
        plan.reconsider(refusal)?;
    }
    let session = plan.session;
    let forecast = control::forecast(app, owner, session.memory_needed).await?;
    let wall_clock = limits::time_deadline(&session.limits, session.created_at)
        .filter(|(_, limit)| limit.kind == LimitKind::At)
        .map(|(at, _)| at);
    Ok(SessionCheck {
        name: session.name,
        model: session.model,
        engine: session.engine,
        stops_after_seconds: limits::smallest(&session.limits, LimitKind::AfterSeconds).map(|(seconds, _)| seconds),
        stops_at: wall_clock,
        memory: SessionMemory {
            needed_bytes: session.memory_needed,
            free_bytes: forecast.room.free,
            total_bytes: forecast.room.total,
        },
        starts: if forecast.position.is_some() { Starts::Queued } else { Starts::Now },
        queue_position: forecast.position,
        limits: session.limits,
    })
}
