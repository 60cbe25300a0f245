use std::collections::BTreeMap;

use protocol::{
    SessionId, TaskId, TestSetId,
    completion::Origin,
    dataset::Format,
    scoring::RowScore,
    task::{RowError, TaskReason, TaskReasonCode, TaskStatus},
};
use serde_json::{Map, json};
use store::{Change, NewRow, Store, TaskEnd, TaskSpec, TestSetWrite, Unready};

use crate::fixture::{Fixture, at, begin, end_of, ended};

fn spec() -> TaskSpec {
    TaskSpec {
        format: Format::Jsonl,
        file: None,
        test_set: None,
        columns: vec!["prompt".to_owned()],
        sha256: "0".repeat(64),
        prompt: None,
        system: None,
        parameters: Map::new(),
        scoring: Vec::new(),
        concurrency: 4,
        metadata: BTreeMap::new(),
    }
}

/// Rows of which every third is bad and every second has an id, in letters of several bytes.
fn some_rows(count: u64) -> Vec<NewRow> {
    let content = |number: u64| match number % 3 {
        2 => Err(RowError { code: "invalid_row".to_owned(), message: "bad".to_owned() }),
        _ => Ok(json!({"columns": {"prompt": "ờ🦀".repeat(number as usize + 1)}}).to_string()),
    };
    let row = |number| NewRow {
        number,
        line: number + 1,
        custom_id: number.is_multiple_of(2).then(|| format!("ờ-{number}")),
        content: content(number),
    };
    (0..count).map(row).collect()
}

pub(crate) fn cut() -> TaskEnd {
    let reason = TaskReason { code: TaskReasonCode::Cancelled, message: "cut".to_owned() };
    TaskEnd { status: TaskStatus::Cut, reason: Some(reason), scores: None }
}

fn done() -> TaskEnd {
    TaskEnd { status: TaskStatus::Done, reason: None, scores: None }
}

async fn unready(store: &Store, session: SessionId, count: u64) -> TaskId {
    let id = TaskId::generate();
    store.begin_task(id, session, "a task", at(1)).await.unwrap();
    store.add_task_rows(id, some_rows(count)).await.unwrap();
    id
}

pub(crate) async fn task(store: &Store, session: SessionId, count: u64) -> TaskId {
    let id = unready(store, session, count).await;
    store.ready_task(id, spec()).await.unwrap();
    id
}

pub(crate) async fn answer(store: &Store, session: SessionId, row: (TaskId, u64)) {
    let begin = store::Begin { origin: Origin::Task, task_row: Some(row), ..begin(session) };
    store.finish_completion(end_of(begin, "an answer")).await.unwrap();
}

/// What a session's row shows, which is to be what its results have.
async fn persistent(store: &Store, session: SessionId) -> u64 {
    let shown = store.find_session(session).await.unwrap().unwrap().storage.persistent_bytes;
    assert_eq!(shown, store.measure_results(session).await.unwrap());
    shown
}

#[tokio::test]
async fn the_inputs_of_rows_are_counted_and_given_back() {
    let f = Fixture::new().await;
    let (one, other) = (f.create("one").await.id, f.create("other").await.id);
    let inputs = |count| -> u64 {
        let of =
            |row: &NewRow| row.content.as_ref().map_or(0, String::len) + row.custom_id.as_ref().map_or(0, String::len);
        some_rows(count).iter().map(of).sum::<usize>() as u64
    };
    let small = task(&f.store, one, 3).await;
    assert_eq!(persistent(&f.store, one).await, inputs(3));
    let large = task(&f.store, one, 1200).await;
    assert_eq!(persistent(&f.store, one).await, inputs(3) + inputs(1200));
    // What is never made ready gives back what it had, one alone and at a start.
    let before = persistent(&f.store, one).await;
    let (given_up, _left) = (unready(&f.store, one, 70).await, unready(&f.store, one, 7).await);
    assert_eq!(persistent(&f.store, one).await, before + inputs(70) + inputs(7));
    f.store.remove_unready_tasks(Unready::One(given_up)).await.unwrap();
    assert_eq!(persistent(&f.store, one).await, before + inputs(7));
    let f = f.reopen().await;
    f.store.remove_unready_tasks(Unready::All).await.unwrap();
    assert_eq!(persistent(&f.store, one).await, before);

    // A task that is gone on with has its rows a second time, in the session that goes on.
    answer(&f.store, one, (large, 0)).await;
    f.store.end_task(large, cut(), at(5)).await.unwrap();
    let next = f.store.resume_task(large, TaskId::generate(), other, at(6)).await.unwrap();
    let (here, there) = (persistent(&f.store, one).await, persistent(&f.store, other).await);
    assert!(there > inputs(1100) && there < inputs(1200), "{there}");
    answer(&f.store, other, (next.id, 1)).await;
    persistent(&f.store, other).await;

    // Deleted, in several steps, all is given back.
    f.store.delete_task(large).await.unwrap();
    assert_eq!(persistent(&f.store, one).await, inputs(3));
    assert!(here > inputs(3) + inputs(1200), "{here}");
    f.store.end_task(small, done(), at(7)).await.unwrap();
    f.store.delete_task(small).await.unwrap();
    assert_eq!(persistent(&f.store, one).await, 0);
    f.store.end_task(next.id, done(), at(8)).await.unwrap();
    f.store.delete_task(next.id).await.unwrap();
    assert_eq!(persistent(&f.store, other).await, 0);
}

