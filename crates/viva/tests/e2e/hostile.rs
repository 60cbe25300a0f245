//! Clients that mean ill: heads that no client writes, paths that lead out, bodies that grow, connections without end.

use std::time::{Duration, Instant};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use testkit::{Viva, server::TOKEN};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::VIVA;

const MOMENT: Duration = Duration::from_secs(30);

async fn connect(viva: &Viva) -> TcpStream {
    TcpStream::connect(viva.url.trim_start_matches("http://")).await.unwrap()
}

/// Sends bytes and reads until the server closes.
async fn exchange(viva: &Viva, bytes: &[u8]) -> String {
    let mut stream = connect(viva).await;
    // A server that has read enough closes while the rest is on its way.
    let _ = stream.write_all(bytes).await;
    let mut answer = Vec::new();
    let _ = timeout(MOMENT, stream.read_to_end(&mut answer)).await.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

/// The server's resident memory, in bytes.
fn memory(viva: &Viva) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", viva.pid().as_raw_nonzero())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test]
async fn a_head_that_can_be_read_in_two_ways_is_refused_and_its_connection_closed() {
    let viva = Viva::start(VIVA).await;
    let smuggled = "GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let many: String = (0..300).map(|number| format!("x-{number}: a\r\n")).collect();
    let long = "a".repeat(1 << 20);
    let heads = [
        format!("content-length: 0\r\ncontent-length: {}\r\n\r\n{smuggled}", smuggled.len()),
        format!("content-length: +0\r\n\r\n{smuggled}"),
        format!("transfer-encoding: chunked, identity\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("transfer-encoding: xchunked\r\n\r\n0\r\n\r\n{smuggled}"),
        format!("content-length : 0\r\n\r\n{smuggled}"),
        format!("x-folded: a\r\n b: c\r\n\r\n{smuggled}"),
        format!("x-nothing: a\0b\r\n\r\n{smuggled}"),
        format!("{many}\r\n{smuggled}"),
        format!("x-long: {long}\r\n\r\n{smuggled}"),
    ];
    for head in heads {
        let answer = exchange(&viva, format!("POST /docs/ask HTTP/1.1\r\nhost: localhost\r\n{head}").as_bytes()).await;
        let shown: String = head.chars().take(60).collect();
        assert!(answer.starts_with("HTTP/1.1 4"), "{shown:?}: {answer}");
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{shown:?}: nothing was smuggled: {answer}");
    }
    for whole in
        ["PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".to_owned(), format!("GET /{long} HTTP/1.1\r\n\r\n"), "\0\0\0\0".to_owned()]
    {
        let answer = exchange(&viva, whole.as_bytes()).await;
        assert!(answer.is_empty() || answer.starts_with("HTTP/1.1 4") || answer.starts_with("HTTP/1.1 5"), "{answer}");
    }
    viva.get("/readyz").await.expect(200);
}

#[tokio::test]
async fn a_path_leads_nowhere_but_to_what_it_names() {
    let viva = Viva::start(VIVA).await;
    let long = "a".repeat(20_000);
    for path in [
        "/api/v1/sessions/..%2f..%2fetc%2fpasswd",
        "/api/v1/sessions/%2e%2e/models",
        "/api/v1/sessions/ses_%00",
        "/api/v1/sessions/ses_%ff%fe",
        "/api/v1/completions/'%20OR%201=1--",
        "/api/v1/models/..",
        "/api/v1/tasks/%E2%80%AE",
        "/docs/../../../etc/passwd",
        "/docs/..%2f..%2fCargo.toml.md",
        "/docs/%2fetc%2fpasswd.md",
        "/assets/../index.html",
        "/assets/%2e%2e%2findex.html",
        "/v1/files/..%2f..%2fviva.db/content",
        "//api/v1/sessions",
        "/api//v1/sessions",
        &format!("/api/v1/sessions/{long}"),
    ] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {TOKEN}\r\nconnection: close\r\n\r\n"
        );
        let answer = exchange(&viva, request.as_bytes()).await;
        let shown: String = path.chars().take(60).collect();
        assert!(answer.starts_with("HTTP/1.1 4"), "{shown}: {answer}");
        assert!(!answer.contains("root:") && !answer.contains("[workspace]"), "{shown}: {answer}");
    }
}

#[tokio::test]
async fn a_body_is_no_larger_than_it_looks() {
    let viva = Viva::start(VIVA).await;
    let before = memory(&viva);
    let post = |path: &str, kind: &'static str, encoding: Option<&'static str>, body: Vec<u8>| {
        let mut request =
            viva.client().post(format!("{}{path}", viva.url)).bearer_auth(TOKEN).header("content-type", kind);
        if let Some(encoding) = encoding {
            request = request.header("content-encoding", encoding);
        }
        request.body(body).send()
    };
    // What is packed is not unpacked.
    for encoding in ["gzip", "br", "zstd", "deflate"] {
        let answer = post("/api/v1/sessions", "application/json", Some(encoding), vec![0x1f; 100_000]).await.unwrap();
        assert_eq!(answer.status(), 415, "{encoding}");
    }
    for deep in ["[".repeat(1 << 20), "{\"a\":".repeat(200_000)] {
        let answer = post("/v1/chat/completions", "application/json", None, deep.into_bytes()).await.unwrap();
        assert_eq!(answer.status(), 400);
    }
    let large = post("/api/v1/sessions", "application/json", None, vec![b' '; 32 << 20]).await;
    assert!(large.is_err() || large.unwrap().status() == 413, "a body over the bound is not read to its end");
    assert!(memory(&viva) < before + (64 << 20), "{} from {before}", memory(&viva));
}

#[tokio::test]
async fn a_thousand_connections_that_say_nothing_keep_nobody_out() {
    let most = getrlimit(Resource::Nofile).maximum;
    setrlimit(Resource::Nofile, Rlimit { current: most, maximum: most }).unwrap();
    let count = most.map_or(1200, |most| (most.saturating_sub(300) / 2).min(1200));
    let viva = Viva::start(VIVA).await;
    let before = memory(&viva);
    let mut idle = Vec::new();
    for number in 0..count {
        let mut stream = connect(&viva).await;
        if number % 2 == 0 {
            let _ = stream.write_all(b"POST /api/v1/sessions HTTP/1.1\r\nhost: localhost\r\nx-slow: ").await;
        }
        idle.push(stream);
    }
    let since = Instant::now();
    for _ in 0..20 {
        viva.get("/readyz").await.expect(200);
    }
    assert!(since.elapsed() < MOMENT, "{:?}", since.elapsed());
    let grown = memory(&viva).saturating_sub(before);
    assert!(grown < 64 << 20, "{count} connections take {grown} bytes");
}
