//! The calls on quotas.

use std::sync::Arc;

use axum::{Json, extract::State};
use domain::permission::may_administer;
use protocol::{
    FieldError, Problem, UserId,
    audit::AuditAction,
    quota::{QuotaKind, Quotas, SetQuotas},
    user::Role,
};
use store::AuditNote;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath},
    problem::ApiError,
};
use crate::{
    app::App,
    auth::{Access, Administrator, UserCaller},
    control, quota, users,
};

/// What a quota may be at most: as much as the store can count.
const MOST: u64 = i64::MAX as u64;

/// The calls on quotas.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_quotas))
        .routes(routes!(get_users_quotas, set_users_quotas))
        .routes(routes!(get_machine_quotas, set_machine_quotas))
}

/// Your quotas, with what is used of them.
#[utoipa::path(get, path = "/api/v1/quotas", tag = "users",
    responses((status = 200, description = "Yours", body = Quotas), (status = 401, description = "No token", body = Problem)))]
async fn get_quotas(State(app): State<Arc<App>>, UserCaller(user): UserCaller) -> Result<Json<Quotas>, ApiError> {
    Ok(Json(quota::show(&app, Some(user)).await?))
}

/// A user's quotas, with what is used of them.
#[utoipa::path(get, path = "/api/v1/users/{id}/quotas", tag = "users", params(("id" = UserId, Path)),
    responses((status = 200, description = "The user's", body = Quotas), (status = "4XX", description = "Refused", body = Problem)))]
async fn get_users_quotas(
    State(app): State<Arc<App>>,
    _: Administrator,
    ApiPath(id): ApiPath<UserId>,
) -> Result<Json<Quotas>, ApiError> {
    let user = app.store.find_user(id).await?.filter(|user| user.deleting_at.is_none());
    user.ok_or_else(|| ApiError::not_found("user"))?;
    Ok(Json(quota::show(&app, Some(id)).await?))
}

/// Set a user's quotas. They hold at once; what is there already stays.
#[utoipa::path(patch, path = "/api/v1/users/{id}/quotas", tag = "users", params(("id" = UserId, Path)), request_body = SetQuotas,
    responses((status = 200, description = "The user's", body = Quotas), (status = "4XX", description = "Refused", body = Problem)))]
async fn set_users_quotas(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiPath(id): ApiPath<UserId>,
    ApiJson(request): ApiJson<SetQuotas>,
) -> Result<Json<Quotas>, ApiError> {
    let user = users::find_managed(&app, access, id).await?;
    if access.role != Role::Owner {
        may_administer(access.role, user.role)?;
    }
    set(&app, access, Some(id), &request).await
}

/// The quotas of all users together.
#[utoipa::path(get, path = "/api/v1/machine/quotas", tag = "users",
    responses((status = 200, description = "Of all together", body = Quotas), (status = "4XX", description = "Refused", body = Problem)))]
async fn get_machine_quotas(State(app): State<Arc<App>>, _: Administrator) -> Result<Json<Quotas>, ApiError> {
    Ok(Json(quota::show(&app, None).await?))
}

/// Set the quotas of all users together: `sessions`, `live` and `tokens_per_day`.
#[utoipa::path(patch, path = "/api/v1/machine/quotas", tag = "users", request_body = SetQuotas,
    responses((status = 200, description = "Of all together", body = Quotas), (status = "4XX", description = "Refused", body = Problem)))]
async fn set_machine_quotas(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiJson(request): ApiJson<SetQuotas>,
) -> Result<Json<Quotas>, ApiError> {
    set(&app, access, None, &request).await
}

async fn set(
    app: &Arc<App>,
    access: Access,
    user: Option<UserId>,
    request: &SetQuotas,
) -> Result<Json<Quotas>, ApiError> {
    let changes = request.changes();
    let errors: Vec<FieldError> = changes.iter().filter_map(|(kind, most)| refused(user, *kind, (*most)?)).collect();
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    if !changes.is_empty() {
        let told: Vec<String> = changes
            .iter()
            .map(|(kind, most)| match most {
                Some(most) => format!("{} {most}", kind.as_str()),
                None => format!("{} as configured", kind.as_str()),
            })
            .collect();
        let note = access.note(app, AuditAction::QuotaSet, user.map_or_else(String::new, |user| user.to_string()));
        let target = user.map(|user| user.to_string());
        let note = AuditNote { target, detail: Some(told.join(", ")), ..note };
        app.store.audited(note).set_quotas(user, changes).await?;
        app.people.reread(&app.store).await?;
        control::nudge_queue(app);
    }
    Ok(Json(quota::show(app, user).await?))
}

fn refused(user: Option<UserId>, kind: QuotaKind, most: u64) -> Option<FieldError> {
    if user.is_none() && !QuotaKind::TOGETHER.contains(&kind) {
        let message = "this is for one user at a time, not for all together";
        return Some(FieldError::new(kind.as_str(), "not_allowed", message));
    }
    let least = if kind == QuotaKind::SessionSeconds { 1 } else { 0 };
    let message = format!("{most} is out of range: give {least} to {MOST}");
    (!(least..=MOST).contains(&most)).then(|| FieldError::new(kind.as_str(), "out_of_range", message))
}
