//! The clock of the server is wrong: what a session may take is still what it may take.

use std::{
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use server::{Config, EmbeddedModel, Ending, ServeOptions, clock::Clock};
use testkit::server::{TOKEN, processes_of};

use crate::VIVA;

/// The machine's clock, set by so many seconds.
#[derive(Default)]
struct SetClock {
    seconds: AtomicI64,
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + SignedDuration::from_secs(self.seconds.load(Ordering::Relaxed))
    }
}

async fn ask(url: &str, method: reqwest::Method, path: &str, body: Value) -> Value {
    let request = reqwest::Client::new().request(method, format!("{url}{path}")).bearer_auth(TOKEN).json(&body);
    request.send().await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn with_the_clock_wrong_sessions_end_on_time() {
    let data = tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap();
    let clock = Arc::new(SetClock::default());
    let mut config = Config::default();
    config.server.listen.set_port(0);
    let server = server::start(ServeOptions {
        config,
        data: data.path().to_owned(),
        program: PathBuf::from(VIVA),
        embedded: vec![EmbeddedModel {
            name: "demo",
            version: "1",
            gguf: include_bytes!("../../../../assets/demo/demo-final.gguf"),
        }],
        token: Some(TOKEN.to_owned()),
        clock: Some(Arc::clone(&clock) as Arc<dyn Clock>),
        launcher: None,
    });
    let server = server.await.unwrap();
    let url = server.url().to_owned();
    let (end, ended) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(
        async {
            let _ = ended.await;
            Ending::StopSessions
        },
        std::future::pending(),
    ));
    for (set_by, name) in [(-3600, "set back"), (0, "right")] {
        clock.seconds.store(0, Ordering::Relaxed);
        let body = json!({"model": "demo", "name": name, "stop": {"after_seconds": 3}});
        let made = ask(&url, reqwest::Method::POST, "/api/v1/sessions", body).await;
        let path = format!("/api/v1/sessions/{}", made["id"].as_str().unwrap());
        let status = |status: &'static str| {
            let (url, path) = (url.clone(), path.clone());
            async move {
                let until = Instant::now() + Duration::from_secs(30);
                loop {
                    let session = ask(&url, reqwest::Method::GET, &path, Value::Null).await;
                    if session["status"] == status {
                        return session;
                    }
                    assert!(Instant::now() < until, "{session:#}");
                    tokio::time::sleep(Duration::from_millis(10)).await;
                }
            }
        };
        status("running").await;
        let since = Instant::now();
        clock.seconds.store(set_by, Ordering::Relaxed);
        let stopped = status("stopped").await;
        // The shim counts for itself, and allows the control plane two seconds to be first.
        assert!(since.elapsed() < Duration::from_secs(9), "{name}: {:?}", since.elapsed());
        assert_eq!(stopped["reason"]["code"], "time_limit", "{name}");
        assert_eq!(processes_of(data.path()).len(), 0);
    }
    end.send(()).unwrap();
    serving.await.unwrap();
}
