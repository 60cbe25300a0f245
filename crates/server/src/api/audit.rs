//! The calls on the audit log.

use std::sync::Arc;

use axum::{Json, extract::State};
use protocol::{
    Problem, UserId,
    audit::{AuditAction, AuditCheck, AuditEntry},
    session::Page,
};
use serde::Deserialize;
use store::AuditFilter;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiQuery, paging},
    problem::ApiError,
};
use crate::{app::App, auth::Administrator};

/// The calls on the audit log.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_audit)).routes(routes!(check_audit))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListAudit {
    /// The id of the user who did it.
    actor: Option<UserId>,
    /// What was done.
    action: Option<AuditAction>,
    /// The id of what it was done to.
    target: Option<String>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List who did what, the newest first.
#[utoipa::path(get, path = "/api/v1/audit", tag = "users", params(ListAudit),
    responses((status = 200, description = "A page", body = Page<AuditEntry>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_audit(
    State(app): State<Arc<App>>,
    _: Administrator,
    ApiQuery(query): ApiQuery<ListAudit>,
) -> Result<Json<Page<AuditEntry>>, ApiError> {
    let wanted = AuditFilter { actor: query.actor, action: query.action, target: query.target };
    let mut page = app.store.list_audit(&wanted, &paging(query.limit, query.cursor)?).await?;
    let book = app.people.book();
    for entry in &mut page.items {
        let person = entry.actor.and_then(|actor| book.find(actor));
        entry.actor_name = person.map(|person| person.name.clone());
    }
    Ok(Json(page))
}

/// Check the audit log: whether every entry is there, as it was written.
#[utoipa::path(get, path = "/api/v1/audit/check", tag = "users",
    responses((status = 200, description = "What was found", body = AuditCheck), (status = "4XX", description = "Refused", body = Problem)))]
async fn check_audit(State(app): State<Arc<App>>, _: Administrator) -> Result<Json<AuditCheck>, ApiError> {
    Ok(Json(app.store.check_audit().await?))
}
