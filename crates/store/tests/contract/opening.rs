use std::{fs, os::unix::fs::PermissionsExt};

use sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use store::{OpenError, Paging, SessionFilter, Settings, StorageError, Store};
use tempfile::TempDir;

use crate::fixture::{Fixture, at, creation, session};

async fn refused(data: &std::path::Path) -> OpenError {
    match Store::open(data, &Settings::default()).await {
        Ok(_) => panic!("it opened"),
        Err(error) => error,
    }
}

#[tokio::test]
async fn the_folder_is_the_owners_alone() {
    let f = Fixture::new().await;
    let mode = fs::metadata(f.dir.path().join("data")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[tokio::test]
async fn a_folder_in_use_is_refused_until_it_is_closed() {
    let f = Fixture::new().await;
    let data = f.dir.path().join("data");
    assert!(matches!(refused(&data).await, OpenError::InUse { .. }));
    f.store.close().await.unwrap();
    let closed = f.store.create_session(creation(session(f.owner, "late"))).await.unwrap_err();
    assert_eq!(closed.to_string(), "the store is closed");
    let read = f.store.list_sessions(f.owner, &SessionFilter::default(), &Paging::default()).await.unwrap_err();
    assert_eq!(read.to_string(), "the store is closed");
    assert!(matches!(f.store.ensure_owner(at(0)).await, Err(StorageError::Closed)));
    drop(f.store);
    Store::open(&data, &Settings::default()).await.unwrap();
}

#[tokio::test]
async fn a_newer_database_is_refused_with_both_versions() {
    let f = Fixture::new().await;
    let data = f.dir.path().join("data");
    f.store.close().await.unwrap();
    drop(f.store);
    let options = SqliteConnectOptions::new().filename(data.join("viva.db"));
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    sqlx::query(
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
         VALUES (99, 'of tomorrow', 1, x'00', 0)",
    )
    .execute(&mut connection)
    .await
    .unwrap();
    connection.close().await.unwrap();
    let OpenError::Newer { found, supported } = refused(&data).await else { panic!("another refusal") };
    assert_eq!((found, supported), (99, 10));
}

#[tokio::test]
async fn what_is_no_folder_or_no_database_is_told_apart() {
    let dir = TempDir::new().unwrap();
    let file = dir.path().join("file");
    fs::write(&file, "text").unwrap();
    assert!(matches!(refused(&file).await, OpenError::Directory { .. }));
    assert!(matches!(refused(&file.join("below")).await, OpenError::Directory { .. }));

    let data = dir.path().join("data");
    fs::create_dir_all(data.join("viva.db")).unwrap();
    assert!(matches!(refused(&data).await, OpenError::Directory { .. }));
    fs::remove_dir(data.join("viva.db")).unwrap();
    fs::write(data.join("viva.db"), "no database at all, but long enough ".repeat(500)).unwrap();
    assert!(matches!(refused(&data).await, OpenError::Storage(StorageError::Damaged(_))));
}

#[tokio::test]
async fn a_damaged_page_is_an_error_and_no_panic() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    for number in 0..200 {
        f.answer(session, &format!("answer {number} {}", "text ".repeat(200))).await;
    }
    let data = f.dir.path().join("data");
    f.store.close().await.unwrap();
    drop(f.store);
    let mut bytes = fs::read(data.join("viva.db")).unwrap();
    let after_the_schema = 80 * 4096;
    bytes[after_the_schema..].fill(0x5a);
    fs::write(data.join("viva.db"), bytes).unwrap();
    let store = match Store::open(&data, &Settings::default()).await {
        Ok(store) => store,
        Err(OpenError::Storage(StorageError::Damaged(_))) => return,
        Err(error) => panic!("{error}"),
    };
    let list = store.list_completions(session, &Default::default(), &Paging::default()).await;
    assert!(matches!(list, Err(store::ListError::Storage(StorageError::Damaged(_)))), "{list:?}");
}
