use std::{
    io::{BufRead, BufReader, Write},
    path::Path,
    time::{Duration, Instant},
};

use domain::{State, reason, session::Ended};
use protocol::{
    SessionId, UserId,
    completion::{CompletionError, CompletionUsage},
    session::{Phase, ReasonCode},
};
use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{Checkpoint, EraseError, Finish, Idempotency, Paging, Settings, Store, Transition};

use crate::{
    durability::{DATA, child},
    fixture::{Fixture, at, creation, ended, finish, session},
    secrets::Secrets,
};

/// Secret answers of a mix: rounds, and answers of each.
const ROUNDS: usize = 15;
const PER_ROUND: usize = 10;

fn kept(length: usize) -> String {
    "aeiou ".repeat(length / 6 + 1)
}

async fn create_secret(store: &Store, owner: UserId, secrets: &mut Secrets) -> SessionId {
    let mut secret = session(owner, &secrets.text(40));
    secret.description = Some(secrets.text(150));
    let mut creation = creation(secret.clone());
    creation.idempotency = Some(Idempotency { key_sha256: [1; 32], body_sha256: [2; 32] });
    store.create_session(creation).await.unwrap();
    secret.state = State::Ended(Ended {
        at: at(1),
        running_at: None,
        reason: reason::plain(ReasonCode::RuntimeCrashed, secrets.text(300)),
        unreleased: false,
    });
    let transition = Transition { actor: secrets.text(20), from: Phase::Queued, at: at(1) };
    store.write_session(0, secret.clone(), Some(transition)).await.unwrap();
    secret.id
}

fn secret_finish(session: SessionId, secrets: &mut Secrets) -> Finish {
    let lengths = [8, 60, 300, 900, 1300, 4000, 9000];
    let length = lengths[usize::try_from(secrets.next(7)).unwrap()];
    let mut finish = finish(session, &secrets.text(length));
    finish.begin.request = serde_json::json!({ "prompt": secrets.text(length / 2 + 6) }).to_string();
    finish.begin.conversation = Some(secrets.text(12));
    finish.error = Some(CompletionError { code: "error".to_owned(), message: secrets.text(30) });
    finish
}

