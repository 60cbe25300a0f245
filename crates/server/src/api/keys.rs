//! The calls on API keys, and on the named tokens of sessions.

use std::sync::Arc;

use axum::{
    Json,
    extract::State,
    response::{IntoResponse, Response},
};
use domain::{naming, permission::Scopes};
use http::StatusCode;
use protocol::{
    ErrorCode, FieldError, KeyId, Problem, SessionId, SessionTokenId,
    user::{
        CreateKey, CreateSessionToken, CreatedKey, CreatedSessionToken, Key, KeyList, SessionToken, SessionTokenList,
    },
};
use store::{KeyRecord, MAX_KEYS, NewKey, NewSessionToken, WriteKeyError};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath},
    problem::ApiError,
    sessions::find_own,
};
use crate::{
    app::App,
    auth::{Holder, UserCaller},
    token,
};

/// The calls on keys and tokens.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_keys, create_key))
        .routes(routes!(revoke_key))
        .routes(routes!(list_session_tokens, create_session_token))
        .routes(routes!(revoke_session_token))
}

fn refused(error: WriteKeyError) -> ApiError {
    match error {
        WriteKeyError::NameTaken => {
            ApiError::field(FieldError::new("name", "taken", "another one has this name; choose another one"))
        }
        WriteKeyError::Full => {
            let detail = format!("there are {MAX_KEYS} already; withdraw one that is no longer used");
            let figures = serde_json::json!({"have": MAX_KEYS, "allowed": MAX_KEYS});
            ApiError::from(Problem::new(ErrorCode::QuotaReached, detail).with_figures(figures))
        }
        WriteKeyError::OwnerGone => ApiError::not_found("session"),
        WriteKeyError::Storage(error) => error.into(),
    }
}

fn shown(app: &App, record: KeyRecord) -> Key {
    Key {
        id: record.id,
        name: record.name,
        scopes: record.scopes.list(),
        created_at: record.created_at,
        expires_at: record.expires_at,
        last_used_at: record.last_used_at.max(app.people.key_used_at(record.id)),
    }
}

/// List your API keys, the newest first.
#[utoipa::path(get, path = "/api/v1/keys", tag = "keys",
    responses((status = 200, description = "All of them", body = KeyList), (status = 401, description = "No token", body = Problem)))]
async fn list_keys(State(app): State<Arc<App>>, Holder(access): Holder) -> Result<Json<KeyList>, ApiError> {
    let keys = app.store.list_keys(Some(access.user)).await?;
    Ok(Json(KeyList { items: keys.into_iter().map(|key| shown(&app, key)).collect() }))
}

/// Create an API key. The answer alone has its secret; what is kept is a hash.
#[utoipa::path(post, path = "/api/v1/keys", tag = "keys", request_body = CreateKey,
    responses((status = 201, description = "Created", body = CreatedKey), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_key(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiJson(request): ApiJson<CreateKey>,
) -> Result<Response, ApiError> {
    let now = app.clock.now();
    let mut errors = Vec::new();
    let name = naming::name(&request.name).map_err(|error| errors.push(error)).unwrap_or_default();
    let scopes = Scopes::new(request.scopes);
    if scopes.is_empty() {
        errors.push(FieldError::new("scopes", "empty", "a key without a scope opens nothing; give at least one"));
    }
    if request.expires_at.is_some_and(|at| at <= now) {
        errors.push(FieldError::new("expires_at", "past", "this time is over; give a later one, or none"));
    }
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    let secret = token::new_key();
    let key = NewKey {
        id: KeyId::generate(),
        user: access.user,
        name,
        sha256: token::hash(&secret),
        scopes,
        expires_at: request.expires_at,
        now,
    };
    app.store.create_key(key.clone()).await.map_err(refused)?;
    app.people.reread(&app.store).await?;
    let key = Key {
        id: key.id,
        name: key.name,
        scopes: scopes.list(),
        created_at: now,
        expires_at: key.expires_at,
        last_used_at: None,
    };
    Ok((StatusCode::CREATED, Json(CreatedKey { key, secret })).into_response())
}

/// Withdraw an API key: it opens nothing any more.
#[utoipa::path(delete, path = "/api/v1/keys/{id}", tag = "keys", params(("id" = KeyId, Path)),
    responses((status = 204, description = "Withdrawn"), (status = "4XX", description = "Refused", body = Problem)))]
async fn revoke_key(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<KeyId>,
) -> Result<StatusCode, ApiError> {
    if !app.store.revoke_key(access.user, id).await? {
        return Err(ApiError::not_found("key"));
    }
    app.people.reread(&app.store).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// List the named tokens of a session, the newest first. The unnamed one is in its endpoint.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/tokens", tag = "keys", params(("id" = SessionId, Path)),
    responses((status = 200, description = "All of them", body = SessionTokenList), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn list_session_tokens(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
) -> Result<Json<SessionTokenList>, ApiError> {
    find_own(&app, owner, id).await?;
    let records = app.store.list_session_tokens(Some(id)).await?.into_iter();
    let items = records.map(|record| {
        let used = app.people.session_token_used_at(record.token.id);
        SessionToken { last_used_at: record.token.last_used_at.max(used), ..record.token }
    });
    Ok(Json(SessionTokenList { items: items.collect() }))
}

/// Create a named token of a session: it opens `/v1` of this session alone, dies with it, and can be withdrawn before.
/// The answer alone has its secret.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/tokens", tag = "keys", params(("id" = SessionId, Path)), request_body = CreateSessionToken,
    responses((status = 201, description = "Created", body = CreatedSessionToken), (status = "4XX", description = "Refused", body = Problem)))]
async fn create_session_token(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath(id): ApiPath<SessionId>,
    ApiJson(request): ApiJson<CreateSessionToken>,
) -> Result<Response, ApiError> {
    // What a token opens, its user must be allowed to.
    access.require(domain::permission::Action::Infer)?;
    let session = find_own(&app, access.user, id).await?;
    if session.state.is_terminal() {
        let detail = "the session has ended: it takes no requests any more, and no token is of use";
        return Err(ApiError::new(ErrorCode::SessionEnded, detail));
    }
    let name = naming::name(&request.name).map_err(ApiError::field)?;
    let (secret, now) = (token::new_session_token(), app.clock.now());
    let token = NewSessionToken {
        id: SessionTokenId::generate(),
        session: id,
        name: name.clone(),
        sha256: token::hash(&secret),
        now,
    };
    let token_id = token.id;
    app.store.create_session_token(token).await.map_err(refused)?;
    app.people.reread(&app.store).await?;
    let token = SessionToken { id: token_id, session_id: id, name, created_at: now, last_used_at: None };
    Ok((StatusCode::CREATED, Json(CreatedSessionToken { token, secret })).into_response())
}

/// Withdraw a named token of a session: it opens nothing any more.
#[utoipa::path(delete, path = "/api/v1/sessions/{id}/tokens/{token}", tag = "keys", params(("id" = SessionId, Path), ("token" = SessionTokenId, Path)),
    responses((status = 204, description = "Withdrawn"), (status = "4XX", description = "Refused", body = Problem)))]
async fn revoke_session_token(
    State(app): State<Arc<App>>,
    Holder(access): Holder,
    ApiPath((id, token)): ApiPath<(SessionId, SessionTokenId)>,
) -> Result<StatusCode, ApiError> {
    find_own(&app, access.user, id).await?;
    if !app.store.revoke_session_token(id, token).await? {
        return Err(ApiError::not_found("token"));
    }
    app.people.reread(&app.store).await?;
    Ok(StatusCode::NO_CONTENT)
}
