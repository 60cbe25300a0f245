use std::collections::HashSet;

use domain::{
    State,
    admission::{QuotaReached, Quotas},
    reason,
    session::Ended,
};
use protocol::{
    ModelId, SessionId, UserId,
    session::{Phase, ReasonCode, SessionStorage, SessionUsage, Status},
};
use store::{
    Change, CreateSessionError, Created, Idempotency, ListError, Made, Paging, RecallError, SessionFilter, Transition,
    WriteSessionError,
};

use crate::fixture::{Fixture, at, creation, draining, ended, session, stay};

fn transition(from: Phase, seconds: i64) -> Option<Transition> {
    Some(Transition { actor: "system".to_owned(), from, at: at(seconds) })
}

#[tokio::test]
async fn a_session_is_read_as_it_was_written_in_every_phase() {
    let f = Fixture::new().await;
    let mut session = f.create("one").await;
    let loading = State::Loading { stay: stay(2), progress: 0.0 };
    let unreleased = State::Ended(Ended {
        at: at(60),
        running_at: None,
        reason: reason::plain(ReasonCode::OutOfMemory, "Too large."),
        unreleased: true,
    });
    for state in [
        State::Preparing(stay(1)),
        loading,
        State::Probing(stay(3)),
        State::Running(stay(4)),
        draining(50),
        unreleased,
        ended(61),
    ] {
        session.state = state;
        session.generation += 1;
        let written = f.store.write_session(session.revision, session.clone(), None).await.unwrap();
        session.revision += 1;
        assert!(written.change > session.change);
        session.change = written.change;
        assert_eq!(written, session);
        assert_eq!(f.store.find_session(session.id).await.unwrap(), Some(session.clone()));
    }
}

#[tokio::test]
async fn a_write_on_an_old_revision_changes_nothing() {
    let f = Fixture::new().await;
    let first = f.create("one").await;
    let mut preparing = first.clone();
    preparing.state = State::Preparing(stay(1));
    f.store.write_session(0, preparing.clone(), transition(Phase::Queued, 1)).await.unwrap();
    let refused = f.store.write_session(0, preparing.clone(), transition(Phase::Queued, 2)).await;
    assert!(matches!(refused, Err(WriteSessionError::Conflict { found: 1 })));
    let timeline = f.store.list_timeline(first.id).await.unwrap();
    let steps: Vec<_> = timeline.iter().map(|entry| (entry.from, entry.to, entry.status)).collect();
    let initializing = Status::Initializing;
    assert_eq!(steps, [(None, Phase::Queued, initializing), (Some(Phase::Queued), Phase::Preparing, initializing)]);
    let mut gone = first;
    gone.id = SessionId::generate();
    assert!(matches!(f.store.write_session(0, gone, None).await, Err(WriteSessionError::Gone)));
}

#[tokio::test]
async fn of_many_writers_on_one_revision_one_wins() {
    let f = Fixture::new().await;
    let session = f.create("one").await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..30 {
        let (store, mut session) = (f.store.clone(), session.clone());
        session.state = State::Preparing(stay(number));
        tasks.spawn(async move { store.write_session(0, session, transition(Phase::Queued, number)).await.is_ok() });
    }
    let won = tasks.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
    assert_eq!(f.store.list_timeline(session.id).await.unwrap().len(), 2);
}

#[tokio::test]
async fn a_write_leaves_the_counters_and_a_count_leaves_the_revision() {
    let f = Fixture::new().await;
    let session = f.create("one").await;
    let usage = SessionUsage { interactions: 1, prompt_tokens: 2, completion_tokens: 3 };
    let storage = SessionStorage { temporary_bytes: 7, persistent_bytes: 8 };
    f.store.add_usage(session.id, usage).await.unwrap().unwrap();
    f.store.touch_session(session.id, at(9)).await.unwrap().unwrap();
    f.store.touch_session(session.id, at(4)).await.unwrap().unwrap();
    f.store.set_storage(session.id, 7, 8).await.unwrap().unwrap();
    // Decided on what was read before the counting.
    let written = f.store.write_session(0, session, None).await.unwrap();
    assert_eq!((written.usage, written.storage, written.last_active_at), (usage, storage, Some(at(9))));
    assert_eq!(f.store.add_usage(SessionId::generate(), usage).await.unwrap(), None);
}

#[tokio::test]
async fn names_are_unique_among_the_owners_sessions_that_stay() {
    let f = Fixture::new().await;
    let other = f.add_user("other").await;
    let first = f.create("名前 🎉").await;
    let again = f.store.create_session(creation(session(f.owner, "名前 🎉"))).await;
    assert!(matches!(again, Err(CreateSessionError::NameTaken)));
    assert!(f.store.is_name_taken(f.owner, "名前 🎉").await.unwrap());
    f.store.create_session(creation(session(other, "名前 🎉"))).await.unwrap();

    let mut second = f.create("second").await;
    second.name = "名前 🎉".to_owned();
    let renamed = f.store.write_session(0, second.clone(), None).await;
    assert!(matches!(renamed, Err(WriteSessionError::NameTaken)));
    f.mark_deleting(first.id).await;
    assert!(!f.store.is_name_taken(f.owner, "名前 🎉").await.unwrap());
    f.store.write_session(0, second, None).await.unwrap();
}

