//! A connection to a runtime, driven by whoever waits for an answer of it: no task of its own stands between the
//! runtime's socket and the reader, which saves a change of threads for each chunk.

use std::{
    collections::HashMap,
    future::{Future, poll_fn},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::{Duration, Instant},
};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::{
    body::Incoming,
    client::conn::http1::{self, SendRequest},
};
use hyper_util::rt::TokioIo;
use protocol::SessionId;
use tokio::net::UnixStream;

/// How long an unused connection is kept, and how many of a session.
const KEEP: Duration = Duration::from_secs(30);
const MOST: usize = 64;

/// A connection on which no answer is being read.
pub(super) struct Wire {
    sender: SendRequest<Full<Bytes>>,
    connection: http1::Connection<TokioIo<UnixStream>, Full<Bytes>>,
}

/// Why there is no answer.
pub(super) enum SendError {
    /// The runtime had closed the connection before: the request was not sent.
    Closed(Box<Request<Full<Bytes>>>),
    Failed(hyper::Error),
}

impl Wire {
    pub(super) async fn open(stream: UnixStream) -> hyper::Result<Self> {
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        Ok(Self { sender, connection })
    }

    /// Sends a request and returns at the head of the answer.
    pub(super) async fn send(
        mut self,
        request: Request<Full<Bytes>>,
    ) -> Result<(Response<Incoming>, Option<Self>), SendError> {
        let mut sending = std::pin::pin!(self.sender.try_send_request(request));
        let mut is_open = true;
        let sent = poll_fn(|cx| {
            if let Poll::Ready(sent) = sending.as_mut().poll(cx) {
                return Poll::Ready(sent);
            }
            is_open = is_open && Pin::new(&mut self.connection).poll(cx).is_pending();
            sending.as_mut().poll(cx)
        })
        .await;
        match sent {
            Ok(response) => Ok((response, is_open.then_some(self))),
            Err(mut error) => Err(match error.take_message() {
                Some(request) => SendError::Closed(Box::new(request)),
                None => SendError::Failed(error.into_error()),
            }),
        }
    }

    /// Whether it takes another request.
    fn is_usable(&mut self, cx: &mut Context<'_>) -> bool {
        let is_open = Pin::new(&mut self.connection).poll(cx).is_pending();
        is_open && matches!(self.sender.poll_ready(cx), Poll::Ready(Ok(())))
    }
}

/// Unused connections by session, each with when it was used last.
type Idle = HashMap<SessionId, Vec<(Instant, Wire)>>;

/// The unused connections of all sessions. Clones are one pool.
#[derive(Clone, Default)]
pub(super) struct Pool(Arc<Mutex<Idle>>);

impl Pool {
    fn with<T>(&self, work: impl FnOnce(&mut Idle) -> T) -> T {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The connection that was used last and still takes requests.
    pub(super) async fn take(&self, session: SessionId) -> Option<Wire> {
        loop {
            let mut wire = self.with(|idle| idle.get_mut(&session)?.pop())?.1;
            if poll_fn(|cx| Poll::Ready(wire.is_usable(cx))).await {
                return Some(wire);
            }
        }
    }

    fn give(&self, session: SessionId, wire: Wire) {
        let now = Instant::now();
        self.with(|idle| {
            let wires = idle.entry(session).or_default();
            wires.retain(|(since, _)| now.duration_since(*since) < KEEP);
            if wires.len() < MOST {
                wires.push((now, wire));
            }
        });
    }

    /// Closes the session's unused connections.
    pub(super) fn close(&self, session: SessionId) {
        drop(self.with(|idle| idle.remove(&session)));
    }
}

/// An answer whose body is still to be read. Dropped before the body's end it closes the connection, which is what
/// frees the runtime's place.
pub(crate) struct Answer {
    body: Incoming,
    wire: Option<Wire>,
    /// Where the connection goes afterwards.
    home: (Pool, SessionId),
}

impl Answer {
    pub(super) fn new(response: Response<Incoming>, wire: Option<Wire>, home: (Pool, SessionId)) -> (StatusCode, Self) {
        let status = response.status();
        (status, Self { body: response.into_body(), wire, home })
    }

    /// The next piece of the body; `None` at its end. May be dropped at any time.
    pub(crate) async fn next(&mut self) -> Option<hyper::Result<Bytes>> {
        loop {
            match poll_fn(|cx| self.poll_frame(cx)).await {
                // Trailers say nothing here.
                Some(Ok(frame)) => {
                    if let Ok(bytes) = frame.into_data() {
                        return Some(Ok(bytes));
                    }
                }
                Some(Err(error)) => return Some(Err(error)),
                None => {
                    self.give_back();
                    return None;
                }
            }
        }
    }

