//! The OpenAPI document, generated from the handlers.

use std::sync::Arc;

use axum::Json;
use protocol::{
    completion::Order,
    openai::{ChatCompletion, ChatCompletionChunk, ErrorBody, ModelList, TextCompletion},
    session::{ReasonCode, SessionDeleted},
};
use utoipa::{
    Modify, OpenApi,
    openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
};
use utoipa_axum::router::OpenApiRouter;

use super::{export::ExportFormat, task_export::TaskFormat, users::Delete};
use crate::app::App;

#[derive(OpenApi)]
#[openapi(
    info(title = "Viva", description = "Interactive sessions on language models. Inference under `/v1` has OpenAI's shapes."),
    components(schemas(Order, ExportFormat, TaskFormat, Delete, ReasonCode, SessionDeleted, ChatCompletion, ChatCompletionChunk, TextCompletion, ModelList, ErrorBody)),
    modifiers(&Bearer),
    security(("bearer" = []))
)]
struct Document;

struct Bearer;

impl Modify for Bearer {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let scheme = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).build();
        document.components.get_or_insert_default().add_security_scheme("bearer", SecurityScheme::Http(scheme));
    }
}

/// The calls of `/api/v1` whose bodies are held to the common bound.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::with_openapi(Document::openapi())
        .merge(super::sessions::router())
        .merge(super::logs::router())
        .merge(super::readings::router())
        .merge(super::completions::router())
        .merge(super::files::router())
        .merge(super::tasks::router())
        .merge(super::compare::router())
        .merge(super::test_sets::router())
        .merge(super::conversations::router())
        .merge(super::models::router())
        .merge(super::events::router())
        .merge(super::system::router())
        .merge(super::login::router())
        .merge(super::users::router())
        .merge(super::audit::router())
        .merge(super::quotas::router())
        .merge(super::keys::router())
        .merge(super::docs::router())
}

/// The document of everything.
pub fn document() -> utoipa::openapi::OpenApi {
    let mut document =
        router().merge(super::models::upload_router()).merge(super::files::upload_router()).into_openapi();
    // The router's mark of a path's rest is no part of OpenAPI's.
    let paths = std::mem::take(&mut document.paths.paths);
    document.paths.paths = paths.into_iter().map(|(path, item)| (path.replace("{*", "{"), item)).collect();
    document
}

/// Serves the document.
pub(crate) async fn show_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
