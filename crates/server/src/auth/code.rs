//! Login codes: each opens the console once. One is printed at the start, others are made on request.

use std::sync::{Mutex, PoisonError};

use jiff::{SignedDuration, Timestamp};

use crate::token;

/// How long a code that was asked for can be used.
const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// Codes that can be used at a time, the one of the start aside; a further one takes the place of the oldest.
const MOST: usize = 16;

#[derive(Debug)]
struct Code {
    text: String,
    /// `None`: as long as the server runs.
    expires_at: Option<Timestamp>,
}

/// The codes that have not been used.
#[derive(Debug)]
pub(crate) struct LoginCodes(Mutex<Vec<Code>>);

impl LoginCodes {
    /// With the code to print at the start.
    pub(crate) fn new() -> (Self, String) {
        let text = token::new_user_token();
        (Self(Mutex::new(vec![Code { text: text.clone(), expires_at: None }])), text)
    }

    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut Vec<Code>) -> T) -> T {
        let mut codes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        codes.retain(|code| code.expires_at.is_none_or(|expires_at| expires_at > now));
        work(&mut codes)
    }

    /// A further code, and until when it can be used.
    pub(crate) fn issue(&self, now: Timestamp) -> (String, Timestamp) {
        let (text, expires_at) = (token::new_user_token(), now.saturating_add(LASTS).unwrap_or(Timestamp::MAX));
        self.with(now, |codes| {
            if codes.iter().filter(|code| code.expires_at.is_some()).count() >= MOST
                && let Some(oldest) = codes.iter().position(|code| code.expires_at.is_some())
            {
                codes.remove(oldest);
            }
            codes.push(Code { text: text.clone(), expires_at: Some(expires_at) });
        });
        (text, expires_at)
    }

    /// True once, for a right code.
    pub(crate) fn redeem(&self, text: &str, now: Timestamp) -> bool {
        self.with(now, |codes| {
            let found = codes.iter().position(|code| token::same(code.text.as_bytes(), text.as_bytes()));
            found.map(|index| codes.remove(index)).is_some()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn each_code_opens_once_and_in_its_time() {
        let (codes, first) = LoginCodes::new();
        let (asked, expires_at) = codes.issue(at(0));
        let (late, _) = codes.issue(at(0));
        assert_eq!(expires_at, at(600));
        assert!(!codes.redeem("", at(1)) && !codes.redeem("nonsense", at(1)));
        assert!(codes.redeem(&asked, at(599)) && !codes.redeem(&asked, at(599)));
        assert!(!codes.redeem(&late, at(600)));
        assert!(codes.redeem(&first, at(1_000_000)) && !codes.redeem(&first, at(1_000_000)));
    }

    #[test]
    fn codes_are_bounded_and_the_one_of_the_start_stays() {
        let (codes, first) = LoginCodes::new();
        let issued: Vec<String> = (0..=MOST).map(|_| codes.issue(at(0)).0).collect();
        assert_eq!(codes.0.lock().unwrap().len(), MOST + 1);
        assert!(!codes.redeem(&issued[0], at(1)) && codes.redeem(&issued[1], at(1)) && codes.redeem(&first, at(1)));
    }
}
