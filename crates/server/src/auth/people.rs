//! Who there is and what opens something, in memory: every request asks, and the server alone writes.
//!
//! Whoever changes users, keys or named tokens in the store has them read again here before the change is answered.
//! What was used is noted here and written once a minute, on no request's way.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use domain::permission::Scopes;
use jiff::Timestamp;
use protocol::{KeyId, SessionId, SessionTokenId, UserId, quota::QuotaKind, user::Role};
use store::{StorageError, Store, Used};
use tokio::sync::{Notify, watch};

use crate::app::App;

/// How often uses are written, at most.
const USES_PERIOD: Duration = Duration::from_secs(60);

type Hash = [u8; 32];

/// A user, as far as every request needs them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) name: String,
    pub(crate) role: Role,
    pub(crate) is_enabled: bool,
    pub(crate) has_password: bool,
    pub(crate) has_identity: bool,
    /// Part of the seal of their logins.
    pub(crate) logins: u32,
}

/// A key that can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct HeldKey {
    pub(crate) id: KeyId,
    pub(crate) user: UserId,
    pub(crate) scopes: Scopes,
    pub(crate) expires_at: Option<Timestamp>,
}

impl HeldKey {
    pub(crate) fn has_expired(&self, now: Timestamp) -> bool {
        self.expires_at.is_some_and(|at| at <= now)
    }
}

/// Everything that was read at one time.
#[derive(Debug, Default)]
pub(crate) struct Book {
    users: HashMap<UserId, Person>,
    tokens: HashMap<Hash, UserId>,
    keys: HashMap<Hash, HeldKey>,
    session_tokens: HashMap<Hash, (SessionTokenId, SessionId)>,
    /// Those that somebody has set; of nobody: of all together.
    quotas: HashMap<(Option<UserId>, QuotaKind), u64>,
}

impl Book {
    async fn read(store: &Store) -> Result<Self, StorageError> {
        let users = store.list_users().await?.into_iter().map(|user| {
            let person = Person {
                name: user.name,
                role: user.role,
                is_enabled: user.disabled_at.is_none() && user.deleting_at.is_none(),
                has_password: user.password.is_some(),
                has_identity: user.identity.is_some(),
                logins: user.logins,
            };
            (user.id, person)
        });
        let users = users.collect();
        let keys = store.list_keys(None).await?.into_iter().map(|key| {
            let held = HeldKey { id: key.id, user: key.user, scopes: key.scopes, expires_at: key.expires_at };
            (key.sha256, held)
        });
        let session_tokens = store.list_session_tokens(None).await?.into_iter();
        let quotas = store.list_quotas().await?.into_iter().map(|quota| ((quota.user, quota.kind), quota.most));
        Ok(Self {
            users,
            quotas: quotas.collect(),
            tokens: store.list_token_hashes().await?.into_iter().collect(),
            keys: keys.collect(),
            session_tokens: session_tokens
                .map(|record| (record.sha256, (record.token.id, record.token.session_id)))
                .collect(),
        })
    }

    pub(crate) fn find(&self, user: UserId) -> Option<&Person> {
        self.users.get(&user)
    }

    /// The user, unless disabled.
    pub(crate) fn find_enabled(&self, user: UserId) -> Option<&Person> {
        self.find(user).filter(|person| person.is_enabled)
    }

    /// Whose own token has this hash.
    pub(crate) fn find_by_token(&self, hash: &Hash) -> Option<UserId> {
        self.tokens.get(hash).copied()
    }

    pub(crate) fn find_key(&self, hash: &Hash) -> Option<HeldKey> {
        self.keys.get(hash).copied()
    }

    pub(crate) fn find_session_token(&self, hash: &Hash) -> Option<(SessionTokenId, SessionId)> {
        self.session_tokens.get(hash).copied()
    }

    /// A quota that somebody has set for a user, or for all together.
    pub(crate) fn find_quota(&self, user: Option<UserId>, kind: QuotaKind) -> Option<u64> {
        self.quotas.get(&(user, kind)).copied()
    }

    /// Whether a key can still be used as it was.
    pub(crate) fn holds_key(&self, id: KeyId) -> bool {
        self.keys.values().any(|key| key.id == id)
    }
}

/// The book, and what was used and is not written yet.
#[derive(Debug)]
pub(crate) struct People {
    book: watch::Sender<Arc<Book>>,
    /// One reading at a time, or an older one could replace a newer.
    reading: tokio::sync::Mutex<()>,
    used: Mutex<HashMap<Id, Timestamp>>,
    has_used: Notify,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Id {
    Key(KeyId),
    SessionToken(SessionTokenId),
}

impl People {
    /// # Errors
    /// [`StorageError`]
    pub(crate) async fn read(store: &Store) -> Result<Self, StorageError> {
        Ok(Self {
            book: watch::Sender::new(Arc::new(Book::read(store).await?)),
            reading: tokio::sync::Mutex::default(),
            used: Mutex::default(),
            has_used: Notify::new(),
        })
    }

    pub(crate) fn book(&self) -> Arc<Book> {
        Arc::clone(&self.book.borrow())
    }

    /// Follows the changes.
    pub(crate) fn watch(&self) -> watch::Receiver<Arc<Book>> {
        self.book.subscribe()
    }

    /// Reads everything again, after a change.
    ///
    /// # Errors
    /// [`StorageError`]; what was known before stays known.
    pub(crate) async fn reread(&self, store: &Store) -> Result<(), StorageError> {
        let _turn = self.reading.lock().await;
        self.book.send_replace(Arc::new(Book::read(store).await?));
        Ok(())
    }

    /// The name of a user, for people who may know it.
    pub(crate) fn name_of(&self, user: UserId) -> String {
        self.book.borrow().find(user).map(|person| person.name.clone()).unwrap_or_default()
    }

    fn note(&self, id: Id, at: Timestamp) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.insert(id, at);
        drop(used);
        self.has_used.notify_one();
    }

    pub(crate) fn note_key(&self, id: KeyId, at: Timestamp) {
        self.note(Id::Key(id), at);
    }

    pub(crate) fn note_session_token(&self, id: SessionTokenId, at: Timestamp) {
        self.note(Id::SessionToken(id), at);
    }

    /// When a key was used last, as far as it is not written yet.
    pub(crate) fn key_used_at(&self, id: KeyId) -> Option<Timestamp> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).get(&Id::Key(id)).copied()
    }

    /// When a session's token was used last, as far as it is not written yet.
    pub(crate) fn session_token_used_at(&self, id: SessionTokenId) -> Option<Timestamp> {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).get(&Id::SessionToken(id)).copied()
    }

    fn take_used(&self) -> Vec<Used> {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let taken = used.drain().map(|(id, at)| match id {
            Id::Key(id) => Used::Key(id, at),
            Id::SessionToken(id) => Used::SessionToken(id, at),
        });
        taken.collect()
    }
}

/// Writes what was used, a minute after the first use that is not written, until the server goes down.
pub(crate) async fn write_uses(app: Arc<App>) {
    loop {
        let goes_on = tokio::select! {
            () = app.shutdown.cancelled() => false,
            () = app.people.has_used.notified() => true,
        };
        if goes_on {
            tokio::select! {
                () = app.shutdown.cancelled() => {}
                () = tokio::time::sleep(USES_PERIOD) => {}
            }
        }
        let used = app.people.take_used();
        if !used.is_empty()
            && let Err(error) = app.store.note_used(used).await
        {
            tracing::warn!(error = &error as &dyn std::error::Error, "when keys were used last could not be written");
        }
        if !goes_on {
            return;
        }
    }
}
