//! Login codes: each opens the console once. One is printed at the start, others are made on request.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};
use protocol::UserId;

use crate::token;

/// How long a code can be used that somebody asked for to log in themselves.
pub(crate) const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// How long a code can be used that was asked for somebody else, who has to be told first.
pub(crate) const INVITATION_LASTS: SignedDuration = SignedDuration::from_hours(24);
/// Codes of a user that can be used at a time, the one of the start aside; a further one takes the place of the oldest.
const MOST: usize = 16;

#[derive(Debug)]
struct Code {
    text: String,
    /// Whom it logs in.
    user: UserId,
    /// `None`: as long as the server runs.
    expires_at: Option<Timestamp>,
}

/// The codes that have not been used.
#[derive(Debug)]
pub(crate) struct LoginCodes(Mutex<Vec<Code>>);

impl LoginCodes {
    /// With the code to print at the start, which is the owner's.
    pub(crate) fn new(owner: UserId) -> (Self, String) {
        let text = token::new_user_token();
        (Self(Mutex::new(vec![Code { text: text.clone(), user: owner, expires_at: None }])), text)
    }

    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut Vec<Code>) -> T) -> T {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|code| code.expires_at.is_none_or(|expires_at| expires_at > now));
        work(&mut codes)
    }

    /// A further code for a user, and until when it can be used.
    pub(crate) fn issue(&self, user: UserId, lasts: SignedDuration, now: Timestamp) -> (String, Timestamp) {
        let (text, expires_at) = (token::new_user_token(), now.saturating_add(lasts).unwrap_or(Timestamp::MAX));
        self.with(now, |codes| {
            let is_of_user = |code: &Code| code.user == user && code.expires_at.is_some();
            if codes.iter().filter(|code| is_of_user(code)).count() >= MOST
                && let Some(oldest) = codes.iter().position(is_of_user)
            {
                codes.remove(oldest);
            }
            codes.push(Code { text: text.clone(), user, expires_at: Some(expires_at) });
        });
        (text, expires_at)
    }

    /// Whom a right code logs in, once.
    pub(crate) fn redeem(&self, text: &str, now: Timestamp) -> Option<UserId> {
        self.with(now, |codes| {
            let found = codes.iter().position(|code| token::same(code.text.as_bytes(), text.as_bytes()));
            found.map(|index| codes.remove(index).user)
        })
    }

    /// Withdraws the codes of a user, the one of the start aside.
    pub(crate) fn withdraw(&self, user: UserId, now: Timestamp) {
        self.with(now, |codes| codes.retain(|code| code.user != user || code.expires_at.is_none()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn each_code_opens_once_in_its_time_for_its_user() {
        let (owner, other) = (UserId::generate(), UserId::generate());
        let (codes, first) = LoginCodes::new(owner);
        let (asked, expires_at) = codes.issue(other, LASTS, at(0));
        let (late, _) = codes.issue(owner, LASTS, at(0));
        assert_eq!(expires_at, at(600));
        assert!(codes.redeem("", at(1)).is_none() && codes.redeem("nonsense", at(1)).is_none());
        assert_eq!((codes.redeem(&asked, at(599)), codes.redeem(&asked, at(599))), (Some(other), None));
        assert_eq!(codes.redeem(&late, at(600)), None);
        assert_eq!((codes.redeem(&first, at(1_000_000)), codes.redeem(&first, at(1_000_000))), (Some(owner), None));
    }

    #[test]
    fn codes_are_bounded_and_the_one_of_the_start_stays() {
        let (owner, other) = (UserId::generate(), UserId::generate());
        let (codes, first) = LoginCodes::new(owner);
        let (others, _) = codes.issue(other, LASTS, at(0));
        let issued: Vec<String> = (0..=MOST).map(|_| codes.issue(owner, LASTS, at(0)).0).collect();
        assert_eq!(codes.0.lock().unwrap().len(), MOST + 2);
        assert!(codes.redeem(&issued[0], at(1)).is_none() && codes.redeem(&issued[1], at(1)).is_some());
        codes.withdraw(owner, at(1));
        assert!(codes.redeem(&issued[2], at(1)).is_none() && codes.redeem(&first, at(1)).is_some());
        assert_eq!(codes.redeem(&others, at(1)), Some(other));
    }
}
