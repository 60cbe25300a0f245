//! One engine on the demo model per test binary, and a small HTTP client that sees bytes as they come.

#![allow(dead_code, reason = "each test binary uses its part")]

use std::{
    io::{BufRead, BufReader, Read, Write},
    os::unix::net::UnixStream,
    path::PathBuf,
    sync::OnceLock,
    thread,
    time::{Duration, Instant},
};

use engine::{DEFAULT_QUEUE, EngineOptions, Listener};
use serde_json::{Value, json};

pub(crate) const CONTEXT: u32 = 512;
pub(crate) const PARALLEL: u32 = 4;
const DEADLINE: Duration = Duration::from_secs(60);

pub(crate) fn demo_model() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo/demo-final.gguf")
}

/// Options for the demo model on a socket of its own in a folder that the system cleans.
pub(crate) fn options(name: &str) -> EngineOptions {
    let socket = std::env::temp_dir().join(format!("viva-engine-{}-{name}.sock", std::process::id()));
    EngineOptions {
        model: demo_model(),
        served_name: "demo".into(),
        context_length: Some(CONTEXT),
        parallel: Some(PARALLEL),
        threads: Some(2),
        queue: DEFAULT_QUEUE,
        listener: Listener::Path(socket),
    }
}

/// An engine that answers.
pub(crate) struct Engine {
    socket: PathBuf,
}

/// The engine that the tests of a binary share.
pub(crate) fn engine() -> &'static Engine {
    static ENGINE: OnceLock<Engine> = OnceLock::new();
    ENGINE.get_or_init(|| Engine::start(options("shared")))
}

pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// The JSON of each event, the last of which must be `[DONE]`.
    pub(crate) fn events(&self) -> Vec<Value> {
        let data: Vec<&str> = self.body.split("\n\n").filter_map(|event| event.strip_prefix("data: ")).collect();
        let (last, events) = data.split_last().expect("a stream has events");
        assert_eq!(*last, "[DONE]");
        events.iter().map(|event| serde_json::from_str(event).expect("an event is JSON")).collect()
    }

    pub(crate) fn text(&self) -> String {
        self.json()["choices"][0]["message"]["content"].as_str().expect("a text").to_owned()
    }
}

impl Engine {
    pub(crate) fn start(options: EngineOptions) -> Self {
        let Listener::Path(socket) = options.listener.clone() else { panic!("tests use a socket") };
        thread::spawn(move || engine::run(options));
        let engine = Self { socket };
        engine.wait_until("it serves", || engine.try_get("/health").is_some_and(|answer| answer.status == 200));
        engine
    }

    pub(crate) fn wait_until(&self, what: &str, mut condition: impl FnMut() -> bool) {
        let start = Instant::now();
        while !condition() {
            assert!(start.elapsed() < DEADLINE, "in vain: {what}");
            thread::sleep(Duration::from_millis(5));
        }
    }

    pub(crate) fn health(&self) -> Value {
        self.try_get("/health").expect("the engine answers").json()
    }

    /// Waits until nothing is computed or queued.
    pub(crate) fn wait_idle(&self) {
        self.wait_until("it is idle", || {
            let health = self.health();
            health["active"] == 0 && health["queued"] == 0
        });
    }

