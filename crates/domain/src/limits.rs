//! The stop policy: which limits are in force, when time ends a session, when counts do.

use jiff::{SignedDuration, Timestamp};
use protocol::{
    FieldError,
    session::{Limit, LimitKind, LimitSource, LimitValue, Reason, SessionUsage, StopPolicy, StopPolicyChange},
};

use crate::reason;

/// What the operator lets sessions have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Time limit where none is asked for, in seconds.
    pub default_after_seconds: u64,
    /// Longest time from Running, extensions included, in seconds.
    pub max_after_seconds: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { default_after_seconds: 3600, max_after_seconds: 24 * 3600 }
    }
}

/// Counts beyond this are taken for a slip: they would never be reached.
const MAX_COUNT: u64 = 1_000_000_000;

/// Checks a policy that was asked for at `now`; `running_at` where the session is Running already.
///
/// # Errors
/// Every field at fault, with its value, its bounds and the remedy.
pub fn check(
    policy: &StopPolicy,
    bounds: &Bounds,
    now: Timestamp,
    running_at: Option<Timestamp>,
) -> Result<(), Vec<FieldError>> {
    let mut errors = Vec::new();
    let max = bounds.max_after_seconds;
    if let Some(seconds) = policy.after_seconds {
        check_count("after_seconds", seconds, max, "seconds", &mut errors);
        let end = running_at.map(|running_at| plus(running_at, seconds));
        if seconds >= 1 && end.is_some_and(|end| end <= now) {
            errors.push(FieldError::new(
                "stop.after_seconds",
                "in_the_past",
                format!(
                    "{seconds} seconds from Running have passed already; give a larger number, or stop the session"
                ),
            ));
        }
    }
    if let Some(at) = policy.at {
        let latest = plus(running_at.unwrap_or(now), max);
        if at <= now {
            errors.push(FieldError::new(
                "stop.at",
                "in_the_past",
                format!("{at} is not in the future (it is {now:.0}); give a later time"),
            ));
        } else if at > latest {
            errors.push(FieldError::new(
                "stop.at",
                "out_of_range",
                format!("{at} is more than {} ahead; give a time up to {latest:.0}", reason::duration(max)),
            ));
        }
    }
    for (field, value) in [("max_interactions", policy.max_interactions), ("max_tokens", policy.max_tokens)] {
        if let Some(value) = value {
            check_count(field, value, MAX_COUNT, "", &mut errors);
        }
    }
    if let Some(seconds) = policy.idle_seconds {
        check_count("idle_seconds", seconds, max, "seconds", &mut errors);
    }
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

fn check_count(field: &str, value: u64, max: u64, unit: &str, errors: &mut Vec<FieldError>) {
    if !(1..=max).contains(&value) {
        let unit = if unit.is_empty() { String::new() } else { format!(" {unit}") };
        errors.push(FieldError::new(
            format!("stop.{field}"),
            "out_of_range",
            format!("{value} is out of range: give 1 to {max}{unit}"),
        ));
    }
}

/// The policy after a change: an absent field stays, `null` removes.
pub fn changed(policy: &StopPolicy, change: &StopPolicyChange) -> StopPolicy {
    StopPolicy {
        after_seconds: change.after_seconds.unwrap_or(policy.after_seconds),
        at: change.at.unwrap_or(policy.at),
        max_interactions: change.max_interactions.unwrap_or(policy.max_interactions),
        idle_seconds: change.idle_seconds.unwrap_or(policy.idle_seconds),
        max_tokens: change.max_tokens.unwrap_or(policy.max_tokens),
    }
}

/// Checks a change against what the session has used already.
///
/// # Errors
/// A count that is reached already would end the session at once; that is what stopping is for.
pub fn check_change(change: &StopPolicyChange, usage: &SessionUsage) -> Result<(), Vec<FieldError>> {
    let used = [
        ("stop.max_interactions", change.max_interactions.flatten(), usage.interactions),
        ("stop.max_tokens", change.max_tokens.flatten(), usage.tokens()),
    ];
    let errors: Vec<FieldError> = used
        .into_iter()
        .filter_map(|(field, limit, used)| {
            let limit = limit?;
            (1..=used).contains(&limit).then(|| {
                FieldError::new(
                    field,
                    "already_used",
                    format!("{used} are used already; give more than that, or stop the session"),
                )
            })
        })
        .collect();
    if errors.is_empty() { Ok(()) } else { Err(errors) }
}

/// Every limit in force: what the user asked, the default time limit where no time was asked for, what the
/// model brings, and the operator's bound, which always holds.
pub fn in_force(asked: &StopPolicy, model: &StopPolicy, bounds: &Bounds) -> Vec<Limit> {
    let mut limits = listed(asked, LimitSource::Session);
    if asked.after_seconds.is_none() && asked.at.is_none() {
        limits.push(Limit {
            kind: LimitKind::AfterSeconds,
            value: LimitValue::Count(bounds.default_after_seconds.min(bounds.max_after_seconds)),
            source: LimitSource::Default,
        });
    }
    limits.extend(listed(model, LimitSource::Model));
    limits.push(Limit {
        kind: LimitKind::AfterSeconds,
        value: LimitValue::Count(bounds.max_after_seconds),
        source: LimitSource::Operator,
    });
    limits
}

fn listed(policy: &StopPolicy, source: LimitSource) -> Vec<Limit> {
    let count = |kind, value: Option<u64>| value.map(|value| Limit { kind, value: LimitValue::Count(value), source });
    [
        count(LimitKind::AfterSeconds, policy.after_seconds),
        policy.at.map(|at| Limit { kind: LimitKind::At, value: LimitValue::At(at), source }),
        count(LimitKind::MaxInteractions, policy.max_interactions),
        count(LimitKind::IdleSeconds, policy.idle_seconds),
        count(LimitKind::MaxTokens, policy.max_tokens),
    ]
    .into_iter()
    .flatten()
    .collect()
}

/// The earliest end that time brings to a session that is Running since `running_at`, and the limit that brings it.
pub fn time_deadline(limits: &[Limit], running_at: Timestamp) -> Option<(Timestamp, Limit)> {
    limits
        .iter()
        .filter_map(|limit| match (limit.kind, limit.value) {
            (LimitKind::AfterSeconds, LimitValue::Count(seconds)) => Some((plus(running_at, seconds), *limit)),
            (LimitKind::At, LimitValue::At(at)) => Some((at, *limit)),
            _ => None,
        })
        .min_by_key(|(at, _)| *at)
}

/// The earliest wall-clock limit: it holds also before the session is Running.
pub fn wall_clock(limits: &[Limit]) -> Option<Timestamp> {
    limits
        .iter()
        .filter_map(|limit| match limit.value {
            LimitValue::At(at) => Some(at),
            LimitValue::Count(_) => None,
        })
        .min()
}

/// The smallest count of a kind, with its source.
pub fn smallest(limits: &[Limit], kind: LimitKind) -> Option<(u64, Limit)> {
    limits
        .iter()
        .filter_map(|limit| match limit.value {
            LimitValue::Count(count) if limit.kind == kind => Some((count, *limit)),
            LimitValue::Count(_) | LimitValue::At(_) => None,
        })
        .min_by_key(|(count, _)| *count)
}

/// When the idle limit ends a session whose last byte was at `last_active_at` and that has nothing in flight.
pub fn idle_deadline(limits: &[Limit], last_active_at: Timestamp) -> Option<(Timestamp, Limit)> {
    smallest(limits, LimitKind::IdleSeconds).map(|(seconds, limit)| (plus(last_active_at, seconds), limit))
}

/// The count that refuses the next interaction, if one is reached: interactions first, then tokens.
pub fn spent(limits: &[Limit], usage: &SessionUsage) -> Option<Reason> {
    let interactions = smallest(limits, LimitKind::MaxInteractions)
        .filter(|(max, _)| usage.interactions >= *max)
        .map(|(_, limit)| reason::interaction_limit(limit));
    interactions.or_else(|| {
        smallest(limits, LimitKind::MaxTokens)
            .filter(|(max, _)| usage.tokens() >= *max)
            .map(|(_, limit)| reason::token_limit(limit))
    })
}

fn plus(at: Timestamp, seconds: u64) -> Timestamp {
    let length = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
    at.checked_add(length).unwrap_or(Timestamp::MAX)
}
