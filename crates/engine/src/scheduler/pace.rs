//! How many prompt tokens fit into a stretch of time, by measurement.

use std::time::Duration;

/// Longest prompt chunk while other sequences wait for their next token.
const SHARED: Duration = Duration::from_millis(50);
/// Longest prompt chunk while nobody waits: bounds how late a cancellation is seen.
const ALONE: Duration = Duration::from_millis(200);
/// A chunk of this many tokens costs least per token; it is taken in company too if it takes no longer than this.
const EFFICIENT: usize = 32;
const EFFICIENT_WITHIN: Duration = Duration::from_millis(250);
/// The chunk while the speed is not known.
const UNKNOWN: usize = 64;
/// Smallest chunk: below it the cost is nearly that of one token.
const LEAST: usize = 16;

/// The measured speed of prompt computation.
#[derive(Debug, Default)]
pub(super) struct Pace {
    seconds_per_token: Option<f64>,
}

/// Whether running sequences wait for a chunk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Company {
    Alone,
    Shared,
}

impl Pace {
    /// Prompt tokens for the next chunk, at most `most`.
    pub(super) fn chunk(&self, company: Company, most: usize) -> usize {
        let time = match company {
            Company::Alone => ALONE,
            Company::Shared => SHARED,
        };
        let Some(seconds) = self.seconds_per_token else { return UNKNOWN.min(most) };
        let fit = |time: Duration| (time.as_secs_f64() / seconds) as usize;
        let efficient = if fit(EFFICIENT_WITHIN) >= EFFICIENT { EFFICIENT } else { LEAST };
        fit(time).max(efficient).min(most)
    }

    /// Takes in what a chunk took. Attention grows with the context, so recent chunks count most.
    pub(super) fn measure(&mut self, tokens: usize, took: Duration) {
        if tokens < LEAST / 2 {
            return;
        }
        let now = (took.as_secs_f64() / tokens as f64).max(1e-7);
        self.seconds_per_token = Some(self.seconds_per_token.map_or(now, |before| 0.5 * before + 0.5 * now));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chunks_follow_the_measured_speed() {
        let mut pace = Pace::default();
        assert_eq!(pace.chunk(Company::Shared, 512), 64);
        pace.measure(100, Duration::from_millis(100));
        assert_eq!(pace.chunk(Company::Shared, 512), 50);
        assert_eq!(pace.chunk(Company::Alone, 512), 200);
        for _ in 0..20 {
            pace.measure(32, Duration::from_millis(160));
        }
        assert_eq!(pace.chunk(Company::Shared, 512), EFFICIENT);
        for _ in 0..20 {
            pace.measure(16, Duration::from_secs(2));
        }
        assert_eq!(pace.chunk(Company::Shared, 512), LEAST);
        assert_eq!(pace.chunk(Company::Alone, 8), 8);
    }
}
