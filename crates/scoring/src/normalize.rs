//! What is made the same on both sides before texts are compared.

use protocol::scoring::Normalization;
use unicode_normalization::UnicodeNormalization;
use unicode_properties::{GeneralCategoryGroup, UnicodeGeneralCategory};

/// The text with what makes no difference taken away, always in the order of [`Normalization::ALL`].
pub(crate) fn normalized(text: &str, normalize: &[Normalization]) -> String {
    let mut text = text.to_owned();
    for normalization in Normalization::ALL {
        if normalize.contains(&normalization) {
            text = apply(normalization, &text);
        }
    }
    text
}

fn apply(normalization: Normalization, text: &str) -> String {
    match normalization {
        Normalization::Unicode => text.nfkc().collect(),
        Normalization::Case => text.to_lowercase(),
        Normalization::Punctuation => text.chars().filter(|c| !is_punctuation(*c)).collect(),
        Normalization::Articles => without_articles(text),
        Normalization::Whitespace => text.split_whitespace().collect::<Vec<_>>().join(" "),
    }
}

/// Unicode's categories P and S.
fn is_punctuation(c: char) -> bool {
    matches!(c.general_category_group(), GeneralCategoryGroup::Punctuation | GeneralCategoryGroup::Symbol)
}

/// Each article that stands between white space, taken out with the space after it.
fn without_articles(text: &str) -> String {
    text.split_inclusive(char::is_whitespace)
        .filter(|piece| !["a", "an", "the"].iter().any(|article| piece.trim_end().eq_ignore_ascii_case(article)))
        .collect()
}

#[cfg(test)]
mod tests {
    use Normalization::{Articles, Case, Punctuation, Unicode, Whitespace};

    use super::*;

    #[test]
    fn each_normalization_takes_away_its_own() {
        for (text, normalize, expected) in [
            (" a\t b\n", &[Whitespace][..], "a b"),
            (" a  b ", &[], " a  b "),
            ("Straße ÉCOLE", &[Case], "straße école"),
            ("«No.» 50€, $5!", &[Punctuation], "No 50 5"),
            ("The cat and an owl, a", &[Articles], "cat and owl, "),
            ("ﬁne ①", &[Unicode], "fine 1"),
            ("The  Eiffel-Tower!", &[Whitespace, Articles, Punctuation, Case], "eiffeltower"),
        ] {
            assert_eq!(normalized(text, normalize), expected, "{text}");
        }
    }
}