    /// What is left of the body is of no interest: the connection is kept, if the body does end there.
    pub(crate) fn done(mut self) {
        self.give_back();
    }

    fn give_back(&mut self) {
        if let Some(wire) = self.wire.take() {
            self.home.0.give(self.home.1, wire);
        }
    }

    fn poll_frame(&mut self, cx: &mut Context<'_>) -> Poll<Option<hyper::Result<hyper::body::Frame<Bytes>>>> {
        // Asked first, so that the connection knows that more is wanted.
        if let Poll::Ready(frame) = Pin::new(&mut self.body).poll_frame(cx) {
            return Poll::Ready(frame);
        }
        if self.wire.as_mut().is_some_and(|wire| Pin::new(&mut wire.connection).poll(cx).is_ready()) {
            // Closed: what it still brought is in the body.
            self.wire = None;
        }
        Pin::new(&mut self.body).poll_frame(cx)
    }
}

#[cfg(test)]
mod tests {
    use std::{
        convert::Infallible,
        sync::atomic::{AtomicUsize, Ordering},
    };

    use futures::{StreamExt, stream};
    use http_body_util::StreamBody;
    use hyper::{body::Frame, server::conn::http1 as server, service::service_fn};
    use tokio::net::UnixListener;

    use super::*;

    /// A runtime whose answers come in pieces, and how many connections it has seen.
    fn runtime(folder: &std::path::Path) -> (std::path::PathBuf, Arc<AtomicUsize>) {
        let path = folder.join("runtime.sock");
        let listener = UnixListener::bind(&path).unwrap();
        let seen = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&seen);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                count.fetch_add(1, Ordering::Relaxed);
                let answer = service_fn(|_| async {
                    let pieces = stream::iter(["one ", "two ", "[DONE]"]).then(|piece| async move {
                        tokio::task::yield_now().await;
                        Ok::<_, Infallible>(Frame::data(Bytes::from_static(piece.as_bytes())))
                    });
                    Ok::<_, Infallible>(Response::new(StreamBody::new(pieces)))
                });
                tokio::spawn(server::Builder::new().serve_connection(TokioIo::new(stream), answer));
            }
        });
        (path, seen)
    }

    async fn ask(pool: &Pool, session: SessionId, path: &std::path::Path) -> Answer {
        let wire = match pool.take(session).await {
            Some(wire) => wire,
            None => Wire::open(UnixStream::connect(path).await.unwrap()).await.unwrap(),
        };
        let request = Request::builder().header("host", "runtime").body(Full::new(Bytes::new())).unwrap();
        let Ok((response, wire)) = wire.send(request).await else { panic!("not sent") };
        Answer::new(response, wire, (pool.clone(), session)).1
    }

    async fn text(answer: &mut Answer, pieces: usize) -> String {
        let mut text = String::new();
        for _ in 0..pieces {
            let Some(piece) = answer.next().await else { break };
            text.push_str(std::str::from_utf8(&piece.unwrap()).unwrap());
        }
        text
    }

    #[tokio::test]
    async fn a_connection_serves_one_answer_after_the_other() {
        let folder = tempfile::tempdir().unwrap();
        let (path, seen) = runtime(folder.path());
        let (pool, session) = (Pool::default(), SessionId::generate());
        for _ in 0..3 {
            let mut answer = ask(&pool, session, &path).await;
            assert_eq!(text(&mut answer, usize::MAX).await, "one two [DONE]");
        }
        // Let go of at its last word, before the body has ended in form.
        let mut answer = ask(&pool, session, &path).await;
        assert_eq!(text(&mut answer, 3).await, "one two [DONE]");
        answer.done();
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(text(&mut ask(&pool, session, &path).await, usize::MAX).await, "one two [DONE]");
        assert_eq!(seen.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn an_answer_that_is_dropped_closes_its_connection_and_a_closed_one_is_not_used_again() {
        let folder = tempfile::tempdir().unwrap();
        let (path, seen) = runtime(folder.path());
        let (pool, session) = (Pool::default(), SessionId::generate());
        let mut answer = ask(&pool, session, &path).await;
        assert_eq!(text(&mut answer, 1).await, "one ");
        drop(answer);
        assert!(pool.take(session).await.is_none());
        text(&mut ask(&pool, session, &path).await, usize::MAX).await;
        assert_eq!(seen.load(Ordering::Relaxed), 2);
        assert!(pool.take(SessionId::generate()).await.is_none());
        pool.close(session);
        assert!(pool.take(session).await.is_none());
    }
}
