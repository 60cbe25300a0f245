//! Words that stand one after the other: what a pasted message and the text that explains it have in common.

use crate::index::Term;

/// Words that stand one after the other, each run once, in the order of their numbers.
#[derive(Debug, Default)]
pub(crate) struct Runs {
    pairs: Vec<[Term; 2]>,
    triples: Vec<[Term; 3]>,
    /// How many there were before those that are in no section were left out.
    counts: (usize, usize),
}

impl Runs {
    pub(crate) fn add(&mut self, terms: &[Term]) {
        self.pairs.extend(terms.array_windows::<2>().copied());
        self.triples.extend(terms.array_windows::<3>().copied());
    }

    pub(crate) fn sorted(mut self) -> Self {
        self.pairs.sort_unstable();
        self.pairs.dedup();
        self.triples.sort_unstable();
        self.triples.dedup();
        self.counts = (self.pairs.len(), self.triples.len());
        self
    }

    /// Takes those of another text in.
    pub(crate) fn extend(&mut self, other: &Self) {
        self.pairs.extend(&other.pairs);
        self.triples.extend(&other.triples);
    }

    /// Leaves out what the other text does not have.
    pub(crate) fn retain(&mut self, others: &Self) {
        self.pairs.retain(|run| others.pairs.binary_search(run).is_ok());
        self.triples.retain(|run| others.triples.binary_search(run).is_ok());
    }

    /// The shares of these pairs and triples that another text has, too.
    pub(crate) fn shared(&self, other: &Self) -> (f32, f32) {
        let pairs = share(&self.pairs, &other.pairs, self.counts.0);
        // A text without two of the words has no three of them.
        (pairs, if pairs > 0.0 { share(&self.triples, &other.triples, self.counts.1) } else { 0.0 })
    }
}

fn share<T: Ord>(of: &[T], others: &[T], count: usize) -> f32 {
    let met = of.iter().filter(|run| others.binary_search(run).is_ok()).count();
    met as f32 / count.max(1) as f32
}
