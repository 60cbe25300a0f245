use std::{fs, os::unix::fs::PermissionsExt};

use bytes::Bytes;
use sha2::Digest;

use super::*;
use crate::gguf::testing::Builder;

struct Place {
    folder: tempfile::TempDir,
    hub: Hub,
}

impl Place {
    fn new() -> Self {
        Self::with(Bounds { keep_free_bytes: 0, ..Bounds::default() })
    }

    fn with(bounds: Bounds) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let hub = Hub::open_with(folder.path(), bounds).unwrap();
        Self { folder, hub }
    }

    fn incoming(&self) -> usize {
        fs::read_dir(self.folder.path().join("models/incoming")).unwrap().count()
    }

    /// Nothing half-written, nothing listed.
    fn assert_empty(&self) {
        assert_eq!(self.incoming(), 0);
        assert_eq!(self.hub.list_blobs().unwrap(), []);
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        path
    }
}

fn model() -> Vec<u8> {
    Builder::llama().build()
}

fn digest(bytes: &[u8]) -> Sha256 {
    Sha256::from_bytes(sha2::Sha256::digest(bytes).into())
}

async fn upload(hub: &Hub, bytes: &[u8], options: ImportOptions) -> Result<Imported, ImportError> {
    let mut upload = hub.begin_upload(options).await?;
    for chunk in bytes.chunks(100) {
        upload.write(Bytes::copy_from_slice(chunk)).await?;
    }
    upload.finish().await
}

#[tokio::test]
async fn an_uploaded_file_becomes_a_read_only_blob_named_by_its_content() {
    let place = Place::new();
    let imported = upload(&place.hub, &model(), ImportOptions::default()).await.unwrap();
    assert_eq!((imported.sha256, imported.bytes), (digest(&model()), model().len() as u64));
    assert_eq!(fs::read(&imported.path).unwrap(), model());
    assert_eq!(fs::metadata(&imported.path).unwrap().permissions().mode() & 0o777, 0o444);
    assert_eq!(imported.inspection.architecture, "llama");
    assert!(!imported.deduplicated);
    assert!(place.hub.is_present(&imported.sha256, imported.bytes));
    assert!(!place.hub.is_present(&imported.sha256, imported.bytes + 1));
    assert_eq!(place.hub.list_blobs().unwrap(), [imported.sha256]);
    assert_eq!(place.incoming(), 0);
}

#[tokio::test]
async fn the_same_content_is_one_blob_whichever_way_it_comes() {
    let place = Place::new();
    let path = place.file("whale-instruct.gguf", &model());
    let first = place.hub.import_path(&path, ImportOptions::default(), |_| {}).await.unwrap();
    let second = upload(&place.hub, &model(), ImportOptions::default()).await.unwrap();
    let third = place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap();
    assert_eq!([first.deduplicated, second.deduplicated, third.deduplicated], [false, true, true]);
    assert_eq!(place.hub.list_blobs().unwrap(), [first.sha256]);
    assert_eq!(place.incoming(), 0);
}

#[tokio::test]
async fn a_blob_does_not_follow_changes_of_its_source() {
    let place = Place::new();
    let path = place.file("a.gguf", &model());
    let (sender, receiver) = std::sync::mpsc::channel();
    let imported =
        place.hub.import_path(&path, ImportOptions::default(), move |at| sender.send(at).unwrap()).await.unwrap();
    let last = receiver.into_iter().last().unwrap();
    assert_eq!(last, Progress { done_bytes: imported.bytes, total_bytes: Some(imported.bytes) });
    fs::write(&path, "overwritten").unwrap();
    assert_eq!(
        place.hub.verify(imported.sha256, |_| {}).await.unwrap(),
        Verification::Intact { bytes: imported.bytes }
    );
}

