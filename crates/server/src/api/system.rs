//! The server itself: its version, the machine's memory, what the caller may have.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::naming;
use protocol::{
    ErrorCode, Problem, UserId,
    openai::MAX_OUTPUT_TOKENS,
    system::{Quota, System, SystemLimits, SystemMemory, SystemQuotas, SystemUser},
};
use store::StorageError;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::problem::ApiError;
use crate::{app::App, auth::UserCaller, config::Config, control};

/// What the server says of itself.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_system))
}

/// The server, the machine, and what you may have.
#[utoipa::path(get, path = "/api/v1/system", tag = "system",
    responses((status = 200, description = "The system", body = System), (status = 401, description = "No token", body = Problem)))]
async fn get_system(State(app): State<Arc<App>>, UserCaller(caller): UserCaller) -> Result<Json<System>, ApiError> {
    let book = app.people.book();
    let user = book.find(caller);
    let user = user.ok_or_else(|| ApiError::new(ErrorCode::Unauthorized, "this user does not exist any more"))?;
    let room = control::room(&app).await?;
    let counts = app.store.count_sessions(caller).await?;
    let quotas = app.config.quotas();
    Ok(Json(System {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        started_at: app.started_at,
        user: SystemUser { id: caller, name: user.name.clone(), role: user.role },
        memory: SystemMemory { total_bytes: room.total, free_bytes: room.free, reserved_bytes: room.reserved },
        quotas: SystemQuotas {
            sessions: Quota { used: counts.sessions(), limit: quotas.sessions },
            live: Quota { used: counts.holding, limit: quotas.active },
        },
        limits: limits(&app.config),
        offered_name: offered_name(&app, caller).await?,
    }))
}

fn limits(config: &Config) -> SystemLimits {
    let characters = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    SystemLimits {
        default_seconds: config.bounds().default_after_seconds.min(config.bounds().max_after_seconds),
        max_seconds: config.bounds().max_after_seconds,
        grace_seconds: config.sessions.grace_seconds,
        queue_seconds: config.start.queued_seconds,
        name_characters: characters(naming::MAX_NAME),
        description_characters: characters(naming::MAX_DESCRIPTION),
        output_tokens: MAX_OUTPUT_TOKENS,
        body_bytes: config.limits.body_bytes as u64,
    }
}

/// The first of the offered names that is free.
async fn offered_name(app: &App, owner: UserId) -> Result<String, StorageError> {
    let mut offers = naming::offered(app.clock.now());
    loop {
        let offer = offers.next().unwrap_or_default();
        if !app.store.is_name_taken(owner, &offer).await? {
            return Ok(offer);
        }
    }
}
