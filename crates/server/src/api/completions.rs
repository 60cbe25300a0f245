//! The calls on completions: history, the playground's own answers, following, stars, deletion.

use std::sync::Arc;

use axum::{
    Json,
    body::Bytes,
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{StatusCode, header};
use protocol::{
    CompletionId, ErrorCode, FieldError, Problem, SessionId, UserId,
    completion::{Completion, Order, Origin, RenderedPrompt, UpdateCompletion},
    engine::PropsRendered,
    session::Page,
};
use serde::Deserialize;
use serde_json::Value;
use store::{CompletionFilter, DeleteCompletionError, Idempotency, Picks, StarError};
use utoipa::IntoParams;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery, paging, read_body, require_json},
    problem::ApiError,
    sessions::{Confirmation, find_own},
};
use crate::{
    app::App,
    auth::{Asker, UserCaller},
    gateway::{
        error::InferenceError,
        exchange::Cut,
        playground,
        request::{Incoming, Kind},
        start::{Reader, Source, find_open, start},
    },
    repeat,
};

/// The calls on completions.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(list_completions, create_completion))
        .routes(routes!(get_completion, update_completion, delete_completion))
        .routes(routes!(follow_completion))
        .routes(routes!(cancel_completion))
        .routes(routes!(render_prompt))
        .routes(routes!(super::export::export_completions))
}

/// Which completions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListCompletions {
    /// Words of the response.
    q: Option<String>,
    starred: Option<bool>,
    origin: Option<Origin>,
    /// The `conversation` that they name.
    conversation: Option<String>,
    /// `newest` first if absent.
    order: Option<Order>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    /// Of a page in the same order.
    cursor: Option<String>,
}

/// The history of a session.
#[utoipa::path(get, path = "/api/v1/sessions/{id}/completions", tag = "completions", params(("id" = SessionId, Path), ListCompletions),
    responses((status = 200, description = "A page", body = Page<Completion>), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_completions(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<SessionId>,
    ApiQuery(query): ApiQuery<ListCompletions>,
) -> Result<Json<Page<Completion>>, ApiError> {
    find_own(&app, owner, id).await?;
    let paging = paging(query.limit, query.cursor)?;
    let filter = CompletionFilter {
        q: query.q,
        picks: Picks::of(query.starred),
        origin: query.origin,
        conversation: query.conversation,
        order: query.order.unwrap_or_default(),
    };
    let mut page = app.store.list_completions(id, &filter, &paging).await?;
    for completion in &mut page.items {
        // What is being written is shown as far as it is, not as far as it was last stored.
        if let Some(exchange) = app.live.find(id).and_then(|live| live.find_exchange(completion.id)) {
            *completion = Completion { starred: completion.starred, ..exchange.completion() };
        }
    }
    Ok(Json(page))
}

/// Most characters of a conversation's name.
const MAX_CONVERSATION: usize = 100;

fn conversation(body: &Value) -> Result<Option<String>, ApiError> {
    let wrong = || {
        let message = format!("`conversation` is to be a string of 1 to {MAX_CONVERSATION} characters");
        ApiError::from(Problem::new(ErrorCode::InvalidParameter, message.clone()).with_errors(vec![FieldError::new(
            "conversation",
            "invalid",
            message,
        )]))
    };
    match body.get("conversation") {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(name)) if (1..=MAX_CONVERSATION).contains(&name.chars().count()) => Ok(Some(name.clone())),
        Some(_) => Err(wrong()),
    }
}

async fn read_chat(app: &App, request: Request) -> Result<Incoming, ApiError> {
    require_json(request.headers()).map_err(|message| ApiError::new(ErrorCode::UnsupportedMediaType, message))?;
    Ok(Incoming::read(Kind::Chat, read_body(request, app).await?)?)
}

