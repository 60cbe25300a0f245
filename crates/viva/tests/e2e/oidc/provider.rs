//! The identity provider of the tests, `tests/oidc/provider.mjs`: a process of its own, and what it is told to do.

use std::{
    fs,
    io::{BufRead, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// As `provider.mjs` has it.
const SECRET: &str = "a secret of the tests, of 32 characters";

pub(crate) struct Provider {
    child: Child,
    pub(crate) issuer: String,
    /// The method by which clients show their secret, where there is one alone.
    method: String,
    secret: NamedTempFile,
}

impl Provider {
    pub(crate) fn start() -> Self {
        Self::start_with("")
    }

    pub(crate) fn start_with(method: &str) -> Self {
        let secret = NamedTempFile::new().unwrap();
        fs::write(secret.path(), format!("{SECRET}\n")).unwrap();
        let (child, issuer) = spawn("0", method);
        Self { child, issuer, method: method.to_owned(), secret }
    }

    /// The table `[oidc]` of a server that this one knows as `viva`, with more.
    pub(crate) fn config(&self, more: &str) -> String {
        let secret = self.secret.path().display();
        self.config_of("viva", &format!("client_secret_file = \"{secret}\"\n{more}"))
    }

    /// As [`config`](Self::config), of another client.
    pub(crate) fn config_of(&self, client: &str, more: &str) -> String {
        format!("[oidc]\nissuer = \"{}\"\nclient_id = \"{client}\"\nlabel = \"Example\"\n{more}", self.issuer)
    }

    pub(crate) fn secret_file(&self) -> String {
        format!("client_secret_file = \"{}\"\n", self.secret.path().display())
    }

    pub(crate) fn stop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Starts it again at the same address, after [`stop`](Self::stop).
    pub(crate) fn restart(&mut self) {
        let port = self.issuer.rsplit(':').next().unwrap();
        (self.child, _) = spawn(port, &self.method);
    }

    /// What it says of somebody beside their name.
    pub(crate) async fn set_claims(&self, id: &str, claims: Value) {
        self.tell("account", json!({"id": id, "claims": claims})).await;
    }

    /// Signs with other keys from now on.
    pub(crate) async fn change_keys(&self) {
        self.tell("keys", json!({})).await;
    }

    /// Spoils its tokens in this way.
    pub(crate) async fn tamper(&self, how: Option<&str>) {
        self.tell("tamper", json!({ "how": how })).await;
    }

    async fn tell(&self, what: &str, body: Value) {
        let sent = reqwest::Client::new().post(format!("{}/test/{what}", self.issuer)).json(&body).send().await;
        assert_eq!(sent.unwrap().status(), 204, "{what}");
    }
}

fn spawn(port: &str, method: &str) -> (Child, String) {
    let mut command = Command::new("node");
    command.arg("provider.mjs").arg(port);
    if !method.is_empty() {
        command.arg(method);
    }
    command.current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/oidc"));
    let mut child =
        command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("node is there; run `make test`");
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let ready = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("ready ").map(str::to_owned));
    (child, ready.expect("the provider starts; `make test` installs what it needs"))
}

impl Drop for Provider {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
