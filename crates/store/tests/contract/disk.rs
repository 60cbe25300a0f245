use std::{fs, path::Path, process::Command};

use protocol::{SessionId, user::Role};
use store::{Settings, StorageError, Store, WriteCompletionError, WriteUserError};

use crate::fixture::{Fixture, at, creation, finish, new_user, session};

/// Stores answers until one is refused; the refusal.
async fn fill(store: &Store, session: SessionId) -> WriteCompletionError {
    for _ in 0..10_000 {
        if let Err(error) = store.finish_completion(finish(session, &"filler ".repeat(2000))).await {
            return error;
        }
    }
    panic!("it never filled")
}

#[tokio::test]
async fn a_full_database_refuses_writes_and_recovers_when_space_returns() {
    let f = Fixture::with(&Settings { max_bytes: Some(2 << 20), ..Settings::default() }).await;
    let (victim, kept) = (f.create("victim").await.id, f.create("kept").await.id);
    let error = fill(&f.store, victim).await;
    assert!(matches!(error, WriteCompletionError::Storage(StorageError::Full)), "{error}");
    assert!(!f.store.is_well().await);
    let counted = f.store.find_session(victim).await.unwrap().unwrap().usage.interactions;
    assert_eq!(counted, f.store.count_completions(victim).await.unwrap(), "what failed counts nothing");
    f.mark_deleting(victim).await;
    assert_eq!(f.store.erase_session_rows(victim).await.unwrap().completions, counted);
    assert!(f.store.is_well().await);
    f.answer(kept, "there is space again").await;
}

/// A file system of a few megabytes, gone with the value.
struct Small<'a>(&'a Path);

impl Drop for Small<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_writes_and_recovers_when_space_returns() {
    let dir = tempfile::TempDir::new().unwrap();
    let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=6m", "tmpfs"]).arg(dir.path()).output();
    if !mount.is_ok_and(|output| output.status.success()) {
        println!("skipped: a small file system cannot be mounted here");
        return;
    }
    let _mounted = Small(dir.path());
    fs::write(dir.path().join("ballast"), vec![1; 2 << 20]).unwrap();
    let store = Store::open(&dir.path().join("data"), &Settings::default()).await.unwrap();
    let owner = store.ensure_owner(at(0)).await.unwrap().id;
    let session = session(owner, "one");
    store.create_session(creation(session.clone())).await.unwrap();
    let first = finish(session.id, "acknowledged before");
    store.finish_completion(first.clone()).await.unwrap();
    let error = fill(&store, session.id).await;
    assert!(matches!(error, WriteCompletionError::Storage(StorageError::Full)), "{error:?}");
    assert!(!store.is_well().await);
    let another = store.create_user(new_user("another", Role::Member)).await;
    assert!(matches!(another, Ok(_) | Err(WriteUserError::Storage(StorageError::Full))));
    fs::remove_file(dir.path().join("ballast")).unwrap();
    assert!(store.is_well().await);
    store.finish_completion(finish(session.id, "there is space again")).await.unwrap();
    assert!(store.find_completion(first.begin.id).await.unwrap().is_some());
    store.close().await.unwrap();
}
