//! The least that background work gets beside interactive requests, so that it gives way and yet comes to an end.

use std::time::{Duration, Instant};

/// Least that background work which has a sequence sits out the prompts of interactive requests, before it takes part
/// in a round: prompts that take less are computed without it.
const SIT_OUT: Duration = Duration::from_secs(1);
/// After such a round it sits out this many times what the round took: a long prompt takes a tenth longer.
const SIT_OUT_ROUNDS: u32 = 10;
/// Longest that it sits out.
const MOST_SIT_OUT: Duration = Duration::from_secs(10);
/// Longest that background work goes without a token. Then one of it is placed before all others, for a stint.
const PATIENCE: Duration = Duration::from_secs(20);
/// Tokens of a stint: while it lasts the sequence is not taken away.
pub(super) const STINT: u32 = 16;

/// When background work last got on.
#[derive(Debug)]
pub(super) struct Share {
    pass_at: Instant,
    sit_out: Duration,
    token_at: Instant,
}

/// Background work that there is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Background {
    None,
    /// It waits for a sequence.
    Waiting,
    /// Some of it has a sequence.
    Placed,
}

impl Share {
    pub(super) fn new(now: Instant) -> Self {
        Self { pass_at: now, sit_out: SIT_OUT, token_at: now }
    }

    /// Takes in what there is: nothing is owed to work that is not there.
    pub(super) fn observe(&mut self, background: Background, now: Instant) {
        if background != Background::Placed {
            self.pass_at = now;
        }
        if background == Background::None {
            self.token_at = now;
        }
    }

    /// A pass computed some of it.
    pub(super) fn passed(&mut self, now: Instant) {
        self.pass_at = now;
    }

    /// A round that was due took this long.
    pub(super) fn took_part(&mut self, round: Duration) {
        self.sit_out = (round * SIT_OUT_ROUNDS).clamp(SIT_OUT, MOST_SIT_OUT);
    }

    /// A token of it was chosen.
    pub(super) fn wrote(&mut self, now: Instant) {
        self.token_at = now;
    }

    /// Whether background work takes part in the next round.
    pub(super) fn is_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.pass_at) >= self.sit_out
    }

    /// Whether the next free sequence is background work's, for a stint.
    pub(super) fn is_stint_due(&self, now: Instant) -> bool {
        now.saturating_duration_since(self.token_at) >= PATIENCE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_is_due_only_to_work_that_sat_out() {
        let start = Instant::now();
        let (mut share, later) = (Share::new(start), start + SIT_OUT);
        assert!(!share.is_due(later - Duration::from_millis(1)) && share.is_due(later));
        share.passed(later);
        assert!(!share.is_due(later));
        share.observe(Background::Placed, later + SIT_OUT);
        assert!(share.is_due(later + SIT_OUT));
        share.observe(Background::Waiting, later + SIT_OUT);
        assert!(!share.is_due(later + SIT_OUT));
        share.took_part(SIT_OUT / 2);
        assert!(!share.is_due(later + 5 * SIT_OUT) && share.is_due(later + 6 * SIT_OUT));
    }

    #[test]
    fn a_stint_is_due_to_work_that_waits_or_computes_without_a_token() {
        let start = Instant::now();
        let (mut share, later) = (Share::new(start), start + PATIENCE);
        for background in [Background::Waiting, Background::Placed] {
            share.passed(later);
            share.observe(background, later);
            assert!(share.is_stint_due(later));
        }
        share.wrote(later);
        assert!(!share.is_stint_due(later));
        share.observe(Background::None, later + PATIENCE);
        assert!(!share.is_stint_due(later + PATIENCE));
    }
}
