//! Stop strings, also when they arrive in pieces.

use super::Progress;

/// Holds back the longest end of the text that may become a stop string.
#[derive(Debug)]
pub(crate) struct StopMatcher {
    stops: Vec<String>,
    held: String,
}

impl StopMatcher {
    /// A matcher of these strings, none of them empty.
    pub(crate) fn new(stops: &[String]) -> Self {
        Self { stops: stops.iter().filter(|stop| !stop.is_empty()).cloned().collect(), held: String::new() }
    }

    /// Takes more text. Of several stop strings the one that begins first counts.
    pub(crate) fn push(&mut self, text: &str) -> Progress {
        if self.stops.is_empty() {
            return Progress::Text(text.to_owned());
        }
        self.held.push_str(text);
        if let Some(start) = self.stops.iter().filter_map(|stop| self.held.find(stop.as_str())).min() {
            self.held.truncate(start);
            return Progress::Stopped(std::mem::take(&mut self.held));
        }
        let keep = self.longest_possible_start();
        let rest = self.held.split_off(self.held.len() - keep);
        Progress::Text(std::mem::replace(&mut self.held, rest))
    }

    /// The text held back: no stop string came of it.
    pub(crate) fn finish(&mut self) -> String {
        std::mem::take(&mut self.held)
    }

    /// Bytes at the end of the held text that begin a stop string.
    fn longest_possible_start(&self) -> usize {
        let held = self.held.as_bytes();
        let fits = |stop: &String| {
            let most = held.len().min(stop.len() - 1);
            (1..=most).rev().find(|length| held.ends_with(&stop.as_bytes()[..*length])).unwrap_or(0)
        };
        self.stops.iter().map(fits).max().unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The text told before the end, and whether a stop string ended it.
    fn run(stops: &[String], pieces: &[String]) -> (String, bool) {
        let (mut matcher, mut told) = (StopMatcher::new(stops), String::new());
        for piece in pieces {
            match matcher.push(piece) {
                Progress::Text(text) => told += &text,
                Progress::Stopped(text) => return (told + &text, true),
            }
        }
        (told + &matcher.finish(), false)
    }

    #[test]
    fn a_stop_string_split_over_pieces_is_found_and_not_told() {
        let pieces = ["one ".into(), "EN".into(), "D two".into()];
        assert_eq!(run(&["END".into()], &pieces), ("one ".into(), true));
        assert_eq!(run(&["ENDS".into()], &pieces), ("one END two".into(), false));
    }

    #[test]
    fn what_may_become_a_stop_string_is_held_back() {
        let mut matcher = StopMatcher::new(&["\n\n".into()]);
        assert_eq!(matcher.push("a\n"), Progress::Text("a".into()));
        assert_eq!(matcher.push("b"), Progress::Text("\nb".into()));
    }

    proptest! {
        #[test]
        fn pieces_end_where_the_whole_text_would(pieces in prop::collection::vec("[abé]{0,4}", 0..12), stops in prop::collection::vec("[abé]{1,4}", 0..4)) {
            let whole: String = pieces.concat();
            let (told, stopped) = run(&stops, &pieces);
            prop_assert!(whole.starts_with(&told));
            prop_assert_eq!(stopped, stops.iter().any(|stop| whole.contains(stop.as_str())));
            prop_assert!(stops.iter().all(|stop| !told.contains(stop.as_str())));
            if !stopped { prop_assert_eq!(told, whole); }
        }
    }
}
