//! What must hold of a server's data at any time at which nothing is under way.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use serde_json::Value;
use testkit::{Viva, server::processes_of};

/// How long what goes on by itself may take to come to rest.
const REST: Duration = Duration::from_secs(20);

/// Holds the server to it, once what it does by itself is done.
pub(crate) async fn check(viva: &Viva) {
    let until = Instant::now() + REST;
    loop {
        let Err(found) = look(viva).await else { return };
        assert!(Instant::now() < until, "{found}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

macro_rules! hold {
    ($condition:expr, $($text:tt)+) => {
        if !$condition {
            return Err(format!($($text)+));
        }
    };
}

async fn look(viva: &Viva) -> Result<(), String> {
    let sessions = list(viva, "/api/v1/sessions?limit=200").await;
    let (mut all, mut live) = (BTreeSet::new(), BTreeSet::new());
    for session in &sessions {
        let id = text(&session["id"]);
        all.insert(id.clone());
        if ["initializing", "running"].contains(&session["status"].as_str().unwrap_or_default()) {
            live.insert(id.clone());
        }
        look_at_timeline(viva, session).await?;
        look_at_counters(viva, session).await?;
        look_at_files(viva, session).await?;
    }
    look_at_processes(viva, &live)?;
    look_at_folders(viva.data.path(), &all, &live)?;
    look_at_models(viva).await
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Every item of a list.
pub(crate) async fn list(viva: &Viva, path: &str) -> Vec<Value> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = viva.get(&format!("{path}{cursor}")).await.expect(200);
        items.extend(page["items"].as_array().unwrap().iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return items,
        }
    }
}

/// Each transition was logged once, and leads on from the one before.
async fn look_at_timeline(viva: &Viva, session: &Value) -> Result<(), String> {
    let id = text(&session["id"]);
    let timeline = viva.get(&format!("/api/v1/sessions/{id}/timeline")).await.expect(200);
    let steps: Vec<(String, String)> =
        timeline["items"].as_array().unwrap().iter().map(|step| (text(&step["from"]), text(&step["to"]))).collect();
    for pair in steps.windows(2) {
        hold!(pair[0].1 == pair[1].0, "{id}: its timeline has a gap: {steps:?}");
    }
    let reached: BTreeSet<&String> = steps.iter().map(|(_, to)| to).collect();
    hold!(reached.len() == steps.len(), "{id}: a transition was logged twice: {steps:?}");
    let last = steps.last().map_or("", |(_, to)| to);
    let is_over = ["stopped", "failed"].contains(&session["status"].as_str().unwrap_or_default());
    hold!(is_over == (last == "ended"), "{id} is {} after {steps:?}", session["status"]);
    Ok(())
}

/// Counters are the sums of what is stored, and no answer is stored twice.
async fn look_at_counters(viva: &Viva, session: &Value) -> Result<(), String> {
    let id = text(&session["id"]);
    let answers = list(viva, &format!("/api/v1/sessions/{id}/completions?limit=200")).await;
    let ids: BTreeSet<String> = answers.iter().map(|answer| text(&answer["id"])).collect();
    hold!(ids.len() == answers.len(), "{id}: an answer is there twice");
    if let Some(open) = answers.iter().find(|answer| answer["status"] != "done") {
        return Err(format!("{id}: an answer is still being written: {open}"));
    }
    // What was stored since the session was read is not in its counters as read.
    let session = viva.get(&format!("/api/v1/sessions/{id}")).await.json();
    let usage = &session["usage"];
    hold!(usage["interactions"] == answers.len(), "{id}: {usage} for {} answers", answers.len());
    for kind in ["prompt_tokens", "completion_tokens"] {
        let sum: u64 = answers.iter().filter_map(|answer| answer["usage"][kind].as_u64()).sum();
        hold!(usage[kind] == sum, "{id}: {usage}, and its answers have {sum} {kind}");
    }
    Ok(())
}

/// The contents in the folder are those of the files that are listed.
async fn look_at_files(viva: &Viva, session: &Value) -> Result<(), String> {
    let id = text(&session["id"]);
    let files = list(viva, &format!("/api/v1/sessions/{id}/files?limit=200")).await;
    let listed: BTreeMap<String, u64> =
        files.iter().map(|file| (text(&file["id"]), file["bytes"].as_u64().unwrap_or_default())).collect();
    let folder = viva.data.path().join(format!("sessions/{id}/files"));
    let found: BTreeMap<String, u64> = names(&folder)
        .into_iter()
        .map(|name| {
            let bytes = fs::metadata(folder.join(&name)).map_or(0, |file| file.len());
            (name, bytes)
        })
        .collect();
    hold!(listed == found, "{id}: files {listed:?}, contents {found:?}");
    Ok(())
}

fn names(folder: &Path) -> Vec<String> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries.map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// Every process is one of a live session.
fn look_at_processes(viva: &Viva, live: &BTreeSet<String>) -> Result<(), String> {
    for pid in viva.processes() {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        let line = String::from_utf8_lossy(&line).replace('\0', " ");
        // One that has ended meanwhile has no command line.
        let is_there = processes_of(viva.data.path()).contains(&pid);
        hold!(!is_there || live.iter().any(|id| line.contains(id.as_str())), "a process of nobody: {line}");
    }
    Ok(())
}

/// Every folder is one of a session, and what an ended one needed to run is gone.
fn look_at_folders(data: &Path, all: &BTreeSet<String>, live: &BTreeSet<String>) -> Result<(), String> {
    for id in names(&data.join("sessions")) {
        hold!(all.contains(&id), "a folder of nobody: {id}");
        for name in ["run", "tmp"] {
            let path = data.join("sessions").join(&id).join(name);
            hold!(live.contains(&id) || !path.exists(), "left behind: {}", path.display());
        }
    }
    Ok(())
}

/// Nothing is on its way in, and every file of a model is a model's.
async fn look_at_models(viva: &Viva) -> Result<(), String> {
    let data = viva.data.path();
    let incoming = names(&data.join("models/incoming"));
    hold!(incoming.is_empty(), "imports left behind: {incoming:?}");
    let models = list(viva, "/api/v1/models?limit=200").await;
    let named: BTreeSet<String> = models
        .iter()
        .flat_map(|model| model["files"].as_array().cloned().unwrap_or_default())
        .map(|file| format!("sha256-{}", text(&file["sha256"])))
        .collect();
    let found: BTreeSet<String> = names(&data.join("models/blobs")).into_iter().collect();
    hold!(named == found, "models' files {named:?}, on disk {found:?}");
    Ok(())
}

/// Looks into the database of a server that has ended: whole, and no row without what it belongs to.
pub(crate) fn check_database(data: &Path) {
    let script = "
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
ask = lambda sql: database.execute(sql).fetchall()
found = [row for row in ask('PRAGMA integrity_check') if row != ('ok',)] + ask('PRAGMA foreign_key_check')
lone = {
    'words': 'SELECT count(*) FROM completion_words w LEFT JOIN completion c ON c.id = w.completion WHERE c.id IS NULL',
    'uploads': 'SELECT count(*) FROM partial_file',
    'garbage': 'SELECT count(*) FROM garbage_file',
    'running': \"SELECT count(*) FROM completion WHERE status = 'running'\",
    'rows': 'SELECT count(*) FROM task_row r LEFT JOIN task t ON t.id = r.task WHERE t.id IS NULL',
}
found += [(what, ask(sql)[0][0]) for what, sql in lone.items() if ask(sql)[0][0] != 0]
print(found)
sys.exit(1 if found else 0)";
    let output = Command::new("python3").args(["-c", script]).arg(data.join("viva.db")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "the database: {said}");
}