#[tokio::test]
async fn what_is_no_model_leaves_nothing_behind() {
    let place = Place::new();
    let whole = model();
    let unknown = Builder::empty().text("general.architecture", "llama5000").tensor("t", &[32], 1, 64).build();
    let empty = Builder::empty().text("general.architecture", "llama").build();
    let is = |error: ImportError, words: &str| {
        let text = format!("{error}: {:?}", std::error::Error::source(&error).map(ToString::to_string));
        assert!(text.contains(words), "{text} should say {words}");
    };
    for (bytes, words) in [
        (b"just a text".as_slice(), "no GGUF"),
        (b"", "no GGUF"),
        (&whole[..whole.len() - 1], "truncated at"),
        (&unknown, "`llama5000` is not supported"),
        (&empty, "no weights"),
    ] {
        is(upload(&place.hub, bytes, ImportOptions::default()).await.unwrap_err(), words);
        let path = place.file("bad.gguf", bytes);
        is(place.hub.import_path(&path, ImportOptions::default(), |_| {}).await.unwrap_err(), words);
        is(place.hub.import_bytes(bytes.to_vec(), ImportOptions::default()).await.unwrap_err(), words);
        place.assert_empty();
    }
}

#[tokio::test]
async fn a_file_that_is_no_gguf_is_refused_while_it_arrives() {
    let place = Place::new();
    let mut upload = place.hub.begin_upload(ImportOptions::default()).await.unwrap();
    let error = loop {
        if let Err(error) = upload.write(Bytes::from_static(b"a long essay, and no model ")).await {
            break error;
        }
        tokio::task::yield_now().await;
    };
    assert!(matches!(error, ImportError::Inspect(crate::InspectError::NotGguf { .. })), "{error:?}");
    assert!(matches!(upload.write(Bytes::new()).await, Err(ImportError::UploadOver)));
    place.assert_empty();
}

#[tokio::test]
async fn what_was_announced_is_held_against_what_came() {
    let place = Place::new();
    let bytes = model();
    let announced = |bytes: u64| ImportOptions { expected_bytes: Some(bytes), ..ImportOptions::default() };
    let length = bytes.len() as u64;
    for wrong in [length - 1, length + 1] {
        let error = upload(&place.hub, &bytes, announced(wrong)).await.unwrap_err();
        assert!(matches!(error, ImportError::WrongSize { expected, .. } if expected == wrong), "{error:?}");
    }
    let options = ImportOptions { expected_sha256: Some(digest(b"else")), ..announced(length) };
    assert!(matches!(upload(&place.hub, &bytes, options).await, Err(ImportError::WrongContent { .. })));
    place.assert_empty();
    let options = ImportOptions { expected_sha256: Some(digest(&bytes)), ..announced(length) };
    upload(&place.hub, &bytes, options).await.unwrap();
}

#[tokio::test]
async fn bounds_of_size_and_space_are_kept() {
    let place = Place::with(Bounds { max_file_bytes: 500, keep_free_bytes: 0 });
    assert!(matches!(
        upload(&place.hub, &model(), ImportOptions::default()).await,
        Err(ImportError::TooLarge { limit: 500 })
    ));
    let announced = ImportOptions { expected_bytes: Some(501), ..ImportOptions::default() };
    assert!(matches!(place.hub.begin_upload(announced).await, Err(ImportError::TooLarge { .. })));
    place.assert_empty();
    let place = Place::with(Bounds { max_file_bytes: u64::MAX, ..Bounds::default() });
    let announced = ImportOptions { expected_bytes: Some(u64::MAX / 2), ..ImportOptions::default() };
    assert!(matches!(place.hub.begin_upload(announced).await, Err(ImportError::StorageFull { .. })));
    // A small disk is not kept from taking a small model.
    assert_eq!(Bounds::default().kept_free(64 << 20), (64 << 20) / 10);
    assert_eq!(Bounds::default().kept_free(1 << 40), 256 << 20);
}

