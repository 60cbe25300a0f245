//! Measures the store: durable records per second, then reading with many sessions and completions stored.
//!
//! `cargo run --release -p store --example store_bench -- [SESSIONS] [COMPLETIONS]` (100000 and 1000000).
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and stops at what is unexpected")]

use std::{
    path::Path,
    time::{Duration, Instant},
};

use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId, UserId,
    completion::{Choice, CompletionTiming, CompletionUsage, FinishReason, Origin},
    session::Status,
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Begin, CompletionFilter, Finish, Paging, SessionFilter, Settings, Store};
use tokio::task::JoinSet;

mod support;
use support::{MEASURED, create, measure, print};

const WRITERS: usize = 64;
const ANSWER: &str = "The capital of France is Paris, a city on the river Seine that is known for its museums, its \
    food and its light. It has been the seat of the country's government for most of the last thousand years, and \
    about two million people live within its boundaries today, many more around it.";

#[tokio::main]
async fn main() {
    let mut arguments = std::env::args().skip(1).map(|argument| argument.parse::<i64>().unwrap());
    let sessions = arguments.next().unwrap_or(100_000);
    let completions = arguments.next().unwrap_or(1_000_000);
    let dir = tempfile::TempDir::new().unwrap();
    for (number, spread) in [1, 32].into_iter().enumerate() {
        writing(&dir.path().join(number.to_string()), spread).await;
    }
    let data = dir.path().join("large");
    let owner = prepare(&data, sessions, completions).await;
    reading(&data, owner, sessions).await;
}

fn finish(session: SessionId) -> Finish {
    Finish {
        begin: Begin {
            repeatable: None,
            id: CompletionId::generate(),
            session_id: session,
            conversation: None,
            origin: Origin::Api,
            task_row: None,
            request: r#"{"model":"demo","messages":[{"role":"user","content":"What is the capital of France?"}]}"#
                .to_owned(),
            created_at: Timestamp::UNIX_EPOCH,
        },
        choices: vec![Choice { index: 0, text: ANSWER.to_owned(), finish_reason: Some(FinishReason::Stop) }],
        finish_reason: FinishReason::Stop,
        error: None,
        usage: CompletionUsage { prompt_tokens: 12, completion_tokens: 60 },
        timing: CompletionTiming { total_ms: Some(12.5), ..CompletionTiming::default() },
        finished_at: Timestamp::UNIX_EPOCH,
    }
}

