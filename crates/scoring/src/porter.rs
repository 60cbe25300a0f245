//! The stems of English words: Porter (1980, doi:10.1108/eb046814) with the changes that NLTK's stemmer makes by
//! default, which rouge-score uses. Words are ASCII in small letters; digits count as consonants.

/// Words that the rules get wrong, with their stems.
const IRREGULAR: &[(&str, &str)] = &[
    ("sky", "sky"),
    ("skies", "sky"),
    ("dying", "die"),
    ("lying", "lie"),
    ("tying", "tie"),
    ("news", "news"),
    ("innings", "inning"),
    ("inning", "inning"),
    ("outings", "outing"),
    ("outing", "outing"),
    ("cannings", "canning"),
    ("canning", "canning"),
    ("howe", "howe"),
    ("proceed", "proceed"),
    ("exceed", "exceed"),
    ("succeed", "succeed"),
];

/// Suffixes of step 2 and what takes their place after a stem of measure 1 or more. The first that fits decides.
const STEP_2: &[(&str, &str)] = &[
    ("ational", "ate"),
    ("tional", "tion"),
    ("enci", "ence"),
    ("anci", "ance"),
    ("izer", "ize"),
    ("bli", "ble"),
    ("alli", "al"),
    ("entli", "ent"),
    ("eli", "e"),
    ("ousli", "ous"),
    ("ization", "ize"),
    ("ation", "ate"),
    ("ator", "ate"),
    ("alism", "al"),
    ("iveness", "ive"),
    ("fulness", "ful"),
    ("ousness", "ous"),
    ("aliti", "al"),
    ("iviti", "ive"),
    ("biliti", "ble"),
    ("fulli", "ful"),
];

/// Those of step 3, likewise.
const STEP_3: &[(&str, &str)] =
    &[("icate", "ic"), ("ative", ""), ("alize", "al"), ("iciti", "ic"), ("ical", "ic"), ("ful", ""), ("ness", "")];

/// Suffixes that step 4 takes away after a stem of measure 2 or more.
const STEP_4: &[&str] = &[
    "al", "ance", "ence", "er", "ic", "able", "ible", "ant", "ement", "ment", "ent", "ion", "ou", "ism", "ate", "iti",
    "ous", "ive", "ize",
];

/// The stem of a word.
pub(crate) fn stem(word: &str) -> String {
    if let Some((_, stem)) = IRREGULAR.iter().find(|(irregular, _)| *irregular == word) {
        return (*stem).to_owned();
    }
    if word.len() <= 2 {
        return word.to_owned();
    }
    let mut word = word.to_owned();
    plural(&mut word);
    past_and_progressive(&mut word);
    if let Some(rest) = word.strip_suffix('y')
        && rest.len() > 1
        && ends_in_consonant(rest)
    {
        word.replace_range(word.len() - 1.., "i");
    }
    double_suffix(&mut word);
    replace_first(&mut word, STEP_3);
    take_suffix(&mut word);
    last_letters(&mut word);
    word
}

fn consonants(word: &str) -> Vec<bool> {
    let mut flags: Vec<bool> = Vec::with_capacity(word.len());
    for letter in word.bytes() {
        let flag = match letter {
            b'a' | b'e' | b'i' | b'o' | b'u' => false,
            // After a consonant it is a vowel.
            b'y' => !flags.last().copied().unwrap_or(false),
            _ => true,
        };
        flags.push(flag);
    }
    flags
}

fn ends_in_consonant(word: &str) -> bool {
    consonants(word).last() == Some(&true)
}

/// How often a vowel is followed by a consonant.
fn measure(word: &str) -> usize {
    consonants(word).windows(2).filter(|pair| !pair[0] && pair[1]).count()
}

fn has_vowel(word: &str) -> bool {
    consonants(word).contains(&false)
}

