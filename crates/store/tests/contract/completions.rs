use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId,
    completion::{Choice, Completion, CompletionStatus, CompletionUsage, FinishReason, Origin},
    session::SessionUsage,
};
use store::{
    Checkpoint, CompletionFilter, DeleteCompletionError, ListError, Paging, Picks, Star, StarError,
    WriteCompletionError,
};

use crate::fixture::{Fixture, at, begin, end_of, finish};

async fn usage(f: &Fixture, session: SessionId) -> SessionUsage {
    f.store.find_session(session).await.unwrap().unwrap().usage
}

fn texts(completions: &[Completion]) -> Vec<&str> {
    completions.iter().map(|completion| completion.response.as_str()).collect()
}

#[tokio::test]
async fn a_finished_completion_is_read_as_it_was_written() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let mut finish = finish(session, "first");
    finish.begin.conversation = Some("c1".to_owned());
    finish.choices.push(Choice { index: 1, text: "second".to_owned(), finish_reason: Some(FinishReason::Length) });
    f.store.finish_completion(finish.clone()).await.unwrap();
    let found = f.store.find_completion_of(f.owner, finish.begin.id).await.unwrap().unwrap();
    assert_eq!(found.choices, finish.choices);
    assert_eq!((found.response.as_str(), found.conversation.as_deref()), ("first", Some("c1")));
    assert_eq!((found.status, found.finish_reason), (CompletionStatus::Done, Some(FinishReason::Stop)));
    assert_eq!((found.usage, found.timing), (finish.usage, finish.timing));
    assert_eq!((found.created_at, found.finished_at), (at(1), Some(at(2))));
    assert_eq!(found.request["messages"][0]["content"], "hi");
    let other = f.add_user("other").await;
    assert_eq!(f.store.find_completion_of(other, finish.begin.id).await.unwrap(), None);
}

#[tokio::test]
async fn begin_and_finish_together_or_apart_count_the_same() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let together = begin(session);
    f.store.begin_completion(together.clone()).await.unwrap();
    f.store.finish_completion(end_of(together, "a")).await.unwrap();
    let apart = begin(session);
    f.store.begin_completion_durably(apart.clone()).await.unwrap().stored().await.unwrap();
    assert_eq!(usage(&f, session).await.interactions, 2);
    f.store.finish_completion(end_of(apart.clone(), "b")).await.unwrap();
    // The end overtakes the disk: both are answered, whichever groups they fall into.
    for text in ["d", "e", "f"] {
        let overtaken = begin(session);
        let begun = f.store.begin_completion_durably(overtaken.clone()).await.unwrap();
        let (begun, finished) =
            tokio::join!(begun.stored(), f.store.finish_completion(end_of(overtaken.clone(), text)));
        begun.unwrap();
        finished.unwrap();
        assert_eq!(f.store.find_completion(overtaken.id).await.unwrap().unwrap().response, text);
    }
    f.answer(session, "c").await;
    // A repetition after a lost answer.
    f.store.finish_completion(end_of(apart, "b")).await.unwrap();
    let expected = SessionUsage { interactions: 6, prompt_tokens: 60, completion_tokens: 30 };
    assert_eq!(usage(&f, session).await, expected);
    assert_eq!(f.store.find_session(session).await.unwrap().unwrap().last_active_at, Some(at(2)));
}

#[tokio::test]
async fn a_running_completion_shows_its_last_checkpoint_and_counts_its_tokens() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let begin = begin(session);
    f.store.begin_completion_durably(begin.clone()).await.unwrap().stored().await.unwrap();
    let running = f.store.find_completion(begin.id).await.unwrap().unwrap();
    assert_eq!((running.status, running.response.as_str(), running.choices.len()), (CompletionStatus::Running, "", 0));
    for (text, tokens) in [("once", 1), ("once upon", 2)] {
        let usage = CompletionUsage { prompt_tokens: 10, completion_tokens: tokens };
        let checkpoint = Checkpoint { session_id: session, texts: vec![text.to_owned()], usage };
        f.store.checkpoint_completion(begin.id, checkpoint).await.unwrap();
    }
    let deadline = std::time::Instant::now() + std::time::Duration::from_secs(10);
    while usage(&f, session).await.completion_tokens != 2 {
        assert!(std::time::Instant::now() < deadline, "the checkpoint is not written");
        tokio::task::yield_now().await;
    }
    assert_eq!(f.store.find_completion(begin.id).await.unwrap().unwrap().response, "once upon");
    assert_eq!(usage(&f, session).await.prompt_tokens, 10);
    f.store.finish_completion(end_of(begin, "once upon a time")).await.unwrap();
    assert_eq!(usage(&f, session).await, SessionUsage { interactions: 1, prompt_tokens: 10, completion_tokens: 5 });
}

