//! A running session as the gateway sees it: who may come in, what is in flight, what has been used.
//!
//! The only place where interactions and tokens are admitted and counted while a session runs. What is decided
//! here is decided under one short lock and without IO; that the session then stops is the supervisor's work.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use domain::{limits, reason};
use jiff::Timestamp;
use protocol::{
    CompletionId, SessionId, TaskId, UserId,
    session::{Limit, LimitKind, Reason, SessionModel, SessionUsage},
};
use tokio::sync::Notify;

use super::exchange::{Cut, Exchange};

/// Requests that one session holds at a time, those that wait in the runtime's queue included.
const MAX_IN_FLIGHT: u64 = 512;

/// A session that has been Running, until it has ended.
#[derive(Debug)]
pub(crate) struct Live {
    pub(crate) id: SessionId,
    pub(crate) owner: UserId,
    pub(crate) generation: u32,
    pub(crate) model: SessionModel,
    /// Tokens counted so far, those of running answers included.
    tokens: AtomicU64,
    /// Budget of `tokens`; `u64::MAX` where there is none.
    budget: AtomicU64,
    inner: Mutex<Inner>,
    /// Woken when something happened that may end the session.
    pub(crate) changed: Notify,
    /// Held by a request with an `Idempotency-Key` until what it made is noted.
    pub(crate) repeatable: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct Inner {
    closed: Option<Reason>,
    limits: Vec<Limit>,
    stops_at: Timestamp,
    interactions: u64,
    /// Admitted, but not yet accepted by the runtime.
    pending: u64,
    in_flight: HashMap<CompletionId, Arc<Exchange>>,
    last_active_at: Timestamp,
}

/// Why a request is not admitted.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum NotAdmitted {
    /// The session is stopping, or has to from now on.
    Closed(Box<Reason>),
    /// Too many requests are in flight.
    Full { in_flight: u64, allowed: u64 },
}

/// What the session does next, as far as its limits tell.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Outlook {
    /// It has to stop now.
    Stop(Reason),
    /// It need not be looked at before this time, unless `changed` is woken.
    Until(Timestamp),
}

impl Live {
    /// Opens the door of a session that became Running, or was found Running.
    pub(crate) fn open(session: &domain::Session, now: Timestamp) -> Self {
        let live = Self {
            id: session.id,
            owner: session.owner,
            generation: session.generation,
            model: session.model.clone(),
            tokens: AtomicU64::new(session.usage.tokens()),
            budget: AtomicU64::new(u64::MAX),
            inner: Mutex::new(Inner {
                closed: session.state.reason().cloned(),
                limits: Vec::new(),
                stops_at: Timestamp::MAX,
                interactions: session.usage.interactions,
                pending: 0,
                in_flight: HashMap::new(),
                last_active_at: session.last_active_at.unwrap_or(now),
            }),
            changed: Notify::new(),
            repeatable: tokio::sync::Mutex::default(),
        };
        live.set_limits(session);
        live
    }

