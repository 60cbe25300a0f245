//! What texts mean, as vectors: by these a question finds a section that shares no word with it.
//!
//! A text's vector is the sum of its word pieces', which `assets/vectors/train.py` made; it describes the file's format.
//! Words are cut into pieces as BERT does it: the longest piece of the vocabulary first.

use std::sync::LazyLock;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

const SOURCE: &[u8] = include_bytes!("../assets/vectors.bin");
/// Dimensions of a vector.
const DIMENSIONS: usize = 128;
/// Longer words are no words.
const MAX_WORD: usize = 64;
/// What goes on a word, in the vocabulary.
const GOES_ON: &str = "##";
/// One, in the whole numbers that a vector is kept in: of 16 bits, which processors multiply and add eight at a time.
const ONE: f32 = 4096.0;

/// A direction, of length [`ONE`].
#[derive(Debug, Clone, Copy)]
pub(crate) struct Vector([i16; DIMENSIONS]);

impl Vector {
    /// The vector of a text; none where it has no word that is known.
    pub(crate) fn of(text: &str) -> Option<Self> {
        static PIECES: LazyLock<Pieces> = LazyLock::new(|| Pieces::read(SOURCE).unwrap_or_default());
        PIECES.vector(text)
    }

    /// The cosine of the angle between two: 1 where they mean the same, about 0 where they have nothing in common.
    pub(crate) fn likeness(&self, other: &Self) -> f32 {
        let product: i32 = self.0.iter().zip(&other.0).map(|(a, b)| i32::from(*a) * i32::from(*b)).sum();
        product as f32 / (ONE * ONE)
    }
}

/// The vocabulary with a vector for each piece.
#[derive(Default)]
struct Pieces {
    /// In the order of their bytes.
    pieces: Vec<&'static str>,
    scales: Vec<f32>,
    vectors: &'static [u8],
}

impl Pieces {
    /// Reads the file; `None` where it is damaged.
    fn read(source: &'static [u8]) -> Option<Self> {
        let number = |at: usize| Some(u32::from_le_bytes(source.get(at..at + 4)?.try_into().ok()?) as usize);
        let (count, dimensions) = (number(0)?, number(4)?);
        let vectors_at = source.len().checked_sub(count.checked_mul(dimensions)?)?;
        let scales_at = vectors_at.checked_sub(count * 4)?;
        let pieces = std::str::from_utf8(source.get(8..scales_at)?).ok()?.strip_suffix('\n')?;
        let pieces: Vec<&str> = pieces.split('\n').collect();
        let scale = |bytes: &[u8]| bytes.try_into().ok().map(f32::from_le_bytes);
        let scales = source.get(scales_at..vectors_at)?.chunks_exact(4).map(scale).collect::<Option<Vec<_>>>()?;
        let is_whole = dimensions == DIMENSIONS && pieces.len() == count && pieces.is_sorted();
        is_whole.then(|| Self { pieces, scales, vectors: source.get(vectors_at..).unwrap_or_default() })
    }

    fn vector(&self, text: &str) -> Option<Vector> {
        let mut sum = [0.0_f32; DIMENSIONS];
        for word in words(text) {
            for piece in self.cut(&word) {
                let scale = self.scales.get(piece).copied().unwrap_or(0.0);
                let vector = self.vectors.get(piece * DIMENSIONS..(piece + 1) * DIMENSIONS).unwrap_or_default();
                sum.iter_mut().zip(vector).for_each(|(sum, byte)| *sum += scale * f32::from(byte.cast_signed()));
            }
        }
        let length = sum.iter().map(|part| part * part).sum::<f32>().sqrt();
        (length > 0.0).then(|| Vector(sum.map(|part| (part / length * ONE).round() as i16)))
    }

    /// The places of the pieces of a word; none where some part of it is no piece.
    fn cut(&self, word: &str) -> Vec<usize> {
        let (mut pieces, mut rest) = (Vec::new(), word.to_owned());
        while !matches!(rest.as_str(), "" | GOES_ON) {
            let ends = rest.char_indices().map(|(at, c)| at + c.len_utf8()).rev();
            // The marks themselves are pieces, too: a piece that takes none of the word would go on for ever.
            let taken = if pieces.is_empty() { 0 } else { GOES_ON.len() };
            let longest = ends.take_while(|end| *end > taken).filter_map(|end| {
                let piece = rest.get(..end)?;
                Some((end, self.pieces.binary_search(&piece).ok()?))
            });
            let Some((end, place)) = longest.into_iter().next() else { return Vec::new() };
            pieces.push(place);
            rest = format!("{GOES_ON}{}", rest.get(end..).unwrap_or_default());
        }
        pieces
    }
}

/// Words and marks, in lower case and without accents.
fn words(text: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut is_open = false;
    for c in text.to_lowercase().nfd().filter(|c| !is_combining_mark(*c)) {
        if c.is_alphanumeric() {
            match words.last_mut().filter(|_| is_open) {
                Some(word) => word.push(c),
                None => words.push(c.into()),
            }
        } else if !c.is_whitespace() {
            words.push(c.into());
        }
        is_open = c.is_alphanumeric();
    }
    words.retain(|word| word.len() <= MAX_WORD);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn likeness(a: &str, b: &str) -> f32 {
        Vector::of(a).unwrap().likeness(&Vector::of(b).unwrap())
    }

    #[test]
    fn a_word_with_a_part_that_no_piece_has_is_cut_to_an_end() {
        let pieces = Pieces::read(SOURCE).unwrap();
        for word in ["qq³", "5ᗴ", "a鑫", "#", "##", "##a", "é³", "x\u{674e7}"] {
            assert!(pieces.cut(word).len() <= word.chars().count(), "{word}");
        }
    }

    #[test]
    fn the_file_is_whole() {
        let pieces = Pieces::read(SOURCE).unwrap();
        assert!(pieces.pieces.len() > 20_000);
        assert!(Pieces::read(&SOURCE[..SOURCE.len() - 1]).is_none());
        assert!(Pieces::read(&SOURCE[..3]).is_none());
    }

    #[test]
    fn words_are_cut_into_the_longest_pieces() {
        let pieces = Pieces::read(SOURCE).unwrap();
        let cut = |word: &str| pieces.cut(word).into_iter().map(|place| pieces.pieces[place]).collect::<Vec<_>>();
        assert_eq!(cut("playground"), ["playground"]);
        assert_eq!(cut("embeddings"), ["em", "##bed", "##ding", "##s"]);
        assert_eq!(cut("日本"), Vec::<&str>::new());
        assert_eq!(words("Café, GGUF!"), ["cafe", ",", "gguf", "!"]);
    }

    #[test]
    fn what_means_the_same_is_near() {
        assert!(likeness("Delete a session", "delete a session") > 0.99);
        assert!(
            likeness("remove it for good", "delete a session") > likeness("the colour of the sky", "delete a session")
        );
        assert!(Vector::of(" \u{1F980} 日本").is_none());
    }
}
