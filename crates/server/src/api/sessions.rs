//! The calls on sessions.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, StatusCode, header};
use protocol::{
    ErrorCode, FieldError, Problem, SessionId, UserId,
    session::{
        CreateSession, DeletionReceipt, Endpoint, Phase, Session, SessionCheck, SessionPage, Status, Timeline,
        UpdateSession,
    },
};
use serde::Deserialize;
use store::SessionFilter;
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery, paging},
    problem::ApiError,
    samples, view,
};
use crate::{
    app::App,
    auth::{Asker, UserCaller},
    check, control, create, models, repeat, update,
};

/// The calls on sessions.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(create_session, list_sessions))
        .routes(routes!(check_session))
        .routes(routes!(get_session, update_session, delete_session))
        .routes(routes!(stop_session))
        .routes(routes!(get_session_timeline))
        .routes(routes!(get_session_endpoint))
}

/// The caller's session, or 404.
pub(crate) async fn find_own(app: &App, owner: UserId, id: SessionId) -> Result<domain::Session, ApiError> {
    app.store.find_session_of(owner, id).await?.ok_or_else(|| ApiError::not_found("session"))
}

/// Create a session.
#[utoipa::path(post, path = "/api/v1/sessions", tag = "sessions", request_body = CreateSession,
    params(("Idempotency-Key" = Option<String>, Header, description = "Repeating the request with the same key creates nothing")),
    responses((status = 201, description = "Created", body = Session), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    headers: HeaderMap,
    ApiJson(request): ApiJson<CreateSession>,
) -> Result<Response, ApiError> {
    let key = repeat::key(&headers)?;
    let session = create::create(&app, owner, request, key).await?;
    let location = format!("/api/v1/sessions/{}", session.id);
    Ok((StatusCode::CREATED, [(header::LOCATION, location)], Json(view::session(&app, &session))).into_response())
}

/// Check a session before creating it: what it would come to, or what creating it would be refused for. Nothing changes.
#[utoipa::path(post, path = "/api/v1/sessions/check", tag = "sessions", request_body = CreateSession,
    responses((status = 200, description = "It could be created now", body = SessionCheck), (status = "4XX", description = "As creating it would be refused", body = Problem)))]
async fn check_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiJson(request): ApiJson<CreateSession>,
) -> Result<Json<SessionCheck>, ApiError> {
    Ok(Json(check::check(&app, owner, request).await?))
}

/// Which sessions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListSessions {
    status: Option<Status>,
    /// Words in name, description or model.
    q: Option<String>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// List sessions, newest first.
#[utoipa::path(get, path = "/api/v1/sessions", tag = "sessions", params(ListSessions),
    responses((status = 200, description = "A page", body = SessionPage), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_sessions(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<ListSessions>,
) -> Result<Json<SessionPage>, ApiError> {
    let filter = SessionFilter { status: query.status, q: query.q };
    let page = app.store.list_sessions(owner, &filter, &paging(query.limit, query.cursor)?).await?;
    let items = page.items.iter().map(|session| view::session(&app, session)).collect();
    let counts = view::counts(&app.store.count_sessions(owner).await?);
    Ok(Json(SessionPage { items, next_cursor: page.next_cursor, counts }))
}

/// Show a session.
#[utoipa::path(get, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 200, description = "The session", body = Session), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<Session>, ApiError> {
    Ok(Json(view::session(&app, &find_own(&app, owner, id).await?)))
}

/// Rename a session, change its description, move its limits.
#[utoipa::path(patch, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path)), request_body = UpdateSession,
    responses((status = 200, description = "The session", body = Session), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiJson(change): ApiJson<UpdateSession>,
) -> Result<Json<Session>, ApiError> {
    let session = update::update(&app, owner, id, &change).await?;
    Ok(Json(view::session(&app, &session)))
}

/// Stop a session.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/stop", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 202, description = "Stopping", body = Session), (status = 200, description = "Stopping or ended already", body = Session),
        (status = 404, description = "Absent or not yours", body = Problem)))]
