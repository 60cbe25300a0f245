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
    pub(crate) user: UserId,
    /// How often the user's logins had been ended before this one began.
    pub(crate) logins: u32,
    expires_at: Timestamp,
}

impl Login {
    /// A new one, from `now` on.
    pub(crate) fn new(user: UserId, logins: u32, now: Timestamp) -> Self {
        let mut id = [0; 16];
        id.copy_from_slice(&token::random()[..16]);
        Self { id, user, logins, expires_at: whole_seconds(now.saturating_add(LASTS).unwrap_or(Timestamp::MAX)) }
    }

    fn seal(&self, key: &TokenKey) -> [u8; 32] {
        key.derive(&format!("{}:{}", self.plainly(), self.logins))
    }

    /// As it was while there was one user.
    fn plain_seal(&self, key: &TokenKey) -> [u8; 32] {
        key.derive(&self.plainly())
    }

    fn plainly(&self) -> String {
        format!("login:{}:{}:{}", self.user, URL_SAFE_NO_PAD.encode(self.id), self.expires_at.as_second())
    }

    /// The cookie's value.
    pub(crate) fn cookie(&self, key: &TokenKey) -> String {
        let mut bytes = self.id.to_vec();
        bytes.extend_from_slice(&self.expires_at.as_second().to_be_bytes());
        bytes.extend_from_slice(self.user.as_bytes());
        bytes.extend_from_slice(&self.seal(key));
        URL_SAFE_NO_PAD.encode(bytes)
    }

    /// The login of a cookie, if it is genuine and has not expired by `now`. A cookie that names nobody is the owner's,
    /// of a time when there was nobody else. `logins` tells of a user how often their logins were ended.
    pub(crate) fn of_cookie(
        value: &str,
        key: &TokenKey,
        owner: UserId,
        logins: impl Fn(UserId) -> Option<u32>,
        now: Timestamp,
    ) -> Option<Self> {
        let bytes = URL_SAFE_NO_PAD.decode(value).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (seconds, rest) = rest.split_first_chunk::<8>()?;
        let expires_at = Timestamp::from_second(i64::from_be_bytes(*seconds)).ok()?;
        let login = |user| Some(Self { id: *id, user, logins: logins(user)?, expires_at });
        let (login, is_genuine) = match rest.len() {
            48 => {
                let (user, told) = rest.split_first_chunk::<16>()?;
                let login = login(UserId::from_bytes(*user))?;
                (login, token::same(told, &login.seal(key)))
            }
            32 => {
                let login = login(owner)?;
                (login, login.logins == 0 && token::same(rest, &login.plain_seal(key)))
            }
            _ => return None,
        };
        (is_genuine && login.expires_at > now).then_some(login)
    }

    /// As the store keeps it.
    pub(crate) const fn ended(&self) -> EndedLogin {
        EndedLogin { id: self.id, expires_at: self.expires_at }
    }
}

/// Whole seconds are kept of a time.
fn whole_seconds(at: Timestamp) -> Timestamp {
    Timestamp::from_second(at.as_second()).unwrap_or(at)
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
        let (user, owner) = (UserId::generate(), UserId::generate());
        let login = Login::new(user, 3, at(0));
        let cookie = login.cookie(&key);
        let open = |cookie: &str, key: &TokenKey, count: u32, now: Timestamp| {
            Login::of_cookie(cookie, key, owner, |of| (of == user || of == owner).then_some(count), now)
        };
        let month = LASTS.as_secs();
        assert_eq!(open(&cookie, &key, 3, at(0)), Some(login));
        assert_eq!(open(&cookie, &key, 3, at(month - 1)), Some(login));
        assert_eq!(open(&cookie, &key, 3, at(month)), None);
        assert_eq!(open(&cookie, &other_key, 3, at(0)), None);
        assert_eq!(open(&cookie, &key, 4, at(0)), None, "all logins of the user were ended");
        assert_eq!(Login::of_cookie(&cookie, &key, owner, |_| None, at(0)), None, "the user is gone");
        for at_character in 0..cookie.len() {
            let mut bytes = cookie.clone().into_bytes();
            bytes[at_character] = if bytes[at_character] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(open(&changed, &key, 3, at(0)).is_none(), "{at_character}");
        }
        for nonsense in ["", "A", "AAAA", &"A".repeat(75), &"A".repeat(96)] {
            assert_eq!(open(nonsense, &key, 3, at(0)), None);
        }
        assert_ne!(Login::new(user, 3, at(0)).id, login.id);
    }

    #[test]
    fn a_cookie_that_names_nobody_is_the_owners_until_their_logins_are_ended() {
        let folder = tempfile::tempdir().unwrap();
        let key = TokenKey::ensure(folder.path()).unwrap();
        let owner = UserId::generate();
        let login = Login::new(owner, 0, at(0));
        let mut bytes = login.id.to_vec();
        bytes.extend_from_slice(&login.expires_at.as_second().to_be_bytes());
        bytes.extend_from_slice(&login.plain_seal(&key));
        let cookie = URL_SAFE_NO_PAD.encode(bytes);
        let open = |owner: UserId, logins: u32| Login::of_cookie(&cookie, &key, owner, |_| Some(logins), at(1));
        assert_eq!((open(owner, 0), open(owner, 1), open(UserId::generate(), 0)), (Some(login), None, None));
    }

    #[test]
    fn what_has_expired_is_forgotten() {
        let user = UserId::generate();
        let (first, second) = (Login::new(user, 0, at(0)), Login::new(user, 0, at(100)));
        let ended = EndedLogins::new(vec![first.ended()]);
        assert!(ended.has(&first) && !ended.has(&second));
        ended.add(&second, at(LASTS.as_secs() + 50));
        assert!(!ended.has(&first) && ended.has(&second));
    }
}
