//! How many threads compute a pass, by measurement.
//!
//! The threads of a pass wait for each other after every operation, spinning. With a small model, or with other
//! work on the machine, more threads are many times slower than one: a demo-sized model on two busy cores took 70 ms
//! per token with two threads and 0.7 ms with one. So each count that may be used is tried, the best is kept, and
//! the others are tried again from time to time, ever more rarely while they lose.

use std::time::Duration;

/// Passes until the first trial, and after each won one.
const FIRST_TRIAL: u32 = 1;
/// Passes between trials at first; doubled each time a trial loses.
const TRIAL_EVERY: u32 = 64;
const TRIAL_EVERY_MOST: u32 = 8192;
/// A trial must be cheaper by this much to win.
const BETTER: f64 = 0.93;
/// A pass that costs this much more than usual hints at company on the machine: a trial comes soon.
const WORSE: f64 = 2.0;
/// A pass with several threads is given up when it costs this many times the usual, and done again with one.
const HOPELESS: f64 = 4.0;
/// The same for a trial.
const HOPELESS_TRIAL: f64 = 2.0;
/// Passes shorter than this are never given up.
const PATIENCE: Duration = Duration::from_millis(2);

/// The choice of a thread count for one kind of pass.
#[derive(Debug)]
pub(super) struct Gear {
    counts: Vec<u32>,
    current: usize,
    /// Usual cost with the current count, in seconds per token or pass.
    cost: Option<f64>,
    trial: Option<usize>,
    next_trial: usize,
    until_trial: u32,
    every: u32,
}

impl Gear {
    /// Counts up to `most`: the powers of two below, and itself. Starts with one thread, the only count that is never
    /// ruinous, and tries the most next.
    pub(super) fn new(most: u32) -> Self {
        let mut counts: Vec<u32> = (0..).map(|power| 1 << power).take_while(|count| *count < most).collect();
        counts.push(most.max(1));
        let next_trial = counts.len() - 1;
        Self { counts, current: 0, cost: None, trial: None, next_trial, until_trial: FIRST_TRIAL, every: TRIAL_EVERY }
    }

    /// The count for the next pass.
    pub(super) fn threads(&mut self) -> u32 {
        if self.counts.len() > 1 && self.until_trial == 0 && self.trial.is_none() {
            if self.next_trial == self.current {
                self.skip_trial();
            }
            self.trial = Some(self.next_trial);
            self.skip_trial();
        }
        self.counts[self.trial.unwrap_or(self.current)]
    }

    /// The next trial is of the next smaller count, or of the most.
    fn skip_trial(&mut self) {
        self.next_trial = self.next_trial.checked_sub(1).unwrap_or(self.counts.len() - 1);
    }

    /// When to give up the next pass, of `units` of work. Never with one thread: nothing is left to try.
    pub(super) fn limit(&mut self, units: usize) -> Option<Duration> {
        let factor = if self.trial.is_some() { HOPELESS_TRIAL } else { HOPELESS };
        let usual = self.cost.filter(|_| self.threads() > 1)?;
        Some(PATIENCE + Duration::from_secs_f64(usual * units.max(1) as f64 * factor))
    }

    /// The pass was given up: one thread takes over, to begin with. A count that was good until now is soon tried
    /// again, for what held it up may have been short.
    pub(super) fn give_up(&mut self) {
        if self.trial.take().is_none() {
            (self.next_trial, self.until_trial) = (self.current, FIRST_TRIAL);
            (self.current, self.cost) = (0, None);
        } else {
            self.until_trial = self.every;
            self.every = (self.every * 2).min(TRIAL_EVERY_MOST);
        }
    }

    /// Takes in what the pass took, which computed `units` of work.
    pub(super) fn measure(&mut self, took: Duration, units: usize) {
        let now = took.as_secs_f64() / units.max(1) as f64;
        match (self.trial.take(), self.cost) {
            (Some(trial), Some(cost)) => {
                if now < cost * BETTER {
                    // A win is followed up at once: the next count may be better still.
                    (self.current, self.cost) = (trial, Some(now));
                    (self.until_trial, self.every) = (FIRST_TRIAL, TRIAL_EVERY);
                } else {
                    self.until_trial = self.every;
                    self.every = (self.every * 2).min(TRIAL_EVERY_MOST);
                }
            }
            (_, cost) => {
                let usual = cost.unwrap_or(now);
                if now > usual * WORSE && self.every > TRIAL_EVERY {
                    (self.until_trial, self.every) = (self.until_trial.min(FIRST_TRIAL), TRIAL_EVERY);
                }
                self.cost = Some(0.8 * usual + 0.2 * now);
                self.until_trial = self.until_trial.saturating_sub(1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(gear: &mut Gear, passes: usize, cost: impl Fn(u32) -> u64) -> (u32, usize) {
        let mut others = 0;
        for _ in 0..passes {
            let threads = gear.threads();
            others += usize::from(threads != gear.counts[gear.current]);
            gear.measure(Duration::from_micros(cost(threads)), 1);
        }
        (gear.counts[gear.current], others)
    }

    #[test]
    fn the_cheapest_count_is_found_and_rarely_left() {
        let mut gear = Gear::new(6);
        assert_eq!(gear.counts, [1, 2, 4, 6]);
        assert_eq!(run(&mut gear, 400, |threads| 6000 / u64::from(threads)).0, 6);
        let (threads, others) = run(&mut gear, 10_000, |threads| 6000 / u64::from(threads));
        assert!(threads == 6 && others < 20, "{threads} {others}");
    }

    #[test]
    fn a_pass_held_up_once_costs_few_slow_ones() {
        let mut gear = Gear::new(8);
        let cost = |threads: u32| 8000 / u64::from(threads);
        run(&mut gear, 1000, cost);
        assert_eq!(gear.threads(), 8);
        assert!(gear.limit(1).is_some_and(|limit| limit < Duration::from_millis(7)));
        gear.give_up();
        assert!(gear.threads() == 1 && gear.limit(1).is_none());
        assert_eq!(run(&mut gear, 3, cost).0, 8);
    }

    #[test]
    fn a_change_on_the_machine_is_followed() {
        let mut gear = Gear::new(2);
        assert_eq!(run(&mut gear, 5000, |threads| 1000 / u64::from(threads)).0, 2);
        assert_eq!(run(&mut gear, 200, |threads| if threads == 2 { 70_000 } else { 1000 }).0, 1);
        assert_eq!(run(&mut Gear::new(1), 200, |_| 5), (1, 0));
    }
}