    /// Takes over limits that were moved.
    pub(crate) fn set_limits(&self, session: &domain::Session) {
        let mut inner = self.lock();
        inner.limits.clone_from(&session.limits);
        inner.stops_at = session.stops_at().unwrap_or(Timestamp::MAX);
        let budget = limits::smallest(&session.limits, LimitKind::MaxTokens).map_or(u64::MAX, |(max, _)| max);
        self.budget.store(budget, Ordering::Relaxed);
        drop(inner);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets one request in, or says why not. The permit counts as an interaction only once it was accepted.
    ///
    /// # Errors
    /// [`NotAdmitted`]; where a limit is reached by now, the door is closed for good.
    pub(crate) fn admit(self: &Arc<Self>, now: Timestamp) -> Result<Permit, NotAdmitted> {
        let mut inner = self.lock();
        if let Some(reason) = &inner.closed {
            return Err(NotAdmitted::Closed(Box::new(reason.clone())));
        }
        if let Outlook::Stop(reason) = self.outlook_of(&inner, now) {
            inner.closed = Some(reason.clone());
            self.changed.notify_one();
            return Err(NotAdmitted::Closed(Box::new(reason)));
        }
        let usage = SessionUsage { interactions: inner.interactions + inner.pending, ..SessionUsage::default() };
        if let Some(reason) = limits::spent(&inner.limits, &usage) {
            return Err(NotAdmitted::Closed(Box::new(reason)));
        }
        let in_flight = inner.in_flight.len() as u64 + inner.pending;
        if in_flight >= MAX_IN_FLIGHT {
            return Err(NotAdmitted::Full { in_flight, allowed: MAX_IN_FLIGHT });
        }
        inner.pending += 1;
        Ok(Permit { live: Arc::clone(self), accepted: false })
    }

    /// Lets nobody in any more.
    pub(crate) fn close(&self, reason: &Reason) {
        self.lock().closed.get_or_insert_with(|| reason.clone());
        self.changed.notify_one();
    }

    /// Cuts everything in flight.
    pub(crate) fn cut_all(&self, cut: Cut) {
        for exchange in self.lock().in_flight.values() {
            exchange.cut(cut);
        }
    }

    /// Requests in flight or about to be.
    pub(crate) fn in_flight(&self) -> usize {
        let inner = self.lock();
        inner.in_flight.len() + usize::try_from(inner.pending).unwrap_or(usize::MAX)
    }

    /// Whether an answer to a row of this task is in flight.
    pub(crate) fn is_answering(&self, task: TaskId) -> bool {
        self.lock().in_flight.values().any(|exchange| exchange.begin().task_row.is_some_and(|(of, _)| of == task))
    }

    /// A completion in flight.
    pub(crate) fn find_exchange(&self, id: CompletionId) -> Option<Arc<Exchange>> {
        self.lock().in_flight.get(&id).cloned()
    }

    /// Tokens that are left of the budget, where there is one.
    pub(crate) fn tokens_left(&self) -> Option<u64> {
        match self.budget.load(Ordering::Relaxed) {
            u64::MAX => None,
            budget => Some(budget.saturating_sub(self.tokens.load(Ordering::Relaxed))),
        }
    }

    /// Counts tokens of a running answer; at the budget everything in flight is cut.
    pub(crate) fn count_tokens(&self, tokens: u64) {
        if tokens == 0 {
            return;
        }
        let before = self.tokens.fetch_add(tokens, Ordering::Relaxed);
        let budget = self.budget.load(Ordering::Relaxed);
        if before < budget && before.saturating_add(tokens) >= budget {
            self.cut_all(Cut::SessionStopped);
            self.changed.notify_one();
        }
    }

    /// When the last request ended; `now` while one is in flight.
    pub(crate) fn last_active_at(&self, now: Timestamp) -> Timestamp {
        let inner = self.lock();
        if inner.in_flight.is_empty() && inner.pending == 0 { inner.last_active_at } else { now }
    }

    /// Length of the idle limit in force and whether something is in flight.
    pub(crate) fn idle_limit(&self) -> Option<u64> {
        limits::smallest(&self.lock().limits, LimitKind::IdleSeconds).map(|(seconds, _)| seconds)
    }

    /// What the limits say at `now`.
    pub(crate) fn outlook(&self, now: Timestamp) -> Outlook {
        let inner = self.lock();
        if let Some(reason) = &inner.closed {
            return Outlook::Stop(reason.clone());
        }
        self.outlook_of(&inner, now)
    }

    fn outlook_of(&self, inner: &Inner, now: Timestamp) -> Outlook {
        if now >= inner.stops_at {
            return Outlook::Stop(self.time_reason(inner));
        }
        let busy = !inner.in_flight.is_empty() || inner.pending > 0;
        let usage = SessionUsage {
            interactions: if busy { 0 } else { inner.interactions },
            prompt_tokens: self.tokens.load(Ordering::Relaxed),
            completion_tokens: 0,
        };
        if let Some(reason) = limits::spent(&inner.limits, &usage) {
            return Outlook::Stop(reason);
        }
        match limits::idle_deadline(&inner.limits, inner.last_active_at) {
            Some((at, limit)) if !busy && now >= at => Outlook::Stop(reason::idle_limit(limit)),
            Some((at, _)) if !busy => Outlook::Until(at.min(inner.stops_at)),
            Some(_) | None => Outlook::Until(inner.stops_at),
        }
    }

    fn time_reason(&self, inner: &Inner) -> Reason {
        // The limit whose end is `stops_at`: the wall-clock one if it is just that, else the shortest time.
        let limit = inner
            .limits
            .iter()
            .find(|limit| limit.value == protocol::session::LimitValue::At(inner.stops_at))
            .copied()
            .or_else(|| limits::smallest(&inner.limits, LimitKind::AfterSeconds).map(|(_, limit)| limit));
        reason::time_limit(limit)
    }
}

/// Leave for one request. Dropped without [`Permit::accept`], nothing was counted.
#[derive(Debug)]
pub(crate) struct Permit {
    live: Arc<Live>,
    accepted: bool,
}

impl Permit {
    /// The runtime took the request: from here on it is an interaction.
    pub(crate) fn accept(mut self, exchange: Arc<Exchange>) -> InFlight {
        self.accepted = true;
        let mut inner = self.live.lock();
        inner.pending -= 1;
        inner.interactions += 1;
        // What came in between admission and here is cut as the rest was.
        if inner.closed.is_some() && inner.in_flight.is_empty() {
            self.live.changed.notify_one();
        }
        inner.in_flight.insert(exchange.id, Arc::clone(&exchange));
        // The budget was spent while the runtime considered the request: what was in flight then is cut already.
        if self.live.tokens_left() == Some(0) {
            exchange.cut(Cut::SessionStopped);
        }
        drop(inner);
        InFlight { live: Arc::clone(&self.live), id: exchange.id, counted: 0, ended_at: None }
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        if !self.accepted {
            self.live.lock().pending -= 1;
            self.live.changed.notify_one();
        }
    }
}

/// An interaction from its acceptance to its end, which is when this is dropped.
#[derive(Debug)]
pub(crate) struct InFlight {
    live: Arc<Live>,
    id: CompletionId,
    /// Tokens that this interaction has added to the session's count.
    counted: u64,
    ended_at: Option<Timestamp>,
}

impl InFlight {
    /// Brings the session's count of tokens to what this interaction has used so far.
    pub(crate) fn count_up_to(&mut self, tokens: u64) {
        if tokens > self.counted {
            self.live.count_tokens(tokens - self.counted);
            self.counted = tokens;
        }
    }

