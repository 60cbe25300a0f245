//! `/docs`: the documentation as pages, as Markdown, searched and asked. No token is needed.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
    sync::{Arc, LazyLock},
};

use axum::{
    Json,
    extract::{DefaultBodyLimit, FromRequestParts},
    response::{IntoResponse, Redirect, Response},
    routing::get,
};
use docs::{Asked, Library, QuestionError, answer_as_markdown, library};
use http::{HeaderMap, HeaderValue, StatusCode, header, request::Parts};
use protocol::{
    ErrorCode, FieldError, Problem,
    docs::{AskDocs, DocsAnswer, DocsSearch, MAX_QUESTION},
};
use serde::Deserialize;
use tower_http::compression::CompressionLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{
    extract::{ApiJson, ApiPath, ApiQuery},
    phrase::phrase,
    problem::ApiError,
};
use crate::{app::App, auth::UserCaller, ui};

/// Most bytes of a question's body: anybody may send one.
const MAX_BODY: usize = 64 << 10;
/// Sections of a search's answer: by default, and at most.
const HITS: u32 = 10;
const MAX_HITS: u32 = 50;

/// The pages run the one script of theirs and load nothing from elsewhere.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; \
    base-uri 'none'; form-action 'self'; frame-ancestors 'none'";
const HTML: &str = "text/html; charset=utf-8";
const MARKDOWN: &str = "text/markdown; charset=utf-8";

/// The documentation's addresses.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new()
        .routes(routes!(show_docs_page))
        .routes(routes!(search_docs))
        .routes(routes!(ask_docs))
        .route("/docs", get(|| async { Redirect::permanent("/docs/start") }))
        .route("/docs/", get(|| async { Redirect::permanent("/docs/start") }))
        .route(
            "/docs/style.css",
            get(|headers: HeaderMap| async move { resource(&headers, "text/css; charset=utf-8", docs::STYLE) }),
        )
        .route(
            "/docs/script.js",
            get(|headers: HeaderMap| async move { resource(&headers, "text/javascript; charset=utf-8", docs::SCRIPT) }),
        )
        .route(
            "/docs/icon.svg",
            get(|headers: HeaderMap| async move { resource(&headers, "image/svg+xml", docs::ICON) }),
        )
        .route("/llms.txt", get(|headers: HeaderMap| async move { list(headers, Library::llms).await }))
        .route("/llms-full.txt", get(|headers: HeaderMap| async move { list(headers, Library::llms_full).await }))
        .layer(DefaultBodyLimit::max(MAX_BODY))
        .layer(CompressionLayer::new())
}

/// A page as it is sent, in both forms. Pages change with the program alone, so each is written once.
#[derive(Debug)]
struct Written {
    html: String,
    markdown: String,
}

/// The page of this name; `None` where there is none.
async fn written(name: String) -> Result<Option<&'static Written>, ApiError> {
    static PAGES: LazyLock<HashMap<&'static str, Written>> = LazyLock::new(|| {
        let library = library();
        let write = |page| Written { html: library.page_html(page), markdown: library.page_markdown(page) };
        library.pages().iter().map(|page| (page.name, write(page))).collect()
    });
    with_library(move |_| PAGES.get(name.as_str())).await
}

/// The pages are read when they are first asked for, which takes its time: not on a thread that carries requests.
async fn with_library<T: Send + 'static>(
    work: impl FnOnce(&'static Library) -> T + Send + 'static,
) -> Result<T, ApiError> {
    let done = tokio::task::spawn_blocking(|| work(library())).await;
    done.map_err(|error| ApiError::new(ErrorCode::Internal, format!("the documentation could not be read: {error}")))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct PageQuery {
    /// A question to answer instead of showing the page, 1 to 1,000 characters. For the page's name with `.md`.
    ask: Option<String>,
}

/// Show a page of the documentation: as HTML, with `.md` after its name as Markdown; or ask from it.
#[utoipa::path(get, path = "/docs/{page}", tag = "documentation", security(()),
    params(("page" = String, Path, description = "The page's name, such as `start` or `start.md`"), PageQuery),
    responses(
        (status = 200, description = "The page; or the answer, as Markdown, with `Accept: application/json` as JSON",
            content((String = "text/html"), (String = "text/markdown"), (DocsAnswer = "application/json"))),
        (status = 404, description = "There is no such page", body = Problem),
        (status = 422, description = "The question is empty or too long", body = Problem)))]
