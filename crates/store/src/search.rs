//! Words: how text is cut and folded for searching, the same for what is stored and for what is asked.
//!
//! A word is a run of letters and digits, lower-cased, without diacritics. Scripts that set no spaces are cut into
//! overlapping pairs of characters, and every symbol (an emoji, say) is a word of its own. A query has no operators:
//! each of its words must begin a word of the text.

use std::collections::BTreeSet;

use unicode_normalization::{UnicodeNormalization, char::is_combining_mark};

/// Bytes kept of one word: longer ones are found by their beginning.
const LONGEST_WORD: usize = 64;
/// Words of a query that are looked for; more narrow the result no further.
const MOST_ASKED: usize = 16;

/// The distinct words of some texts, sorted, each with a space before it.
pub(crate) fn words<'a>(texts: impl Iterator<Item = &'a str>) -> String {
    let mut distinct = BTreeSet::new();
    for text in texts {
        cut(text, Last::Kept, |word| {
            if !distinct.contains(word) {
                distinct.insert(word.to_owned());
            }
        });
    }
    let mut all = String::with_capacity(distinct.iter().map(|word| word.len() + 1).sum());
    for word in distinct {
        all.push(' ');
        all.push_str(&word);
    }
    all
}

/// What a query looks for: the beginnings of words, each with a space before it; empty where it holds no word.
pub(crate) fn asked(query: &str) -> Vec<String> {
    let mut distinct = BTreeSet::new();
    cut(query, Last::Dropped, |word| {
        if distinct.len() < MOST_ASKED {
            distinct.insert(format!(" {word}"));
        }
    });
    distinct.into_iter().collect()
}

/// Text in the form in which names are compared when searching: folded, otherwise as it is.
pub(crate) fn folded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold(text, |c| out.push(c));
    out
}

/// Compatibility forms decomposed, marks dropped, lower case.
fn fold(text: &str, mut take: impl FnMut(char)) {
    let mut take_one = |c: char| match c {
        'đ' | 'Đ' => take('d'),
        'ø' | 'Ø' => take('o'),
        'ł' | 'Ł' => take('l'),
        c if c.is_ascii() => take(c.to_ascii_lowercase()),
        c => c.to_lowercase().filter(|c| !is_combining_mark(*c)).for_each(&mut take),
    };
    if text.is_ascii() {
        text.chars().for_each(take_one);
    } else {
        text.nfkd().filter(|c| !is_combining_mark(*c)).for_each(&mut take_one);
    }
}

/// Whether the last character of a run without spaces is a word by itself: it is where text is stored, so that it
/// can be asked for alone; it is not where a longer run is asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Kept,
    Dropped,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Letter,
    /// Of a script that sets no spaces.
    Unspaced,
    Symbol,
    Gap,
}

fn kind(c: char) -> Kind {
    match u32::from(c) {
        // Thai, Lao, Myanmar, Khmer; kana; CJK ideographs with their extensions.
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF | 0x3041..=0x30FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF => {
            Kind::Unspaced
        }
        0x2_0000..=0x3_FFFF => Kind::Unspaced,
        _ if c.is_alphanumeric() => Kind::Letter,
        // Arrows and onwards to the symbols; joiners and variation selectors are no words.
        0x2190..=0x2BFF | 0x1_F000..=0x1_FAFF => Kind::Symbol,
        _ => Kind::Gap,
    }
}

/// Gives each word of the text, in order.
fn cut(text: &str, last: Last, mut take: impl FnMut(&str)) {
    let mut word = String::new();
    let mut run = Kind::Gap;
    let mut pair: Option<(char, bool)> = None;
    let finish = |word: &mut String, pair: &mut Option<(char, bool)>, take: &mut dyn FnMut(&str)| {
        if !word.is_empty() {
            take(word);
            word.clear();
        }
        if let Some((c, alone)) = pair.take()
            && (alone || last == Last::Kept)
        {
            take(c.encode_utf8(&mut [0; 4]));
        }
    };
    fold(text, |c| {
        let kind = kind(c);
        if kind != run {
            finish(&mut word, &mut pair, &mut take);
            run = kind;
        }
        match kind {
            Kind::Letter if word.len() + c.len_utf8() <= LONGEST_WORD => word.push(c),
            Kind::Letter | Kind::Gap => {}
            Kind::Symbol => take(c.encode_utf8(&mut [0; 4])),
            Kind::Unspaced => {
                if let Some((before, _)) = pair {
                    take(&String::from_iter([before, c]));
                }
                pair = Some((c, pair.is_none()));
            }
        }
    });
    finish(&mut word, &mut pair, &mut take);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str) -> String {
        words([text].into_iter())
    }

    fn finds(text: &str, query: &str) -> bool {
        let (text, asked) = (of(text), asked(query));
        !asked.is_empty() && asked.iter().all(|word| text.contains(word.as_str()))
    }

    #[test]
    fn words_are_distinct_folded_and_found_by_their_beginning() {
        assert_eq!(of("The cat, the CAT; a Café."), " a cafe cat the");
        assert!(finds("Phở Hà Nội ở Đà Nẵng", "da nang"));
        assert!(finds("interactive session", "inter SESS"));
        assert!(!finds("interactive session", "active"));
    }

    #[test]
    fn operators_and_quotes_mean_nothing() {
        assert!(finds("cats and dogs", "\"cats\" AND dogs*"));
        assert!(finds("near miss", "NEAR(miss)"));
        assert!(!finds("anything", "\"\" * ( ^ -"));
        assert!(finds("a b", "a' OR b --") == finds("a b", "a or b"));
    }

    #[test]
    fn scripts_without_spaces_and_symbols_are_searchable() {
        assert!(finds("你好世界", "世界"));
        assert!(finds("你好世界", "界"));
        assert!(finds("你好世界", "世"));
        assert!(!finds("你好世界", "界世"));
        assert!(finds("well done 🎉🚀", "🚀"));
        assert!(finds("ok👍fine", "fine 👍"));
        assert!(finds("สวัสดีครับ", "ครับ"));
    }

    #[test]
    fn a_word_without_end_is_found_by_its_beginning() {
        let long = "x".repeat(100_000);
        assert!(of(&long).len() <= LONGEST_WORD + 1);
        assert!(finds(&long, &long));
    }
}
