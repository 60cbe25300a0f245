//! The samples of the documentation run as they stand: every block of its pages that is marked `test`. Those that
//! cannot run stand in [`NOT_RUN`], each with its reason.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    os::unix::fs::{PermissionsExt, symlink},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
};

use reqwest::Method;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

/// Blocks that are not run: the page, how the block begins, and why.
const NOT_RUN: &[(&str, &str, &str)] = &[
    ("start.md", "make run", "builds everything and serves until it is stopped"),
    ("start.md", "make build", "builds the release program and serves until it is stopped"),
    ("operating.md", "[server]\nlisten = \"0.0.0.0:8482\"", "needs a certificate; `transport` serves one"),
    ("operating.md", "server {\n    listen 443 ssl", "needs nginx, a name and a certificate"),
    (
        "operating.md",
        "[server]\npublic_url = \"https://viva.example.org\"\n\n[oidc]",
        "needs the file of a secret; `oidc` has one",
    ),
    ("operating.md", "viva user create ada --role member --oidc-subject", "needs an identity provider; `oidc` has one"),
    ("operating.md", "install -D -m 644 packaging/viva.service", "needs systemd and a user's session of it"),
];
/// Sessions that samples use without creating them.
const SESSIONS: &[&str] = &["first-look", "exam"];
/// The model file that samples add, and the model that they make of it.
const MODEL_FILE: &str = "my-model.Q8_0.gguf";
const MODEL: &str = "refund-bot";

/// A block of a page.
struct Sample {
    page: String,
    line: usize,
    /// Without the mark.
    language: String,
    is_run: bool,
    text: String,
}

impl Sample {
    fn place(&self) -> String {
        format!("{}:{}", self.page, self.line)
    }
}

/// The blocks of the pages for users, which begin with front matter.
fn samples() -> Vec<Sample> {
    let folder = repository().join("docs");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|kind| kind == "md"));
    paths.sort();
    paths.iter().flat_map(|path| samples_of(path)).collect()
}

fn samples_of(path: &Path) -> Vec<Sample> {
    let source = fs::read_to_string(path).unwrap();
    let mut samples = Vec::new();
    let mut open: Option<Sample> = None;
    for (line, text) in source.lines().enumerate().filter(|_| source.starts_with("---\n")) {
        match &mut open {
            Some(_) if text == "```" => samples.extend(open.take()),
            Some(sample) => sample.text.extend([text, "\n"]),
            None => {
                open = text.strip_prefix("```").map(|language| Sample {
                    page: path.file_name().unwrap().to_string_lossy().into_owned(),
                    line: line + 1,
                    language: language.trim_end_matches(" test").to_owned(),
                    is_run: language.ends_with(" test"),
                    text: String::new(),
                });
            }
        }
    }
    samples
}

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap()
}

#[test]
fn every_sample_of_the_documentation_runs_or_has_a_reason_not_to() {
    let samples = samples();
    let idle: Vec<&Sample> = samples.iter().filter(|sample| !sample.is_run).collect();
    for sample in &idle {
        let is_known = NOT_RUN.iter().any(|(page, begin, _)| sample.page == *page && sample.text.starts_with(begin));
        assert!(is_known, "{}: mark the block `test`, or say why it cannot run", sample.place());
    }
    assert_eq!(idle.len(), NOT_RUN.len(), "a reason is given for a block that is not there, or that runs");
    assert!(samples.len() > 30 && NOT_RUN.iter().all(|(.., reason)| !reason.is_empty()));
}

/// Where samples run: a server, a session for programs, a folder and a home.
struct Stage {
    viva: Viva,
    session: String,
    base_url: String,
    session_token: String,
    folder: TempDir,
}

impl Stage {
    async fn new() -> Self {
        let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 6\n").await;
        let session = viva.running_session(json!({})).await;
        let (session_token, base_url) = viva.endpoint(&session).await;
        let folder = tempfile::tempdir().unwrap();
        let home = folder.path().join("home");
        fs::create_dir_all(home.join(".local/share/bash-completion/completions")).unwrap();
        symlink(viva.data.path(), home.join(".local/share/viva")).unwrap();
        // A desktop whose browser takes every address.
        let opener = folder.path().join("xdg-open");
        fs::write(&opener, "#!/bin/sh\n").unwrap();
        fs::set_permissions(&opener, fs::Permissions::from_mode(0o755)).unwrap();
        fs::copy(repository().join("assets/demo/demo-final.gguf"), folder.path().join(MODEL_FILE)).unwrap();
        Self { viva, session, base_url, session_token, folder }
    }

    /// Makes what the sample takes for granted.
    async fn prepare(&self, text: &str) {
        for name in SESSIONS.iter().filter(|name| text.contains(**name) && !text.contains(&format!("--name {name}"))) {
            self.viva.running_session(json!({"name": name})).await;
        }
        if text.contains(MODEL) && !text.contains("viva model add") {
            let file = fs::read(self.folder.path().join(MODEL_FILE)).unwrap();
            let address = format!("{}/api/v1/models?name={MODEL}&version=v3", self.viva.url);
            let added = self.viva.client().post(address).bearer_auth(TOKEN).body(file).send().await.unwrap();
            assert_eq!(added.status(), 201);
        }
    }