async fn show_docs_page(
    ApiPath(name): ApiPath<String>,
    ApiQuery(query): ApiQuery<PageQuery>,
    asking: Asking,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let (page, is_markdown) = match name.strip_suffix(".md") {
        Some(page) => (page.to_owned(), true),
        None => (name, takes(&headers, "text/markdown")),
    };
    let is_html = !is_markdown && ui::wants_html(&headers);
    let Some(written) = written(page.clone()).await? else { return absent(page, is_html).await };
    match query.ask {
        Some(question) if is_html => found(question, HITS).await,
        Some(question) => {
            let asked = ask("ask", question, Some(page), asking).await?;
            Ok(answer(&headers, asked))
        }
        None if is_markdown => Ok(resource(&headers, MARKDOWN, &written.markdown)),
        None => Ok(resource(&headers, HTML, &written.html)),
    }
}

async fn absent(page: String, is_html: bool) -> Result<Response, ApiError> {
    if is_html {
        let html = with_library(move |library| library.absent_html(&page)).await?;
        return Ok((StatusCode::NOT_FOUND, document(HTML, html)).into_response());
    }
    Err(ApiError::new(ErrorCode::NotFound, format!("there is no page `{}`; /llms.txt lists them", short(&page))))
}

#[derive(Debug, Deserialize, utoipa::IntoParams)]
#[into_params(parameter_in = Query)]
struct SearchQuery {
    /// What to look for; the last word may be the beginning of one.
    #[serde(default)]
    q: String,
    /// Most sections, 1 to 50; 10 if absent.
    limit: Option<u32>,
}

/// Search the documentation. A browser is answered with a page.
#[utoipa::path(get, path = "/docs/search", tag = "documentation", security(()), params(SearchQuery),
    responses(
        (status = 200, description = "The sections that fit, the best first", body = DocsSearch),
        (status = 400, description = "`limit` is out of its range", body = Problem)))]
async fn search_docs(ApiQuery(query): ApiQuery<SearchQuery>, headers: HeaderMap) -> Result<Response, ApiError> {
    let limit = query.limit.unwrap_or(HITS);
    if !(1..=MAX_HITS).contains(&limit) {
        let message = format!("{limit} is out of range: give 1 to {MAX_HITS}");
        let problem = Problem::new(ErrorCode::InvalidParameter, message.clone());
        return Err(ApiError::from(problem.with_errors(vec![FieldError::new("limit", "out_of_range", message)])));
    }
    if ui::wants_html(&headers) {
        return found(query.q, limit).await;
    }
    let items = with_library(move |library| library.search(&query.q, limit as usize)).await?;
    Ok(varied(Json(DocsSearch { items }).into_response()))
}

/// A browser's page of what is found, with an answer above it where there is one.
async fn found(typed: String, limit: u32) -> Result<Response, ApiError> {
    let html = with_library(move |library| {
        let asked = library.ask(&typed, None).ok().filter(Asked::is_answered);
        library.search_html(&typed, asked.as_ref(), &library.search(&typed, limit as usize))
    });
    Ok(document(HTML, html.await?))
}

/// Ask the documentation a question. The answer is made of its own sentences.
#[utoipa::path(post, path = "/docs/ask", tag = "documentation", security(()), request_body = AskDocs,
    responses(
        (status = 200, description = "The answer; with `Accept: text/markdown` as Markdown",
            content((DocsAnswer = "application/json"), (String = "text/markdown"))),
        (status = 422, description = "The question is empty or too long, or there is no such page", body = Problem)))]
