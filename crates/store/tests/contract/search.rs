use store::{CompletionFilter, Paging};

use crate::fixture::Fixture;

#[tokio::test]
async fn acknowledged_answers_are_found_by_their_words() {
    let f = Fixture::new().await;
    let (session, other) = (f.create("one").await.id, f.create("other").await.id);
    let texts = [
        "The quick brown fox jumps.",
        "Phở ở Hà Nội rất ngon",
        "今天天气很好,我们去公园。",
        "Great job 🎉 team 🚀",
        "SELECT * FROM session WHERE name = 'x' OR 1=1; --",
        "Foxes are quick, \"quoted\" and NEAR(by)",
    ];
    for text in texts {
        f.answer(session, text).await;
    }
    f.answer(other, "a quick fox of another session").await;
    let found = async |q: &str| {
        let filter = CompletionFilter { q: Some(q.to_owned()), ..CompletionFilter::default() };
        let page = f.store.list_completions(session, &filter, &Paging::default()).await.unwrap();
        let place = |text: &str| texts.iter().position(|known| *known == text).unwrap();
        page.items.iter().map(|completion| place(&completion.response)).collect::<Vec<_>>()
    };
    for (q, expected) in [
        ("fox", vec![5, 0]),
        ("quick FO", vec![5, 0]),
        ("ox", vec![]),
        ("fox -quick", vec![5, 0]),
        ("\"quoted", vec![5]),
        ("near(by)", vec![5]),
        ("fox OR pho", vec![]),
        ("pho ha noi", vec![1]),
        ("天气", vec![2]),
        ("公", vec![2]),
        ("气天", vec![]),
        ("🚀", vec![3]),
        ("' OR 1=1; --", vec![4]),
        ("*", vec![]),
        ("\" ( ^ :", vec![]),
        ("absent", vec![]),
        ("   ", vec![5, 4, 3, 2, 1, 0]),
    ] {
        assert_eq!(found(q).await, expected, "{q}");
    }
}

#[tokio::test]
async fn a_search_is_paged_like_any_list() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    for number in 0..30 {
        f.answer(session, &format!("{} {number}", if number % 2 == 0 { "even" } else { "odd" })).await;
    }
    let filter = CompletionFilter { q: Some("even".to_owned()), ..CompletionFilter::default() };
    let (mut seen, mut paging) = (Vec::new(), Paging::first(4));
    loop {
        let page = f.store.list_completions(session, &filter, &paging).await.unwrap();
        seen.extend(page.items.into_iter().map(|completion| completion.response));
        f.answer(session, "even more").await;
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    let expected: Vec<_> =
        (0..30).rev().filter(|number| number % 2 == 0).map(|number| format!("even {number}")).collect();
    assert_eq!(seen, expected);
}
