//! How often an address may be wrong: an operator may set the owner's token, and what people set can be guessed.
//!
//! Holds back the check of user tokens, of passwords, and of an identity provider's answers, each for itself. The cookie, the login links, the API keys and
//! the sessions' tokens are made here, of 256 bits: no number of guesses finds one.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use crate::token;

/// Wrong tokens within [`WINDOW`] after which an address is held back.
const MOST: u32 = 10;
/// How long wrong tokens count, and how long an address is held back.
const WINDOW: Duration = Duration::from_secs(60);
/// Addresses that are remembered.
const ADDRESSES: usize = 4096;

/// The address may try again after so many seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("too many wrong tokens or passwords came from this address; try again in {seconds} s")]
pub(crate) struct HeldBack {
    pub(crate) seconds: u64,
}

/// What came from one address.
#[derive(Debug)]
struct Tally {
    /// Within the window.
    wrong: u32,
    /// When the window began, or when the last guess that was allowed was made.
    since: Instant,
    /// The hash of the token that was right last. It stays right for its address: one program that has the wrong
    /// token must not lock out its neighbours.
    right: Option<[u8; 32]>,
}

/// The tallies of all addresses, bounded.
#[derive(Debug)]
pub(crate) struct Guesses {
    /// The hash of the owner's token, which this machine's clients send: from loopback it is always right, so that a
    /// program here that has a wrong one cannot lock the owner out.
    owner: [u8; 32],
    tallies: Mutex<HashMap<IpAddr, Tally>>,
}

impl Guesses {
    pub(crate) fn new(owner: [u8; 32]) -> Self {
        Self { owner, tallies: Mutex::default() }
    }

    /// Looks a token up by its hash, unless its address has been wrong too often.
    ///
    /// # Errors
    /// [`HeldBack`]; the token was not looked at.
    pub(crate) fn check<T>(
        &self,
        address: IpAddr,
        hash: [u8; 32],
        now: Instant,
        find: impl FnOnce() -> Option<T>,
    ) -> Result<Option<T>, HeldBack> {
        let address = network(address);
        if address.is_loopback() && hash == self.owner {
            return Ok(find());
        }
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.get(&address)
            && tally.wrong >= MOST
            && tally.right != Some(hash)
            && let Some(left) = WINDOW.checked_sub(now.saturating_duration_since(tally.since))
            && !left.is_zero()
        {
            return Err(HeldBack { seconds: left.as_secs().max(1) });
        }
        let found = find();
        if !tallies.contains_key(&address) {
            make_room(&mut tallies, now);
        }
        let tally = tallies.entry(address).or_insert(Tally { wrong: 0, since: now, right: None });
        if found.is_some() {
            tally.right = Some(hash);
            return Ok(found);
        }
        if now.saturating_duration_since(tally.since) >= WINDOW {
            tally.wrong = 0;
        }
        tally.wrong = tally.wrong.saturating_add(1);
        if tally.wrong == 1 || tally.wrong >= MOST {
            tally.since = now;
        }
        Ok(None)
    }
}

impl Guesses {
    /// Counts an attempt as a wrong one, until it is [forgiven](Self::forgive): what takes time to check must not be
    /// tried many times meanwhile.
    ///
    /// # Errors
    /// [`HeldBack`]
    pub(crate) fn attempt(&self, address: IpAddr, now: Instant) -> Result<(), HeldBack> {
        self.check(address, token::random(), now, || None::<()>).map(|_| ())
    }

    /// The attempt was right.
    pub(crate) fn forgive(&self, address: IpAddr) {
        let mut tallies = self.tallies.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tally) = tallies.get_mut(&network(address)) {
            tally.wrong = tally.wrong.saturating_sub(1);
        }
    }
}

/// Whose address it is: of version 6, everybody has a network of 2⁶⁴.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) if address.is_loopback() => IpAddr::V6(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

