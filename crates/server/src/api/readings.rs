//! What was measured of a session, over time.

use std::sync::Arc;

use axum::{Json, extract::State};
use protocol::{Problem, SessionId, readings::Readings};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{extract::ApiPath, problem::ApiError, sessions::find_own};
use crate::{app::App, auth::UserCaller};

/// The call on readings.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(get_session_readings))
}

/// The memory of a session's runtime and the figures of its completions, over time; kept until it is deleted.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/readings", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 200, description = "The readings", body = Readings), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_session_readings(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<Readings>, ApiError> {
    find_own(&app, owner, id).await?;
    let memory = app.store.list_memory_readings(id).await?;
    let completions = app.store.list_completion_readings(id).await?;
    Ok(Json(Readings { memory, completions }))
}
