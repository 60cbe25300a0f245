//! Connections: accepted up to a bound, and closed where they keep the server waiting.
//!
//! A client has some seconds for the head of a request, fewer than anybody needs. Between two requests it may rest for
//! longer than clients keep unused connections, so that it is they who close them: a server that does it first may meet
//! a request on its way. While the house is full, whoever rests is shown out.

mod phase;

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::pin,
    sync::Arc,
    task::Poll,
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, response::Response};
use http::Request;
use hyper::{
    body::Incoming,
    server::conn::http1,
    service::{Service, service_fn},
};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use ipnet::IpNet;
use rustix::process::{Resource, getrlimit};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::{TcpListener, TcpStream},
    sync::{Notify, OwnedSemaphorePermit, Semaphore},
    time::{sleep, timeout},
};
use tokio_rustls::TlsAcceptor;
use tokio_util::{sync::CancellationToken, task::TaskTracker};
use tower_http::timeout::TimeoutBody;

use phase::{Answered, Heard, Pulse};

use crate::entrance::proxies;

/// How long a connection may keep the server waiting, and how many there may be.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    /// From connecting, or from a head's first byte, to the head's end.
    pub(crate) head: Duration,
    /// From the end of an answer to the next request's first byte.
    pub(crate) idle: Duration,
    /// Between two pieces of a request's body.
    pub(crate) body: Duration,
    /// Connections at a time; further ones wait to be accepted.
    pub(crate) most: usize,
}

/// How a connection comes in.
#[derive(Default)]
pub(crate) struct Door {
    pub(crate) tls: Option<TlsAcceptor>,
    /// Proxies that are believed about whom they speak for.
    pub(crate) proxies: Vec<IpNet>,
}

/// Descriptors that are left to everything but connections.
const RESERVED: u64 = 128;
/// Most connections where descriptors abound.
const MOST: u64 = 4096;

impl Bounds {
    /// Those of a server: as many connections as its descriptors allow for, each of which may need a second one to a
    /// runtime.
    pub(crate) fn of_this_process() -> Self {
        let descriptors = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let most = (descriptors.saturating_sub(RESERVED) / 2).clamp(16, MOST);
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(120),
            body: Duration::from_secs(30),
            most: usize::try_from(most).unwrap_or(usize::MAX),
        }
    }
}

/// Accepts and serves until `shutdown`; then lets what is being answered end, and returns when all is.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    bounds: Bounds,
    door: Door,
    shutdown: CancellationToken,
) {
    let slots = Arc::new(Semaphore::new(bounds.most));
    let router = TowerToHyperService::new(router);
    let host = Arc::new(Host { router, bounds, door, shutdown, crowded: Notify::new() });
    let connections = TaskTracker::new();
    loop {
        let accepted = async {
            let slot = host.wait_slot(&slots).await?;
            Some((accept(&listener).await, slot))
        };
        let accepted = tokio::select! {
            accepted = accepted => accepted,
            () = host.shutdown.cancelled() => None,
        };
        let Some(((stream, peer), slot)) = accepted else { break };
        connections.spawn(Arc::clone(&host).attend(stream, peer, slot));
    }
    drop(listener);
    connections.close();
    connections.wait().await;
}

/// The next connection. What one client did wrong concerns nobody else; with no descriptors left, others have to go.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::ConnectionAborted
                        | io::ErrorKind::ConnectionReset
                        | io::ErrorKind::ConnectionRefused
                ) => {}
            Err(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a connection could not be accepted");
                sleep(Duration::from_secs(1)).await;
            }
        }
    }
}

/// What every connection is served by.
struct Host {
    router: TowerToHyperService<Router>,
    bounds: Bounds,
    door: Door,
    shutdown: CancellationToken,
    /// There is no place for whoever comes next.
    crowded: Notify,
}

impl Host {
    async fn wait_slot(&self, slots: &Arc<Semaphore>) -> Option<OwnedSemaphorePermit> {
        let slot = Arc::clone(slots).acquire_owned();
        tokio::pin!(slot);
        loop {
            tokio::select! {
                biased;
                slot = &mut slot => return slot.ok(),
                () = sleep(Duration::from_millis(200)) => {}
            }
            self.crowded.notify_waiters();
        }
    }

