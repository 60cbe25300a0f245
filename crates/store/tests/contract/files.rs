use protocol::{FileId, SessionId, file::File};
use store::{FileBytes, FileQuotas, Garbage, Paging, PartialUpload, PutFileError, Whose};

use crate::fixture::{Fixture, at, ended};

const ROOMY: FileQuotas = FileQuotas { session_bytes: 1000, user_bytes: 1500, session_files: 3 };

fn file(session: SessionId, path: &str, bytes: u64) -> File {
    File {
        id: FileId::generate(),
        session_id: session,
        path: path.to_owned(),
        bytes,
        sha256: "ab".repeat(32),
        purpose: None,
        created_at: at(3),
    }
}

/// Begins an upload in one go and keeps it.
async fn put(f: &Fixture, file: &File, quotas: FileQuotas) -> Result<(), PutFileError> {
    let upload = PartialUpload { id: file.id, session: file.session_id, path: file.path.clone(), bytes: None };
    f.store.begin_file(upload, at(2)).await?;
    f.store.put_file(file.clone(), quotas).await
}

#[tokio::test]
async fn a_file_takes_the_place_of_its_path_and_leaves_the_old_contents_as_garbage() {
    let f = Fixture::new().await;
    let session = f.create("one").await;
    let (first, second) = (file(session.id, "a.csv", 100), file(session.id, "a.csv", 300));
    put(&f, &first, ROOMY).await.unwrap();
    put(&f, &second, ROOMY).await.unwrap();
    assert_eq!(f.store.find_file(session.id, "a.csv").await.unwrap(), Some(second.clone()));
    assert_eq!(f.store.find_file_by_id(session.id, first.id).await.unwrap(), None);
    let garbage = Garbage { session: session.id, id: first.id };
    assert_eq!(f.store.list_garbage_files().await.unwrap(), [garbage]);
    f.store.forget_garbage_files(vec![garbage]).await.unwrap();
    assert_eq!(f.store.list_garbage_files().await.unwrap(), []);
    // Its bytes count as the session's storage, and the session is told to have changed.
    let now = f.store.find_session(session.id).await.unwrap().unwrap();
    assert_eq!(now.storage.persistent_bytes, 300);
    assert!(now.change > session.change);
    assert_eq!(f.store.delete_file(session.id, "a.csv").await.unwrap(), Some(second));
    assert_eq!(f.store.delete_file(session.id, "a.csv").await.unwrap(), None);
    assert_eq!(f.store.find_session(session.id).await.unwrap().unwrap().storage.persistent_bytes, 0);
}

#[tokio::test]
async fn quotas_are_held_with_their_figures_and_replacing_frees_first() {
    let f = Fixture::new().await;
    let (one, two) = (f.create("one").await.id, f.create("two").await.id);
    put(&f, &file(one, "a", 900), ROOMY).await.unwrap();
    let refused = put(&f, &file(one, "b", 101), ROOMY).await.unwrap_err();
    let PutFileError::Bytes { whose: Whose::Session, bytes: 1001, quota: 1000 } = refused else { panic!("{refused}") };
    put(&f, &file(one, "a", 1000), ROOMY).await.unwrap();
    let refused = put(&f, &file(two, "a", 501), ROOMY).await.unwrap_err();
    let PutFileError::Bytes { whose: Whose::User, bytes: 1501, quota: 1500 } = refused else { panic!("{refused}") };
    assert_eq!(f.store.measure_files(one, f.owner).await.unwrap(), FileBytes { session: 1000, user: 1000 });
    for path in ["a", "b", "c"] {
        put(&f, &file(two, path, 1), ROOMY).await.unwrap();
    }
    assert!(matches!(put(&f, &file(two, "d", 1), ROOMY).await, Err(PutFileError::Files { files: 3 })));
    let page = f.store.list_files(two, &Paging::first(2)).await.unwrap();
    assert_eq!(page.items.iter().map(|file| file.path.as_str()).collect::<Vec<_>>(), ["c", "b"]);
    let rest = f.store.list_files(two, &Paging { limit: 2, cursor: page.next_cursor }).await.unwrap();
    assert_eq!((rest.items[0].path.as_str(), rest.next_cursor), ("a", None));
}

#[tokio::test]
async fn uploads_in_parts_outlast_a_restart_and_those_in_one_go_become_garbage() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let upload = |path: &str, bytes| PartialUpload { id: FileId::generate(), session, path: path.to_owned(), bytes };
    let (whole, parts, earlier) = (upload("w", None), upload("p", Some(70)), upload("p", Some(60)));
    for one in [&whole, &earlier, &parts] {
        f.store.begin_file(one.clone(), at(1)).await.unwrap();
    }
    assert_eq!(f.store.find_partial_file(session, "p").await.unwrap(), Some(parts.clone()));
    f.store.abandon_stale_files(at(2)).await.unwrap();
    let mut garbage: Vec<FileId> = f.store.list_garbage_files().await.unwrap().iter().map(|one| one.id).collect();
    garbage.sort_unstable();
    assert_eq!(garbage, [whole.id, earlier.id]);
    assert_eq!(f.store.find_partial_file(session, "p").await.unwrap(), Some(parts));
    // Nobody goes on with it for a week, or the session ends.
    f.store.abandon_stale_files(at(8 * 24 * 3600)).await.unwrap();
    assert_eq!(f.store.find_partial_file(session, "p").await.unwrap(), None);
}

#[tokio::test]
async fn an_ended_session_takes_no_more_files_and_an_erased_one_leaves_none() {
    let f = Fixture::new().await;
    let mut session = f.create("one").await;
    put(&f, &file(session.id, "a", 1), ROOMY).await.unwrap();
    session = f.store.find_session(session.id).await.unwrap().unwrap();
    session.state = ended(5);
    f.store.write_session(session.revision, session.clone(), None).await.unwrap();
    assert!(matches!(put(&f, &file(session.id, "b", 1), ROOMY).await, Err(PutFileError::SessionEnded)));
    assert!(f.store.find_file(session.id, "a").await.unwrap().is_some());
    f.mark_deleting(session.id).await;
    assert!(matches!(put(&f, &file(session.id, "b", 1), ROOMY).await, Err(PutFileError::SessionGone)));
    f.store.erase_session_rows(session.id).await.unwrap();
    assert_eq!(f.store.find_file(session.id, "a").await.unwrap(), None);
    assert_eq!(f.store.list_garbage_files().await.unwrap(), []);
    assert_eq!(f.store.measure_files(session.id, f.owner).await.unwrap(), FileBytes::default());
}
