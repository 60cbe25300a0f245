use protocol::{
    SessionId,
    completion::{Completion, Order},
};
use store::{CompletionFilter, ListError, Paging};

use crate::fixture::{Fixture, at, begin, end_of};

/// Stores a turn of a conversation, as it begins or as it ends.
async fn turn(f: &Fixture, session: SessionId, conversation: Option<&str>, request: &str) {
    let mut begin = begin(session);
    begin.conversation = conversation.map(str::to_owned);
    request.clone_into(&mut begin.request);
    f.store.finish_completion(end_of(begin, "answer")).await.unwrap();
}

fn saying(text: &str) -> String {
    let system = r#"{"role":"system","content":"Be brief."}"#;
    format!(r#"{{"messages":[{system},{{"role":"user","content":{}}}]}}"#, serde_json::json!(text))
}

#[tokio::test]
async fn conversations_are_listed_by_their_latest_completion() {
    let f = Fixture::new().await;
    let (session, other) = (f.create("one").await.id, f.create("other").await.id);
    turn(&f, session, Some("a"), &saying("first of a")).await;
    turn(&f, session, Some("b"), &saying("first of b")).await;
    turn(&f, session, Some("c"), &saying("first of c")).await;
    turn(&f, session, Some("a"), &saying("second of a")).await;
    turn(&f, session, None, &saying("of none")).await;
    turn(&f, other, Some("b"), &saying("elsewhere")).await;
    let first = f.store.list_conversations(session, &Paging::first(2)).await.unwrap();
    let shown: Vec<_> = first.items.iter().map(|c| (c.id.as_str(), c.title.as_deref(), c.completions)).collect();
    assert_eq!(shown, [("a", Some("first of a"), 2), ("c", Some("first of c"), 1)]);
    assert_eq!((first.items[0].created_at, first.items[0].updated_at), (at(1), at(2)));
    let rest = Paging { limit: 2, cursor: first.next_cursor };
    let rest = f.store.list_conversations(session, &rest).await.unwrap();
    assert_eq!((rest.items.len(), rest.items[0].id.as_str(), rest.next_cursor), (1, "b", None));

    // One that is being written counts, by the time when it was asked for.
    let mut running = begin(session);
    (running.conversation, running.created_at) = (Some("b".to_owned()), at(7));
    f.store.begin_completion_durably(running).await.unwrap().stored().await.unwrap();
    let newest = f.store.list_conversations(session, &Paging::first(1)).await.unwrap().items.remove(0);
    assert_eq!((newest.id.as_str(), newest.completions, newest.updated_at), ("b", 2, at(7)));

    let bad = Paging { limit: 5, cursor: Some(format!("c{}", "0".repeat(32))) };
    assert!(matches!(f.store.list_conversations(session, &bad).await, Err(ListError::BadCursor(_))));
}

#[tokio::test]
async fn a_title_is_the_beginning_of_the_first_user_message() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let long = "ờ🦀".repeat(100);
    let cases: Vec<(String, Option<String>)> = vec![
        (saying(&long), Some("ờ🦀".repeat(40))),
        (saying("two\nlines \"quoted\""), Some("two\nlines \"quoted\"".to_owned())),
        (
            r#"{"messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}},{"type":"text","text":"What is it?"}]},
                {"role":"user","content":"later"}]}"#
                .to_owned(),
            Some("What is it?".to_owned()),
        ),
        (r#"{"messages":[{"role":"user","content":[{"type":"image_url"}]}]}"#.to_owned(), None),
        (r#"{"messages":[{"role":"user","content":null}]}"#.to_owned(), None),
        (r#"{"messages":[{"role":"assistant","content":"x"}]}"#.to_owned(), None),
        // What no gateway would let through breaks nothing.
        (r#"{"messages":["user",7,{"role":["user"]},{"role":"user","content":["text"]}]}"#.to_owned(), None),
        (r#"{"messages":"user"}"#.to_owned(), None),
        ("[]".to_owned(), None),
    ];
    for (number, (request, title)) in cases.into_iter().enumerate() {
        turn(&f, session, Some(&format!("c{number}")), &request).await;
        let newest = f.store.list_conversations(session, &Paging::first(1)).await.unwrap().items.remove(0);
        assert_eq!(newest.title, title, "{request}");
    }
}

#[tokio::test]
async fn a_conversation_is_read_from_its_beginning() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    for number in 0..5 {
        let mut begin = begin(session);
        begin.conversation = (number != 2).then(|| "a".to_owned());
        f.store.finish_completion(end_of(begin, &format!("turn {number}"))).await.unwrap();
    }
    let list = async |q: Option<&str>, cursor| {
        let filter = CompletionFilter {
            q: q.map(str::to_owned),
            conversation: Some("a".to_owned()),
            order: Order::Oldest,
            ..CompletionFilter::default()
        };
        f.store.list_completions(session, &filter, &Paging { limit: 3, cursor }).await.unwrap()
    };
    let texts = |items: &[Completion]| items.iter().map(|item| item.response.clone()).collect::<Vec<_>>();
    let first = list(None, None).await;
    assert_eq!(texts(&first.items), ["turn 0", "turn 1", "turn 3"]);
    assert_eq!(texts(&list(None, first.next_cursor).await.items), ["turn 4"]);
    let found = list(Some("turn"), None).await;
    assert_eq!(texts(&found.items), ["turn 0", "turn 1", "turn 3"]);
    assert_eq!(texts(&list(Some("turn"), found.next_cursor).await.items), ["turn 4"]);
}
