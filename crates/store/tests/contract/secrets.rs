//! Text that must leave no trace, and the search for its traces.

use std::{collections::HashSet, fs, path::Path};

/// Text that nothing else holds: consonants, Cyrillic and Han, by a generator with a fixed seed. What is kept is
/// written in vowels.
pub(crate) struct Secrets {
    state: u64,
    pieces: HashSet<[u8; 6]>,
}

impl Secrets {
    pub(crate) fn new(seed: u64) -> Self {
        Self { state: seed, pieces: HashSet::new() }
    }

    pub(crate) fn next(&mut self, below: u64) -> u64 {
        self.state = self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33) % below
    }

    pub(crate) fn text(&mut self, characters: usize) -> String {
        let letters: Vec<char> = "BCDFGHJKLMNPQRSTVWXZ".chars().collect();
        let wide: Vec<char> = "ЖЩЪЫЭЮЯФ鑫龘靐麤".chars().collect();
        let script = if self.next(3) == 0 { wide } else { letters };
        let text: String = (0..characters)
            .map(|place| {
                let index = usize::try_from(self.next(script.len() as u64)).unwrap();
                if place % 9 == 8 { ' ' } else { script[index] }
            })
            .collect();
        for form in [text.clone(), text.to_lowercase()] {
            self.pieces.extend(form.as_bytes().windows(6).map(|piece| <[u8; 6]>::try_from(piece).unwrap()));
        }
        text
    }

    /// Where a piece stands in a file of the folder: the file's name and the place of the piece's last byte.
    pub(crate) fn found_in(&self, folder: &Path) -> Vec<(String, usize)> {
        // A table of bits tells nearly every place at once: the set is asked about the few that are left.
        let join = |key: u64, byte: &u8| (key << 8 | u64::from(*byte)) & 0xFFFF_FFFF_FFFF;
        let place = |key: u64| (key.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40) as usize;
        let mut likely = vec![false; 1 << 24];
        for piece in &self.pieces {
            likely[place(piece.iter().fold(0, join))] = true;
        }
        let mut found = Vec::new();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let (bytes, mut key) = (fs::read(&path).unwrap(), 0);
            for (end, byte) in bytes.iter().enumerate() {
                key = join(key, byte);
                if likely[place(key)] && end >= 5 && self.pieces.contains(&bytes[end - 5..=end]) {
                    found.push((path.display().to_string(), end));
                }
            }
        }
        found
    }

    /// Panics, telling the first places, if a piece stands in a file of the folder.
    pub(crate) fn assert_gone_from(&self, folder: &Path) {
        let found = self.found_in(folder);
        assert!(found.is_empty(), "{} pieces remain, at {:?}", found.len(), &found[..found.len().min(20)]);
    }
}