#[tokio::test]
async fn an_upload_that_is_aborted_or_dropped_leaves_nothing_behind() {
    let place = Place::new();
    let mut aborted = place.hub.begin_upload(ImportOptions::default()).await.unwrap();
    aborted.write(Bytes::from(model()[..300].to_vec())).await.unwrap();
    assert_eq!(place.incoming(), 1);
    aborted.abort().await;
    place.assert_empty();
    drop(place.hub.begin_upload(ImportOptions::default()).await.unwrap());
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while place.incoming() > 0 {
        assert!(std::time::Instant::now() < deadline, "the file of a dropped upload stays");
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn what_a_crash_left_is_swept_and_never_listed() {
    let place = Place::new();
    let incoming = place.folder.path().join("models/incoming");
    fs::write(incoming.join("half"), &model()[..200]).unwrap();
    fs::write(incoming.join("whole"), model()).unwrap();
    assert_eq!(place.hub.list_blobs().unwrap(), []);
    assert_eq!(place.hub.sweep_incoming().unwrap(), 2);
    assert_eq!(place.hub.sweep_incoming().unwrap(), 0);
}

#[tokio::test]
async fn a_damaged_blob_is_found_and_replaced_by_a_good_copy() {
    let place = Place::new();
    let imported = place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap();
    fs::remove_file(&imported.path).unwrap();
    assert_eq!(place.hub.verify(imported.sha256, |_| {}).await.unwrap(), Verification::Absent);
    fs::write(&imported.path, "short").unwrap();
    let found = place.hub.verify(imported.sha256, |_| {}).await.unwrap();
    assert_eq!(found, Verification::Damaged { bytes: 5, actual: digest(b"short") });
    let again = upload(&place.hub, &model(), ImportOptions::default()).await.unwrap();
    assert!(!again.deduplicated);
    assert_eq!(fs::read(&again.path).unwrap(), model());
}

#[tokio::test]
async fn a_blob_is_not_removed_under_an_import_that_is_not_recorded_yet() {
    let place = Place::new();
    let first = place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap();
    let second = place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap();
    let (sha256, bytes) = (first.sha256, first.bytes);
    assert!(matches!(place.hub.remove_blob(&sha256), Err(RemoveError::BeingImported)));
    drop(first);
    assert!(matches!(place.hub.remove_blob(&sha256), Err(RemoveError::BeingImported)));
    drop(second);
    assert_eq!(place.hub.remove_blob(&sha256).unwrap(), Removal::Removed { bytes });
    assert_eq!(place.hub.remove_blob(&sha256).unwrap(), Removal::Absent);
    place.assert_empty();
}

#[tokio::test]
async fn folders_and_missing_files_are_no_models() {
    let place = Place::new();
    let folder = place.folder.path().to_owned();
    assert!(matches!(
        place.hub.import_path(folder, ImportOptions::default(), |_| {}).await,
        Err(ImportError::NoFile { .. })
    ));
    let none = place.folder.path().join("none.gguf");
    assert!(matches!(
        place.hub.import_path(none, ImportOptions::default(), |_| {}).await,
        Err(ImportError::Source { .. })
    ));
}

#[tokio::test]
async fn a_blob_is_noted_as_loose_from_its_publication_until_it_is_settled_or_gone() {
    let place = Place::new();
    let imported = place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap();
    let sha256 = imported.sha256;
    drop(imported);
    assert_eq!(place.hub.list_loose().unwrap(), [sha256]);
    place.hub.settle(&sha256).unwrap();
    place.hub.settle(&sha256).unwrap();
    assert_eq!(place.hub.list_loose().unwrap(), []);
    // The same content again is the blob that is recorded already.
    drop(place.hub.import_bytes(model(), ImportOptions::default()).await.unwrap());
    assert_eq!(place.hub.list_loose().unwrap(), []);
    place.hub.note_loose(&sha256).unwrap();
    assert_eq!(place.hub.list_loose().unwrap(), [sha256]);
    place.hub.remove_blob(&sha256).unwrap();
    assert_eq!(place.hub.list_loose().unwrap(), []);
}
