use std::{ops::Range, path::Path};

use protocol::{
    SessionId,
    completion::{Choice, CompletionUsage, FinishReason},
    readings::MemoryReading,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Checkpoint, Settings, Star, Store};
use tokio::task::JoinSet;

use crate::fixture::{Fixture, at, begin, end_of, finish};

async fn shown(store: &Store, session: SessionId) -> u64 {
    store.find_session(session).await.unwrap().unwrap().storage.persistent_bytes
}

/// The persistent bytes that the session's row shows, which are to be those that its completions have. Two reads: for
/// a store that nobody writes to.
async fn persistent(store: &Store, session: SessionId) -> u64 {
    let shown = shown(store, session).await;
    assert_eq!(shown, store.measure_results(session).await.unwrap());
    shown
}

#[tokio::test]
async fn the_bytes_of_results_are_counted_with_each_of_them() {
    let f = Fixture::new().await;
    let (session, other) = (f.create("one").await.id, f.create("other").await.id);
    assert_eq!(persistent(&f.store, session).await, 0);
    let begin = begin(session);
    let request = begin.request.len() as u64;
    f.store.begin_completion_durably(begin.clone()).await.unwrap().stored().await.unwrap();
    assert_eq!(persistent(&f.store, session).await, request + 2);
    let mut several = finish(session, "ờ🦀");
    several.choices.push(Choice { index: 1, text: "two".to_owned(), finish_reason: Some(FinishReason::Length) });
    f.store.finish_completion(several.clone()).await.unwrap();
    let before = persistent(&f.store, session).await;
    let checkpoint = Checkpoint {
        session_id: session,
        texts: vec!["a long text so far".repeat(500)],
        usage: CompletionUsage::default(),
    };
    f.store.checkpoint_completion(begin.id, checkpoint).await.unwrap();
    let until = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while shown(&f.store, session).await < before + 9000 {
        assert!(std::time::Instant::now() < until, "the checkpoint is not counted");
        tokio::task::yield_now().await;
    }
    // A repetition counts nothing twice.
    for _ in 0..2 {
        f.store.finish_completion(end_of(begin.clone(), "short")).await.unwrap();
    }
    assert_eq!(persistent(&f.store, session).await, before - 2 + 5);
    f.store.star_completion(begin.id, Star::Set).await.unwrap();
    f.store.delete_completion(several.begin.id).await.unwrap();
    assert_eq!(persistent(&f.store, session).await, request + 5);
    assert_eq!(persistent(&f.store, other).await, 0);

    // What died with the server counts as it was last written; files count beside the results.
    f.store.begin_completion_durably(self::begin(session)).await.unwrap().stored().await.unwrap();
    let f = f.reopen().await;
    f.store.finish_interrupted(at(5)).await.unwrap();
    let results = persistent(&f.store, session).await;
    let shown = f.store.set_storage(session, 7, 100).await.unwrap().unwrap().storage;
    assert_eq!((shown.temporary_bytes, shown.persistent_bytes), (7, results + 100));
}

async fn connect(data: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new().filename(data.join("viva.db"));
    SqliteConnection::connect_with(&options).await.unwrap()
}

#[tokio::test]
async fn a_database_of_before_gets_its_sizes() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    f.answer(session, "answer").await;
    f.store.close().await.unwrap();
    drop(f.store);
    let data = f.dir.path().join("data");
    let mut connection = connect(&data).await;
    // As version 1 left it: the size was measured at the end of a session, files and results together.
    for undo in [
        "DROP TABLE memory_reading",
        "DROP TRIGGER result_written",
        "DROP TRIGGER result_deleted",
        "DROP TRIGGER task_row_deleted",
        "ALTER TABLE session DROP COLUMN result_bytes",
        "ALTER TABLE session RENAME COLUMN file_bytes TO persistent_bytes",
        "UPDATE session SET persistent_bytes = 1000",
        "DELETE FROM _sqlx_migrations WHERE version = 2",
    ] {
        sqlx::query(undo).execute(&mut connection).await.unwrap();
    }
    connection.close().await.unwrap();
    let store = Store::open(&data, &Settings::default()).await.unwrap();
    assert_eq!(store.find_session(session).await.unwrap().unwrap().storage.persistent_bytes, 1000);
    store.finish_completion(finish(session, "more")).await.unwrap();
    let grown = store.find_session(session).await.unwrap().unwrap().storage.persistent_bytes;
    assert_eq!(grown, 1000 + finish(session, "").begin.request.len() as u64 + 4);
}

