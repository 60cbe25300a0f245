//! The table of calls.

use std::{convert::Infallible, sync::Arc};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, StatusCode};
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::body::Incoming;
use protocol::{
    engine::{PRIORITY_HEADER, Priority, PropsRendered},
    openai::{ModelCard, ModelList, RequestError, RequestErrorCode as Code, StreamMode},
};

use super::{
    Served, State, answer,
    body::{self, Shape, now},
    prepare::{self, Prepared, Queued},
    reply::{self, Reply},
    stream::EventBody,
};

/// Largest body. The longest contexts in use hold less text.
const MAX_BODY: usize = 8 << 20;

/// Answers one request.
pub(super) async fn answer(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, Infallible> {
    Ok(dispatch(state, request).await.unwrap_or_else(|error| reply::refusal(&error)))
}

async fn dispatch(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, RequestError> {
    let path = request.uri().path().to_owned();
    match (request.method(), path.as_str()) {
        (&Method::GET, "/health") => Ok(health(&state)),
        (&Method::GET, "/v1/models") => Ok(models(&state)),
        (&Method::POST, "/v1/chat/completions") => complete(state, request, Shape::Chat).await,
        (&Method::POST, "/v1/completions") => complete(state, request, Shape::Text).await,
        (&Method::POST, "/internal/render") => render(state, request).await,
        (method, path) => {
            let message = format!("there is no `{method} {}`", path.chars().take(100).collect::<String>());
            Err(RequestError::whole(Code::NotFound, message))
        }
    }
}

fn health(state: &State) -> Reply {
    let status = if state.served.get().is_some() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    reply::json(status, &state.health())
}

fn models(state: &State) -> Reply {
    let card =
        ModelCard { id: state.served_name.clone(), object: "model".into(), created: now(), owned_by: "viva".into() };
    reply::json(StatusCode::OK, &ModelList { object: "list".into(), data: vec![card] })
}

async fn complete(state: Arc<State>, request: Request<Incoming>, shape: Shape) -> Result<Reply, RequestError> {
    let priority = priority(request.headers())?;
    let (bytes, served) = (read(request).await?, served(&state)?);
    let place = served.inference.reserve(priority).ok_or_else(|| {
        let message = format!("{} requests are waiting, and no more may", served.inference.queue_bound());
        RequestError::whole(Code::QueueFull, message)
    })?;
    // Many background requests at once leave threads to the others.
    let leave = match priority {
        Priority::Interactive => None,
        Priority::Background => state.background.acquire().await.ok(),
    };
    let queued = Queued { place, priority };
    let Prepared { job, events, stream, choices, prompt_tokens } =
        off_loop(&state, move |served| prepare::prepare(served, &bytes, shape, queued)).await?;
    drop(leave);
    let header = body::header(&state.served_name, shape, prompt_tokens);
    if !served.inference.submit(job) {
        return Err(RequestError::whole(Code::EngineFailed, "the inference thread has ended"));
    }
    match stream {
        StreamMode::Whole => answer::collect(served, header, choices, events).await,
        StreamMode::Stream | StreamMode::StreamWithUsage | StreamMode::StreamWithRunningUsage => {
            Ok(reply::events(EventBody::new(Arc::clone(&state), header, choices, stream, events)))
        }
    }
}

/// Who waits for the answer. Only the gateway asks, so a wrong value is a fault of its own.
fn priority(headers: &HeaderMap) -> Result<Priority, RequestError> {
    let Some(value) = headers.get(PRIORITY_HEADER) else { return Ok(Priority::default()) };
    Priority::parse(value.as_bytes()).ok_or_else(|| {
        let (interactive, background) = (Priority::Interactive.as_str(), Priority::Background.as_str());
        let message = format!(
            "the header `{PRIORITY_HEADER}` is {value:?}: send `{background}` or `{interactive}`, or leave it out"
        );
        RequestError::at(Code::InvalidParameter, PRIORITY_HEADER, message)
    })
}

async fn render(state: Arc<State>, request: Request<Incoming>) -> Result<Reply, RequestError> {
    let bytes = read(request).await?;
    let context_length = served(&state)?.context_length;
    let (prompt, tokens) = off_loop(&state, move |served| prepare::render(served, &bytes)).await?;
    let prompt_tokens = tokens.len() as u32;
    Ok(reply::json(StatusCode::OK, &PropsRendered { prompt, prompt_tokens, context_length }))
}

fn served(state: &State) -> Result<&Served, RequestError> {
    state.served.get().ok_or_else(|| RequestError::whole(Code::ModelLoading, "the model is being loaded"))
}

/// Runs what takes time, and stack, on a thread of its own.
async fn off_loop<T: Send + 'static>(
    state: &Arc<State>,
    work: impl FnOnce(&Served) -> Result<T, RequestError> + Send + 'static,
) -> Result<T, RequestError> {
    let state = Arc::clone(state);
    let work = move || served(&state).and_then(work);
    let failed = |_| RequestError::whole(Code::EngineFailed, "the request could not be prepared");
    tokio::task::spawn_blocking(work).await.map_err(failed)?
}

async fn read(request: Request<Incoming>) -> Result<Bytes, RequestError> {
    let too_large = || RequestError::whole(Code::PayloadTooLarge, format!("the body is larger than {MAX_BODY} bytes"));
    match Limited::new(request.into_body(), MAX_BODY).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) if error.is::<LengthLimitError>() => Err(too_large()),
        Err(_) => Err(RequestError::whole(Code::MalformedRequest, "the body ended early")),
    }
}
