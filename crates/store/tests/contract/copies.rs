//! Copies of the database: for a backup, before a migration; and damage seen at the start.

use std::{
    fs::{self, OpenOptions},
    os::unix::fs::FileExt,
    path::Path,
    time::{Duration, SystemTime},
};

use sqlx::{
    Connection, SqlSafeStr, SqliteConnection,
    migrate::{Migration, MigrationType, Migrator},
    sqlite::{SqliteConnectOptions, SqliteJournalMode},
};
use store::{CopyError, OpenError, Settings, StorageError, Store, check_copy, copy_database};
use tempfile::TempDir;

use crate::fixture::{Fixture, at};

const BEFORE: &str = "viva.db.before-1";

/// A database of the first version.
async fn first_version(data: &Path) {
    fs::create_dir_all(data).unwrap();
    let options = SqliteConnectOptions::new()
        .filename(data.join("viva.db"))
        .create_if_missing(true)
        .journal_mode(SqliteJournalMode::Wal);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let initial = include_str!("../../migrations/0001_initial.sql").into_sql_str();
    let first = Migration::new(1, "initial".into(), MigrationType::Simple, initial, false);
    Migrator::with_migrations(vec![first]).run_direct(None, &mut connection, false).await.unwrap();
    sqlx::query("INSERT INTO user VALUES (x'00112233445566778899aabbccddeeff', 'somebody of old', 1)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

async fn open(data: &Path) -> Store {
    Store::open(data, &Settings::default()).await.unwrap()
}

#[tokio::test]
async fn a_migration_keeps_a_copy_of_the_database_before_it() {
    let dir = TempDir::new().unwrap();
    first_version(dir.path()).await;
    let store = open(dir.path()).await;
    store.ensure_owner(at(0)).await.unwrap();
    store.close().await.unwrap();
    drop(store);
    // The copy is a whole database of the version before, and the version before takes it.
    let copy = dir.path().join(BEFORE);
    assert_eq!(check_copy(&copy).await.unwrap().version, 1);
    // An ordinary start makes none, and keeps this one.
    open(dir.path()).await.close().await.unwrap();
    assert!(copy.exists());
    let others = fs::read_dir(dir.path())
        .unwrap()
        .flatten()
        .filter(|entry| entry.file_name().to_string_lossy().starts_with("viva.db.before") && entry.path() != copy);
    assert_eq!(others.count(), 0);
}

#[tokio::test]
async fn the_copy_before_a_migration_goes_with_the_first_deletion_or_after_a_week() {
    let f = Fixture::new().await;
    let (copy, broken) = (f.dir.path().join("data").join(BEFORE), f.dir.path().join("data/viva.db.before-1.new"));
    fs::write(&copy, "what was there before").unwrap();
    let session = f.create("one").await.id;
    let answer = f.answer(session, "to be deleted").await;
    f.store.delete_completion(answer).await.unwrap();
    f.store.scrub().await.unwrap();
    assert!(!copy.exists());
    fs::write(&copy, "another").unwrap();
    fs::write(&broken, "half of one").unwrap();
    let f = f.reopen().await;
    assert!(copy.exists() && !broken.exists());
    let old = SystemTime::now() - Duration::from_secs(8 * 24 * 3600);
    OpenOptions::new().write(true).open(&copy).unwrap().set_modified(old).unwrap();
    f.reopen().await;
    assert!(!copy.exists());
}

#[tokio::test]
async fn a_copy_made_under_writes_is_whole_and_of_one_instant() {
    let f = Fixture::new().await;
    let data = f.dir.path().join("data");
    let session = f.create("one").await.id;
    f.answer(session, "acknowledged before the copy").await;
    let writing = async {
        for number in 0..300 {
            f.answer(session, &format!("answer {number}")).await;
        }
    };
    let copying = async {
        let mut copies = Vec::new();
        for number in 0..3 {
            let into = f.dir.path().join(format!("copy-{number}.db"));
            copy_database(&data, &into).await.unwrap();
            copies.push(into);
        }
        copies
    };
    let ((), copies) = tokio::join!(writing, copying);
    for copy in copies {
        let belongings = check_copy(&copy).await.unwrap();
        assert_eq!(belongings.sessions, [session]);
        // Counters and rows are of the same instant.
        let other = TempDir::new().unwrap();
        fs::copy(&copy, other.path().join("viva.db")).unwrap();
        let restored = open(other.path()).await;
        let counted = restored.find_session(session).await.unwrap().unwrap().usage.interactions;
        assert!(counted >= 1);
        assert_eq!(restored.count_completions(session).await.unwrap(), counted);
    }
}

#[tokio::test]
async fn what_was_deleted_before_a_copy_is_not_in_it() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let answer = f.answer(session, "gone-before-the-copy").await;
    f.store.delete_completion(answer).await.unwrap();
    let into = f.dir.path().join("copy.db");
    copy_database(&f.dir.path().join("data"), &into).await.unwrap();
    let bytes = fs::read(&into).unwrap();
    assert!(!bytes.windows(20).any(|window| window == b"gone-before-the-copy"));
}

#[tokio::test]
async fn where_there_is_no_database_or_a_newer_one_nothing_is_copied() {
    let dir = TempDir::new().unwrap();
    let into = dir.path().join("copy.db");
    assert!(matches!(copy_database(dir.path(), &into).await, Err(CopyError::Absent { .. })));
    first_version(dir.path()).await;
    let options = SqliteConnectOptions::new().filename(dir.path().join("viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query("INSERT INTO _sqlx_migrations VALUES (99, 'of tomorrow', 0, 1, x'00', 0)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
    let refused = copy_database(dir.path(), &into).await;
    assert!(matches!(refused, Err(CopyError::Newer { found: 99, .. })), "{refused:?}");
    assert!(!into.exists());
}

/// A database with some hundred pages, closed.
async fn filled() -> TempDir {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    for number in 0..200 {
        f.answer(session, &format!("answer {number} {}", "text ".repeat(200))).await;
    }
    f.store.close().await.unwrap();
    f.dir
}

#[tokio::test]
async fn damage_is_seen_at_the_start_and_refused_with_what_to_do() {
    type Harm = fn(&Path);
    let harms: [(&str, Harm); 4] = [
        ("a damaged header", |file| write_at(file, 0, &[0x5a; 100])),
        ("a torn page in the middle", |file| {
            let middle = fs::metadata(file).unwrap().len() / 4096 / 2 * 4096;
            write_at(file, middle + 1024, &[0; 3072]);
            write_at(file, middle, &[0x7f; 64]);
        }),
        ("a file cut off", |file| {
            let length = fs::metadata(file).unwrap().len();
            OpenOptions::new().write(true).open(file).unwrap().set_len(length / 2 + 100).unwrap();
        }),
        ("an empty page at the end", |file| {
            let length = fs::metadata(file).unwrap().len();
            write_at(file, length - 4096, &[0; 4096]);
        }),
    ];
    for (what, harm) in harms {
        let dir = filled().await;
        let data = dir.path().join("data");
        harm(&data.join("viva.db"));
        let before = fs::read(data.join("viva.db")).unwrap();
        match Store::open(&data, &Settings::default()).await {
            Err(error @ OpenError::Damaged { .. }) => {
                let said = error.to_string();
                assert!(said.contains("viva.db") && said.contains("viva restore"), "{what}: {said}");
            }
            Err(error) => panic!("{what}: {error}"),
            Ok(_) => panic!("{what} was not seen"),
        }
        assert_eq!(fs::read(data.join("viva.db")).unwrap(), before, "{what}: something was changed");
    }
}

fn write_at(file: &Path, at: u64, bytes: &[u8]) {
    OpenOptions::new().write(true).open(file).unwrap().write_all_at(bytes, at).unwrap();
}

#[tokio::test]
async fn a_damaged_copy_is_refused() {
    let dir = filled().await;
    let file = dir.path().join("data/viva.db");
    check_copy(&file).await.unwrap();
    write_at(&file, 20 * 4096, &[0x7f; 4096]);
    assert!(matches!(check_copy(&file).await, Err(CopyError::Storage(StorageError::Damaged(_)))));
}

#[tokio::test]
async fn a_directory_with_half_a_restore_is_refused() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join(store::RESTORING)).unwrap();
    let refused = Store::open(dir.path(), &Settings::default()).await;
    assert!(matches!(refused.err(), Some(OpenError::HalfRestored { .. })));
    assert!(!dir.path().join("viva.db").exists());
}
