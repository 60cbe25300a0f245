//! A store in a temporary folder, and what is put into it.

use domain::{
    Session, State,
    admission::Quotas,
    reason,
    session::{Draining, Ended, Stay},
};
use jiff::{SignedDuration, Timestamp};
use protocol::{
    CompletionId, ModelId, SessionId, UserId,
    completion::{Choice, CompletionTiming, CompletionUsage, FinishReason, Origin},
    model::ModelType,
    session::{
        EffectiveEngine, Limit, LimitKind, LimitSource, LimitValue, SessionModel, SessionStorage, SessionUsage,
        StopPolicy,
    },
    user::Role,
};
use store::{Begin, Created, Creation, Finish, NewUser, Settings, Store};
use tempfile::TempDir;

pub(crate) struct Fixture {
    pub(crate) dir: TempDir,
    pub(crate) store: Store,
    pub(crate) owner: UserId,
}

impl Fixture {
    pub(crate) async fn new() -> Self {
        Self::with(&Settings::default()).await
    }

    pub(crate) async fn with(settings: &Settings) -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("data"), settings).await.unwrap();
        let owner = store.ensure_owner(at(0)).await.unwrap().id;
        Self { dir, store, owner }
    }

    pub(crate) async fn reopen(self) -> Self {
        let Self { dir, store, owner } = self;
        store.close().await.unwrap();
        drop(store);
        let store = Store::open(&dir.path().join("data"), &Settings::default()).await.unwrap();
        Self { dir, store, owner }
    }

    pub(crate) async fn create(&self, name: &str) -> Session {
        match self.store.create_session(creation(session(self.owner, name))).await.unwrap() {
            Created::New(session) => session,
            Created::Repeated(_) => panic!("no key was given"),
        }
    }

    /// A further user, a member.
    pub(crate) async fn add_user(&self, name: &str) -> UserId {
        self.store.create_user(new_user(name, Role::Member)).await.unwrap().id
    }

    /// A session that has ended, is marked for deletion and may be erased.
    pub(crate) async fn mark_deleting(&self, session: SessionId) {
        let mut session = self.store.find_session(session).await.unwrap().unwrap();
        session.state = ended(10);
        session.deleting_at = Some(at(11));
        self.store.write_session(session.revision, session, None).await.unwrap();
    }

    pub(crate) async fn answer(&self, session: SessionId, text: &str) -> CompletionId {
        let finish = finish(session, text);
        let id = finish.begin.id;
        self.store.finish_completion(finish).await.unwrap();
        id
    }
}

pub(crate) fn new_user(name: &str, role: Role) -> NewUser {
    NewUser { id: UserId::generate(), name: name.to_owned(), role, password: None, identity: None, now: at(0) }
}

/// So many seconds after a day in 2026.
pub(crate) fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_780_000_000 + seconds).unwrap()
}

pub(crate) fn session(owner: UserId, name: &str) -> Session {
    let limit = Limit { kind: LimitKind::AfterSeconds, value: LimitValue::Count(3600), source: LimitSource::Default };
    let wall = Limit { kind: LimitKind::At, value: LimitValue::At(at(9999)), source: LimitSource::Session };
    Session {
        id: SessionId::generate(),
        owner,
        name: name.to_owned(),
        description: Some("A description".to_owned()),
        model: SessionModel {
            id: ModelId::from_bytes([5; 16]),
            name: "demo".to_owned(),
            version: "2".to_owned(),
            kind: ModelType::Llm,
        },
        engine: EffectiveEngine { context_length: 4096, parallel: 4 },
        stop: StopPolicy { at: Some(at(9999)), ..StopPolicy::default() },
        limits: vec![limit, wall],
        memory_needed: 1 << 33,
        state: State::Queued(stay(0)),
        generation: 0,
        revision: 0,
        change: 0,
        usage: SessionUsage::default(),
        last_active_at: None,
        storage: SessionStorage::default(),
        created_at: at(0),
        deleting_at: None,
    }
}

pub(crate) fn creation(session: Session) -> Creation {
    let quotas = Quotas { sessions: 1000, active: 2, ..Quotas::default() };
    Creation { actor: session.owner.to_string(), session, quotas, idempotency: None }
}

pub(crate) fn stay(seconds: i64) -> Stay {
    Stay { since: at(seconds), deadline: at(seconds) + SignedDuration::from_hours(1) }
}

pub(crate) fn draining(seconds: i64) -> State {
    State::Draining(Draining {
        since: at(seconds),
        running_at: Some(at(1)),
        grace_until: at(seconds + 10),
        deadline: at(seconds + 40),
        reason: reason::user(),
    })
}

pub(crate) fn ended(seconds: i64) -> State {
    State::Ended(Ended { at: at(seconds), running_at: Some(at(1)), reason: reason::user(), unreleased: false })
}

pub(crate) fn begin(session: SessionId) -> Begin {
    Begin {
        repeatable: None,
        id: CompletionId::generate(),
        session_id: session,
        conversation: None,
        origin: Origin::Api,
        task_row: None,
        request: r#"{"model":"demo","messages":[{"role":"user","content":"hi"}]}"#.to_owned(),
        created_at: at(1),
    }
}

pub(crate) fn finish(session: SessionId, text: &str) -> Finish {
    end_of(begin(session), text)
}

pub(crate) fn end_of(begin: Begin, text: &str) -> Finish {
    Finish {
        begin,
        choices: vec![Choice { index: 0, text: text.to_owned(), finish_reason: Some(FinishReason::Stop) }],
        finish_reason: FinishReason::Stop,
        error: None,
        usage: CompletionUsage { prompt_tokens: 10, completion_tokens: 5 },
        timing: CompletionTiming { total_ms: Some(12.5), ..CompletionTiming::default() },
        finished_at: at(2),
    }
}