    /// Serves a connection to its end, which is when its slot is free again.
    async fn attend(self: Arc<Self>, stream: TcpStream, peer: SocketAddr, _slot: OwnedSemaphorePermit) {
        // Answers are written in small pieces, each of which is wanted at once.
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = &error as &dyn std::error::Error, "no TCP_NODELAY");
        }
        let Some(tls) = &self.door.tls else { return self.converse(stream, peer).await };
        match timeout(self.bounds.head, tls.accept(stream)).await {
            Ok(Ok(stream)) => self.converse(stream, peer).await,
            Ok(Err(error)) => tracing::debug!(%peer, %error, "a connection does not speak TLS as the server does"),
            Err(_) => tracing::debug!(%peer, "a connection took too long over TLS and is closed"),
        }
    }

    async fn converse(&self, stream: impl AsyncRead + AsyncWrite + Unpin, peer: SocketAddr) {
        let pulse = Arc::new(Pulse::new());
        let io = Heard::new(TokioIo::new(stream), Arc::clone(&pulse));
        let service = service_fn(|request| self.answer(request, peer, Arc::clone(&pulse)));
        // The connection's own timer would close a resting connection as soon as a slow one.
        let connection = http1::Builder::new().header_read_timeout(None).serve_connection(io, service);
        let mut connection = pin!(connection);
        let mut alarm = pin!(sleep(self.bounds.head));
        let mut ending = pin!(self.shutdown.cancelled());
        let mut is_ending = false;
        let mut crowded = pin!(self.crowded.notified());
        poll_fn(|cx| {
            loop {
                if connection.as_mut().poll(cx).is_ready() {
                    return Poll::Ready(());
                }
                if !is_ending && ending.as_mut().poll(cx).is_ready() {
                    is_ending = true;
                    connection.as_mut().graceful_shutdown();
                    continue;
                }
                if crowded.as_mut().poll(cx).is_ready() {
                    crowded.set(self.crowded.notified());
                    if pulse.is_idle() {
                        return Poll::Ready(());
                    }
                    continue;
                }
                // What the connection has just heard and said moves the deadline.
                let Some(deadline) = pulse.deadline(&self.bounds) else { return Poll::Pending };
                if alarm.deadline() != deadline {
                    alarm.as_mut().reset(deadline);
                }
                if alarm.as_mut().poll(cx).is_ready() {
                    tracing::debug!(%peer, "a connection kept the server waiting and is closed");
                    return Poll::Ready(());
                }
                return Poll::Pending;
            }
        })
        .await;
    }

    async fn answer(
        &self,
        request: Request<Incoming>,
        peer: SocketAddr,
        pulse: Arc<Pulse>,
    ) -> Result<Response<Answered>, Infallible> {
        let answering = pulse.answering();
        let mut request = request.map(|body| Body::new(TimeoutBody::new(self.bounds.body, body)));
        let client = proxies::client(peer, request.headers(), &self.door.proxies);
        request.extensions_mut().insert(ConnectInfo(client));
        let response = self.router.call(request).await?;
        Ok(response.map(|body| Answered::new(body, answering)))
    }
}

#[cfg(test)]
mod tests {
    use axum::routing::{get, post};
    use tokio::io::{AsyncReadExt, AsyncWriteExt};

    use tokio::time::Instant;

    use super::*;

    const MOMENT: Duration = Duration::from_millis(150);

    struct Site {
        address: SocketAddr,
        shutdown: CancellationToken,
        serving: tokio::task::JoinHandle<()>,
    }

    async fn site(bounds: Bounds) -> Site {
        let slow = || async {
            sleep(MOMENT * 5).await;
            "slow"
        };
        let router = Router::new().route("/", get(|| async { "here" })).route("/slow", get(slow)).route(
            "/echo",
            post(|body: Result<String, _>| async move { body.map_err(|_| http::StatusCode::BAD_REQUEST) }),
        );
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let (address, shutdown) = (listener.local_addr().unwrap(), CancellationToken::new());
        Site {
            address,
            serving: tokio::spawn(serve(listener, router, bounds, Door::default(), shutdown.clone())),
            shutdown,
        }
    }

    fn bounds() -> Bounds {
        Bounds { head: MOMENT, idle: MOMENT * 8, body: MOMENT, most: 8 }
    }

    impl Site {
        async fn connect(&self) -> TcpStream {
            TcpStream::connect(self.address).await.unwrap()
        }
    }

