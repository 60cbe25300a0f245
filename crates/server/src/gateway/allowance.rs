//! What users may ask for: tokens of a day, requests of a minute. Decided in memory, under one short lock; the tokens of
//! the day are read from the store at the start.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Instant,
};

use jiff::Timestamp;
use protocol::{ErrorCode, UserId};

use super::error::InferenceError;
use crate::quota::Limits;

const DAY_SECONDS: i64 = 86_400;

/// The number of a day since 1970, in UTC.
pub(crate) fn day_of(now: Timestamp) -> i64 {
    now.as_second().div_euclid(DAY_SECONDS)
}

/// Whether a request counts for the minute: a task's do not, which come as fast as they can.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pace {
    Counted,
    Free,
}

#[derive(Debug)]
struct Used {
    tokens: u64,
    /// Requests that may come at once, refilled as time goes by; at most as many as a minute may have.
    level: f64,
    filled_at: Instant,
}

#[derive(Debug, Default)]
struct Inner {
    day: i64,
    users: HashMap<UserId, Used>,
}

impl Inner {
    fn at(&mut self, day: i64) -> &mut Self {
        if self.day != day {
            self.day = day;
            self.users.values_mut().for_each(|used| used.tokens = 0);
        }
        self
    }

    fn of(&mut self, user: UserId) -> &mut Used {
        self.users.entry(user).or_insert_with(|| Used { tokens: 0, level: f64::MAX, filled_at: Instant::now() })
    }
}

/// What was used of the allowances.
#[derive(Debug, Default)]
pub(crate) struct Allowances(Mutex<Inner>);

impl Allowances {
    pub(crate) fn new(day: i64, used: Vec<(UserId, u64)>) -> Self {
        let mut inner = Inner { day, users: HashMap::new() };
        for (user, tokens) in used {
            inner.of(user).tokens = tokens;
        }
        Self(Mutex::new(inner))
    }

    fn with<T>(&self, now: Timestamp, work: impl FnOnce(&mut Inner) -> T) -> T {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        work(inner.at(day_of(now)))
    }

    /// Tokens of a user today, and of all together.
    pub(crate) fn tokens(&self, user: UserId, now: Timestamp) -> (u64, u64) {
        self.with(now, |inner| {
            let all = inner.users.values().map(|used| used.tokens).sum();
            (inner.users.get(&user).map_or(0, |used| used.tokens), all)
        })
    }

    /// Counts tokens of an answer as they come.
    pub(crate) fn count(&self, user: UserId, tokens: u64, now: Timestamp) {
        self.with(now, |inner| {
            let used = inner.of(user);
            used.tokens = used.tokens.saturating_add(tokens);
        });
    }

    /// Lets a completion request of a user in, or says what is used up.
    ///
    /// # Errors
    /// `quota_reached` for the day's tokens, `rate_limited` for the minute's requests, both with the figures.
    pub(crate) fn admit(
        &self,
        user: UserId,
        limits: &Limits,
        pace: Pace,
        now: Timestamp,
    ) -> Result<(), InferenceError> {
        let to_midnight = u64::try_from(DAY_SECONDS - now.as_second().rem_euclid(DAY_SECONDS)).unwrap_or(1);
        self.with(now, |inner| {
            let all: u64 = inner.users.values().map(|used| used.tokens).sum();
            let used = inner.of(user);
            for (have, allowed, whose) in
                [(used.tokens, limits.tokens_per_day, "you have"), (all, limits.all_tokens_per_day, "all users have")]
            {
                if let Some(allowed) = allowed.filter(|allowed| have >= *allowed) {
                    let message = format!(
                        "{whose} used {have} tokens of {allowed} today; the day ends at midnight UTC, in {to_midnight} s"
                    );
                    let error = InferenceError::new(ErrorCode::QuotaReached, message);
                    return Err(InferenceError { retry_after: Some(to_midnight), ..error });
                }
            }
            let (Some(allowed), Pace::Counted) = (limits.requests_per_minute, pace) else { return Ok(()) };
            take_turn(used, allowed, Instant::now())
        })
    }
}

/// One request of those that a minute may have.
fn take_turn(used: &mut Used, allowed: u64, now: Instant) -> Result<(), InferenceError> {
    let most = allowed as f64;
    let each_second = most / 60.0;
    let passed = now.saturating_duration_since(used.filled_at).as_secs_f64();
    used.level = (used.level + passed * each_second).min(most);
    used.filled_at = now;
    if used.level >= 1.0 {
        used.level -= 1.0;
        return Ok(());
    }
    let wait = if each_second > 0.0 { ((1.0 - used.level) / each_second).ceil().clamp(1.0, 60.0) as u64 } else { 60 };
    let message = format!("you may send {allowed} requests a minute; try again in {wait} s");
    Err(InferenceError { retry_after: Some(wait), ..InferenceError::new(ErrorCode::RateLimited, message) })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn limits(
        tokens_per_day: Option<u64>,
        all_tokens_per_day: Option<u64>,
        requests_per_minute: Option<u64>,
    ) -> Limits {
        Limits { tokens_per_day, all_tokens_per_day, requests_per_minute, ..Limits::default() }
    }

    fn at(day: i64, second: i64) -> Timestamp {
        Timestamp::from_second(day * DAY_SECONDS + second).unwrap()
    }

    #[test]
    fn the_tokens_of_a_day_are_refused_with_figures_until_it_ends() {
        let (ada, bob) = (UserId::generate(), UserId::generate());
        let allowances = Allowances::new(7, vec![(ada, 90)]);
        let bounded = limits(Some(100), Some(130), None);
        let admit = |user, now| allowances.admit(user, &bounded, Pace::Counted, now);
        assert!(admit(ada, at(7, 0)).is_ok());
        allowances.count(ada, 15, at(7, 1));
        let refused = admit(ada, at(7, DAY_SECONDS - 10)).unwrap_err();
        assert_eq!((refused.code, refused.retry_after), (ErrorCode::QuotaReached, Some(10)));
        assert!(refused.message.contains("105 tokens of 100"), "{}", refused.message);
        assert!(admit(bob, at(7, 2)).is_ok());
        allowances.count(bob, 25, at(7, 3));
        assert!(admit(bob, at(7, 4)).unwrap_err().message.starts_with("all users have used 130"));
        assert!(admit(ada, at(8, 0)).is_ok() && admit(bob, at(8, 0)).is_ok());
        assert_eq!(allowances.tokens(ada, at(8, 0)), (0, 0));
    }

    #[test]
    fn a_minute_has_its_requests_and_a_task_is_not_counted() {
        let mut used = Used { tokens: 0, level: f64::MAX, filled_at: Instant::now() };
        let start = used.filled_at;
        let let_in = (0..100).filter(|_| take_turn(&mut used, 30, start).is_ok()).count();
        assert_eq!(let_in, 30);
        assert_eq!(take_turn(&mut used, 30, start).unwrap_err().retry_after, Some(2));
        assert!(take_turn(&mut used, 30, start + Duration::from_secs(2)).is_ok());
        assert!(take_turn(&mut used, 30, start + Duration::from_secs(2)).is_err());
        let allowances = Allowances::default();
        let free = (0..100).filter(|_| {
            allowances.admit(UserId::generate(), &limits(None, None, Some(1)), Pace::Free, at(0, 0)).is_ok()
        });
        assert_eq!(free.count(), 100);
        assert_eq!(take_turn(&mut used, 0, start).unwrap_err().retry_after, Some(60));
    }
}