/// Answers of the secret session and of others, mixed, a third of the secret ones grown by checkpoints.
async fn mix(store: &Store, secret: SessionId, others: &[SessionId], secrets: &mut Secrets) {
    for round in 0..ROUNDS {
        let (mut group, mut grown) = (Vec::new(), None);
        for number in 0..PER_ROUND {
            let finish = secret_finish(secret, secrets);
            if number % 3 == 0 {
                let text = &finish.choices[0].text;
                store.begin_completion(finish.begin.clone()).await.unwrap();
                let texts = vec![text.chars().take(text.chars().count() / 2).collect(), secrets.text(20)];
                let checkpoint = Checkpoint { session_id: secret, texts, usage: CompletionUsage::default() };
                store.checkpoint_completion(finish.begin.id, checkpoint).await.unwrap();
                grown = Some(finish.begin.id);
            }
            group.push(finish);
            for (place, other) in others.iter().enumerate() {
                group.push(self::finish(*other, &kept((round * 370 + number * 37 + place * 411) % 3000)));
            }
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while let Some(id) = grown {
            match store.find_completion(id).await.unwrap() {
                Some(found) if !found.choices.is_empty() => break,
                Some(_) | None => assert!(Instant::now() < deadline, "the checkpoint is not written"),
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for finish in group {
            let store = store.clone();
            tasks.spawn(async move { store.finish_completion(finish).await.unwrap() });
        }
        tasks.join_all().await;
    }
}

async fn mark(store: &Store, session: SessionId) {
    let mut session = store.find_session(session).await.unwrap().unwrap();
    session.state = ended(10);
    session.deleting_at = Some(at(11));
    store.write_session(session.revision, session, None).await.unwrap();
}

async fn assert_whole(data: &Path) {
    let options = SqliteConnectOptions::new().filename(data.join("viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let verdict: String = sqlx::query_scalar("PRAGMA integrity_check").fetch_one(&mut connection).await.unwrap();
    assert_eq!(verdict, "ok");
    connection.close().await.unwrap();
}

#[tokio::test]
async fn no_piece_of_an_erased_session_remains_in_any_file() {
    for seed in 1..=2 {
        let f = Fixture::new().await;
        let data = f.dir.path().join("data");
        let mut secrets = Secrets::new(seed);
        let others = [f.create("eia").await.id, f.create("uoa").await.id];
        let secret = create_secret(&f.store, f.owner, &mut secrets).await;
        mix(&f.store, secret, &others, &mut secrets).await;
        assert!(secrets.found_in(&data).len() > 1000, "the search finds what is there");
        mark(&f.store, secret).await;
        assert_eq!(f.store.erase_session_rows(secret).await.unwrap().completions, 150);
        assert_eq!(f.store.erase_session_rows(secret).await.unwrap().completions, 0);
        assert!(f.store.is_scrub_due().await.unwrap());
        f.store.scrub().await.unwrap();
        assert!(!f.store.is_scrub_due().await.unwrap());
        secrets.assert_gone_from(&data);
        assert_eq!(f.store.count_completions(others[0]).await.unwrap(), 150);
        f.store.close().await.unwrap();
        secrets.assert_gone_from(&data);
        assert_whole(&data).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_remains_though_others_read_and_write_meanwhile() {
    let f = Fixture::new().await;
    let data = f.dir.path().join("data");
    let mut secrets = Secrets::new(9);
    let other = f.create("eia").await.id;
    let secret = create_secret(&f.store, f.owner, &mut secrets).await;
    mix(&f.store, secret, &[other], &mut secrets).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..4 {
        let store = f.store.clone();
        tasks.spawn(async move {
            loop {
                if number < 2 {
                    store.finish_completion(finish(other, &kept(number * 900 + 10))).await.unwrap();
                } else {
                    store.list_completions(other, &Default::default(), &Paging::first(200)).await.unwrap();
                }
            }
        });
    }
    mark(&f.store, secret).await;
    f.store.erase_session_rows(secret).await.unwrap();
    f.store.scrub().await.unwrap();
    tasks.shutdown().await;
    secrets.assert_gone_from(&data);
    f.store.close().await.unwrap();
    assert_whole(&data).await;
}

#[tokio::test]
async fn no_piece_of_a_deleted_completion_remains() {
    let f = Fixture::new().await;
    let session = f.create("eia").await.id;
    let mut secrets = Secrets::new(4);
    let mut ids = Vec::new();
    for number in 0..80 {
        f.answer(session, &kept(number * 50)).await;
        let finish = secret_finish(session, &mut secrets);
        ids.push(finish.begin.id);
        f.store.finish_completion(finish).await.unwrap();
    }
    for id in ids {
        f.store.delete_completion(id).await.unwrap();
    }
    assert!(f.store.is_scrub_due().await.unwrap());
    f.store.scrub().await.unwrap();
    secrets.assert_gone_from(&f.dir.path().join("data"));
}

#[tokio::test]
async fn a_session_that_is_not_ready_is_not_erased() {
    let f = Fixture::new().await;
    let mut session = f.create("one").await;
    assert!(matches!(f.store.erase_session_rows(session.id).await, Err(EraseError::NotReady)));
    session.state = crate::fixture::draining(5);
    session.deleting_at = Some(at(6));
    f.store.write_session(0, session.clone(), None).await.unwrap();
    assert!(matches!(f.store.erase_session_rows(session.id).await, Err(EraseError::NotReady)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "runs as a child of the test below"]
async fn eraser_that_is_killed() {
    let Some(data) = std::env::var_os(DATA) else { return };
    let store = Store::open(Path::new(&data), &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(at(0)).await.unwrap().id;
    let other = session(owner, "eia");
    store.create_session(creation(other.clone())).await.unwrap();
    let mut secrets = Secrets::new(7);
    let secret = create_secret(&store, owner, &mut secrets).await;
    for _ in 0..3 {
        mix(&store, secret, &[other.id], &mut secrets).await;
    }
    mark(&store, secret).await;
    writeln!(std::io::stdout(), "\nerasing {secret}").unwrap();
    store.erase_session_rows(secret).await.unwrap();
    store.scrub().await.unwrap();
}

#[tokio::test]
async fn an_erasing_that_was_killed_is_finished_after_reopening() {
    for wait in [0, 8] {
        let dir = tempfile::TempDir::new().unwrap();
        let data = dir.path().join("data");
        let mut child = child("erasing::eraser_that_is_killed", &data);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let secret: SessionId = loop {
            let line = lines.next().unwrap().unwrap();
            if let Some(id) = line.strip_prefix("erasing ") {
                break id.parse().unwrap();
            }
        };
        // Where in the erasing it is killed does not matter.
        std::thread::sleep(Duration::from_millis(wait));
        child.kill().unwrap();
        child.wait().unwrap();
        let mut secrets = Secrets::new(7);
        let store = Store::open(&data, &Settings::default()).await.unwrap();
        replay(secret, &mut secrets);
        if store.find_session(secret).await.unwrap().is_some() {
            assert_eq!(store.list_unfinished().await.unwrap().last().unwrap().id, secret);
        }
        store.erase_session_rows(secret).await.unwrap();
        store.scrub().await.unwrap();
        secrets.assert_gone_from(&data);
        store.close().await.unwrap();
        assert_whole(&data).await;
    }
}

/// Draws the same secrets as the child did.
fn replay(secret: SessionId, secrets: &mut Secrets) {
    for length in [40, 150, 300, 20] {
        secrets.text(length);
    }
    for number in (0..3 * ROUNDS).flat_map(|_| 0..PER_ROUND) {
        secret_finish(secret, secrets);
        if number % 3 == 0 {
            secrets.text(20);
        }
    }
}
