//! What the gateway costs: requests per second of short answers, each durable, and its addition to the time to the
//! first token. Over real loopback connections, with a runtime that answers at once.
//!
//! `gateway_bench [--in FOLDER] [--connections 64] [--seconds 5] [--rounds 3] [--turns 2000] [--prompt-ms 0]`; prints one
//! JSON line. A runtime that takes `--prompt-ms` for the prompt hides the begin's way to the disk, as a real one does.
//!
//! The parties (load, server, runtime) have threads of their own, as they would be processes of their own; all share
//! the machine.

use std::{
    io::Write,
    net::SocketAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use http_body_util::BodyExt;
use hyper::Method;
use serde_json::{Value, json};
use testkit::scripted::{Answers, Script, ScriptedLauncher, serve};
use tokio::{net::TcpListener, runtime::Handle};

use support::{Connection, Failure, Folder, Served, TOKEN, argument, median, party, quantile};

mod support;

const PATH: &str = "/v1/chat/completions";
/// Before each measurement.
const WARM_UP: Duration = Duration::from_millis(500);

/// Where requests go, and what opens it.
#[derive(Clone)]
struct Target {
    address: SocketAddr,
    token: String,
    model: String,
}

impl Target {
    fn body(&self, stream: bool) -> Bytes {
        let text = "Please answer in one short sentence: is this request durable?";
        let messages = json!([{"role": "user", "content": text}]);
        Bytes::from(json!({"model": self.model, "messages": messages, "max_tokens": 16, "stream": stream}).to_string())
    }
}

/// What a load saw.
struct Load {
    requests_per_second: f64,
    p50_ms: f64,
    p99_ms: f64,
    answered: u64,
    failed: u64,
}

fn main() -> Result<(), Failure> {
    let (connections, rounds) = (argument("--connections", 64usize)?, argument("--rounds", 3usize)?);
    let (seconds, turns) = (argument("--seconds", 5u64)?, argument("--turns", 2000usize)?);
    let folder = Folder::new()?;
    let first_after = Duration::from_millis(argument("--prompt-ms", 0u64)?);
    let script = Script { first_after, ..Script::default() };
    let runtimes = party("runtimes")?;
    let load = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let server = Served::start(folder.path.clone(), ScriptedLauncher::new(&script, runtimes.clone()))?;
    let report = load.block_on(async {
        let straight = serve_straight(&runtimes, &script).await?;
        let gateway = open_session(server.address).await?;
        let (mut durable, mut bare, mut turns_seen) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..rounds {
            let span = Duration::from_secs(seconds);
            durable.push(drive(&gateway, connections, span).await?);
            bare.push(drive(&straight, connections, span / 2).await?);
            turns_seen.push(alternate(&straight, &gateway, turns).await?);
        }
        check_counted(&gateway, &durable, turns_seen.len() * (turns + WARM_UP_TURNS)).await?;
        Ok::<_, Failure>(report(connections, &durable, &bare, &turns_seen))
    })?;
    server.end()?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

fn report(connections: usize, durable: &[Load], bare: &[Load], turns: &[Turns]) -> Value {
    let of = |loads: &[Load], figure: fn(&Load) -> f64| median(loads.iter().map(figure).collect());
    let turn = |figure: fn(&Turns) -> f64| median(turns.iter().map(figure).collect());
    json!({
        "connections": connections,
        "requests_per_second": of(durable, |load| load.requests_per_second).round(),
        "p50_ms": of(durable, |load| load.p50_ms),
        "p99_ms": of(durable, |load| load.p99_ms),
        "failed": durable.iter().map(|load| load.failed).sum::<u64>(),
        "straight_requests_per_second": of(bare, |load| load.requests_per_second).round(),
        "straight_p50_us": turn(|turns| turns.straight_p50),
        "straight_p99_us": turn(|turns| turns.straight_p99),
        "gateway_p50_us": turn(|turns| turns.gateway_p50),
        "gateway_p99_us": turn(|turns| turns.gateway_p99),
        "added_p50_us": turn(|turns| turns.gateway_p50 - turns.straight_p50),
        "added_p99_us": turn(|turns| turns.gateway_p99 - turns.straight_p99),
        "rounds": durable.iter().map(|load| load.requests_per_second.round()).collect::<Vec<_>>(),
    })
}

/// A runtime that clients reach without a gateway.
async fn serve_straight(runtimes: &Handle, script: &Script) -> Result<Target, Failure> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
    listener.set_nonblocking(true)?;
    let address = listener.local_addr()?;
    let answers = Arc::new(Answers::new(script));
    runtimes.spawn(async move {
        let listener = TcpListener::from_std(listener).expect("it does not block");
        while let Ok((stream, _)) = listener.accept().await {
            let _ = stream.set_nodelay(true);
            tokio::spawn(serve(stream, Arc::clone(&answers)));
        }
    });
    Ok(Target { address, token: String::new(), model: "scripted".to_owned() })
}

/// A running session and the way to it.
async fn open_session(address: SocketAddr) -> Result<Target, Failure> {
    let mut api = Connection::open(address).await?;
    let body = Bytes::from(r#"{"model": "demo", "stop": {"after_seconds": 3600}}"#);
    let created = api.ask(Method::POST, "/api/v1/sessions", TOKEN, body).await?;
    let id = created["id"].as_str().unwrap_or_default().to_owned();
    let path = format!("/api/v1/sessions/{id}");
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let session = api.ask(Method::GET, &path, TOKEN, Bytes::new()).await?;
        if session["status"] == "running" {
            break;
        }
        if Instant::now() > until || session["status"] == "failed" {
            return Err(format!("the session does not run: {session}").into());
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let endpoint = api.ask(Method::GET, &format!("{path}/endpoint"), TOKEN, Bytes::new()).await?;
    let token = endpoint["token"].as_str().unwrap_or_default().to_owned();
    Ok(Target { address, token, model: id })
}

/// Short answers that are not streamed, one after the other on each connection.
async fn drive(target: &Target, connections: usize, span: Duration) -> Result<Load, Failure> {
    let begin = Instant::now() + WARM_UP;
    let end = begin + span;
    let mut clients = Vec::new();
    for _ in 0..connections {
        let mut connection = Connection::open(target.address).await?;
        let (target, body) = (target.clone(), target.body(false));
        clients.push(tokio::spawn(async move {
            let (mut times, mut answered, mut failed) = (Vec::new(), 0u64, 0u64);
            loop {
                let sent = Instant::now();
                if sent >= end {
                    return (times, answered, failed);
                }
                match exchange(&mut connection, &target.token, body.clone()).await {
                    Ok(()) => answered += 1,
                    Err(_) => failed += 1,
                }
                if sent >= begin {
                    times.push(sent.elapsed().as_secs_f64() * 1e3);
                }
            }
        }));
    }
    let (mut times, mut answered, mut failed) = (Vec::new(), 0, 0);
    for client in clients {
        let (of_client, answered_here, failed_here) = client.await?;
        times.extend(of_client);
        answered += answered_here;
        failed += failed_here;
    }
    Ok(Load {
        requests_per_second: times.len() as f64 / span.as_secs_f64(),
        p50_ms: quantile(&mut times, 0.5),
        p99_ms: quantile(&mut times, 0.99),
        answered,
        failed,
    })
}

async fn exchange(connection: &mut Connection, token: &str, body: Bytes) -> Result<(), Failure> {
    let response = connection.send(Method::POST, PATH, token, body).await?;
    let status = response.status();
    let bytes = response.into_body().collect().await?.to_bytes();
    if status.is_success() && !bytes.is_empty() { Ok(()) } else { Err(status.to_string().into()) }
}

/// Times to the first token, in microseconds.
struct Turns {
    straight_p50: f64,
    straight_p99: f64,
    gateway_p50: f64,
    gateway_p99: f64,
}

const WARM_UP_TURNS: usize = 100;

/// Streams on one connection each, straight and through the gateway in turn, so that both meet the same disturbances.
async fn alternate(straight: &Target, gateway: &Target, turns: usize) -> Result<Turns, Failure> {
    let (mut near, mut far) = (Connection::open(straight.address).await?, Connection::open(gateway.address).await?);
    let (near_body, far_body) = (straight.body(true), gateway.body(true));
    let (mut near_times, mut far_times) = (Vec::new(), Vec::new());
    for turn in 0..turns + WARM_UP_TURNS {
        let near_time = first_token(&mut near, &straight.token, near_body.clone()).await?;
        let far_time = first_token(&mut far, &gateway.token, far_body.clone()).await?;
        if turn >= WARM_UP_TURNS {
            near_times.push(near_time);
            far_times.push(far_time);
        }
    }
    Ok(Turns {
        straight_p50: quantile(&mut near_times, 0.5),
        straight_p99: quantile(&mut near_times, 0.99),
        gateway_p50: quantile(&mut far_times, 0.5),
        gateway_p99: quantile(&mut far_times, 0.99),
    })
}

/// Microseconds from the request to the first event with text; the rest is read as well.
async fn first_token(connection: &mut Connection, token: &str, body: Bytes) -> Result<f64, Failure> {
    let sent = Instant::now();
    let response = connection.send(Method::POST, PATH, token, body).await?;
    let mut body = response.into_body();
    let mut first = None;
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if first.is_none() && data.windows(9).any(|bytes| bytes == b"\"content\"") {
            first = Some(sent.elapsed().as_secs_f64() * 1e6);
        }
    }
    first.ok_or_else(|| "a stream without text".into())
}

/// Every answer that a client got is counted: what was measured is what was kept.
async fn check_counted(gateway: &Target, loads: &[Load], streamed: usize) -> Result<(), Failure> {
    let mut api = Connection::open(gateway.address).await?;
    let session = api.ask(Method::GET, &format!("/api/v1/sessions/{}", gateway.model), TOKEN, Bytes::new()).await?;
    let counted = session["usage"]["interactions"].as_u64().unwrap_or_default();
    let answered = loads.iter().map(|load| load.answered).sum::<u64>() + streamed as u64;
    if counted < answered {
        return Err(format!("{answered} answers were read and {counted} are counted").into());
    }
    Ok(())
}
