//! Browsers on the way to the provider and back, bounded in number and time. A restart forgets them: they begin again.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, PoisonError},
};

use jiff::{SignedDuration, Timestamp};

use super::provider::Attempt;
use crate::token;

/// How long somebody may take to log in at the provider.
pub(crate) const LASTS: SignedDuration = SignedDuration::from_mins(10);
/// All of them; a further one takes the place of the oldest.
const MOST: usize = 4096;
/// Those of one address.
const MOST_OF_ADDRESS: usize = 256;

/// One browser on the way.
#[derive(Debug)]
pub(crate) struct Begun {
    /// The hash of what the browser has to show.
    pub(super) secret: [u8; 32],
    pub(super) attempt: Attempt,
    /// Where it goes afterwards.
    pub(super) next: String,
    pub(super) peer: IpAddr,
    pub(super) at: Timestamp,
}

/// Who is on the way, by state.
#[derive(Debug, Default)]
pub(super) struct Pending(Mutex<HashMap<String, Begun>>);

impl Pending {
    pub(super) fn add(&self, state: String, begun: Begun) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, other| is_in_time(other, begun.at));
        if all.values().filter(|other| other.peer == begun.peer).count() >= MOST_OF_ADDRESS {
            remove_oldest(&mut all, |other| other.peer == begun.peer);
        } else if all.len() >= MOST {
            remove_oldest(&mut all, |_| true);
        }
        all.insert(state, begun);
    }

    /// The one of this state, once, if it is the same browser.
    pub(super) fn take(&self, state: &str, secret: &[u8; 32], now: Timestamp) -> Option<Begun> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        // Another browser's attempt stays for the one that began it.
        all.get(state).filter(|begun| token::same(&begun.secret, secret))?;
        all.remove(state).filter(|begun| is_in_time(begun, now))
    }
}

fn is_in_time(begun: &Begun, now: Timestamp) -> bool {
    now.duration_since(begun.at) < LASTS
}

fn remove_oldest(all: &mut HashMap<String, Begun>, among: impl Fn(&Begun) -> bool) {
    let oldest = all.iter().filter(|(_, begun)| among(begun)).min_by_key(|(_, begun)| begun.at);
    if let Some(state) = oldest.map(|(state, _)| state.clone()) {
        all.remove(&state);
    }
}

#[cfg(test)]
mod tests {
    use openidconnect::{Nonce, PkceCodeVerifier};

    use super::*;

    fn begun(host: u32, seconds: i64) -> Begun {
        Begun {
            secret: [1; 32],
            attempt: Attempt { nonce: Nonce::new(String::new()), verifier: PkceCodeVerifier::new("v".repeat(43)) },
            next: "/".into(),
            peer: IpAddr::V4(std::net::Ipv4Addr::from_bits(host)),
            at: at(seconds),
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    #[test]
    fn each_comes_back_once_in_its_time_to_its_own_browser() {
        let pending = Pending::default();
        pending.add("a".into(), begun(1, 0));
        pending.add("b".into(), begun(1, 0));
        assert!(pending.take("c", &[1; 32], at(1)).is_none(), "an unknown state");
        assert!(pending.take("a", &[2; 32], at(1)).is_none(), "another browser");
        assert!(pending.take("a", &[1; 32], at(599)).is_some());
        assert!(pending.take("a", &[1; 32], at(599)).is_none(), "a second time");
        assert!(pending.take("b", &[1; 32], at(600)).is_none(), "too late");
    }

    #[test]
    fn they_are_bounded_for_one_address_and_for_all() {
        let pending = Pending::default();
        let count = || pending.0.lock().unwrap().len();
        for number in 0..MOST_OF_ADDRESS + 2 {
            pending.add(format!("same{number}"), begun(1, i64::try_from(number).unwrap() / 100));
        }
        assert_eq!(count(), MOST_OF_ADDRESS);
        for number in 0..MOST {
            pending.add(format!("other{number}"), begun(2 + u32::try_from(number).unwrap(), 100));
        }
        assert_eq!(count(), MOST);
        assert!(pending.take("other0", &[1; 32], at(101)).is_some(), "the oldest went first");
        pending.add("late".into(), begun(1, 1000));
        assert_eq!(count(), 1, "what is over is forgotten");
    }
}
