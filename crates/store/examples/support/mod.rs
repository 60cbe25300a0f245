//! What measurements of the store share.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a measurement prints, and stops at what is unexpected")]

use std::time::{Duration, Instant};

use domain::{Session, State, admission::Quotas, session::Stay};
use jiff::Timestamp;
use protocol::{
    ModelId, SessionId, UserId,
    model::ModelType,
    session::{EffectiveEngine, SessionModel, SessionStorage, SessionUsage, StopPolicy},
};
use store::{Creation, Store};

/// Longest that one kind of work is measured.
pub(crate) const MEASURED: Duration = Duration::from_secs(5);

fn session(owner: UserId, name: String) -> Session {
    let now = Timestamp::UNIX_EPOCH;
    Session {
        id: SessionId::generate(),
        owner,
        name,
        description: None,
        model: SessionModel {
            id: ModelId::from_bytes([1; 16]),
            name: "demo".to_owned(),
            version: "1".to_owned(),
            kind: ModelType::Llm,
        },
        engine: EffectiveEngine { context_length: 4096, parallel: 4 },
        stop: StopPolicy::default(),
        limits: Vec::new(),
        memory_needed: 1 << 30,
        state: State::Queued(Stay { since: now, deadline: now }),
        generation: 0,
        revision: 0,
        change: 0,
        usage: SessionUsage::default(),
        last_active_at: None,
        storage: SessionStorage::default(),
        created_at: now,
        deleting_at: None,
    }
}

pub(crate) async fn create(store: &Store, owner: UserId, name: &str) -> SessionId {
    let session = session(owner, name.to_owned());
    let id = session.id;
    let quotas = Quotas { sessions: u64::MAX, active: 2, ..Quotas::default() };
    let creation = Creation { session, actor: "bench".to_owned(), quotas, idempotency: None };
    store.create_session(creation).await.unwrap();
    id
}

/// Times a read up to 300 times, and prints it.
pub(crate) async fn measure(what: &str, mut read: impl AsyncFnMut()) {
    let (mut times, start) = (Vec::new(), Instant::now());
    while times.len() < 300 && start.elapsed() < MEASURED {
        let began = Instant::now();
        read().await;
        times.push(began.elapsed());
    }
    print(what, times);
}

pub(crate) fn print(what: &str, mut times: Vec<Duration>) {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100];
    println!("{what}: p50 {:.2?}, p99 {:.2?} ({} times)", at(50), at(99), times.len());
}