#[tokio::test]
async fn an_unknown_owner_has_no_sessions() {
    let f = Fixture::new().await;
    let refused = f.store.create_session(creation(session(UserId::generate(), "one"))).await;
    assert!(matches!(refused, Err(CreateSessionError::OwnerUnknown)));
}

#[tokio::test]
async fn the_quota_holds_against_fifty_at_once() {
    let f = Fixture::new().await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..50 {
        let (store, owner) = (f.store.clone(), f.owner);
        tasks.spawn(async move {
            let mut creation = creation(session(owner, &format!("session {number}")));
            creation.quotas = Quotas { sessions: 20, active: 2 };
            store.create_session(creation).await
        });
    }
    let results = tasks.join_all().await;
    assert_eq!(results.iter().filter(|result| result.is_ok()).count(), 20);
    for refused in results.into_iter().filter_map(Result::err) {
        let CreateSessionError::QuotaReached(figures) = refused else { panic!("{refused}") };
        assert_eq!(figures, QuotaReached { have: 20, allowed: 20 });
    }
    assert_eq!(f.store.count_sessions(f.owner).await.unwrap().sessions(), 20);
}

#[tokio::test]
async fn a_repeated_request_gives_the_session_it_made() {
    let f = Fixture::new().await;
    let mut request = creation(session(f.owner, "one"));
    request.idempotency = Some(Idempotency { key_sha256: [1; 32], body_sha256: [2; 32] });
    let Created::New(made) = f.store.create_session(request.clone()).await.unwrap() else { panic!("made before") };
    request.session.id = SessionId::generate();
    let Created::Repeated(found) = f.store.create_session(request.clone()).await.unwrap() else { panic!("made anew") };
    assert_eq!(found, made);
    request.idempotency = Some(Idempotency { key_sha256: [1; 32], body_sha256: [3; 32] });
    let refused = f.store.create_session(request).await;
    assert!(matches!(refused, Err(CreateSessionError::IdempotencyConflict)));
}

#[tokio::test]
async fn a_key_tells_what_it_made_until_that_is_deleted() {
    let f = Fixture::new().await;
    let session = f.create("one").await.id;
    let id = f.answer(session, "an answer").await;
    let key = Idempotency { key_sha256: [1; 32], body_sha256: [2; 32] };
    assert_eq!(f.store.recall_made(f.owner, &key).await.unwrap(), None);
    for _ in 0..2 {
        f.store.remember_made(f.owner, key, Made::Completion(id)).await.unwrap();
        assert_eq!(f.store.recall_made(f.owner, &key).await.unwrap(), Some(Made::Completion(id)));
    }
    let other = Idempotency { body_sha256: [3; 32], ..key };
    assert!(matches!(f.store.recall_made(f.owner, &other).await, Err(RecallError::Conflict)));
    f.store.delete_completion(id).await.unwrap();
    assert_eq!(f.store.recall_made(f.owner, &other).await.unwrap(), None);
    f.store.remember_made(f.owner, key, Made::Completion(id)).await.unwrap();
    assert_eq!(f.store.recall_made(f.owner, &key).await.unwrap(), None);
}

#[tokio::test]
async fn pages_neither_repeat_nor_miss_while_sessions_are_added() {
    let f = Fixture::new().await;
    let mut before = Vec::new();
    for number in 0..25 {
        before.push(f.create(&format!("session {number}")).await.id);
    }
    let (mut seen, mut paging) = (Vec::new(), Paging::first(10));
    loop {
        let page = f.store.list_sessions(f.owner, &SessionFilter::default(), &paging).await.unwrap();
        seen.extend(page.items.iter().map(|session| session.id));
        f.create(&format!("added {}", seen.len())).await;
        paging.cursor = page.next_cursor;
        if paging.cursor.is_none() {
            break;
        }
    }
    before.reverse();
    assert_eq!(seen, before);
}

#[tokio::test]
async fn a_cursor_of_elsewhere_is_refused() {
    let f = Fixture::new().await;
    for bad in ["", "x", "c00000000000000000000000000000000", "s0", "s'; DROP TABLE session; --"] {
        let paging = Paging { limit: 10, cursor: Some(bad.to_owned()) };
        let refused = f.store.list_sessions(f.owner, &SessionFilter::default(), &paging).await;
        assert!(matches!(refused, Err(ListError::BadCursor(_))), "{bad}");
    }
}

