use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    process::{Child, Command, Stdio},
};

use protocol::CompletionId;
use store::{Settings, Store};

use crate::fixture::{at, creation, finish, session};

/// The environment variable with the folder that a child process works in.
pub(crate) const DATA: &str = "VIVA_STORE_TEST_DATA";

/// Starts a test of this binary that is meant to be killed.
pub(crate) fn child(test: &str, data: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", test, "--ignored", "--nocapture", "--test-threads", "1"])
        .env(DATA, data)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child of the test below"]
async fn writer_that_is_killed() {
    let Some(data) = std::env::var_os(DATA) else { return };
    let store = Store::open(Path::new(&data), &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(at(0)).await.unwrap().id;
    let session = session(owner, "one");
    store.create_session(creation(session.clone())).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..16 {
        let (store, id) = (store.clone(), session.id);
        tasks.spawn(async move {
            loop {
                let finish = finish(id, "kept for good");
                let completion = finish.begin.id;
                store.begin_completion(finish.begin.clone()).await.unwrap();
                store.finish_completion(finish).await.unwrap();
                writeln!(std::io::stdout(), "done {completion}").unwrap();
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_was_acknowledged_is_there_after_a_kill() {
    let dir = tempfile::TempDir::new().unwrap();
    let data = dir.path().join("data");
    for round in 1..=2 {
        let data = data.join(round.to_string());
        std::fs::create_dir_all(data.parent().unwrap()).unwrap();
        let mut child = child("durability::writer_that_is_killed", &data);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut acknowledged: Vec<CompletionId> = Vec::new();
        while let Some(Ok(line)) = lines.next() {
            acknowledged.extend(line.strip_prefix("done ").and_then(|id| id.parse::<CompletionId>().ok()));
            if acknowledged.len() == 250 * round {
                child.kill().unwrap();
            }
        }
        child.wait().unwrap();
        assert!(acknowledged.len() >= 250 * round);
        let store = Store::open(&data, &Settings::default()).await.unwrap();
        store.finish_interrupted(at(9)).await.unwrap();
        for id in &acknowledged {
            let found = store.find_completion(*id).await.unwrap();
            assert_eq!(found.expect("it was acknowledged").response, "kept for good");
        }
        let owner = store.ensure_owner(at(0)).await.unwrap().id;
        let session = &store.list_sessions(owner, &Default::default(), &Default::default()).await.unwrap().items[0];
        assert_eq!(session.usage.interactions, store.count_completions(session.id).await.unwrap());
        store.close().await.unwrap();
    }
}
