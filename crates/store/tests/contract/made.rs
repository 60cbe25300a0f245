use store::{Idempotency, Made, RecallError};

use crate::fixture::{Fixture, begin, finish};

const KEY: Idempotency = Idempotency { key_sha256: [1; 32], body_sha256: [2; 32] };

#[tokio::test]
async fn a_completion_is_found_by_its_key_from_its_begin_to_its_deletion() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let mut begin = begin(session);
    begin.repeatable = Some((f.owner, KEY));
    f.store.begin_completion_durably(begin.clone()).await.unwrap().stored().await.unwrap();
    assert_eq!(f.store.recall_made(f.owner, &KEY).await.unwrap(), Some(Made::Completion(begin.id)));
    let other = Idempotency { body_sha256: [3; 32], ..KEY };
    assert!(matches!(f.store.recall_made(f.owner, &other).await, Err(RecallError::Conflict)));
    let mut finish = finish(session, "an answer");
    finish.begin = begin.clone();
    f.store.finish_completion(finish).await.unwrap();
    assert_eq!(f.store.recall_made(f.owner, &KEY).await.unwrap(), Some(Made::Completion(begin.id)));
    f.store.delete_completion(begin.id).await.unwrap();
    assert_eq!(f.store.recall_made(f.owner, &KEY).await.unwrap(), None);
}
