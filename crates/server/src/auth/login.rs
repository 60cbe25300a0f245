//! The login of a browser: its cookie, which only the server's key can make, and its end.
//!
//! A cookie says which login it is and until when. It is genuine by its seal; that it was logged out is kept in the
//! store, so that a copy of it opens nothing either, over restarts too.

use std::collections::HashMap;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::{SignedDuration, Timestamp};
use protocol::UserId;
use store::EndedLogin;
use tokio::sync::watch;

use crate::token::{self, TokenKey};

/// How long a login lasts.
pub(crate) const LASTS: SignedDuration = SignedDuration::from_hours(30 * 24);

/// A browser's login.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Login {
    id: [u8; 16],
    expires_at: Timestamp,
}

impl Login {
    /// A new one, from `now` on.
    pub(crate) fn new(now: Timestamp) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&token::random()[..16]);
        Self::until(id, now.saturating_add(LASTS).unwrap_or(Timestamp::MAX))
    }

    /// Whole seconds are kept of the time.
    fn until(id: [u8; 16], expires_at: Timestamp) -> Self {
        let seconds = Timestamp::from_second(expires_at.as_second()).unwrap_or(expires_at);
        Self { id, expires_at: seconds }
    }

    fn seal(&self, key: &TokenKey, user: UserId) -> [u8; 32] {
        let id = URL_SAFE_NO_PAD.encode(self.id);
        key.derive(&format!("login:{user}:{id}:{}", self.expires_at.as_second()))
    }

    /// The cookie's value.
    pub(crate) fn cookie(&self, key: &TokenKey, user: UserId) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.expires_at.as_second().to_be_bytes());
        bytes.extend_from_slice(&self.seal(key, user));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The login of a cookie, if it is genuine and has not expired by `now`.
    pub(crate) fn of_cookie(value: &str, key: &TokenKey, user: UserId, now: Timestamp) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (seconds, seal) = rest.split_first_chunk::<8>()?;
        let login = Self::until(*id, Timestamp::from_second(i64::from_be_bytes(*seconds)).ok()?);
        (token::same(seal, &login.seal(key, user)) && login.expires_at > now).then_some(login)
    }

    /// As the store keeps it.
    pub(crate) const fn ended(&self) -> EndedLogin {
        EndedLogin { id: self.id, expires_at: self.expires_at }
    }
}

/// The logins that were logged out and have not expired.
#[derive(Debug, Default)]
pub(crate) struct EndedLogins(watch::Sender<HashMap<[u8; 16], Timestamp>>);

impl EndedLogins {
    pub(crate) fn new(ended: Vec<EndedLogin>) -> Self {
        Self(watch::Sender::new(ended.into_iter().map(|login| (login.id, login.expires_at)).collect()))
    }

    pub(crate) fn has(&self, login: &Login) -> bool {
        self.0.borrow().contains_key(&login.id)
    }

    /// Ends one, and forgets those that have expired by `now`.
    pub(crate) fn add(&self, login: &Login, now: Timestamp) {
        self.0.send_modify(|ended| {
            ended.retain(|_, expires_at| *expires_at > now);
            ended.insert(login.id, login.expires_at);
        });
    }

    /// Resolves once the login has ended.
    pub(crate) async fn wait(&self, login: &Login) {
        // The sender outlives the receiver: it is `self`.
        let _ = self.0.subscribe().wait_for(|ended| ended.contains_key(&login.id)).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(1_000_000_000 + seconds).unwrap()
    }

    #[test]
    fn a_cookie_opens_for_its_time_its_user_and_its_key() {
        let folder = tempfile::tempdir().unwrap();
        let key = TokenKey::ensure(folder.path()).unwrap();
        let other_key = TokenKey::ensure(tempfile::tempdir().unwrap().path()).unwrap();
        let user = UserId::generate();
        let login = Login::new(at(0));
        let cookie = login.cookie(&key, user);
        let month = LASTS.as_secs();
        assert_eq!(Login::of_cookie(&cookie, &key, user, at(0)), Some(login));
        assert_eq!(Login::of_cookie(&cookie, &key, user, at(month - 1)), Some(login));
        assert_eq!(Login::of_cookie(&cookie, &key, user, at(month)), None);
        assert_eq!(Login::of_cookie(&cookie, &key, UserId::generate(), at(0)), None);
        assert_eq!(Login::of_cookie(&cookie, &other_key, user, at(0)), None);
        for at_character in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[at_character] = if bytes[at_character] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(Login::of_cookie(&changed, &key, user, at(0)).is_none(), "{at_character}");
        }
        for nonsense in ["", "A", "AAAA", &"A".repeat(75)] {
            assert_eq!(Login::of_cookie(nonsense, &key, user, at(0)), None);
        }
        assert_ne!(Login::new(at(0)).id, login.id);
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let (first, second) = (Login::new(at(0)), Login::new(at(100)));
        let ended = EndedLogins::new(vec![first.ended()]);
        assert!(ended.has(&first) && !ended.has(&second));
        ended.add(&second, at(LASTS.as_secs() + 50));
        assert!(!ended.has(&first) && ended.has(&second));
    }
}