#[tokio::test]
async fn what_was_interrupted_ends_with_its_last_checkpoint() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let (with, without) = (begin(session), begin(session));
    f.store.begin_completion_durably(with.clone()).await.unwrap().stored().await.unwrap();
    f.store.begin_completion(without.clone()).await.unwrap();
    let texts = vec!["half of".to_owned(), "the other".to_owned()];
    let checkpoint = Checkpoint { session_id: session, texts, usage: CompletionUsage::default() };
    f.store.checkpoint_completion(with.id, checkpoint).await.unwrap();
    let f = f.reopen().await;
    assert_eq!(f.store.finish_interrupted(at(77)).await.unwrap(), 2);
    assert_eq!(f.store.finish_interrupted(at(78)).await.unwrap(), 0);
    for (id, text, choices) in [(with.id, "half of", 2), (without.id, "", 0)] {
        let found = f.store.find_completion(id).await.unwrap().unwrap();
        assert_eq!((found.status, found.finish_reason), (CompletionStatus::Done, Some(FinishReason::Error)));
        assert_eq!((found.response.as_str(), found.choices.len()), (text, choices));
        assert_eq!((found.error.unwrap().code.as_str(), found.finished_at), ("server_restarted", Some(at(77))));
    }
    assert_eq!(usage(&f, session).await.interactions, 2);
    let filter = CompletionFilter { q: Some("half".to_owned()), ..CompletionFilter::default() };
    assert_eq!(f.store.list_completions(session, &filter, &Paging::default()).await.unwrap().items.len(), 1);
}

#[tokio::test]
async fn a_record_without_a_session_spoils_no_other() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60 {
        let store = f.store.clone();
        let of = if number % 3 == 0 { SessionId::generate() } else { session };
        tasks.spawn(async move { (number, store.finish_completion(finish(of, "text")).await) });
    }
    for (number, result) in tasks.join_all().await {
        assert_eq!(matches!(result, Err(WriteCompletionError::SessionGone)), number % 3 == 0, "{result:?}");
    }
    assert_eq!(f.store.count_completions(session).await.unwrap(), 40);
    assert_eq!(usage(&f, session).await, SessionUsage { interactions: 40, prompt_tokens: 400, completion_tokens: 200 });
}

#[tokio::test]
async fn history_is_filtered_and_paged_newest_first() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    for number in 0..9 {
        let mut finish = finish(session, &format!("t{number}"));
        finish.begin.origin = if number % 2 == 0 { Origin::Playground } else { Origin::Api };
        finish.begin.conversation = (number < 3).then(|| "c".to_owned());
        f.store.finish_completion(finish.clone()).await.unwrap();
        if number % 4 == 0 {
            f.store.star_completion(finish.begin.id, Star::Set).await.unwrap();
        }
    }
    let list = async |filter, paging| f.store.list_completions(session, &filter, &paging).await.unwrap();
    let all = CompletionFilter::default;
    let first = list(all(), Paging::first(5)).await;
    assert_eq!(texts(&first.items), ["t8", "t7", "t6", "t5", "t4"]);
    f.answer(session, "t9").await;
    let rest = list(all(), Paging { limit: 5, cursor: first.next_cursor }).await;
    assert_eq!((texts(&rest.items), rest.next_cursor), (vec!["t3", "t2", "t1", "t0"], None));
    let starred = list(CompletionFilter { picks: Picks::Starred, ..all() }, Paging::default()).await;
    assert_eq!(texts(&starred.items), ["t8", "t4", "t0"]);
    let filter = CompletionFilter { origin: Some(Origin::Playground), conversation: Some("c".into()), ..all() };
    assert_eq!(texts(&list(filter, Paging::default()).await.items), ["t2", "t0"]);
    let bad = Paging { limit: 5, cursor: Some("s00000000000000000000000000000000".to_owned()) };
    assert!(matches!(f.store.list_completions(session, &all(), &bad).await, Err(ListError::BadCursor(_))));

    let export = f.store.export_completions(session, Picks::All, None, 4).await.unwrap();
    assert_eq!(texts(&export), ["t0", "t1", "t2", "t3"]);
    let next = f.store.export_completions(session, Picks::Starred, Some(export[3].id), 4).await.unwrap();
    assert_eq!(texts(&next), ["t4", "t8"]);
}

#[tokio::test]
async fn stars_and_deletions_are_told_what_is_wrong() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let running = begin(session);
    f.store.begin_completion_durably(running.clone()).await.unwrap().stored().await.unwrap();
    assert!(matches!(f.store.delete_completion(running.id).await, Err(DeleteCompletionError::Running)));
    let done = f.answer(session, "word").await;
    f.store.star_completion(done, Star::Set).await.unwrap();
    f.store.star_completion(done, Star::Cleared).await.unwrap();
    assert!(!f.store.find_completion(done).await.unwrap().unwrap().starred);
    f.store.delete_completion(done).await.unwrap();
    assert!(matches!(f.store.delete_completion(done).await, Err(DeleteCompletionError::NotFound)));
    assert!(matches!(f.store.star_completion(done, Star::Set).await, Err(StarError::NotFound)));
    let unknown = f.store.find_completion(CompletionId::generate()).await.unwrap();
    assert_eq!(unknown, None);
}

#[tokio::test]
async fn times_are_kept_to_the_microsecond() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let mut finish = finish(session, "x");
    finish.finished_at = Timestamp::from_microsecond(1_780_000_000_123_456).unwrap();
    f.store.finish_completion(finish.clone()).await.unwrap();
    let found = f.store.find_completion(finish.begin.id).await.unwrap().unwrap();
    assert_eq!(found.finished_at, Some(finish.finished_at));
}