#[tokio::test]
async fn of_a_long_session_fewer_memory_readings_are_kept_over_all_of_its_time() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    // Handed over in order, committed together.
    let add = async |numbers: Range<i64>| {
        let mut tasks = JoinSet::new();
        for seconds in numbers.map(|number| number * 5) {
            let (store, reading) =
                (f.store.clone(), MemoryReading { at: at(seconds), bytes: u64::try_from(seconds).unwrap() });
            tasks.spawn(async move { store.add_memory_reading(session, reading).await.unwrap() });
        }
        tasks.join_all().await;
    };
    add(0..100).await;
    let all = f.store.list_memory_readings(session).await.unwrap();
    assert_eq!((all.len(), all[99]), (100, MemoryReading { at: at(495), bytes: 495 }));
    add(100..2000).await;
    let kept = f.store.list_memory_readings(session).await.unwrap();
    assert!((360..=720).contains(&kept.len()), "{}", kept.len());
    assert_eq!(kept[0].at, at(0));
    let gaps = kept.windows(2).map(|pair| pair[1].at.duration_since(pair[0].at).as_secs());
    let (least, most) = gaps.fold((i64::MAX, 0), |(least, most), gap| (least.min(gap), most.max(gap)));
    assert!(least >= 5 && most <= 60, "{least} {most}");
    // The clock was set back.
    add(3..4).await;
    assert_eq!(f.store.list_memory_readings(session).await.unwrap().len(), kept.len());
}

#[tokio::test]
async fn memory_readings_go_with_their_session() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let reading = MemoryReading { at: at(1), bytes: 2 };
    f.store.add_memory_reading(session, reading).await.unwrap();
    f.store.add_memory_reading(SessionId::generate(), reading).await.unwrap();
    let f = f.reopen().await;
    assert_eq!(f.store.list_memory_readings(session).await.unwrap(), [reading]);
    f.mark_deleting(session).await;
    f.store.erase_session_rows(session).await.unwrap();
    f.store.add_memory_reading(session, reading).await.unwrap();
    f.store.close().await.unwrap();
    let mut connection = connect(&f.dir.path().join("data")).await;
    let left: i64 = sqlx::query_scalar("SELECT count(*) FROM memory_reading").fetch_one(&mut connection).await.unwrap();
    assert_eq!(left, 0);
}

#[tokio::test]
async fn the_figures_of_completions_are_listed_in_order() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let mut ids = Vec::new();
    for number in 0..3 {
        let mut finish = finish(session, "text");
        finish.timing.first_token_ms = (number != 1).then_some(12.5);
        finish.timing.tokens_per_second = Some(f64::from(number));
        ids.push(finish.begin.id);
        f.store.finish_completion(finish).await.unwrap();
    }
    f.store.begin_completion_durably(begin(session)).await.unwrap().stored().await.unwrap();
    let readings = f.store.list_completion_readings(session).await.unwrap();
    assert_eq!(readings.iter().map(|reading| reading.id).collect::<Vec<_>>(), ids);
    let figures: Vec<_> = readings.iter().map(|r| (r.first_token_ms, r.tokens_per_second)).collect();
    assert_eq!(figures, [(Some(12.5), Some(0.0)), (None, Some(1.0)), (Some(12.5), Some(2.0))]);
    assert_eq!((readings[0].at, readings[0].prompt_tokens, readings[0].completion_tokens), (at(1), 10, 5));
}