/// Writers that begin and finish completions of short answers, each waiting for the disk.
async fn writing(data: &Path, spread: usize) {
    let store = Store::open(data, &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(Timestamp::UNIX_EPOCH).await.unwrap().id;
    let mut ids = Vec::new();
    for number in 0..spread {
        ids.push(create(&store, owner, &format!("session {number}")).await);
    }
    let (mut tasks, start) = (JoinSet::new(), Instant::now());
    for number in 0..WRITERS {
        let (store, session) = (store.clone(), ids[number % spread]);
        tasks.spawn(async move {
            let mut times = Vec::new();
            while start.elapsed() < MEASURED {
                let (began, finish) = (Instant::now(), finish(session));
                store.begin_completion(finish.begin.clone()).await.unwrap();
                store.finish_completion(finish).await.unwrap();
                times.push(began.elapsed());
            }
            times
        });
    }
    let times: Vec<Duration> = tasks.join_all().await.into_iter().flatten().collect();
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    print(&format!("durable records, {WRITERS} writers, {spread} session(s): {rate:.0}/s"), times);
    store.close().await.unwrap();
}

/// Fills the database in bulk, past the store: the first session holds a tenth of the completions.
async fn prepare(data: &Path, sessions: i64, completions: i64) -> UserId {
    let start = Instant::now();
    let store = Store::open(data, &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(Timestamp::UNIX_EPOCH).await.unwrap().id;
    create(&store, owner, "pattern").await;
    store.close().await.unwrap();
    drop(store);
    let options = SqliteConnectOptions::new().filename(data.join("viva.db")).pragma("synchronous", "OFF");
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "WITH RECURSIVE n (i) AS (VALUES (0) UNION ALL SELECT i + 1 FROM n WHERE i < ?1 - 1)
         INSERT INTO session (id, owner, name, search, model_id, model_name, model_version, model_kind, context_length,
            parallel, stop, limits, memory_needed, phase, status, reason_code, reason, since_at, generation, revision,
            created_at, change)
         SELECT unhex(printf('%032x', i)), owner, 'session ' || i, 'session ' || i || ' about topic ' || (i * 7919 % 1000)
            || char(10) || char(10) || 'demo:1', model_id, model_name, model_version, model_kind, context_length,
            parallel, stop, limits, memory_needed, 'ended', iif(i % 10, 'stopped', 'failed'),
            iif(i % 10, 'user', 'model_invalid'),
            iif(i % 10, '{\"code\":\"user\",\"message\":\"\",\"details\":{}}',
                '{\"code\":\"model_invalid\",\"message\":\"\",\"details\":{}}'),
            0, 1, 3, 0, i + 10 FROM n, session WHERE session.name = 'pattern'",
    )
    .bind(sessions)
    .execute(&mut connection)
    .await
    .unwrap();
    let mut from = 0;
    while from < completions {
        let to = completions.min(from + 50_000);
        fill(&mut connection, sessions, from, to).await;
        from = to;
    }
    connection.close().await.unwrap();
    let bytes = std::fs::metadata(data.join("viva.db")).unwrap().len();
    println!("{sessions} sessions, {completions} completions, {} MB, in {:.0?}", bytes >> 20, start.elapsed());
    owner
}

async fn fill(connection: &mut SqliteConnection, sessions: i64, from: i64, to: i64) {
    let numbers = "WITH RECURSIVE n (i) AS (VALUES (?2) UNION ALL SELECT i + 1 FROM n WHERE i < ?3 - 1), c AS (
        SELECT unhex(printf('%032x', i)) AS id, unhex(printf('%032x', iif(i % 10, i * 7919 % ?1, 0))) AS session,
            printf(' word%d word%d term%d', i * 31 % 5000, i * 17 % 7000, i) AS own, i FROM n)";
    let rows = format!(
        "{numbers} INSERT INTO completion (id, session, origin, status, request, response, finish_reason,
            prompt_tokens, completion_tokens, created_at, finished_at)
         SELECT id, session, 'api', 'done', '{{\"messages\":[{{\"role\":\"user\",\"content\":\"a question\"}}]}}',
            ?4 || own, 'stop', 12, 60, i, i FROM c"
    );
    let words = format!(
        "{numbers} INSERT INTO completion_words SELECT session, id, lower(?4) || own FROM c ORDER BY session, id"
    );
    for sql in [rows, words] {
        sqlx::query(sqlx::AssertSqlSafe(sql))
            .bind(sessions)
            .bind(from)
            .bind(to)
            .bind(ANSWER)
            .execute(&mut *connection)
            .await
            .unwrap();
    }
}

/// Pages and searches, of a session with ten completions and of the one with a tenth of all.
async fn reading(data: &Path, owner: UserId, sessions: i64) {
    let store = Store::open(data, &Settings::default()).await.unwrap();
    let first = Paging::default();
    let mut round = 0u64;
    for (what, q, status) in [
        ("sessions: first page", None, None),
        ("sessions: first page of a status", None, Some(Status::Failed)),
        ("sessions: search, many match", Some("topic 7"), None),
        ("sessions: search, one matches", Some("session 777 "), None),
        ("sessions: search, none matches", Some("nothing like it"), None),
    ] {
        let filter = SessionFilter { status, q: q.map(str::to_owned) };
        measure(what, async || drop(store.list_sessions(owner, &filter, &first).await.unwrap())).await;
    }
    let mut session = |own: bool| {
        round += 1;
        let number = if own { 1 + round * 104_729 % u64::try_from(sessions - 1).unwrap() } else { 0 };
        SessionId::from_bytes(u128::from(number).to_be_bytes())
    };
    for (what, q, own) in [
        ("history: page of a session", None, true),
        ("history: search in a session", Some("word1"), true),
        ("history: page of the largest session", None, false),
        ("largest session: search, many match", Some("word1"), false),
        ("largest session: search, one matches", Some("term777770"), false),
        ("largest session: search, none matches", Some("absent"), false),
    ] {
        let filter = CompletionFilter { q: q.map(str::to_owned), ..CompletionFilter::default() };
        let mut list = async || {
            let session = session(own);
            drop(store.list_completions(session, &filter, &first).await.unwrap());
        };
        measure(what, &mut list).await;
    }
    let start = Instant::now();
    let scrubbed = store.scrub().await.unwrap();
    let pages = (scrubbed.pages_wiped, scrubbed.pages_read);
    println!("scrub, first: {:.1?}, {} of {} pages wiped", start.elapsed(), pages.0, pages.1);
    let start = Instant::now();
    store.scrub().await.unwrap();
    println!("scrub, again: {:.1?}", start.elapsed());
    store.close().await.unwrap();
}
