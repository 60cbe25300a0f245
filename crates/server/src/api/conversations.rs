//! The conversations of a session: its history by talks.

use std::sync::Arc;

use axum::{Json, extract::State};
use protocol::{Problem, SessionId, completion::Conversation, session::Page};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiPath, ApiQuery, paging},
    problem::ApiError,
    sessions::find_own,
};
use crate::{app::App, auth::UserCaller};

/// The calls on conversations.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_conversations))
}

/// Which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListConversations {
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The conversations of a session, the one with the newest completion first.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/conversations", tag = "completions", params(("id" = SessionId, Path), ListConversations),
    responses((status = 200, description = "A page", body = Page<Conversation>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_conversations(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<ListConversations>,
) -> Result<Json<Page<Conversation>>, ApiError> {
    find_own(&app, owner, id).await?;
    Ok(Json(app.store.list_conversations(id, &paging(query.limit, query.cursor)?).await?))
}