    fn try_get(&self, path: &str) -> Option<Answer> {
        self.exchange(format!("GET {path} HTTP/1.1\r\nhost: e\r\nconnection: close\r\n\r\n").as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.try_get(path).expect("the engine answers")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.post_bytes(path, body.to_string().as_bytes())
    }

    pub(crate) fn post_bytes(&self, path: &str, body: &[u8]) -> Answer {
        self.exchange(&request(path, body)).expect("the engine answers")
    }

    pub(crate) fn chat(&self, body: &Value) -> Answer {
        self.post("/v1/chat/completions", body)
    }

    /// The answer to one user message, greedy.
    pub(crate) fn ask(&self, text: &str) -> String {
        let answer = self.chat(&json!({"messages": [{"role": "user", "content": text}], "temperature": 0}));
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.text()
    }

    /// A request whose answer is read later, or never.
    pub(crate) fn open(&self, path: &str, body: &Value) -> BufReader<UnixStream> {
        self.send(&request(path, body.to_string().as_bytes()))
    }

    /// A streamed chat whose events are read as they come.
    pub(crate) fn stream(&self, body: &Value) -> Stream {
        Stream { reader: self.open("/v1/chat/completions", body) }
    }

    /// The same, as background work.
    pub(crate) fn background(&self, body: &Value) -> Stream {
        let bytes = body.to_string();
        Stream { reader: self.send(&request_with(PRIORITY, "/v1/chat/completions", bytes.as_bytes())) }
    }

    /// A whole answer to background work, or to what calls itself something else.
    pub(crate) fn chat_with(&self, header: &str, body: &Value) -> Answer {
        let bytes = body.to_string();
        self.exchange(&request_with(header, "/v1/chat/completions", bytes.as_bytes())).expect("the engine answers")
    }

    fn send(&self, request: &[u8]) -> BufReader<UnixStream> {
        let mut stream = UnixStream::connect(&self.socket).expect("the engine listens");
        stream.write_all(request).expect("the engine reads");
        BufReader::new(stream)
    }

    fn exchange(&self, request: &[u8]) -> Option<Answer> {
        let mut stream = UnixStream::connect(&self.socket).ok()?;
        // A request refused early may not be read to its end.
        let _ = stream.write_all(request);
        let mut reader = BufReader::new(stream);
        let (mut head, mut body) = (String::new(), Vec::new());
        while reader.read_line(&mut head).ok()? > 2 {}
        if head.to_lowercase().contains("transfer-encoding: chunked") {
            read_chunks(&mut reader, &mut body);
        } else {
            reader.read_to_end(&mut body).ok()?;
        }
        let status = head.split(' ').nth(1)?.parse().ok()?;
        Some(Answer { status, head, body: String::from_utf8(body).expect("an answer is UTF-8") })
    }
}

/// The header of background work.
pub(crate) const PRIORITY: &str = "x-viva-priority: background\r\n";

fn request(path: &str, body: &[u8]) -> Vec<u8> {
    request_with("", path, body)
}

fn request_with(header: &str, path: &str, body: &[u8]) -> Vec<u8> {
    let length = body.len();
    let head =
        format!("POST {path} HTTP/1.1\r\nhost: e\r\n{header}connection: close\r\ncontent-length: {length}\r\n\r\n");
    [head.as_bytes(), body].concat()
}

/// A stream of chat events.
pub(crate) struct Stream {
    reader: BufReader<UnixStream>,
}

impl Stream {
    /// The next event; `None` at the end. Each event is in one chunk, on a line.
    pub(crate) fn next(&mut self) -> Option<Value> {
        let mut line = String::new();
        while self.reader.read_line(&mut line).expect("the stream goes on") > 0 {
            match line.strip_prefix("data: ").map(str::trim_end) {
                Some("[DONE]") => return None,
                Some(event) => return Some(serde_json::from_str(event).expect("an event is JSON")),
                None => line.clear(),
            }
        }
        panic!("the stream ended without [DONE]");
    }

    /// Reads on until `count` bytes of text have come, or to the end; all that was read is added to `seen`.
    pub(crate) fn read(&mut self, seen: &mut Seen, count: usize) {
        while seen.text.len() < count {
            let Some(event) = self.next() else { return };
            seen.take(&event);
        }
    }

    /// Reads to the end.
    pub(crate) fn finish(mut self, mut seen: Seen) -> Seen {
        self.read(&mut seen, usize::MAX);
        seen
    }
}

/// What a stream of one choice came to.
#[derive(Default)]
pub(crate) struct Seen {
    pub(crate) text: String,
    pub(crate) reason: Option<String>,
    /// The texts of the tokens that log-probabilities were told of.
    pub(crate) tokens: Vec<String>,
    pub(crate) usage: Value,
    pub(crate) timings: Value,
}

impl Seen {
    fn take(&mut self, event: &Value) {
        let choice = &event["choices"][0];
        self.text += choice["delta"]["content"].as_str().unwrap_or_default();
        let entries = choice["logprobs"]["content"].as_array().into_iter().flatten();
        self.tokens.extend(entries.map(|entry| entry["token"].as_str().expect("a token has a text").to_owned()));
        if let Some(reason) = choice["finish_reason"].as_str() {
            assert!(self.reason.is_none(), "ended twice");
            (self.reason, self.timings) = (Some(reason.to_owned()), event["timings"].clone());
        }
        if event["usage"].is_object() {
            self.usage = event["usage"].clone();
        }
    }
}

fn read_chunks(reader: &mut impl BufRead, body: &mut Vec<u8>) {
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).expect("a chunk has a size");
        let size = usize::from_str_radix(line.trim(), 16).expect("a size is hexadecimal");
        let mut chunk = vec![0; size + 2];
        reader.read_exact(&mut chunk).expect("a chunk is whole");
        // Each chunk on its own must be whole characters.
        body.extend_from_slice(std::str::from_utf8(&chunk[..size]).expect("a chunk is UTF-8").as_bytes());
        if size == 0 {
            return;
        }
    }
}

pub(crate) fn user(text: &str) -> Value {
    json!([{"role": "user", "content": text}])
}
