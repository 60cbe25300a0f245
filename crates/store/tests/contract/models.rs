use domain::{State, memory::Shape};
use protocol::{
    ModelId, UserId,
    model::{LearningStage, LearningStageFinding, ModelFile, ModelScope, ModelType},
    session::StopPolicy,
};
use store::{DeleteModelError, ModelFilter, ModelRecord, WriteModelError};

use crate::fixture::{Fixture, at, creation, ended, session, stay};

fn model(owner: Option<UserId>, name: &str, version: &str, seconds: i64) -> ModelRecord {
    ModelRecord {
        id: ModelId::generate(),
        owner,
        name: name.to_owned(),
        version: version.to_owned(),
        family: "llama".to_owned(),
        kind: ModelType::Llm,
        parameters: 135_000_000,
        size_bytes: 144_000_000,
        format: "gguf".to_owned(),
        quantization: Some("Q8_0".to_owned()),
        context_length: Some(8192),
        has_chat_template: true,
        learning_stage: LearningStageFinding {
            stage: LearningStage::InstructionTuned,
            inferred_from: "a chat template".to_owned(),
        },
        tags: vec!["small".to_owned()],
        files: vec![ModelFile { path: "model.gguf".to_owned(), bytes: 144_000_000, sha256: "a".repeat(64) }],
        limits: StopPolicy { max_tokens: Some(1000), ..StopPolicy::default() },
        shape: Some(Shape {
            weight_bytes: 144_000_000,
            layers: 30,
            key_width: 192,
            value_width: 192,
            embedding_width: 576,
            vocabulary: 49152,
            context_length: 8192,
        }),
        created_at: at(seconds),
    }
}

#[tokio::test]
async fn a_model_is_found_by_id_name_and_version_by_those_who_may_see_it() {
    let f = Fixture::new().await;
    let other = f.add_user("other").await;
    let (old, new) = (model(None, "demo", "1", 1), model(None, "demo", "2", 2));
    let (own, odd) = (model(Some(f.owner), "mine", "1", 3), model(Some(f.owner), "a:b", "1", 4));
    for model in [&old, &new, &own, &odd] {
        f.store.insert_model(model.clone()).await.unwrap();
    }
    let resolve = async |user, reference: &str| f.store.resolve_model(user, reference).await.unwrap();
    assert_eq!(resolve(f.owner, "demo").await.as_ref(), Some(&new));
    assert_eq!(resolve(f.owner, "demo:1").await.as_ref(), Some(&old));
    assert_eq!(resolve(f.owner, &own.id.to_string()).await.as_ref(), Some(&own));
    assert_eq!(resolve(f.owner, "a:b").await.as_ref(), Some(&odd));
    assert_eq!(resolve(other, "mine").await, None);
    assert_eq!(resolve(other, &own.id.to_string()).await, None);
    assert_eq!(resolve(f.owner, "demo:3").await, None);
    let list = async |scope, q: Option<&str>| {
        let filter = ModelFilter { scope, q: q.map(str::to_owned) };
        let found = f.store.list_models(f.owner, &filter).await.unwrap();
        found.into_iter().map(|model| format!("{}:{}", model.name, model.version)).collect::<Vec<_>>()
    };
    assert_eq!(list(None, None).await, ["a:b:1", "mine:1", "demo:2", "demo:1"]);
    assert_eq!(list(Some(ModelScope::Catalog), None).await, ["demo:2", "demo:1"]);
    assert_eq!(list(Some(ModelScope::Private), Some("MIN")).await, ["mine:1"]);
}

#[tokio::test]
async fn a_name_and_version_stand_once_in_a_list() {
    let f = Fixture::new().await;
    f.store.insert_model(model(None, "demo", "1", 1)).await.unwrap();
    let again = f.store.insert_model(model(None, "demo", "1", 2)).await;
    assert!(matches!(again, Err(WriteModelError::NameTaken)));
    f.store.insert_model(model(Some(f.owner), "demo", "1", 3)).await.unwrap();
    let mut changed = model(None, "demo", "2", 4);
    assert!(matches!(f.store.update_model(changed.clone()).await, Err(WriteModelError::NotFound)));
    f.store.insert_model(changed.clone()).await.unwrap();
    changed.tags = vec!["new".to_owned()];
    changed.files.clear();
    f.store.update_model(changed.clone()).await.unwrap();
    assert_eq!(f.store.find_model(changed.id).await.unwrap(), Some(changed.clone()));
    changed.version = "1".to_owned();
    assert!(matches!(f.store.update_model(changed).await, Err(WriteModelError::NameTaken)));
}

#[tokio::test]
async fn a_model_goes_only_when_no_live_session_uses_it() {
    let f = Fixture::new().await;
    let model = model(None, "demo", "1", 1);
    f.store.insert_model(model.clone()).await.unwrap();
    let mut live = session(f.owner, "live");
    live.model.id = model.id;
    live.state = State::Running(stay(1));
    f.store.create_session(creation(live.clone())).await.unwrap();
    let refused = f.store.delete_model(model.id).await;
    assert!(matches!(refused, Err(DeleteModelError::InUse { sessions }) if sessions == [live.id]));
    assert!(f.store.is_blob_used(&"a".repeat(64)).await.unwrap());
    live.state = ended(9);
    f.store.write_session(0, live, None).await.unwrap();
    f.store.delete_model(model.id).await.unwrap();
    assert!(matches!(f.store.delete_model(model.id).await, Err(DeleteModelError::NotFound)));
    assert!(!f.store.is_blob_used(&"a".repeat(64)).await.unwrap());
}
