//! A real server: the `viva` binary on a folder of its own and a free port of the loopback interface.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

/// The owner's token of every test server.
pub const TOKEN: &str = "test-token-of-thirty-two-characters-or-more";
/// How long anything is waited for.
pub const PATIENCE: Duration = Duration::from_secs(60);

/// A running server; killed with its sessions when it is dropped.
pub struct Viva {
    program: PathBuf,
    child: Child,
    pub url: String,
    /// Opens the console once.
    pub login_link: String,
    pub data: TempDir,
    config: Option<PathBuf>,
    client: reqwest::Client,
}

/// An answer of the server.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: reqwest::header::HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// The body, after a check of the status.
    pub fn expect(self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        self.json()
    }

    /// The error code of either API.
    pub fn code(&self) -> String {
        let body = self.json();
        let code = if body["code"].is_string() { &body["code"] } else { &body["error"]["code"] };
        code.as_str().unwrap_or_default().to_owned()
    }
}

impl Viva {
    /// A server with the default configuration.
    pub async fn start(program: &str) -> Self {
        Self::start_with(program, "").await
    }

    /// A server with this configuration (TOML).
    pub async fn start_with(program: &str, config: &str) -> Self {
        Self::start_on(program, config, tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap()).await
    }

    /// A server with this configuration on this folder.
    pub async fn start_on(program: &str, config: &str, data: TempDir) -> Self {
        let file = (!config.is_empty()).then(|| {
            let file = data.path().with_extension("toml");
            fs::write(&file, config).unwrap();
            file
        });
        let program = PathBuf::from(program);
        // A second call finds it installed, which is as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::new();
        let (child, url, login_link) = spawn(&program, data.path(), file.as_deref());
        Self { program, child, url, login_link, data, config: file, client }
    }

    /// Ends the server with SIGKILL and waits until it is gone; its sessions run on.
    pub fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks the server to end, as a service manager does, and waits for it. Returns its exit status.
    pub fn terminate(&mut self) -> Option<i32> {
        kill_process(self.pid(), Signal::TERM).unwrap();
        let until = Instant::now() + PATIENCE;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.code();
            }
            assert!(Instant::now() < until, "the server does not end");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Starts it again on the same folder, after [`Viva::kill`] or [`Viva::terminate`].
    pub fn restart(&mut self) {
        let started = spawn(&self.program, self.data.path(), self.config.as_deref());
        (self.child, self.url, self.login_link) = started;
    }

    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }

    /// Asks `/api/v1` (or another path) with the owner's token.
    pub async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Answer {
        self.ask_with(TOKEN, method, path, body).await
    }

    /// Asks with any token.
    pub async fn ask_with(&self, token: &str, method: Method, path: &str, body: Option<Value>) -> Answer {
        let mut request = self.client.request(method, format!("{}{path}", self.url)).bearer_auth(token);
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request.send().await.unwrap();
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Answer { status, headers, text: response.text().await.unwrap() }
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.ask(Method::GET, path, None).await
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::POST, path, Some(body)).await
    }

    pub async fn patch(&self, path: &str, body: Value) -> Answer {
        self.ask(Method::PATCH, path, Some(body)).await
    }

    pub async fn delete(&self, path: &str) -> Answer {
        self.ask(Method::DELETE, path, None).await
    }

    /// What the server has logged since its start.
    pub fn log(&self) -> String {
        fs::read_to_string(log_of(self.data.path())).unwrap_or_default()
    }

    /// A client for requests that are written by hand.
    pub const fn client(&self) -> &reqwest::Client {
        &self.client
    }

    /// Creates a session on the demo model and waits until it is Running. Returns its id.
    pub async fn running_session(&self, more: Value) -> String {
        let mut body = json!({"model": "demo"});
        for (key, value) in more.as_object().into_iter().flatten() {
            body[key] = value.clone();
        }
        let session = self.post("/api/v1/sessions", body).await.expect(201);
        let id = session["id"].as_str().unwrap().to_owned();
        self.wait_status(&id, "running").await;
        id
    }

    /// The session, once it has this status.
    pub async fn wait_status(&self, id: &str, status: &str) -> Value {
        self.wait(&format!("/api/v1/sessions/{id}"), |session| session["status"] == status).await
    }

    /// What `path` answers, once it is as wanted.
    pub async fn wait(&self, path: &str, is_wanted: impl Fn(&Value) -> bool) -> Value {
        let until = Instant::now() + PATIENCE;
        loop {
            let answer = self.get(path).await.json();
            if is_wanted(&answer) {
                return answer;
            }
            assert!(Instant::now() < until, "waited in vain, last seen: {answer:#}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// A session's endpoint: its token and base address.
    pub async fn endpoint(&self, id: &str) -> (String, String) {
        let endpoint = self.get(&format!("/api/v1/sessions/{id}/endpoint")).await.expect(200);
        let text = |key: &str| endpoint[key].as_str().unwrap().to_owned();
        (text("token"), text("base_url"))
    }

    /// Asks the model one thing, greedily, and returns the answer's text.
    pub async fn say(&self, id: &str, text: &str) -> String {
        let (token, _) = self.endpoint(id).await;
        let body = json!({"model": id, "temperature": 0, "messages": [{"role": "user", "content": text}]});
        let answer = self.ask_with(&token, Method::POST, "/v1/chat/completions", Some(body)).await.expect(200);
        answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
    }

    /// Process ids whose command line names this server's data folder, the server's own left out.
    pub fn processes(&self) -> Vec<i32> {
        processes_of(self.data.path()).into_iter().filter(|pid| *pid != self.pid().as_raw_nonzero().get()).collect()
    }
}

/// Process ids whose command line names the folder; zombies have none.
pub fn processes_of(folder: &Path) -> Vec<i32> {
    let needle = folder.display().to_string();
    let entries = fs::read_dir("/proc").unwrap().flatten();
    entries
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let line = fs::read(entry.path().join("cmdline")).ok()?;
            String::from_utf8_lossy(&line).contains(&needle).then_some(pid)
        })
        .collect()
}

/// Where a server writes its log: beside its folder, which is searched for traces.
fn log_of(data: &Path) -> PathBuf {
    data.with_extension("log")
}

fn spawn(program: &Path, data: &Path, config: Option<&Path>) -> (Child, String, String) {
    let mut command = Command::new(program);
    command
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .env("VIVA_TOKEN", TOKEN)
        .env("VIVA_LOG", "info")
        .env_remove("VIVA_URL")
        .env_remove("VIVA_DATA")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(fs::File::create(log_of(data)).unwrap());
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let mut child = command.spawn().unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let mut links = line.split_whitespace().filter(|word| word.starts_with("http")).map(str::to_owned);
    let (Some(url), Some(login_link)) = (links.next(), links.next()) else {
        panic!("the server did not start: {line:?} {}", fs::read_to_string(log_of(data)).unwrap_or_default());
    };
    (child, url, login_link)
}

impl Drop for Viva {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        for pid in processes_of(self.data.path()) {
            if let Some(pid) = Pid::from_raw(pid) {
                let _ = kill_process(pid, Signal::KILL);
            }
        }
        if std::thread::panicking() {
            for line in self.log().lines().filter(|line| !line.contains(" request ")) {
                eprintln!("{line}");
            }
        }
        let _ = fs::remove_file(log_of(self.data.path()));
        if let Some(config) = &self.config {
            let _ = fs::remove_file(config);
        }
    }
}
