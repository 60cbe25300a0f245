use std::collections::BTreeMap;

use protocol::{TaskId, scoring::RowScore};
use store::{ComparedRows, Store};

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