fn ends_in_double_consonant(word: &str) -> bool {
    let bytes = word.as_bytes();
    bytes.len() >= 2 && bytes[bytes.len() - 1] == bytes[bytes.len() - 2] && ends_in_consonant(word)
}

/// Ends in consonant, vowel, consonant, the last none of w, x, y; or is a vowel and a consonant.
fn ends_short(word: &str) -> bool {
    match consonants(word).as_slice() {
        [.., true, false, true] => !word.ends_with(['w', 'x', 'y']),
        [false, true] => true,
        _ => false,
    }
}

/// Applies the first rule whose suffix fits, if the stem before it has a measure of 1 or more.
fn replace_first(word: &mut String, rules: &[(&str, &str)]) {
    for (suffix, replacement) in rules {
        if let Some(stem) = word.strip_suffix(suffix) {
            if measure(stem) > 0 {
                let at = stem.len();
                word.replace_range(at.., replacement);
            }
            return;
        }
    }
}

fn plural(word: &mut String) {
    let cut = if word.ends_with("sses") {
        2
    } else if word.ends_with("ies") {
        if word.len() == 4 { 1 } else { 2 }
    } else if word.ends_with('s') && !word.ends_with("ss") {
        1
    } else {
        0
    };
    word.truncate(word.len() - cut);
}

fn past_and_progressive(word: &mut String) {
    if word.ends_with("ied") {
        let cut = if word.len() == 4 { 1 } else { 2 };
        word.truncate(word.len() - cut);
        return;
    }
    if let Some(stem) = word.strip_suffix("eed") {
        if measure(stem) > 0 {
            word.pop();
        }
        return;
    }
    let stem = ["ed", "ing"].iter().find_map(|suffix| word.strip_suffix(suffix).filter(|stem| has_vowel(stem)));
    let Some(length) = stem.map(str::len) else { return };
    word.truncate(length);
    if word.ends_with("at") || word.ends_with("bl") || word.ends_with("iz") {
        word.push('e');
    } else if ends_in_double_consonant(word) {
        if !word.ends_with(['l', 's', 'z']) {
            word.pop();
        }
    } else if measure(word) == 1 && ends_short(word) {
        word.push('e');
    }
}

fn double_suffix(word: &mut String) {
    while let Some(stem) = word.strip_suffix("alli").filter(|stem| measure(stem) > 0) {
        let length = stem.len() + "al".len();
        word.truncate(length);
    }
    if word.ends_with("logi") {
        // The l counts as part of the stem here.
        if measure(&word[..word.len() - 3]) > 0 {
            word.pop();
        }
        return;
    }
    replace_first(word, STEP_2);
}

fn take_suffix(word: &mut String) {
    let Some((suffix, stem)) = STEP_4.iter().find_map(|suffix| Some((*suffix, word.strip_suffix(suffix)?))) else {
        return;
    };
    if measure(stem) > 1 && (suffix != "ion" || stem.ends_with(['s', 't'])) {
        let length = stem.len();
        word.truncate(length);
    }
}

fn last_letters(word: &mut String) {
    if let Some(stem) = word.strip_suffix('e') {
        let measure = measure(stem);
        if measure > 1 || (measure == 1 && !ends_short(stem)) {
            word.pop();
        }
    }
    if word.ends_with("ll") && measure(&word[..word.len() - 1]) > 1 {
        word.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_have_their_stems() {
        for (word, expected) in [
            ("caresses", "caress"),
            ("ponies", "poni"),
            ("dies", "die"),
            ("agreed", "agre"),
            ("hopping", "hop"),
            ("filing", "file"),
            ("falling", "fall"),
            ("happy", "happi"),
            ("enjoy", "enjoy"),
            ("relational", "relat"),
            ("generalization", "gener"),
            ("radically", "radic"),
            ("geology", "geolog"),
            ("adoption", "adopt"),
            ("controlling", "control"),
            ("skies", "sky"),
            ("2024th", "2024th"),
        ] {
            assert_eq!(stem(word), expected, "{word}");
        }
    }
}