    async fn write(stream: &mut TcpStream, text: &str) {
        stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// Reads until `end` is seen.
    async fn read_to(stream: &mut TcpStream, end: &str) -> String {
        let mut text = Vec::new();
        while !text.ends_with(end.as_bytes()) {
            assert_ne!(stream.read_buf(&mut text).await.unwrap(), 0, "{}", String::from_utf8_lossy(&text));
        }
        String::from_utf8(text).unwrap()
    }

    /// How long it takes until the server closes, and what it says before.
    async fn closed(stream: &mut TcpStream) -> (Duration, String) {
        let (since, mut text) = (Instant::now(), Vec::new());
        // A server that closes with unread bytes resets the connection.
        let _ = tokio::time::timeout(MOMENT * 100, stream.read_to_end(&mut text)).await.expect("it is closed");
        (since.elapsed(), String::from_utf8_lossy(&text).into_owned())
    }

    #[tokio::test]
    async fn a_head_that_never_comes_to_its_end_closes_the_connection() {
        let site = site(bounds()).await;
        let mut silent = site.connect().await;
        let (after, text) = closed(&mut silent).await;
        assert!(after >= MOMENT / 2 && text.is_empty(), "{after:?} {text}");
        // A byte now and then buys no time.
        let mut dripping = site.connect().await;
        let since = Instant::now();
        let dripped = async {
            for byte in b"GET / HTTP/1.1\r\nx-slow: ".iter().chain(std::iter::repeat(&b'a')) {
                if dripping.write_all(&[*byte]).await.is_err() {
                    return;
                }
                sleep(MOMENT / 10).await;
            }
        };
        tokio::time::timeout(MOMENT * 100, dripped).await.expect("it is closed");
        assert!(since.elapsed() < MOMENT * 6, "{:?}", since.elapsed());
        // Nor does a first request that was answered.
        let mut second = site.connect().await;
        write(&mut second, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_to(&mut second, "here").await;
        write(&mut second, "GET / HT").await;
        let (after, _) = closed(&mut second).await;
        assert!(after < MOMENT * 6, "{after:?}");
    }

    #[tokio::test]
    async fn a_resting_connection_is_kept_longer_and_an_answer_as_long_as_it_takes() {
        let site = site(bounds()).await;
        let mut stream = site.connect().await;
        for _ in 0..2 {
            write(&mut stream, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
            read_to(&mut stream, "here").await;
            sleep(MOMENT * 3).await;
        }
        write(&mut stream, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_to(&mut stream, "slow").await;
        let (after, text) = closed(&mut stream).await;
        assert!(after >= MOMENT * 6 && text.is_empty(), "{after:?} {text}");
    }

    #[tokio::test]
    async fn a_body_that_stops_coming_is_not_waited_for() {
        let site = site(bounds()).await;
        let mut stream = site.connect().await;
        write(&mut stream, "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\nhalf").await;
        let (after, text) = closed(&mut stream).await;
        assert!(after < MOMENT * 20 && text.starts_with("HTTP/1.1 400"), "{after:?} {text}");
    }

    #[tokio::test]
    async fn in_a_full_house_whoever_rests_makes_room() {
        let site = site(Bounds { most: 2, idle: MOMENT * 1000, ..bounds() }).await;
        let (mut busy, mut resting) = (site.connect().await, site.connect().await);
        write(&mut resting, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_to(&mut resting, "here").await;
        write(&mut busy, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        let mut third = site.connect().await;
        write(&mut third, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        tokio::time::timeout(MOMENT * 100, read_to(&mut third, "here")).await.expect("it comes in");
        closed(&mut resting).await;
        read_to(&mut busy, "slow").await;
    }

    #[tokio::test]
    async fn a_shutdown_lets_the_answer_end_and_closes_the_rest() {
        let site = site(bounds()).await;
        let (mut busy, mut resting) = (site.connect().await, site.connect().await);
        write(&mut resting, "GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
        read_to(&mut resting, "here").await;
        write(&mut busy, "GET /slow HTTP/1.1\r\nhost: x\r\n\r\n").await;
        sleep(MOMENT).await;
        site.shutdown.cancel();
        let (after, _) = closed(&mut resting).await;
        assert!(after < MOMENT * 4, "{after:?}");
        read_to(&mut busy, "slow").await;
        closed(&mut busy).await;
        tokio::time::timeout(MOMENT * 20, site.serving).await.expect("it ends").unwrap();
        assert!(TcpStream::connect(site.address).await.is_err());
    }
}