/// Ask the model; the server owns the answer. Follow it by its stream.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/completions", tag = "completions", params(("id" = SessionId, Path),
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating the request with the same key asks nothing anew")),
    request_body(content = Object, description = "A chat request of OpenAI's shape, and `conversation`, which groups turns"),
    responses((status = 201, description = "Being written", body = Completion), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "Not ready", body = Problem)))]
async fn create_completion(
    State(app): State<Arc<App>>,
    Asker(owner): Asker,
    ApiPath(id): ApiPath<SessionId>,
    request: Request,
) -> Result<Response, ApiError> {
    find_own(&app, owner, id).await?;
    let key = repeat::key(request.headers())?;
    let incoming = read_chat(&app, request).await?;
    let conversation = conversation(&incoming.body)?;
    let repeatable = key.map(|key| repeat::identify(&key, format!("{id} {}", incoming.body).as_bytes()));
    // What was made stays known when the session has ended.
    if let Some(made) = find_made(&app, owner, repeatable.as_ref()).await? {
        return Ok(created(&made));
    }
    let live = find_open(&app, id).await?;
    // Two of the same key at once: the second waits and sees what the first has made.
    let _turn = match repeatable {
        Some(_) => Some(live.repeatable.lock().await),
        None => None,
    };
    if let Some(made) = find_made(&app, owner, repeatable.as_ref()).await? {
        return Ok(created(&made));
    }
    let checked = incoming.check(&live)?;
    let source = Source::playground(conversation, repeatable.map(|key| (owner, key)));
    let exchange = start(&app, &live, checked, source, Reader::Nobody).await?;
    Ok(created(&exchange.completion()))
}

/// The completion that the same request made before.
async fn find_made(app: &App, owner: UserId, request: Option<&Idempotency>) -> Result<Option<Completion>, ApiError> {
    let Some(request) = request else { return Ok(None) };
    match repeat::find_completion(app, owner, request).await? {
        Some(id) => find_own_completion(app, owner, id).await.map(Some),
        None => Ok(None),
    }
}

fn created(completion: &Completion) -> Response {
    let location = format!("/api/v1/completions/{}", completion.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(completion)).into_response()
}

/// The prompt as the model's template renders it, with its tokens.
#[utoipa::path(post, path = "/api/v1/sessions/{id}/render", tag = "completions", params(("id" = SessionId, Path)),
    request_body(content = Object, description = "A chat request of OpenAI's shape"),
    responses((status = 200, description = "Rendered", body = RenderedPrompt), (status = "4XX", description = "Refused", body = Problem), (status = 503, description = "Not ready", body = Problem)))]
async fn render_prompt(
    State(app): State<Arc<App>>,
    Asker(owner): Asker,
    ApiPath(id): ApiPath<SessionId>,
    request: Request,
) -> Result<Json<RenderedPrompt>, ApiError> {
    find_own(&app, owner, id).await?;
    let incoming = read_chat(&app, request).await?;
    let live = find_open(&app, id).await?;
    let body = incoming.check(&live)?.body;
    let answer = app
        .runtimes
        .ask(id, "/internal/render", Bytes::from(body.to_string()))
        .await
        .map_err(InferenceError::from_runtime)?;
    let rendered: PropsRendered = serde_json::from_slice(&answer).map_err(|_| {
        ApiError::new(ErrorCode::UnsupportedParameter, "this session's runtime does not show its prompts")
    })?;
    let PropsRendered { prompt, prompt_tokens, context_length } = rendered;
    Ok(Json(RenderedPrompt { prompt, tokens: prompt_tokens, context_length }))
}

/// The caller's completion, or 404.
async fn find_own_completion(app: &App, owner: UserId, id: CompletionId) -> Result<Completion, ApiError> {
    let missing = || ApiError::not_found("completion");
    let stored = match app.live.find_exchange(id) {
        Some(exchange) => Some(exchange.completion()),
        None => app.store.find_completion(id).await?,
    };
    let completion = stored.ok_or_else(missing)?;
    find_own(app, owner, completion.session_id).await.map_err(|_| missing())?;
    Ok(completion)
}

