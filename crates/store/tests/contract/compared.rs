use std::{collections::BTreeMap, time::Instant};

use protocol::{TaskId, scoring::RowScore};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{ComparedRows, Settings, Store};

use crate::{
    fixture::{Fixture, at},
    tasks::{answer, cut, task},
};

async fn score(store: &Store, task: TaskId, scores: &[(u64, f64)]) {
    for (number, value) in scores {
        let scores = BTreeMap::from([("own \"score\"".to_owned(), RowScore::scored(*value))]);
        store.score_task_row(task, *number, scores).await.unwrap();
    }
}

fn by_score(offset: u64, limit: u32) -> ComparedRows {
    ComparedRows { score: Some("own \"score\"".to_owned()), q: None, offset, limit }
}

async fn numbers(store: &Store, tasks: &[TaskId], wanted: &ComparedRows) -> (Vec<u64>, bool) {
    let (rows, more) = store.list_compared_rows(tasks, wanted).await.unwrap();
    (rows.iter().map(|row| row.number).collect(), more)
}

#[tokio::test]
async fn rows_that_differ_most_come_first_and_those_without_a_score_last() {
    let f = Fixture::new().await;
    let (one, other) = (f.create("one").await.id, f.create("other").await.id);
    let first = task(&f.store, one, 6).await;
    score(&f.store, first, &[(0, 0.5), (1, 1.0), (3, 0.0), (4, 0.25)]).await;

    // The second was cut, and gone on with in another session: its rows lie with two tasks.
    let part = task(&f.store, one, 6).await;
    answer(&f.store, one, (part, 0)).await;
    score(&f.store, part, &[(0, 0.5)]).await;
    f.store.end_task(part, cut(), at(5)).await.unwrap();
    let second = f.store.resume_task(part, TaskId::generate(), other, at(6)).await.unwrap().id;
    score(&f.store, second, &[(1, 0.25), (3, 1.0)]).await;

    let tasks = [first, second];
    assert_eq!(numbers(&f.store, &tasks, &by_score(0, 9)).await, (vec![3, 1, 0, 2, 4, 5], false));
    assert_eq!(numbers(&f.store, &tasks, &by_score(1, 2)).await, (vec![1, 0], true));
    let (rows, _) = f.store.list_compared_rows(&tasks, &by_score(0, 3)).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.difference).collect::<Vec<_>>(), [Some(1.0), Some(0.75), Some(0.0)]);
    assert_eq!(rows[2].answers[1].as_ref().unwrap().response.as_deref(), Some("an answer"));
    assert_eq!(numbers(&f.store, &tasks, &ComparedRows { limit: 9, ..ComparedRows::default() }).await.0.len(), 6);
    let with = |text: &str| ComparedRows { q: Some(text.to_owned()), ..by_score(0, 9) };
    assert_eq!(numbers(&f.store, &tasks, &with("an answer")).await, (vec![0], false));
    assert_eq!(numbers(&f.store, &tasks, &with("ờ🦀ờ🦀ờ🦀ờ🦀")).await, (vec![3, 4], false));

    // A deleted task leaves no score behind.
    f.store.end_task(first, cut(), at(7)).await.unwrap();
    f.store.delete_task(first).await.unwrap();
    assert_eq!(numbers(&f.store, &[second, first], &by_score(0, 9)).await.0, [0, 1, 2, 3, 4, 5]);
}

async fn resident() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() / 1024
}

/// `cargo test --workspace --test contract a_hundred_thousand_rows -- --ignored --nocapture`
#[tokio::test]
#[ignore = "a measurement, run by hand"]
async fn a_hundred_thousand_rows_are_compared_a_page_in_less_than_200_ms() {
    let f = Fixture::new().await;
    let (one, other) = (f.create("one").await.id, f.create("other").await.id);
    let tasks = [task(&f.store, one, 1).await, task(&f.store, other, 1).await];
    f.store.close().await.unwrap();
    drop(f.store);
    let data = f.dir.path().join("data");
    let options = SqliteConnectOptions::new().filename(data.join("viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    for (task, session) in tasks.iter().zip([one, other]) {
        for sql in [
            "INSERT INTO task_row (task, number, line, content, state)
             WITH RECURSIVE n (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 99999)
             SELECT ?1, n, n + 1, json_object('columns', json_object('question',
                 'What is ' || n || ' and what of ' || hex(randomblob(150)), 'answer', n)), 'pending' FROM n",
            "INSERT INTO completion (id, session, origin, status, request, response, finish_reason, prompt_tokens,
                 completion_tokens, created_at, finished_at, task, task_row)
             SELECT randomblob(16), ?2, 'task', 'done', content, hex(randomblob(100)), 'stop', 10, 10, 1, 2, ?1, number
             FROM task_row WHERE task = ?1",
            "UPDATE task_row SET scores = json_object('exact', json_object('status', 'scored', 'value',
                 abs(random()) % 2 * 1.0), 'bleu', json_object('status', 'scored', 'value', abs(random()) % 1000 / 1000.0,
                 'statistics', json('{\"bleu\": [1,2,3,4,5,6,7,8,9,10]}'))) WHERE task = ?1 AND ?2 = ?2",
        ] {
            sqlx::query(sql)
                .bind(task.as_bytes().as_slice())
                .bind(session.as_bytes().as_slice())
                .execute(&mut connection)
                .await
                .unwrap();
        }
    }
    connection.close().await.unwrap();
    let store = Store::open(&data, &Settings::default()).await.unwrap();
    let before = resident().await;
    let mut slow = Vec::new();
    for (what, score, q, offset) in [
        ("in their order", None, None, 0),
        ("by exact, first page", Some("exact"), None, 0),
        ("by bleu, first page", Some("bleu"), None, 0),
        ("by bleu, last page", Some("bleu"), None, 99_900),
        ("by bleu, of a text", Some("bleu"), Some("AB12"), 0),
    ] {
        let wanted = ComparedRows { score: score.map(str::to_owned), q: q.map(str::to_owned), offset, limit: 100 };
        let mut times = Vec::new();
        for _ in 0..5 {
            let began = Instant::now();
            store.list_compared_rows(&tasks, &wanted).await.unwrap();
            times.push(began.elapsed());
        }
        times.sort_unstable();
        println!("{what}: median {:?}, worst {:?}", times[2], times[4]);
        slow.extend((q.is_none() && times[2].as_millis() > 200).then_some(what));
    }
    let began = Instant::now();
    for task in tasks {
        let mut from = 0;
        while let Some(last) = store.list_row_scores(task, from, 500).await.unwrap().last() {
            from = last.number + 1;
        }
    }
    println!("all scores of both, 500 at a time: {:?}", began.elapsed());
    println!("memory: {before} MB before, {} MB after", resident().await);
    assert!(slow.is_empty(), "{slow:?}");
}
