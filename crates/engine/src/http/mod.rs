//! HTTP/1.1 over a Unix or TCP socket: OpenAI's calls, health, and the prompt as it is rendered.
//!
//! Owns connections and the shapes of answers. A request is prepared here (parsed, rendered, tokenised, its grammar
//! compiled) on threads of their own; the inference thread gets tokens only.

mod answer;
mod body;
mod listener;
mod prepare;
mod reply;
mod route;
mod stream;

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, Ordering},
};

use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use protocol::engine::{EngineHealth, EngineStatus};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::Semaphore,
};

use crate::{grammar::Grammars, prompt::Prompter, scheduler::Inference};
pub(crate) use listener::{Bound, listen};

/// Requests that are prepared at once, a thread for each.
pub(crate) const PREPARING: usize = 4;
/// Those of them that may be background requests.
const PREPARING_BACKGROUND: usize = 2;

/// What every connection sees.
pub(crate) struct State {
    served_name: String,
    /// Progress of the load, the bits of an `f32`.
    progress: AtomicU32,
    served: OnceLock<Served>,
    /// Leave to prepare a background request.
    background: Semaphore,
}

/// The model, once it is loaded.
pub(crate) struct Served {
    pub(crate) prompter: Prompter,
    pub(crate) grammars: Grammars,
    pub(crate) inference: Inference,
    /// Tokens per sequence.
    pub(crate) context_length: u32,
    pub(crate) training_context: u32,
    pub(crate) parallel: u32,
}

impl State {
    /// Of an engine whose model is not loaded yet.
    pub(crate) fn loading(served_name: String) -> Self {
        let background = Semaphore::new(PREPARING_BACKGROUND);
        Self { served_name, progress: AtomicU32::new(0), served: OnceLock::new(), background }
    }

    pub(crate) fn set_progress(&self, progress: f32) {
        self.progress.store(progress.clamp(0.0, 1.0).to_bits(), Ordering::Relaxed);
    }

    /// Makes the model served. The first call counts.
    pub(crate) fn serve(&self, served: Served) {
        self.set_progress(1.0);
        let _ = self.served.set(served);
    }

    fn health(&self) -> EngineHealth {
        let served = self.served.get();
        EngineHealth {
            status: if served.is_some() { EngineStatus::Ok } else { EngineStatus::Loading },
            progress: f32::from_bits(self.progress.load(Ordering::Relaxed)),
            model: self.served_name.clone(),
            context_length: served.map_or(0, |served| served.context_length),
            training_context_length: served.map_or(0, |served| served.training_context),
            parallel: served.map_or(0, |served| served.parallel),
            active: served.map_or(0, |served| served.inference.active()),
            queued: served.map_or(0, |served| served.inference.waiting()),
            rounds: served.map(|served| served.inference.rounds()),
        }
    }
}

/// Accepts connections for ever.
pub(crate) async fn serve(listener: Bound, state: Arc<State>) {
    loop {
        match &listener {
            Bound::Unix(listener) => match listener.accept().await {
                Ok((stream, _)) => spawn_connection(stream, &state),
                Err(error) => accept_failed(&error).await,
            },
            Bound::Tcp(listener) => match listener.accept().await {
                Ok((stream, _)) => {
                    // Tokens are small and must not wait for each other.
                    let _ = stream.set_nodelay(true);
                    spawn_connection(stream, &state);
                }
                Err(error) => accept_failed(&error).await,
            },
        }
    }
}

/// Most likely too many open files: they are given back as requests end.
async fn accept_failed(error: &std::io::Error) {
    crate::report::line(&format!("a connection could not be accepted: {error}"));
    tokio::time::sleep(std::time::Duration::from_millis(50)).await;
}

fn spawn_connection<S>(stream: S, state: &Arc<State>)
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let state = Arc::clone(state);
    tokio::spawn(async move {
        let service = service_fn(|request| route::answer(Arc::clone(&state), request));
        let mut builder = hyper::server::conn::http1::Builder::new();
        // A connection that breaks is the client's affair.
        let _ = builder.timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service).await;
    });
}