/// Show a completion.
#[utoipa::path(get, path = "/api/v1/completions/{id}", tag = "completions", params(("id" = CompletionId, Path)),
    responses((status = 200, description = "The completion", body = Completion), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_completion(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<CompletionId>,
) -> Result<Json<Completion>, ApiError> {
    Ok(Json(find_own_completion(&app, owner, id).await?))
}

/// Star a completion, or take the star away.
#[utoipa::path(patch, path = "/api/v1/completions/{id}", tag = "completions", params(("id" = CompletionId, Path)), request_body = UpdateCompletion,
    responses((status = 200, description = "The completion", body = Completion), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_completion(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<CompletionId>,
    ApiJson(change): ApiJson<UpdateCompletion>,
) -> Result<Json<Completion>, ApiError> {
    find_own_completion(&app, owner, id).await?;
    app.store.star_completion(id, if change.starred { store::Star::Set } else { store::Star::Cleared }).await.map_err(
        |error| match error {
            StarError::NotFound => ApiError::not_found("completion"),
            StarError::Storage(error) => error.into(),
        },
    )?;
    let completion = find_own_completion(&app, owner, id).await?;
    Ok(Json(Completion { starred: change.starred, ..completion }))
}

/// Delete a completion for good.
#[utoipa::path(delete, path = "/api/v1/completions/{id}", tag = "completions", params(("id" = CompletionId, Path), Confirmation),
    responses((status = 204, description = "Deleted"), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_completion(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<CompletionId>,
    ApiQuery(confirmation): ApiQuery<Confirmation>,
) -> Result<StatusCode, ApiError> {
    find_own_completion(&app, owner, id).await?;
    confirmation.check("a completion")?;
    app.store.delete_completion(id).await.map_err(|error| match error {
        DeleteCompletionError::NotFound => ApiError::not_found("completion"),
        DeleteCompletionError::Running => ApiError::new(
            ErrorCode::CompletionRunning,
            "the answer is still being written; stop it first, or wait for its end",
        ),
        DeleteCompletionError::Storage(error) => error.into(),
    })?;
    app.store.scrub().await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Stop generating.
#[utoipa::path(post, path = "/api/v1/completions/{id}/cancel", tag = "completions", params(("id" = CompletionId, Path)),
    responses((status = 202, description = "Being stopped", body = Completion), (status = 200, description = "Done already", body = Completion), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn cancel_completion(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<CompletionId>,
) -> Result<(StatusCode, Json<Completion>), ApiError> {
    let completion = find_own_completion(&app, owner, id).await?;
    let status = match app.live.find_exchange(id) {
        Some(exchange) => {
            exchange.cut(Cut::Cancelled);
            StatusCode::ACCEPTED
        }
        None => StatusCode::OK,
    };
    Ok((status, Json(completion)))
}

/// From where.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct From {
    /// Offset in the response, in Unicode scalar values; 0 if absent.
    from: Option<u64>,
}

/// Follow an answer that is still being written, from any offset. Events: `text` with `{from, text}`, then `done`
/// with the whole completion.
#[utoipa::path(get, path = "/api/v1/completions/{id}/stream", tag = "completions", params(("id" = CompletionId, Path), From),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"), (status = "4XX", description = "Refused", body = Problem)))]
async fn follow_completion(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<CompletionId>,
    ApiQuery(query): ApiQuery<From>,
) -> Result<Response, ApiError> {
    let completion = find_own_completion(&app, owner, id).await?;
    let from = query.from.unwrap_or(0);
    match app.live.find_exchange(id) {
        Some(exchange) => Ok(playground::follow(Arc::clone(&app), exchange, from)),
        None => {
            // It may have ended between the two looks.
            let completion = app.store.find_completion(id).await?.unwrap_or(completion);
            Ok(playground::replay(&completion, from))
        }
    }
}