    /// Removes what the sample has left.
    async fn clear(&self) {
        for session in self.items("/api/v1/sessions").await.iter().filter(|session| session["id"] != self.session) {
            let id = session["id"].as_str().unwrap();
            self.viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
        }
        for model in self.items("/api/v1/models").await.iter().filter(|model| model["name"] == MODEL) {
            let id = model["id"].as_str().unwrap();
            assert_eq!(self.viva.delete(&format!("/api/v1/models/{id}")).await.status, 204);
        }
    }

    async fn items(&self, path: &str) -> Vec<Value> {
        self.viva.get(path).await.expect(200)["items"].as_array().cloned().unwrap()
    }

    /// A command in the sample's language, in its surroundings.
    fn command(&self, language: &str, text: &str) -> Command {
        let python = std::env::var("VIVA_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
        let (program, arguments): (&str, &[&str]) = match language {
            "sh" => ("sh", &["-euc"]),
            "python" => (&python, &["-c"]),
            "javascript" => ("node", &["--input-type=module", "-e"]),
            other => panic!("it is not known how to run `{other}`"),
        };
        let beside = [Path::new(VIVA).parent(), Path::new(&python).parent(), Some(self.folder.path())];
        let given = std::env::var_os("PATH").unwrap_or_default();
        let path = beside.into_iter().flatten().map(Path::to_owned).chain(std::env::split_paths(&given));
        // Where the pages have an address or a token to fill in, this server's stands.
        let text = text.replace("http://127.0.0.1:8482", &self.viva.url);
        let text = text.replace("https://viva.example.org", &self.viva.url).replace("vusr_…", TOKEN);
        let mut command = Command::new(program);
        // The packages of JavaScript are looked for from the folder that a script runs in.
        let is_script = language == "javascript";
        command.current_dir(if is_script { repository().join("tests/sdk") } else { self.folder.path().to_owned() });
        command
            .args(arguments)
            .arg(text)
            .env("PATH", std::env::join_paths(path).unwrap())
            .env("HOME", self.folder.path().join("home"))
            .env("DISPLAY", ":0")
            .env("VIVA_DATA", self.viva.data.path())
            .env_remove("VIVA_URL")
            .env("VIVA_TOKEN", TOKEN)
            .env("OPENAI_BASE_URL", &self.base_url)
            .env("OPENAI_API_KEY", &self.session_token)
            .env("VIVA_MODEL", "demo")
            .stdin(Stdio::null());
        command
    }

    async fn run(&self, sample: &Sample) -> Output {
        let mut command = self.command(&sample.language, &sample.text);
        tokio::task::spawn_blocking(move || command.output()).await.unwrap().unwrap()
    }

    /// Runs a server on a fresh folder until it is ready; the line that it prints.
    fn serve(&self, text: &str) -> String {
        let data = tempfile::tempdir().unwrap();
        let mut command = self.command("sh", &text.replacen("viva serve", "exec viva serve", 1));
        command.env("VIVA_DATA", data.path()).env("VIVA_LISTEN", "127.0.0.1:0").stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut printed = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        printed.read_line(&mut line).unwrap();
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        assert!(child.wait().unwrap().success());
        let mut rest = String::new();
        printed.read_to_string(&mut rest).unwrap();
        assert_eq!(rest, "", "one line is printed");
        line
    }

    /// Holds JSON that a page shows against what the server takes or says.
    async fn compare(&self, sample: &Sample) {
        let shown: Value = serde_json::from_str(&sample.text).unwrap();
        if shown["error"].is_object() {
            let body = json!({"messages": [{"role": "user", "content": "Hello"}], "temperature": 2.1});
            let answer =
                self.viva.ask_with(&self.session_token, Method::POST, "/v1/chat/completions", Some(body)).await;
            assert_eq!(answer.expect(400), shown, "{}", sample.place());
        } else if shown["model"].is_string() {
            self.viva.post("/api/v1/sessions/check", shown).await.expect(200);
        } else {
            let id = self.viva.running_session(json!({})).await;
            let receipt = self.viva.delete(&format!("/api/v1/sessions/{id}?confirm=delete")).await.expect(200);
            let keys = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
            assert_eq!(keys(&receipt), keys(&shown), "{}", sample.place());
        }
    }
}

/// Whether a line is the one that a server prints when it is ready.
fn is_ready_line(line: &str) -> bool {
    line.starts_with("viva is ready at http") && line.contains(" - log in: http") && line.contains("/login/")
}

#[tokio::test]
async fn the_samples_of_the_documentation_run_as_they_stand() {
    let stage = Stage::new().await;
    for sample in samples().iter().filter(|sample| sample.is_run) {
        let place = sample.place();
        match sample.language.as_str() {
            "toml" => {
                fs::write(stage.folder.path().join("config.toml"), &sample.text).unwrap();
                assert!(is_ready_line(&stage.serve("viva serve --config config.toml")), "{place}");
            }
            "json" => stage.compare(sample).await,
            "text" => assert!(is_ready_line(&sample.text), "{place}"),
            "sh" if sample.text == "viva serve\n" => assert!(is_ready_line(&stage.serve(&sample.text)), "{place}"),
            _ => {
                stage.prepare(&sample.text).await;
                let output = stage.run(sample).await;
                let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
                assert!(output.status.success(), "{place}: {said}\n{error}");
                stage.clear().await;
            }
        }
    }
}