#[tokio::test]
async fn a_deleted_task_is_told_of_once_and_one_that_goes_with_its_session_is_not() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let (first, second) = (task(&f.store, session, 2).await, task(&f.store, session, 2).await);
    for id in [first, second] {
        f.store.end_task(id, done(), at(2)).await.unwrap();
    }
    let start = f.store.latest_change();
    f.store.delete_task(first).await.unwrap();
    let told = f.store.changes_after(f.owner, start, 9).await.unwrap();
    assert!(
        matches!(&told[..], [Change::TaskDeleted(number, id), Change::Session(now)]
            if *id == first && now.id == session && *number < now.change),
        "{told:?}"
    );
    // There is nothing more to tell of one that is gone already.
    let latest = f.store.latest_change();
    f.store.delete_task(first).await.unwrap();
    assert_eq!(f.store.changes_after(f.owner, latest, 9).await.unwrap(), []);

    f.mark_deleting(session).await;
    f.store.erase_session_rows(session).await.unwrap();
    let f = f.reopen().await;
    let told = f.store.changes_after(f.owner, start, 9).await.unwrap();
    assert!(matches!(&told[..], [Change::TaskDeleted(_, id), Change::Deleted(..)] if *id == first), "{told:?}");
}

#[tokio::test]
async fn each_change_of_a_test_set_is_told_with_its_last_run() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let (id, start) = (TestSetId::generate(), f.store.latest_change());
    let write = async |write| f.store.write_test_set(f.owner, id, write).await.unwrap();
    write(TestSetWrite::Create { name: "mine".to_owned(), run: None, now: at(1) }).await;
    let case = TestSetWrite::AddCase { messages: vec![json!({"role": "user"})], expected: None, now: at(2) };
    assert_eq!(write(case).await, 1);
    let run = unready(&f.store, session, 1).await;
    f.store.ready_task(run, TaskSpec { test_set: Some(id), ..spec() }).await.unwrap();
    write(TestSetWrite::Rename("ours".to_owned())).await;
    let told = f.store.changes_after(f.owner, start, 9).await.unwrap();
    let set = told.iter().find_map(|change| match change {
        Change::TestSet(set) => Some(set),
        _ => None,
    });
    let set = set.unwrap();
    assert_eq!((set.name.as_str(), set.cases, set.runs[0].id), ("ours", 1, run));
    let latest = f.store.latest_change();
    write(TestSetWrite::DeleteCase(1)).await;
    write(TestSetWrite::Delete).await;
    let told = f.store.changes_after(f.owner, latest, 9).await.unwrap();
    assert!(matches!(&told[..], [Change::TestSetDeleted(_, gone)] if *gone == id), "{told:?}");
}

#[tokio::test]
async fn a_row_that_was_scored_twice_has_its_last_score() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let id = task(&f.store, session, 2).await;
    answer(&f.store, session, (id, 0)).await;
    for value in [0.25, 0.5] {
        let scores = BTreeMap::from([("own".to_owned(), RowScore::scored(value))]);
        f.store.score_task_row(id, 0, scores).await.unwrap();
    }
    let rows = f.store.list_row_scores(id, 0, 9).await.unwrap();
    assert_eq!(rows[0].scores["own"].value(), Some(0.5));
    let mut session = f.store.find_session(session).await.unwrap().unwrap();
    session.state = ended(3);
    f.store.write_session(session.revision, session, None).await.unwrap();
    assert_eq!(f.store.find_task(id).await.unwrap().unwrap().status, TaskStatus::Cut);
}

#[tokio::test]
async fn a_task_is_summed_up_once_and_without_scorings_there_is_nothing_to_sum_up() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let plain = task(&f.store, session, 2).await;
    let scored = unready(&f.store, session, 2).await;
    let scoring = serde_json::from_value(json!([{"reference": "answer", "metric": {"kind": "exact"}}])).unwrap();
    f.store.ready_task(scored, TaskSpec { scoring, ..spec() }).await.unwrap();
    for id in [plain, scored] {
        f.store.end_task(id, done(), at(2)).await.unwrap();
    }
    let unsummed = async || -> Vec<TaskId> {
        f.store.list_unsummed_tasks(session).await.unwrap().iter().map(|task| task.id).collect()
    };
    assert_eq!(unsummed().await, [scored]);
    assert_eq!(f.store.list_sessions_with_tasks().await.unwrap(), [session]);
    // None of its scorings compiles any more: it counts as summed up.
    f.store.score_task(scored, Vec::new()).await.unwrap();
    assert_eq!(unsummed().await, []);
    assert_eq!(f.store.list_sessions_with_tasks().await.unwrap(), []);
}
