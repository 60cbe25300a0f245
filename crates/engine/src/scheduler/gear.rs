//! How many threads compute a pass, by measurement.
//!
//! The threads of a pass wait for each other after every operation. With a small model, or with other work on the
//! machine, more of them can be slower than one. So each count that may be used is tried, the best is kept, and the
//! others are tried again from time to time: what trials cost stays a small share of all computing.

use std::time::Duration;

/// Passes of a trial: one alone tells more of the machine's mood than of the count.
const TRIAL_PASSES: u32 = 4;
/// Computing before the first trial, in seconds; and the least between two.
const FIRST_TRIAL: f64 = 0.0;
const TRIAL_EVERY: f64 = 0.25;
/// Most of the computing time that losing trials may cost on top.
const TRIAL_SHARE: f64 = 0.02;
/// A trial must be cheaper by this much to win.
const BETTER: f64 = 0.95;
/// A pass that costs this much more than usual hints at company on the machine: a trial comes soon.
const WORSE: f64 = 2.0;

/// A count that is being tried.
#[derive(Debug)]
struct Trial {
    count: usize,
    passes: u32,
    /// Seconds taken, and what the same would have taken with the current count.
    took: f64,
    usual: f64,
}

/// The choice of a thread count for one kind of pass.
#[derive(Debug)]
pub(super) struct Gear {
    counts: Vec<u32>,
    current: usize,
    /// Usual cost with the current count, in seconds per unit of work.
    cost: Option<f64>,
    trial: Option<Trial>,
    next_trial: usize,
    /// Seconds of computing until the next trial.
    until_trial: f64,
}

impl Gear {
    /// Counts up to `most`: the powers of two below, and itself. Starts with the most and tries the fewer ones next.
    pub(super) fn new(most: u32) -> Self {
        let mut counts: Vec<u32> = (0..).map(|power| 1 << power).take_while(|count| *count < most).collect();
        counts.push(most.max(1));
        let current = counts.len() - 1;
        let next_trial = current.saturating_sub(1);
        Self { counts, current, cost: None, trial: None, next_trial, until_trial: FIRST_TRIAL }
    }

    /// The count for the next pass.
    pub(super) fn threads(&mut self) -> u32 {
        let is_time = self.until_trial <= 0.0 && self.cost.is_some() && self.trial.is_none();
        if self.counts.len() > 1 && is_time {
            if self.next_trial == self.current {
                self.skip_trial();
            }
            self.trial = Some(Trial { count: self.next_trial, passes: 0, took: 0.0, usual: 0.0 });
            self.skip_trial();
        }
        self.counts[self.trial.as_ref().map_or(self.current, |trial| trial.count)]
    }

    /// The next trial is of the next smaller count, or of the most.
    fn skip_trial(&mut self) {
        self.next_trial = self.next_trial.checked_sub(1).unwrap_or(self.counts.len() - 1);
    }

    /// Takes in what the pass took, which computed `units` of work.
    pub(super) fn measure(&mut self, took: Duration, units: usize) {
        let (took, units) = (took.as_secs_f64(), units.max(1) as f64);
        let now = took / units;
        match (&mut self.trial, self.cost) {
            (Some(trial), Some(cost)) => {
                trial.passes += 1;
                trial.took += took;
                trial.usual += cost * units;
                if trial.passes == TRIAL_PASSES {
                    self.decide();
                }
            }
            (_, cost) => {
                let usual = cost.unwrap_or(now);
                if now > usual * WORSE {
                    self.until_trial = self.until_trial.min(FIRST_TRIAL);
                }
                self.cost = Some(0.9 * usual + 0.1 * now);
                self.until_trial -= took;
            }
        }
    }

    fn decide(&mut self) {
        let Some(trial) = self.trial.take() else { return };
        if trial.took < trial.usual * BETTER {
            // A win is followed up at once: the next count may be better still.
            self.cost = self.cost.map(|cost| cost * trial.took / trial.usual);
            (self.current, self.until_trial) = (trial.count, FIRST_TRIAL);
        } else {
            self.lose(&trial);
        }
    }

    /// The dearer a lost trial was, the longer until the next.
    fn lose(&mut self, trial: &Trial) {
        self.until_trial = ((trial.took - trial.usual) / TRIAL_SHARE).max(TRIAL_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The count in the end, and the share of the time that went to other counts' excess.
    fn run(gear: &mut Gear, passes: usize, mut cost: impl FnMut(u32) -> u64) -> (u32, f64) {
        let (mut all, mut excess) = (0, 0);
        for _ in 0..passes {
            let threads = gear.threads();
            let (took, best) = (cost(threads), cost(gear.counts[gear.current]));
            all += took;
            excess += took.saturating_sub(best);
            gear.measure(Duration::from_micros(took), 1);
        }
        (gear.counts[gear.current], excess as f64 / all as f64)
    }

    #[test]
    fn the_cheapest_count_is_found_and_rarely_left() {
        let mut gear = Gear::new(6);
        assert_eq!(gear.counts, [1, 2, 4, 6]);
        assert_eq!(run(&mut gear, 400, |threads| 6000 / u64::from(threads)).0, 6);
        let (threads, excess) = run(&mut gear, 10_000, |threads| 6000 / u64::from(threads));
        assert!(threads == 6 && excess < 0.03, "{threads} {excess}");
    }

    #[test]
    fn a_count_that_is_better_on_average_wins_though_some_passes_are_held_up() {
        let mut gear = Gear::new(2);
        let mut pass = 0;
        // Two threads: every fifth pass costs as much as with one and half again.
        let cost = |threads: u32| {
            pass += 1;
            if threads == 1 { 10_000 } else { 5_000 + u64::from(pass % 5 == 0) * 10_000 }
        };
        assert_eq!(run(&mut gear, 2_000, cost).0, 2);
    }

    #[test]
    fn a_change_on_the_machine_is_followed() {
        let mut gear = Gear::new(2);
        assert_eq!(run(&mut gear, 5000, |threads| 1000 / u64::from(threads)).0, 2);
        assert_eq!(run(&mut gear, 200, |threads| if threads == 2 { 70_000 } else { 1000 }).0, 1);
        assert_eq!(run(&mut Gear::new(1), 200, |_| 5), (1, 0.0));
    }
}