/// Forgets what no longer holds anybody back, or else the oldest.
fn make_room(tallies: &mut HashMap<IpAddr, Tally>, now: Instant) {
    if tallies.len() < ADDRESSES {
        return;
    }
    tallies.retain(|_, tally| now.saturating_duration_since(tally.since) < WINDOW);
    while tallies.len() >= ADDRESSES {
        let Some(oldest) = tallies.iter().min_by_key(|(_, tally)| tally.since).map(|(address, _)| *address) else {
            return;
        };
        tallies.remove(&oldest);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
    const THERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2));
    const RIGHT: [u8; 32] = [1; 32];

    fn check(guesses: &Guesses, address: IpAddr, hash: [u8; 32], now: Instant) -> Result<bool, HeldBack> {
        guesses.check(address, hash, now, || (hash == RIGHT).then_some(())).map(|found| found.is_some())
    }

    #[test]
    fn an_address_that_is_wrong_too_often_is_held_back_for_a_minute() {
        let (guesses, start) = (Guesses::new([9; 32]), Instant::now());
        for number in 0..10 {
            assert_eq!(check(&guesses, HERE, [0; 32], start + Duration::from_secs(number)), Ok(false));
        }
        let later = start + Duration::from_secs(29);
        assert_eq!(check(&guesses, HERE, [0; 32], later), Err(HeldBack { seconds: 40 }));
        // Not even the right one is looked at, unless it comes from elsewhere.
        assert_eq!(check(&guesses, HERE, RIGHT, later), Err(HeldBack { seconds: 40 }));
        assert_eq!(check(&guesses, THERE, RIGHT, later), Ok(true));
        assert_eq!(check(&guesses, HERE, RIGHT, start + Duration::from_secs(70)), Ok(true));
    }

    #[test]
    fn wrong_tokens_now_and_then_hold_nobody_back() {
        let (guesses, start) = (Guesses::new([9; 32]), Instant::now());
        for number in 0..100 {
            assert_eq!(check(&guesses, HERE, [0; 32], start + Duration::from_secs(7 * number)), Ok(false), "{number}");
        }
    }

    #[test]
    fn a_token_that_was_right_stays_so_beside_a_wrong_one() {
        let (guesses, now) = (Guesses::new([9; 32]), Instant::now());
        assert_eq!(check(&guesses, HERE, RIGHT, now), Ok(true));
        let refused = (0..20).filter(|_| check(&guesses, HERE, [0; 32], now).is_err()).count();
        assert_eq!(refused, 10);
        assert_eq!(check(&guesses, HERE, RIGHT, now), Ok(true));
        assert!(check(&guesses, HERE, [0; 32], now).is_err());
    }

    #[test]
    fn an_attempt_counts_as_wrong_until_it_was_right() {
        let (guesses, now) = (Guesses::new([9; 32]), Instant::now());
        for _ in 0..30 {
            assert_eq!(guesses.attempt(HERE, now), Ok(()));
            guesses.forgive(HERE);
        }
        let begun = (0..20).filter(|_| guesses.attempt(HERE, now).is_ok()).count();
        assert_eq!(begun, 10);
        assert_eq!(guesses.attempt(THERE, now), Ok(()));
    }

    #[test]
    fn the_owner_is_not_locked_out_of_their_own_machine() {
        let (guesses, now) = (Guesses::new(RIGHT), Instant::now());
        for here in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
            let here = here.parse().unwrap();
            while check(&guesses, here, [0; 32], now).is_ok() {}
            assert_eq!(check(&guesses, here, RIGHT, now), Ok(true), "{here}");
        }
        while check(&guesses, HERE, [0; 32], now).is_ok() {}
        assert!(check(&guesses, HERE, RIGHT, now).is_err());
    }

    #[test]
    fn memory_is_bounded_and_a_network_is_one_address() {
        let (guesses, now) = (Guesses::new([9; 32]), Instant::now());
        for number in 0..u32::try_from(ADDRESSES * 2).unwrap() {
            let address = IpAddr::V4(std::net::Ipv4Addr::from_bits(number));
            assert_eq!(check(&guesses, address, [0; 32], now + Duration::from_millis(u64::from(number))), Ok(false));
        }
        assert!(guesses.tallies.lock().unwrap().len() <= ADDRESSES);
        let of = |host: &str| check(&guesses, host.parse().unwrap(), [0; 32], now);
        for host in 0..10 {
            assert_eq!(of(&format!("2001:db8::{host}")), Ok(false));
        }
        assert!(of("2001:db8::ffff").is_err());
        assert_eq!(of("2001:db8:0:1::1"), Ok(false));
    }
}