#[tokio::test]
async fn sessions_are_found_by_status_name_description_and_model() {
    let f = Fixture::new().await;
    let mut plain = session(f.owner, "Đà Nẵng 100%");
    plain.description = Some("Holiday_plans".to_owned());
    f.store.create_session(creation(plain)).await.unwrap();
    let mut running = f.create("other").await;
    running.state = State::Running(stay(1));
    f.store.write_session(0, running, None).await.unwrap();
    let names = async |status, q: &str| {
        let q = (!q.is_empty()).then(|| q.to_owned());
        let page = f.store.list_sessions(f.owner, &SessionFilter { status, q }, &Paging::default()).await.unwrap();
        page.items.into_iter().map(|session| session.name).collect::<Vec<_>>()
    };
    assert_eq!(names(None, "da NANG").await, ["Đà Nẵng 100%"]);
    assert_eq!(names(None, "0%").await, ["Đà Nẵng 100%"]);
    assert_eq!(names(None, "day_p").await, ["Đà Nẵng 100%"]);
    assert_eq!(names(None, "demo:2").await.len(), 2);
    assert_eq!(names(Some(Status::Running), "demo").await, ["other"]);
    assert_eq!(names(Some(Status::Failed), "").await, [""; 0]);
    assert!(names(None, "%").await == ["Đà Nẵng 100%"] && names(None, "' OR 1=1").await.is_empty());
}

#[tokio::test]
async fn counts_and_the_unfinished_go_by_the_phase() {
    let f = Fixture::new().await;
    f.create("queued").await;
    for (name, state) in [
        ("running", State::Running(stay(1))),
        ("draining", draining(2)),
        ("stopped", ended(3)),
        (
            "unreleased",
            State::Ended(Ended {
                at: at(3),
                running_at: None,
                reason: reason::plain(ReasonCode::ReleaseUnconfirmed, "Alive."),
                unreleased: true,
            }),
        ),
    ] {
        let mut session = f.create(name).await;
        session.state = state;
        f.store.write_session(0, session, None).await.unwrap();
    }
    let deleting = f.create("deleting").await;
    f.mark_deleting(deleting.id).await;
    let counts = f.store.count_sessions(f.owner).await.unwrap();
    assert_eq!((counts.initializing, counts.running, counts.stopped, counts.failed), (1, 2, 1, 1));
    assert_eq!((counts.sessions(), counts.holding), (5, 3));
    assert!(f.store.is_anyone_queued().await.unwrap());
    let unfinished = f.store.list_unfinished().await.unwrap();
    let names: Vec<_> = unfinished.iter().map(|session| session.name.as_str()).collect();
    assert_eq!(names, ["queued", "running", "draining", "unreleased", "deleting"]);
    assert_eq!(f.store.find_session_of(f.owner, deleting.id).await.unwrap(), None);
    assert!(f.store.find_session(deleting.id).await.unwrap().is_some());
}

#[tokio::test]
async fn changes_are_told_in_order_once_and_survive_a_restart() {
    let f = Fixture::new().await;
    let mut told = f.store.watch_changes();
    let start = f.store.latest_change();
    let (first, second) = (f.create("first").await, f.create("second").await);
    told.wait_for(|change| *change >= start + 2).await.unwrap();
    f.answer(first.id, "an answer").await;
    let changes = f.store.changes_after(f.owner, start, 100).await.unwrap();
    let ids: Vec<_> = changes
        .iter()
        .map(|change| match change {
            Change::Session(session) => session.id,
            Change::Deleted(_, id) => *id,
            other => panic!("there is no such thing: {other:?}"),
        })
        .collect();
    assert_eq!(ids, [second.id, first.id]);
    let latest = changes.last().unwrap().number();
    assert_eq!(f.store.latest_change(), latest);

    f.mark_deleting(second.id).await;
    assert!(
        matches!(f.store.changes_after(f.owner, latest, 9).await.unwrap()[..], [Change::Deleted(_, id)] if id == second.id)
    );
    f.store.erase_session_rows(second.id).await.unwrap();
    let f = f.reopen().await;
    let after = f.store.changes_after(f.owner, latest, 9).await.unwrap();
    assert!(matches!(after[..], [Change::Deleted(number, id)] if id == second.id && number == f.store.latest_change()));
    let numbers: HashSet<u64> =
        f.store.changes_after(f.owner, 0, 9).await.unwrap().iter().map(Change::number).collect();
    assert_eq!(numbers.len(), 2);
}

#[tokio::test]
async fn an_ended_session_has_the_status_of_its_reason_and_keeps_its_model() {
    let f = Fixture::new().await;
    let mut session = f.create("one").await;
    session.state = State::Ended(Ended {
        at: at(1),
        running_at: None,
        reason: reason::plain(ReasonCode::RuntimeCrashed, "Crashed."),
        unreleased: false,
    });
    session.model.id = ModelId::generate();
    let written = f.store.write_session(0, session, None).await.unwrap();
    assert_eq!(written.state.status(), Status::Failed);
    assert_eq!(written.model.id, ModelId::from_bytes([5; 16]), "a session keeps its model");
}