async fn stop_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<(StatusCode, Json<Session>), ApiError> {
    find_own(&app, owner, id).await?;
    let (status, session) = stop(&app, owner, id).await?;
    Ok((status, Json(view::session(&app, &session))))
}

/// Stops a session on somebody's word: 202 where it was not stopping already.
pub(crate) async fn stop(app: &Arc<App>, by: UserId, id: SessionId) -> Result<(StatusCode, domain::Session), ApiError> {
    let reason = domain::reason::user();
    let event = domain::Event::StopRequested(reason.clone());
    let applied = control::apply(app, id, &event, &by.to_string()).await?;
    let status = match &applied {
        control::Applied::Moved(_) => {
            if let Some(live) = app.live.find(id) {
                live.close(&reason);
            }
            control::supervise(app, id);
            StatusCode::ACCEPTED
        }
        control::Applied::Unchanged(_) => StatusCode::OK,
    };
    Ok((status, applied.into_session()))
}

/// The word that a deletion needs.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Confirmation {
    /// `delete`
    pub(crate) confirm: Option<String>,
}

impl Confirmation {
    /// # Errors
    /// `confirmation_required` without the word.
    pub(crate) fn check(&self, what: &str) -> Result<(), ApiError> {
        if self.confirm.as_deref() == Some("delete") {
            return Ok(());
        }
        let message = format!("deleting {what} is for good: add `?confirm=delete`");
        Err(ApiError::from(
            Problem::new(ErrorCode::ConfirmationRequired, message.clone())
                .with_errors(vec![FieldError::new("confirm", "required", message)]),
        ))
    }
}

/// Delete a session with all its data.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}", tag = "sessions", params(("id" = SessionId, Path), Confirmation),
    responses((status = 200, description = "What was removed", body = DeletionReceipt), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_session(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(confirmation): ApiQuery<Confirmation>,
) -> Result<Json<DeletionReceipt>, ApiError> {
    find_own(&app, owner, id).await?;
    confirmation.check("a session")?;
    // A client that goes away does not stop what has begun.
    let work = tokio::spawn(async move { control::delete(&app, id, &owner.to_string()).await });
    let receipt = work.await.map_err(|_| {
        ApiError::new(ErrorCode::Internal, "the deletion was interrupted; it goes on at the next start")
    })??;
    Ok(Json(receipt))
}

/// Every transition of a session.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/timeline", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 200, description = "Oldest first", body = Timeline), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_session_timeline(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<Timeline>, ApiError> {
    find_own(&app, owner, id).await?;
    Ok(Json(Timeline { items: app.store.list_timeline(id).await? }))
}

/// How to reach a running session by program.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/endpoint", tag = "sessions", params(("id" = SessionId, Path)),
    responses((status = 200, description = "Address, token, samples", body = Endpoint), (status = 409, description = "Not Running", body = Problem),
        (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_session_endpoint(
    State(app): State<Arc<App>>,
    Asker(owner): Asker,
    ApiPath(id): ApiPath<SessionId>,
    headers: HeaderMap,
) -> Result<Json<Endpoint>, ApiError> {
    let session = find_own(&app, owner, id).await?;
    if session.state.phase() != Phase::Running {
        let why = session.state.reason().map(|reason| format!(" ({})", reason.message));
        let status = match session.state.phase() {
            Phase::Draining => "stopping",
            _ => session.state.status().as_str(),
        };
        return Err(ApiError::new(
            ErrorCode::SessionNotRunning,
            format!("the session is {status}{}: it has an endpoint while it is Running", why.unwrap_or_default()),
        ));
    }
    let token = app.key.session_token(session.id, session.generation);
    let base_url = format!("{}/v1", reached_by(&app, &headers));
    let kind = models::kind_of(&app, session.model.id).await?;
    Ok(Json(samples::endpoint(base_url, token, session.model.name, kind)))
}

/// The address that the caller reached the server by, as far as it is known.
fn reached_by(app: &App, headers: &HeaderMap) -> String {
    if app.config.server.public_url.is_some() {
        return app.url.clone();
    }
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    host.map_or_else(|| app.url.clone(), |host| format!("http://{host}"))
}