    /// The last byte was written at this time.
    pub(crate) fn end(mut self, at: Timestamp) {
        self.ended_at = Some(at);
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        let mut inner = self.live.lock();
        inner.in_flight.remove(&self.id);
        if let Some(at) = self.ended_at {
            inner.last_active_at = inner.last_active_at.max(at);
        }
        drop(inner);
        self.live.changed.notify_one();
    }
}

/// The live sessions of this server.
#[derive(Debug, Default)]
pub(crate) struct LiveSessions {
    sessions: RwLock<HashMap<SessionId, Arc<Live>>>,
}

impl LiveSessions {
    pub(crate) fn find(&self, id: SessionId) -> Option<Arc<Live>> {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).get(&id).cloned()
    }

    /// The one with this session's id, opened if it is not there.
    pub(crate) fn ensure(&self, session: &domain::Session, now: Timestamp) -> Arc<Live> {
        let mut sessions = self.sessions.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sessions.entry(session.id).or_insert_with(|| Arc::new(Live::open(session, now))))
    }

    pub(crate) fn remove(&self, id: SessionId) {
        self.sessions.write().unwrap_or_else(PoisonError::into_inner).remove(&id);
    }

    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        self.sessions.read().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// A completion in flight, in whichever session.
    pub(crate) fn find_exchange(&self, id: CompletionId) -> Option<Arc<Exchange>> {
        self.all().into_iter().find_map(|live| live.find_exchange(id))
    }
}
