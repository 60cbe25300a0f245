//! The calls of `/v1`.

use std::sync::Arc;

use axum::{
    Json, Router,
    body::Bytes,
    extract::{State, rejection::BytesRejection},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use http::{HeaderMap, StatusCode};
use protocol::{
    ErrorCode,
    openai::{ModelCard, ModelList, StreamMode},
    session::Status,
};
use store::{Paging, SessionFilter};
use tokio::sync::mpsc;

use super::{
    answer::{self, Heading},
    error::InferenceError,
    generation::READER_QUEUE,
    live::Live,
    request::{Incoming, Kind},
    start::{Reader, Source, find_open, start},
};
use crate::{
    api::extract::require_json,
    app::App,
    auth::{self, Access, Caller, InferenceCaller},
};

/// The inference API.
pub(crate) fn router() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/models", get(list_served_models))
        .route("/v1/models/{*model}", get(get_served_model))
        .route("/v1/chat/completions", post(create_chat_completion))
        .route("/v1/completions", post(create_text_completion))
}

async fn create_chat_completion(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, InferenceError> {
    create(app, caller.0, Kind::Chat, (&headers, body)).await
}

async fn create_text_completion(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Result<Response, InferenceError> {
    create(app, caller.0, Kind::Text, (&headers, body)).await
}

async fn create(
    app: Arc<App>,
    caller: Caller,
    kind: Kind,
    (headers, body): (&HeaderMap, Result<Bytes, BytesRejection>),
) -> Result<Response, InferenceError> {
    require_json(headers).map_err(|message| InferenceError::new(ErrorCode::UnsupportedMediaType, message))?;
    let body = body.map_err(|rejection| unreadable(&app, &rejection))?;
    let incoming = Incoming::read(kind, body)?;
    let live = resolve(&app, &caller, incoming.model()).await?;
    let request = incoming.check(&live)?;
    let stream = request.stream;
    let (sender, receiver) = mpsc::channel(READER_QUEUE);
    let reader = match stream {
        StreamMode::Whole => Reader::Whole(sender),
        StreamMode::Stream | StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage => Reader::Stream(sender),
    };
    let exchange = start(&app, &live, request, Source::api(), reader).await?;
    let heading = Heading {
        id: exchange.id,
        kind,
        model: live.model.name.clone(),
        created: exchange.begin().created_at.as_second(),
    };
    match stream {
        StreamMode::Stream | StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage => {
            Ok(answer::streamed(heading, stream, receiver))
        }
        StreamMode::Whole => {
            let ended = answer::wait_end(receiver).await?;
            let transcript = exchange.transcript();
            Ok(answer::whole(&heading, &ended, &transcript))
        }
    }
}

fn unreadable(app: &App, rejection: &BytesRejection) -> InferenceError {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        let bound = app.config.limits.body_bytes;
        return InferenceError::new(ErrorCode::TooLarge, format!("the body is larger than {bound} bytes"));
    }
    InferenceError::new(ErrorCode::MalformedRequest, "the body could not be read")
}

/// Which session a request is for: the token's own, or the one that `model` names.
async fn resolve(app: &App, caller: &Caller, model: Option<&str>) -> Result<Arc<Live>, InferenceError> {
    match caller {
        Caller::Session { id } => {
            let live = find_open(app, *id).await.map_err(token_of_nothing)?;
            auth::require_enabled(app, live.owner)?;
            match model {
                Some(model) if !names(&live, model) => Err(unknown_model(model, &live.model.name)),
                Some(_) | None => Ok(live),
            }
        }
        Caller::User(Access { user, .. }) => {
            let missing = || {
                InferenceError::new(
                    ErrorCode::ModelNotFound,
                    "with a user's token `model` must be the id of one of your sessions: `ses_…`",
                )
                .with_param("model")
            };
            let id = model.and_then(|model| model.parse().ok()).ok_or_else(missing)?;
            let session = app.store.find_session(id).await.map_err(|error| app.storage_failed(&error))?;
            session.filter(|session| session.owner == *user && session.deleting_at.is_none()).ok_or_else(missing)?;
            find_open(app, id).await
        }
    }
}

/// The token of a deleted session opens nothing.
fn token_of_nothing(error: InferenceError) -> InferenceError {
    if error.code == ErrorCode::NotFound {
        return InferenceError::new(ErrorCode::Unauthorized, "this token's session has been deleted");
    }
    error
}

fn names(live: &Live, model: &str) -> bool {
    let SessionNames { id, name, versioned } = SessionNames::of(live);
    [id.as_str(), name, versioned.as_str()].contains(&model)
}

struct SessionNames<'a> {
    id: String,
    name: &'a str,
    versioned: String,
}

impl<'a> SessionNames<'a> {
    fn of(live: &'a Live) -> Self {
        let name = &live.model.name;
        Self { id: live.id.to_string(), name, versioned: format!("{name}:{}", live.model.version) }
    }
}

fn unknown_model(asked: &str, served: &str) -> InferenceError {
    let asked: String = asked.chars().take(100).collect();
    InferenceError::new(ErrorCode::ModelNotFound, format!("this session serves `{served}`, not `{asked}`"))
        .with_param("model")
}

fn card(id: String, created: i64) -> ModelCard {
    ModelCard { id, object: "model".to_owned(), created, owned_by: "viva".to_owned() }
}

/// The models that the caller's token can ask: its session's, or one per running session.
async fn served(app: &App, caller: &Caller) -> Result<Vec<ModelCard>, InferenceError> {
    match caller {
        Caller::Session { id } => {
            let live = find_open(app, *id).await.map_err(token_of_nothing)?;
            auth::require_enabled(app, live.owner)?;
            let session = app.store.find_session(*id).await.map_err(|error| app.storage_failed(&error))?;
            let created = session.map_or(0, |session| session.created_at.as_second());
            Ok(vec![card(live.model.name.clone(), created)])
        }
        Caller::User(Access { user, .. }) => {
            let filter = SessionFilter { status: Some(Status::Running), ..SessionFilter::default() };
            let page = app
                .store
                .list_sessions(*user, &filter, &Paging::first(200))
                .await
                .map_err(|error| app.storage_failed(&error))?;
            Ok(page.items.iter().map(|session| card(session.id.to_string(), session.created_at.as_second())).collect())
        }
    }
}

async fn list_served_models(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
) -> Result<Json<ModelList>, InferenceError> {
    Ok(Json(ModelList { object: "list".to_owned(), data: served(&app, &caller.0).await? }))
}

async fn get_served_model(
    State(app): State<Arc<App>>,
    caller: InferenceCaller,
    axum::extract::Path(model): axum::extract::Path<String>,
) -> Result<Response, InferenceError> {
    let served = served(&app, &caller.0).await?;
    let missing =
        || InferenceError::new(ErrorCode::ModelNotFound, "this token serves no such model").with_param("model");
    let is_named = match &caller.0 {
        // Asked for by any of the names that a request may give.
        Caller::Session { id } => find_open(&app, *id).await.is_ok_and(|live| names(&live, &model)),
        Caller::User(_) => false,
    };
    let card = served.into_iter().find(|card| is_named || card.id == model).ok_or_else(missing)?;
    Ok(Json(card).into_response())
}
