//! The calls on users, and on what runs on the machine for those who look after it.

use std::{collections::HashMap, sync::Arc};

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use protocol::{
    ErrorCode, FieldError, Problem, SessionId, UserId,
    audit::AuditAction,
    session::Phase,
    system::LoginLink,
    user::{
        CreateUser, MachineOwner, MachineSession, MachineSessions, Me, SetPassword, UpdateUser, User, UserList,
        UserReceipt,
    },
};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery},
    problem::ApiError,
    sessions::{Confirmation, stop},
};
use crate::{
    app::App,
    auth::{self, Administrator, Anybody, By, Holder, code},
    users::{self, OwnedThings},
};

/// The calls on users.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(get_me))
        .routes(routes!(list_users, create_user))
        .routes(routes!(get_user, update_user, delete_user))
        .routes(routes!(set_password, remove_password))
        .routes(routes!(create_users_login_link))
        .routes(routes!(end_logins))
        .routes(routes!(list_machine_sessions))
        .routes(routes!(stop_machine_session))
}

/// Who you are, and what you may do.
#[utoipa::path(get, path = "/api/v1/me", tag = "users",
    responses((status = 200, description = "You", body = Me), (status = 401, description = "No token", body = Problem)))]
async fn get_me(State(app): State<Arc<App>>, Anybody(access): Anybody) -> Result<Json<Me>, ApiError> {
    let book = app.people.book();
    let person = book.find(access.user).ok_or_else(|| ApiError::not_found("user"))?;
    let scopes = match access.by {
        By::Token | By::Login(_) => None,
        By::Key(key) => Some(key.scopes.list()),
    };
    Ok(Json(Me {
        id: access.user,
        name: person.name.clone(),
        role: access.role,
        has_password: person.has_password,
        has_identity: person.has_identity,
        scopes,
    }))
}

/// Users as the API shows them, with their numbers of sessions.
async fn shown(app: &App, users: Vec<store::User>) -> Result<Vec<User>, ApiError> {
    let counts: HashMap<UserId, (u64, u64)> = app.store.count_sessions_by_owner().await?.into_iter().collect();
    let show = |user: store::User| {
        let (sessions, live_sessions) = counts.get(&user.id).copied().unwrap_or_default();
        User {
            id: user.id,
            name: user.name,
            role: user.role,
            disabled: user.disabled_at.is_some(),
            has_password: user.password.is_some(),
            identity: user.identity,
            sessions,
            live_sessions,
            created_at: user.created_at,
        }
    };
    Ok(users.into_iter().map(show).collect())
}

async fn shown_one(app: &App, user: store::User) -> Result<User, ApiError> {
    shown(app, vec![user]).await?.pop().ok_or_else(|| ApiError::not_found("user"))
}

/// List everybody, by name.
#[utoipa::path(get, path = "/api/v1/users", tag = "users",
    responses((status = 200, description = "All of them", body = UserList), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_users(State(app): State<Arc<App>>, _: Administrator) -> Result<Json<UserList>, ApiError> {
    let users = app.store.list_users().await?.into_iter().filter(|user| user.deleting_at.is_none()).collect();
    Ok(Json(UserList { items: shown(&app, users).await? }))
}

/// Create a user. Without a password they log in by a link that an admin makes.
#[utoipa::path(post, path = "/api/v1/users", tag = "users", request_body = CreateUser,
    responses((status = 201, description = "Created", body = User), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_user(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiJson(request): ApiJson<CreateUser>,
) -> Result<Response, ApiError> {
    let user = users::create(&app, access, request).await?;
    let location = format!("/api/v1/users/{}", user.id);
    let user = shown_one(&app, user).await?;
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(user)).into_response())
}

/// Show a user.
#[utoipa::path(get, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path)),
    responses((status = 200, description = "The user", body = User), (status = "4XX", description = "Refused", body = Problem)))]
async fn get_user(
    State(app): State<Arc<App>>,
    _: Administrator,
    ApiPath(id): ApiPath<UserId>,
) -> Result<Json<User>, ApiError> {
    let user = app.store.find_user(id).await?.filter(|user| user.deleting_at.is_none());
    Ok(Json(shown_one(&app, user.ok_or_else(|| ApiError::not_found("user"))?).await?))
}

/// Rename a user, change their role, disable or enable them. A disabled user's logins end, and no token, key or token of
/// a session of theirs opens anything; their sessions run on until they are stopped or end.
#[utoipa::path(patch, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path)), request_body = UpdateUser,
    responses((status = 200, description = "The user", body = User), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_user(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiPath(id): ApiPath<UserId>,
    ApiJson(change): ApiJson<UpdateUser>,
) -> Result<Json<User>, ApiError> {
    let user = users::update(&app, access, id, change).await?;
    Ok(Json(shown_one(&app, user).await?))
}

/// What goes with a user.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct RemoveUser {
    /// `delete`
    confirm: Option<String>,
    /// `delete`: their sessions, private models and test sets go too; absent: a user who has any is refused.
    owned: Option<Delete>,
}

/// The word that a deletion needs.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Delete {
    Delete,
}

