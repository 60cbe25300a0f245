//! Measures pages of two compared tasks of many rows, and reading all of their scores.
//!
//! `cargo run --release -p store --example compare_bench -- [ROWS]` (100000).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and stops at what is unexpected")]

use std::{collections::BTreeMap, path::Path, time::Instant};

use jiff::Timestamp;
use protocol::{SessionId, TaskId, dataset::Format};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{ComparedRows, NewRow, Settings, Store, TaskSpec};

mod support;
use support::{create, measure};

#[tokio::main]
async fn main() {
    let rows = std::env::args().nth(1).map_or(100_000, |argument| argument.parse::<u32>().unwrap());
    let dir = tempfile::TempDir::new().unwrap();
    let tasks = prepare(dir.path(), rows).await;
    let store = Store::open(dir.path(), &Settings::default()).await.unwrap();
    let last = u64::from(rows.saturating_sub(100));
    for (what, score, q, offset) in [
        ("in their order", None, None, 0),
        ("in their order, last page", None, None, last),
        ("by a score of few values", Some("exact"), None, 0),
        ("by a score of many values", Some("bleu"), None, 0),
        ("by a score, last page", Some("bleu"), None, last),
        ("by a score, of a text", Some("bleu"), Some("AB12"), 0),
    ] {
        let wanted = ComparedRows { score: score.map(str::to_owned), q: q.map(str::to_owned), offset, limit: 100 };
        let first = Instant::now();
        store.list_compared_rows(&tasks, &wanted).await.unwrap();
        println!("{what}, for the first time: {:.2?}", first.elapsed());
        measure(what, async || drop(store.list_compared_rows(&tasks, &wanted).await.unwrap())).await;
    }
    let start = Instant::now();
    for task in tasks {
        let mut from = 0;
        while let Some(last) = store.list_row_scores(task, from, 500).await.unwrap().last() {
            from = last.number + 1;
        }
    }
    println!("all scores of both, 500 at a time: {:.0?}", start.elapsed());
    store.close().await.unwrap();
}

/// Two tasks with answers and two scores a row, written in bulk past the store.
async fn prepare(data: &Path, rows: u32) -> [TaskId; 2] {
    let store = Store::open(data, &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(Timestamp::UNIX_EPOCH).await.unwrap().id;
    let mut made = Vec::new();
    for name in ["one", "other"] {
        let session = create(&store, owner, name).await;
        made.push((task(&store, session).await, session));
    }
    store.close().await.unwrap();
    let options = SqliteConnectOptions::new().filename(data.join("viva.db")).pragma("synchronous", "OFF");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for (task, session) in &made {
        fill(&mut connection, *task, *session, rows).await;
    }
    connection.close().await.unwrap();
    [made[0].0, made[1].0]
}

async fn task(store: &Store, session: SessionId) -> TaskId {
    let spec = TaskSpec {
        format: Format::Jsonl,
        file: None,
        test_set: None,
        columns: vec!["question".to_owned()],
        sha256: "0".repeat(64),
        prompt: None,
        system: None,
        parameters: serde_json::Map::new(),
        scoring: Vec::new(),
        concurrency: 4,
        metadata: BTreeMap::new(),
    };
    let id = TaskId::generate();
    store.begin_task(id, session, "a task", Timestamp::UNIX_EPOCH).await.unwrap();
    let content = Ok(r#"{"columns":{"question":"What is 0?"}}"#.to_owned());
    store.add_task_rows(id, vec![NewRow { number: 0, line: 1, custom_id: None, content }]).await.unwrap();
    store.ready_task(id, spec).await.unwrap();
    id
}

async fn fill(connection: &mut SqliteConnection, task: TaskId, session: SessionId, rows: u32) {
    for sql in [
        "INSERT INTO task_row (task, number, line, content, state)
         WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < ?3 - 1)
         SELECT ?1, n, n + 1, json_object('columns', json_object('question',
             'What is ' || n || ' and what of ' || hex(randomblob(150)), 'answer', n)), 'pending' FROM n WHERE ?2 = ?2",
        "INSERT INTO completion (id, session, origin, status, request, response, finish_reason, prompt_tokens,
             completion_tokens, created_at, finished_at, task, task_row)
         SELECT randomblob(16), ?2, 'task', 'done', content, hex(randomblob(100)), 'stop', 10, 10, 1, 2, ?1, number
         FROM task_row WHERE task = ?1 AND ?3 = ?3",
        "UPDATE task_row SET scores = json_object('exact', json_object('status', 'scored', 'value',
             abs(random()) % 2 * 1.0), 'bleu', json_object('status', 'scored', 'value', abs(random()) % 1000 / 1000.0,
             'statistics', json('{\"bleu\": [1,2,3,4,5,6,7,8,9,10]}'))) WHERE task = ?1 AND ?2 = ?2 AND ?3 = ?3",
    ] {
        sqlx::query(sql)
            .bind(task.as_bytes().as_slice())
            .bind(session.as_bytes().as_slice())
            .bind(rows)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}