async fn ask_docs(asking: Asking, headers: HeaderMap, ApiJson(body): ApiJson<AskDocs>) -> Result<Response, ApiError> {
    if let Some(page) = body.page.clone()
        && with_library(move |library| library.find_page(&page).is_none()).await?
    {
        let page = short(body.page.as_deref().unwrap_or_default());
        let message = format!("there is no page `{page}`; /llms.txt lists them");
        return Err(ApiError::field(FieldError::new("page", "not_found", message)));
    }
    let asked = ask("question", body.question, body.page, asking).await?;
    if takes(&headers, "text/markdown") {
        return Ok(varied(document(MARKDOWN, answer_as_markdown(&asked))));
    }
    Ok(varied(Json(asked).into_response()))
}

/// Who asks: somebody with a token or a login has the session that the operator has named phrase the answer.
struct Asking {
    app: Arc<App>,
    is_user: bool,
}

impl FromRequestParts<Arc<App>> for Asking {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Self::Rejection> {
        let is_user = UserCaller::from_request_parts(parts, app).await.is_ok();
        Ok(Self { app: Arc::clone(app), is_user })
    }
}

async fn ask(field: &str, question: String, page: Option<String>, by: Asking) -> Result<DocsAnswer, ApiError> {
    let text = question.clone();
    let asked = with_library(move |library| library.ask(&question, page.as_deref())).await?;
    let asked = asked.map_err(|error| refused(field, error))?;
    Ok(if by.is_user { phrase(&by.app, &text, asked.answer).await } else { asked.answer })
}

fn refused(field: &str, error: QuestionError) -> ApiError {
    match error {
        QuestionError::Empty => {
            let message = format!("the question is empty: give 1 to {MAX_QUESTION} characters");
            ApiError::field(FieldError::new(field, "empty", message))
        }
        QuestionError::TooLong(count) => {
            let message = format!("the question has {count} characters: give 1 to {MAX_QUESTION}");
            ApiError::field(FieldError::new(field, "too_long", message))
        }
    }
}

/// Markdown, unless JSON is asked for by name.
fn answer(headers: &HeaderMap, answer: DocsAnswer) -> Response {
    varied(if takes(headers, "application/json") {
        Json(answer).into_response()
    } else {
        document(MARKDOWN, answer_as_markdown(&answer))
    })
}

async fn list(headers: HeaderMap, write: fn(&Library) -> String) -> Result<Response, ApiError> {
    let text = with_library(write).await?;
    Ok(resource(&headers, MARKDOWN, &text))
}

/// A text that changes with the program alone: answered by its ETag where the client has it.
fn resource(headers: &HeaderMap, kind: &'static str, text: &str) -> Response {
    let mut hasher = DefaultHasher::new();
    (kind, text).hash(&mut hasher);
    // Weak: the same for the text compressed and not.
    let tag = format!("W/\"{:016x}\"", hasher.finish());
    let has = headers.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
    let is_known = has.flat_map(|value| value.split(',')).any(|has| {
        let has = has.trim();
        has == "*" || has.trim_start_matches("W/") == tag.trim_start_matches("W/")
    });
    let mut response =
        if is_known { StatusCode::NOT_MODIFIED.into_response() } else { document(kind, text.to_owned()) };
    let answered = response.headers_mut();
    answered.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        answered.insert(header::ETAG, tag);
    }
    varied(response)
}

fn document(kind: &'static str, text: String) -> Response {
    let mut response = text.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    if kind == HTML {
        headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY));
    }
    response
}

/// The answer depends on what the client takes.
fn varied(mut response: Response) -> Response {
    response.headers_mut().append(header::VARY, HeaderValue::from_static("accept"));
    response
}

/// Whether the client names this type among those that it takes.
fn takes(headers: &HeaderMap, kind: &str) -> bool {
    let accepted = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|one| one.split(';').next().is_some_and(|one| one.trim() == kind))
}

/// A name that a client sent, as an error repeats it.
fn short(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}
