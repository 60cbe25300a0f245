//! The disk fills up under a running server; a folder is newer than the program.

use std::{
    fs,
    io::{BufRead, BufReader, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use reqwest::Method;
use serde_json::{Value, json};
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

/// A small file system, gone with the value.
struct Small(PathBuf);

impl Small {
    /// `None` where nothing can be mounted.
    fn mount(folder: &Path) -> Option<Self> {
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64m", "tmpfs"]).arg(folder).output();
        mount.is_ok_and(|output| output.status.success()).then(|| Self(folder.to_owned()))
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn chat(id: &str, content: &str) -> Value {
    json!({"model": id, "temperature": 0, "max_tokens": 8, "messages": [{"role": "user", "content": content}]})
}

/// Writes until nothing fits any more, in ever smaller pieces.
fn fill(file: &Path) {
    let mut file = fs::File::create(file).unwrap();
    for size in [4 << 20, 64 << 10, 512] {
        let piece = vec![1; size];
        while file.write_all(&piece).is_ok() {}
    }
}

#[tokio::test]
async fn a_full_disk_refuses_in_words_loses_nothing_and_is_over_when_space_returns() {
    let data = tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap();
    let Some(_mounted) = Small::mount(data.path()) else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let ballast = data.path().join("ballast");
    let viva = Viva::start_on(VIVA, "", data).await;
    let id = viva.running_session(json!({})).await;
    let kept = viva.ask(Method::POST, "/v1/chat/completions", Some(chat(&id, "What is 12 + 30?"))).await.expect(200);
    fill(&ballast);
    // What the journal still has room for is stored; then come refusals, never an answer that is not kept.
    let mut acknowledged = vec![kept["id"].as_str().unwrap().to_owned()];
    let mut refused = None;
    for number in 0..2_000 {
        let long = format!("{number} {}", "words that fill the disk ".repeat(400));
        let body = json!({"model": id, "max_tokens": 0, "prompt": long.get(..800)});
        let answer = viva.ask(Method::POST, "/v1/completions", Some(body)).await;
        match answer.status {
            200 => acknowledged.push(answer.json()["id"].as_str().unwrap().to_owned()),
            _ => {
                refused = Some(answer);
                break;
            }
        }
    }
    let refused = refused.expect("a full disk refuses");
    assert_eq!((refused.status, refused.code().as_str()), (503, "storage_unavailable"), "{}", refused.text);
    let create = viva.post("/api/v1/sessions", json!({"model": "demo"})).await;
    assert!(matches!(create.status, 201 | 503), "{}", create.text);
    viva.get("/healthz").await.expect(200);
    fs::remove_file(&ballast).unwrap();
    let after = viva.ask(Method::POST, "/v1/chat/completions", Some(chat(&id, "And 1 + 1?"))).await.expect(200);
    acknowledged.push(after["id"].as_str().unwrap().to_owned());
    for completion in &acknowledged {
        let stored = viva.get(&format!("/api/v1/completions/{completion}")).await.expect(200);
        assert_eq!(stored["status"], "done");
    }
    viva.ask(Method::DELETE, &format!("/api/v1/sessions/{id}?confirm=delete"), None).await.expect(200);
}

#[tokio::test]
async fn a_folder_of_a_newer_version_is_refused_and_left_alone() {
    let mut viva = Viva::start(VIVA).await;
    assert_eq!(viva.terminate(), Some(0));
    let database = viva.data.path().join("viva.db");
    let newer = "import sqlite3, sys; database = sqlite3.connect(sys.argv[1]); \
                 database.execute('insert into _sqlx_migrations (version, description, success, checksum, execution_time) \
                 values (?, ?, 1, ?, 0)', (99999999999999, 'later', b'-')); database.commit()";
    assert!(Command::new("python3").args(["-c", newer]).arg(&database).status().unwrap().success());
    let before = fs::read(&database).unwrap();
    let mut serve = Command::new(VIVA);
    serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(viva.data.path()).stdin(Stdio::null());
    let output = serve.output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(said.contains("newer than"), "{said}");
    assert_eq!(fs::read(&database).unwrap(), before);
}

#[tokio::test]
async fn a_log_that_cannot_be_written_keeps_nothing_from_being_served() {
    let data = tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap();
    let full = fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    let mut server = Command::new(VIVA)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(data.path())
        .env("VIVA_TOKEN", TOKEN)
        .env("VIVA_LOG", "info")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(full)
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(server.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let url = line.split(' ').find(|word| word.starts_with("http://")).expect("the address is told").to_owned();
    let client = reqwest::Client::new();
    for name in ["one", "two"] {
        let request = client.post(format!("{url}/api/v1/sessions")).bearer_auth(TOKEN);
        let made = request.json(&json!({"model": "demo", "name": name})).send().await.unwrap();
        assert_eq!(made.status(), 201);
        let made: Value = made.json().await.unwrap();
        let path = format!("{url}/api/v1/sessions/{}?confirm=delete", made["id"].as_str().unwrap());
        assert_eq!(client.delete(path).bearer_auth(TOKEN).send().await.unwrap().status(), 200);
    }
    server.kill().unwrap();
    server.wait().unwrap();
}

#[tokio::test]
async fn a_read_only_disk_is_refused_in_words_and_is_fine_again_afterwards() {
    let data = tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap();
    let folder = data.path().to_owned();
    let Some(_mounted) = Small::mount(&folder) else {
        println!("skipped: a small file system cannot be mounted here");
        return;
    };
    let mut viva = Viva::start_on(VIVA, "", data).await;
    assert_eq!(viva.terminate(), Some(0));
    let remount = |how: &str| {
        assert!(Command::new("mount").args(["-o", how]).arg(&folder).status().unwrap().success(), "{how}");
    };
    remount("remount,ro");
    let mut serve = Command::new(VIVA);
    let output = serve.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(&folder).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{said}");
    assert!(said.contains("cannot be used") && said.contains("Read-only file system"), "{said}");
    remount("remount,rw");
    viva.restart();
    viva.running_session(json!({})).await;
}