/// Delete a user with their keys, for good.
#[utoipa::path(delete, path = "/api/v1/users/{id}", tag = "users", params(("id" = UserId, Path), RemoveUser),
    responses((status = 200, description = "What was removed", body = UserReceipt), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_user(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiPath(id): ApiPath<UserId>,
    ApiQuery(query): ApiQuery<RemoveUser>,
) -> Result<Json<UserReceipt>, ApiError> {
    users::find_managed(&app, access, id).await?;
    Confirmation { confirm: query.confirm }.check("a user")?;
    let things = if query.owned.is_some() { OwnedThings::Delete } else { OwnedThings::Keep };
    // A client that goes away does not stop what has begun.
    let work = tokio::spawn(async move { users::remove(&app, access, id, things).await });
    let receipt = work.await.map_err(|_| {
        ApiError::new(ErrorCode::Internal, "the removal was interrupted; it goes on at the next start")
    })??;
    Ok(Json(receipt))
}

/// Set a password: your own, or as an admin another user's. All logins of the user end; a browser that changes its own
/// user's password is logged in again.
#[utoipa::path(put, path = "/api/v1/users/{id}/password", tag = "users", params(("id" = UserId, Path)), request_body = SetPassword,
    responses((status = 204, description = "Set"), (status = "4XX", description = "Refused", body = Problem)))]
async fn set_password(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<UserId>,
    ApiJson(request): ApiJson<SetPassword>,
) -> Result<Response, ApiError> {
    users::set_password(&app, access, id, request).await?;
    Ok(with_new_login(&app, access, id))
}

/// Take a password away: your own, or as an admin another user's.
#[utoipa::path(delete, path = "/api/v1/users/{id}/password", tag = "users", params(("id" = UserId, Path)),
    responses((status = 204, description = "Taken away"), (status = "4XX", description = "Refused", body = Problem)))]
async fn remove_password(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<UserId>,
) -> Result<Response, ApiError> {
    users::remove_password(&app, access, id).await?;
    Ok(with_new_login(&app, access, id))
}

/// The browser that has ended its own login gets another.
fn with_new_login(app: &App, access: auth::Access, id: UserId) -> Response {
    let cookie = (id == access.user && matches!(access.by, By::Login(_))).then(|| auth::set_cookie(app, id)).flatten();
    match cookie {
        Some(cookie) => (StatusCode::NO_CONTENT, [(header::SET_COOKIE, cookie)]).into_response(),
        None => StatusCode::NO_CONTENT.into_response(),
    }
}

/// Make a link that logs a user in once, within a day: to hand to them.
#[utoipa::path(post, path = "/api/v1/users/{id}/login-links", tag = "users", params(("id" = UserId, Path)),
    responses((status = 201, description = "The link", body = LoginLink), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_users_login_link(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<UserId>,
) -> Result<Response, ApiError> {
    let user = users::find_managed(&app, access, id).await?;
    if user.disabled_at.is_some() {
        let message = "this user is disabled: nothing logs them in; enable them first";
        return Err(ApiError::field(FieldError::new("id", "disabled", message)));
    }
    app.store.append_audit(access.note(&app, AuditAction::LinkMade, id)).await?;
    let lasts = if id == access.user { code::LASTS } else { code::INVITATION_LASTS };
    let (code, expires_at) = app.login_codes.issue(id, lasts, app.clock.now());
    let link = LoginLink { url: auth::login_link(&app, &code), expires_at };
    Ok((StatusCode::CREATED, Json(link)).into_response())
}

/// End all logins of a user, and withdraw their login links: your own, or as an admin another user's.
#[utoipa::path(delete, path = "/api/v1/users/{id}/logins", tag = "users", params(("id" = UserId, Path)),
    responses((status = 204, description = "Ended"), (status = "4XX", description = "Refused", body = Problem)))]
async fn end_logins(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<UserId>,
) -> Result<StatusCode, ApiError> {
    users::end_logins(&app, access, id).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List what runs on the machine, of everybody, the oldest first: whose it is and what it takes, nothing of what is in
/// it.
#[utoipa::path(get, path = "/api/v1/machine/sessions", tag = "users",
    responses((status = 200, description = "Every session that has not ended", body = MachineSessions), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_machine_sessions(
    State(app): State<Arc<App>>,
    _: Administrator,
) -> Result<Json<MachineSessions>, ApiError> {
    let sessions = app.store.list_unfinished().await?;
    let live = sessions.iter().filter(|session| !session.state.is_terminal());
    let items = live.map(|session| machine_session(&app, session)).collect();
    Ok(Json(MachineSessions { items }))
}

fn machine_session(app: &App, session: &domain::Session) -> MachineSession {
    MachineSession {
        id: session.id,
        owner: MachineOwner { id: session.owner, name: app.people.name_of(session.owner) },
        status: session.state.status(),
        phase: session.state.phase(),
        stopping: session.state.phase() == Phase::Draining,
        memory_bytes: session.memory_needed,
        created_at: session.created_at,
        running_at: session.state.running_at(),
        stops_at: session.stops_at(),
    }
}

/// Stop anybody's session. Its results stay, with its user.
#[utoipa::path(post, path = "/api/v1/machine/sessions/{id}/stop", tag = "users", params(("id" = SessionId, Path)),
    responses((status = 202, description = "Stopping", body = MachineSession), (status = 200, description = "Stopping or ended already", body = MachineSession),
        (status = "4XX", description = "Refused", body = Problem)))]
async fn stop_machine_session(
    State(app): State<Arc<App>>,
    Administrator(access): Administrator,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<(StatusCode, Json<MachineSession>), ApiError> {
    let session = app.store.find_session(id).await?.filter(|session| session.deleting_at.is_none());
    session.ok_or_else(|| ApiError::not_found("session"))?;
    let (status, session) = stop(&app, access, id).await?;
    Ok((status, Json(machine_session(&app, &session))))
}
