//! The OpenAPI document, generated from the handlers.

use std::sync::Arc;

use axum::Json;
use protocol::{
    completion::Order,
    openai::{ChatCompletion, ChatCompletionChunk, ErrorBody, ModelList, TextCompletion},
    session::{ReasonCode, SessionDeleted},
    task::TaskDeleted,
    test_set::TestSetDeleted,
};
use utoipa::{
    Modify, OpenApi,
    openapi::{
        Content, Ref, RefOr, ResponseBuilder,
        path::Operation,
        security::{HttpAuthScheme, HttpBuilder, SecurityScheme},
    },
};
use utoipa_axum::router::OpenApiRouter;

use super::{export::ExportFormat, task_export::TaskFormat, users::Delete};
use crate::app::App;

/// The media type of a refusal (RFC 9457).
const PROBLEM: &str = "application/problem+json";

#[derive(OpenApi)]
#[openapi(
    info(title = "Viva", description = "Interactive sessions on language models. Inference under `/v1` has OpenAI's shapes."),
    components(schemas(Order, ExportFormat, TaskFormat, Delete, ReasonCode, SessionDeleted, TaskDeleted, TestSetDeleted, ChatCompletion, ChatCompletionChunk, TextCompletion, ModelList, ErrorBody)),
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
        .merge(super::oidc::router())
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
    for item in document.paths.paths.values_mut() {
        let operations = [&mut item.get, &mut item.put, &mut item.post, &mut item.delete, &mut item.patch];
        operations.into_iter().flatten().for_each(tell_refusals);
    }
    document
}

/// Refusals have a media type of their own, and every call can be refused: for its token, its host, its body, and by a
/// storage that fails.
fn tell_refusals(operation: &mut Operation) {
    const JSON: &str = "application/json";
    let problem = RefOr::Ref(Ref::from_schema_name("Problem"));
    let responses = &mut operation.responses.responses;
    for response in responses.values_mut() {
        let RefOr::T(response) = response else { continue };
        let is_problem = |content: &RefOr<Content>| matches!(content, RefOr::T(content) if content.schema.as_ref() == Some(&problem));
        if response.content.get(JSON).is_some_and(is_problem)
            && let Some(content) = response.content.shift_remove(JSON)
        {
            response.content.insert(PROBLEM.to_owned(), content);
        }
    }
    for (status, description) in [("4XX", "Refused"), ("5XX", "The server failed")] {
        let content = Content::new(Some(problem.clone()));
        let response = || ResponseBuilder::new().description(description).content(PROBLEM, content).build().into();
        responses.entry(status.to_owned()).or_insert_with(response);
    }
}

/// Serves the document.
pub(crate) async fn show_openapi() -> Json<utoipa::openapi::OpenApi> {
    Json(document())
}
