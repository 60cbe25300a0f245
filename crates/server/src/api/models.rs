//! The calls on models.

use std::{net::SocketAddr, path::PathBuf, sync::Arc};

use axum::{
    Json,
    extract::{ConnectInfo, Request, State},
    response::{IntoResponse, Response},
};
use domain::permission::Action;
use http::{StatusCode, header};
use protocol::{
    ErrorCode, FieldError, ModelId, Problem, UserId,
    model::{ImportModel, Model, ModelScope, UpdateModel},
};
use serde::{Deserialize, Serialize};
use store::{BadCursor, DeleteModelError, ListError, Made, ModelFilter, ModelRecord};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery},
    problem::ApiError,
    view,
};
use crate::{
    app::App,
    auth::{Access, UserAccess, UserCaller},
    models, repeat,
};

/// The calls on models.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(list_models)).routes(routes!(get_model, update_model, delete_model))
}

/// Uploading, whose body is not held to the bound of the others.
pub(crate) fn upload_router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(import_model))
}

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ListModels {
    scope: Option<ModelScope>,
    /// Words in name, version, family or tags.
    q: Option<String>,
    /// 1 to 200, 50 if absent.
    limit: Option<u32>,
    cursor: Option<String>,
}

/// The models, newest first.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct ModelPage {
    pub(crate) items: Vec<Model>,
    pub(crate) next_cursor: Option<String>,
}

/// List the models that you can see, newest first.
#[utoipa::path(get, path = "/api/v1/models", tag = "models", params(ListModels),
    responses((status = 200, description = "A page", body = ModelPage), (status = "4XX", description = "Refused", body = Problem)))]
async fn list_models(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiQuery(query): ApiQuery<ListModels>,
) -> Result<Json<ModelPage>, ApiError> {
    let paging = super::extract::paging(query.limit, query.cursor)?;
    let filter = ModelFilter { scope: query.scope, q: query.q };
    let models = app.store.list_models(owner, &filter).await?;
    let after = match &paging.cursor {
        Some(cursor) => cursor.parse::<ModelId>().map(Some).map_err(|_| ListError::BadCursor(BadCursor))?,
        None => None,
    };
    let limit = usize::try_from(paging.limit).unwrap_or(usize::MAX);
    let mut rest = models.iter().filter(|model| after.is_none_or(|after| model.id < after));
    let items: Vec<Model> = rest.by_ref().take(limit).map(|model| view::model(&app, model)).collect();
    let next_cursor = rest.next().and(items.last()).map(|model| model.id.to_string());
    Ok(Json(ModelPage { items, next_cursor }))
}

async fn find_visible(app: &App, owner: UserId, id: ModelId) -> Result<ModelRecord, ApiError> {
    let model = app.store.find_model(id).await?.filter(|model| model.owner.is_none_or(|of| of == owner));
    model.ok_or_else(|| ApiError::new(ErrorCode::ModelNotFound, "there is no such model"))
}

/// A model that the caller may change: of the catalog, only who looks after it may.
async fn find_changeable(app: &App, access: Access, id: ModelId) -> Result<ModelRecord, ApiError> {
    let model = find_visible(app, access.user, id).await?;
    if model.owner.is_none() {
        access.require(Action::Catalog)?;
    }
    Ok(model)
}

/// Show a model.
#[utoipa::path(get, path = "/api/v1/models/{id}", tag = "models", params(("id" = ModelId, Path)),
    responses((status = 200, description = "The model", body = Model), (status = 404, description = "Absent or not yours", body = Problem)))]
async fn get_model(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    ApiPath(id): ApiPath<ModelId>,
) -> Result<Json<Model>, ApiError> {
    Ok(Json(view::model(&app, &find_visible(&app, owner, id).await?)))
}

/// Change a model's entry.
#[utoipa::path(patch, path = "/api/v1/models/{id}", tag = "models", params(("id" = ModelId, Path)), request_body = UpdateModel,
    responses((status = 200, description = "The model", body = Model), (status = "4XX", description = "Refused", body = Problem)))]
async fn update_model(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ApiPath(id): ApiPath<ModelId>,
    ApiJson(change): ApiJson<UpdateModel>,
) -> Result<Json<Model>, ApiError> {
    let before = find_changeable(&app, access, id).await?;
    let model = models::update(&app, before, change).await?;
    Ok(Json(view::model(&app, &model)))
}

/// Remove a model; refused while a live session uses it.
#[utoipa::path(delete, path = "/api/v1/models/{id}", tag = "models", params(("id" = ModelId, Path)),
    responses((status = 204, description = "Removed"), (status = "4XX", description = "Refused", body = Problem)))]
async fn delete_model(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ApiPath(id): ApiPath<ModelId>,
) -> Result<StatusCode, ApiError> {
    let model = find_changeable(&app, access, id).await?;
    match app.store.delete_model(id).await {
        Ok(()) => {}
        Err(DeleteModelError::InUse { sessions }) => {
            let ids: Vec<String> = sessions.iter().map(ToString::to_string).collect();
            return Err(ApiError::from(
                Problem::new(
                    ErrorCode::ModelInUse,
                    format!("live sessions use this model ({}); stop them first", ids.join(", ")),
                )
                .with_figures(serde_json::json!({"sessions": ids})),
            ));
        }
        Err(DeleteModelError::NotFound) => {
            return Err(ApiError::new(ErrorCode::ModelNotFound, "there is no such model"));
        }
        Err(DeleteModelError::Storage(error)) => return Err(error.into()),
    }
    models::remove_unused_blobs(&app, &model).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Add a model: the body is the GGUF file, streamed.
#[utoipa::path(post, path = "/api/v1/models", tag = "models",
    params(ImportModel, ("Idempotency-Key" = Option<String>, Header, description = "Repeating the request with the same key adds nothing; the file itself is not compared")),
    request_body(content = Vec<u8>, content_type = "application/octet-stream", description = "The file; none with `path`"),
    responses((status = 201, description = "Added", body = Model), (status = "4XX", description = "Refused", body = Problem)))]
async fn import_model(
    State(app): State<Arc<App>>,
    UserAccess(access): UserAccess,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    ApiQuery(query): ApiQuery<ImportModel>,
    request: Request,
) -> Result<Response, ApiError> {
    let owner = access.user;
    if query.scope == Some(ModelScope::Catalog) {
        access.require(Action::Catalog)?;
    }
    let asked = serde_json::to_vec(&query).unwrap_or_default();
    let repeatable = repeat::key(request.headers())?.map(|key| repeat::identify(&key, &asked));
    if let Some(request) = &repeatable
        && let Some(made) = repeat::find_model(&app, owner, request).await?
    {
        return Ok(created(&app, &find_visible(&app, owner, made).await?));
    }
    let record = match &query.path {
        Some(path) => {
            if owner != app.owner || !peer.ip().is_loopback() {
                let message = "a path on the server is for its owner on the same machine; upload the file instead";
                return Err(ApiError::from(
                    Problem::new(ErrorCode::Forbidden, message).with_errors(vec![FieldError::new(
                        "path",
                        "forbidden",
                        message,
                    )]),
                ));
            }
            models::import_path(&app, owner, PathBuf::from(path), &query).await?
        }
        None => models::import_stream(&app, owner, request.into_body(), &query).await?,
    };
    if let Some(request) = repeatable {
        app.store.remember_made(owner, request, Made::Model(record.id)).await?;
    }
    Ok(created(&app, &record))
}

fn created(app: &App, record: &ModelRecord) -> Response {
    let location = format!("/api/v1/models/{}", record.id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(view::model(app, record))).into_response()
}
