//! Back-ups under load, restored elsewhere; archives and databases that are damaged, refused with what to do.

use std::{
    fs,
    io::{Read, Write},
    os::unix::fs::PermissionsExt,
    path::Path,
    process::{Command, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use testkit::{Viva, server::TOKEN};

use crate::VIVA;

fn viva(args: &[&str], data: &Path) -> Output {
    let mut command = Command::new(VIVA);
    command.args(args).arg("--data").arg(data).stdin(Stdio::null()).env_remove("VIVA_URL").env_remove("VIVA_DATA");
    command.output().unwrap()
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

fn ok(output: &Output) -> Value {
    assert!(output.status.success(), "{}", said(output));
    serde_json::from_slice(&output.stdout).unwrap_or_default()
}

fn chat(id: &str, number: usize) -> Value {
    json!({"model": id, "temperature": 0, "max_tokens": 16, "messages": [{"role": "user", "content": format!("{number} + 12")}]})
}

fn folder() -> TempDir {
    tempfile::Builder::new().prefix("viva-test-").tempdir().unwrap()
}

#[tokio::test]
async fn a_backup_under_load_is_restored_elsewhere_with_all_that_was_acknowledged() {
    let server = Viva::start(VIVA).await;
    let id = server.running_session(json!({"name": "kept"})).await;
    let path = format!("/api/v1/sessions/{id}/files/notes/a.txt");
    let put = server.client().put(format!("{}{path}", server.url)).bearer_auth(TOKEN).body("the file's contents");
    assert_eq!(put.send().await.unwrap().status(), 201);
    let acknowledged = Arc::new(Mutex::new(Vec::<(String, String)>::new()));
    let (ends, mut clients) = (Arc::new(AtomicBool::new(false)), Vec::new());
    for number in 0..4 {
        let (client, url, id) = (server.client().clone(), server.url.clone(), id.clone());
        let (acknowledged, ends) = (Arc::clone(&acknowledged), Arc::clone(&ends));
        clients.push(tokio::spawn(async move {
            while !ends.load(Ordering::Relaxed) {
                let request = client.post(format!("{url}/v1/chat/completions")).bearer_auth(TOKEN);
                let answer: Value = request.json(&chat(&id, number)).send().await.unwrap().json().await.unwrap();
                let text = answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned();
                acknowledged.lock().unwrap().push((answer["id"].as_str().unwrap().to_owned(), text));
            }
        }));
    }
    while acknowledged.lock().unwrap().len() < 20 {
        tokio::time::sleep(std::time::Duration::from_millis(5)).await;
    }
    let (archives, before) = (folder(), acknowledged.lock().unwrap().clone());
    let archive = archives.path().join("backup.viva");
    let data = server.data.path().to_owned();
    let (to, from) = (archive.clone(), data.clone());
    let made = tokio::task::spawn_blocking(move || viva(&["backup", to.to_str().unwrap(), "--json"], &from)).await;
    let made = ok(&made.unwrap());
    assert_eq!((&made["sessions"], &made["files"], &made["models"]), (&json!(1), &json!(1), &json!(2)), "{made}");
    ends.store(true, Ordering::Relaxed);
    for client in clients {
        client.await.unwrap();
    }
    assert_eq!(fs::metadata(&archive).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(fs::read_dir(archives.path()).unwrap().count(), 1, "nothing is left beside the archive");

    let elsewhere = folder();
    let restored = ok(&viva(&["restore", archive.to_str().unwrap(), "--json"], elsewhere.path()));
    assert_eq!((&restored["sessions"], &restored["models_left_out"]), (&json!(1), &json!([])));
    let restored = Viva::start_on(VIVA, "", elsewhere).await;
    // Its processes were left behind.
    let session = restored.wait_status(&id, "failed").await;
    assert_eq!((&session["reason"]["code"], &session["name"]), (&json!("runtime_lost"), &json!("kept")));
    for (completion, text) in &before {
        let stored = restored.get(&format!("/api/v1/completions/{completion}")).await.expect(200);
        assert_eq!((&stored["response"], &stored["status"]), (&json!(text), &json!("done")));
    }
    assert_eq!(restored.get(&path).await.text, "the file's contents");
    // Models are there and whole, and what runs on them runs.
    let again = restored.running_session(json!({"name": "another"})).await;
    restored.say(&again, "Hi").await;
    // Nobody disturbed the original.
    server.wait_status(&id, "running").await;
}

#[tokio::test]
async fn without_models_a_backup_is_small_and_says_so_when_it_is_restored() {
    let mut server = Viva::start(VIVA).await;
    let name = server.data.path().join("renamed.gguf");
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../assets/demo/demo-final.gguf"), &name).unwrap();
    assert_eq!(server.terminate(), Some(0));
    let archives = folder();
    let archive = archives.path().join("small.viva");
    let archive = archive.to_str().unwrap();
    let made = ok(&viva(&["backup", archive, "--without-models", "--json"], server.data.path()));
    assert_eq!(made["models"], 0);
    assert!(made["bytes"].as_u64().unwrap() < 1 << 20, "{made}");
    let again = viva(&["backup", archive], server.data.path());
    assert_eq!(again.status.code(), Some(1));
    assert!(said(&again).contains("there already"), "{}", said(&again));
    ok(&viva(&["backup", archive, "--without-models", "--force", "--json"], server.data.path()));
    let elsewhere = folder();
    let restored = viva(&["restore", archive], elsewhere.path());
    assert!(restored.status.success() && said(&restored).contains("add the models again"), "{}", said(&restored));
    // The demo models come with the program.
    Viva::start_on(VIVA, "", elsewhere).await.running_session(json!({})).await;
}

#[tokio::test]
async fn a_damaged_archive_is_refused_before_anything_is_put_in_place() {
    let mut server = Viva::start(VIVA).await;
    let id = server.running_session(json!({})).await;
    server.say(&id, "Hi").await;
    server.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    server.wait_status(&id, "stopped").await;
    assert_eq!(server.terminate(), Some(0));
    let archives = folder();
    let whole = archives.path().join("whole.viva");
    ok(&viva(&["backup", whole.to_str().unwrap(), "--json"], server.data.path()));
    let bytes = fs::read(&whole).unwrap();
    let damaged = archives.path().join("damaged.viva");
    let refused = |bytes: &[u8], target: &Path| {
        fs::write(&damaged, bytes).unwrap();
        let output = viva(&["restore", damaged.to_str().unwrap()], target);
        assert_eq!(output.status.code(), Some(1), "{}", said(&output));
        said(&output)
    };
    let target = folder();
    for (what, change) in [("its beginning", 100), ("its database", 3000), ("its middle", bytes.len() / 2)] {
        let mut bytes = bytes.clone();
        bytes[change] ^= 0xff;
        let said = refused(&bytes, target.path());
        assert!(said.contains("damaged") || said.contains("no backup"), "{what}: {said}");
        assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0, "{what}");
    }
    let said = refused(&bytes[..bytes.len() - 1000], target.path());
    assert!(said.contains("no backup of Viva, or its end is missing"), "{said}");
    // A part that would be written elsewhere.
    let said = refused(&archive_of(&[("../outside", "x")]), target.path());
    assert!(said.contains("has no place in a data folder"), "{said}");
    let newer = zip_of(&[("manifest.json", r#"{"format": 7}"#.to_owned())]);
    assert!(refused(&newer, target.path()).contains("form 7, newer than the 1"));
    assert_eq!(fs::read_dir(target.path()).unwrap().count(), 0);
    // An absent folder stays absent, one with anything in it is not touched.
    let absent = target.path().join("absent");
    refused(&bytes[..1000], &absent);
    assert!(!absent.exists());
    fs::write(target.path().join("mine"), "").unwrap();
    let full = viva(&["restore", whole.to_str().unwrap()], target.path());
    assert!(said_empty(&full), "{}", crate::backup::said(&full));
    ok(&viva(&["restore", whole.to_str().unwrap(), "--json"], &absent));
    assert!(absent.join("viva.db").is_file() && !absent.join("restoring").exists());
    assert_eq!(fs::metadata(&absent).unwrap().permissions().mode() & 0o777, 0o700);
}

fn said_empty(output: &Output) -> bool {
    output.status.code() == Some(1) && said(output).contains("is not empty")
}

fn archive_of(parts: &[(&str, &str)]) -> Vec<u8> {
    let listed: Vec<Value> =
        parts.iter().map(|(path, text)| json!({"path": path, "bytes": text.len(), "sha256": "00"})).collect();
    let manifest =
        json!({"format": 1, "viva": "0", "schema": 1, "created_at": "2026-01-01T00:00:00Z", "parts": listed});
    let mut all: Vec<(&str, String)> = parts.iter().map(|(path, text)| (*path, (*text).to_owned())).collect();
    all.push(("manifest.json", manifest.to_string()));
    zip_of(&all)
}

fn zip_of(parts: &[(&str, String)]) -> Vec<u8> {
    let script = "import sys, json, zipfile, io\nout = io.BytesIO()\narchive = zipfile.ZipFile(out, 'w')\n\
                  [archive.writestr(path, text) for path, text in json.load(sys.stdin)]\narchive.close()\n\
                  sys.stdout.buffer.write(out.getvalue())";
    let mut child =
        Command::new("python3").args(["-c", script]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(json!(parts).to_string().as_bytes()).unwrap();
    let mut bytes = Vec::new();
    child.stdout.take().unwrap().read_to_end(&mut bytes).unwrap();
    assert!(child.wait().unwrap().success());
    bytes
}

#[tokio::test]
async fn a_damaged_database_is_refused_at_the_start_with_what_to_do() {
    let mut server = Viva::start(VIVA).await;
    server.running_session(json!({})).await;
    assert_eq!(server.terminate(), Some(0));
    let database = server.data.path().join("viva.db");
    let mut bytes = fs::read(&database).unwrap();
    let middle = bytes.len() / 4096 / 2 * 4096;
    bytes[middle..middle + 4096].fill(0x7f);
    fs::write(&database, &bytes).unwrap();
    let serve = viva(&["serve", "--listen", "127.0.0.1:0"], server.data.path());
    assert_eq!(serve.status.code(), Some(1));
    assert!(said(&serve).contains("is damaged") && said(&serve).contains("viva restore"), "{}", said(&serve));
    assert_eq!(fs::read(&database).unwrap(), bytes);
    let archives = folder();
    let backup = viva(&["backup", archives.path().join("b").to_str().unwrap()], server.data.path());
    assert_eq!(backup.status.code(), Some(1));
    assert_eq!(fs::read_dir(archives.path()).unwrap().count(), 0);
}

#[tokio::test]
async fn a_file_that_the_disk_has_changed_is_told_and_the_rest_is_kept() {
    let mut server = Viva::start(VIVA).await;
    let id = server.running_session(json!({})).await;
    let put = server.client().put(format!("{}/api/v1/sessions/{id}/files/a", server.url)).bearer_auth(TOKEN);
    assert_eq!(put.body("good").send().await.unwrap().status(), 201);
    server.post(&format!("/api/v1/sessions/{id}/stop"), json!({})).await.expect(202);
    server.wait_status(&id, "stopped").await;
    assert_eq!(server.terminate(), Some(0));
    let files = server.data.path().join(format!("sessions/{id}/files"));
    let file = fs::read_dir(&files).unwrap().next().unwrap().unwrap().path();
    fs::write(&file, "evil").unwrap();
    let archives = folder();
    let archive = archives.path().join("b");
    let made = viva(&["backup", archive.to_str().unwrap()], server.data.path());
    assert_eq!(made.status.code(), Some(1));
    assert!(said(&made).contains("is damaged in the data folder"), "{}", said(&made));
    fs::remove_file(&file).unwrap();
    let made = viva(&["backup", archive.to_str().unwrap(), "--force"], server.data.path());
    assert!(made.status.code() == Some(1) && said(&made).contains("is missing"), "{}", said(&made));
    ok(&viva(&["restore", archive.to_str().unwrap(), "--json"], &archives.path().join("data")));
}

#[tokio::test]
async fn deletions_under_a_backup_are_finished_and_the_backup_is_whole() {
    let server = Viva::start(VIVA).await;
    let mut ids = Vec::new();
    for number in 0..6 {
        let session = server.post("/api/v1/sessions", json!({"model": "demo", "name": format!("s{number}")})).await;
        let id = session.expect(201)["id"].as_str().unwrap().to_owned();
        let path = format!("{}/api/v1/sessions/{id}/files/a", server.url);
        let put = server.client().put(path).bearer_auth(TOKEN).body(vec![b'x'; 2 << 20]).send().await.unwrap();
        assert_eq!(put.status(), 201);
        ids.push(id);
    }
    let (archives, data) = (folder(), server.data.path().to_owned());
    let archive = archives.path().join("b");
    let to = archive.to_str().unwrap().to_owned();
    let backing = tokio::task::spawn_blocking(move || viva(&["backup", &to, "--json"], &data));
    for id in &ids {
        server.ask(Method::DELETE, &format!("/api/v1/sessions/{id}?confirm=delete"), None).await.expect(200);
    }
    ok(&backing.await.unwrap());
    ok(&viva(&["restore", archive.to_str().unwrap(), "--json"], &archives.path().join("data")));
}
