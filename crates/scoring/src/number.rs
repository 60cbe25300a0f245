//! Numbers in prose.

use protocol::scoring::{DecimalMark, Numeric, Percent, Take};

/// A number as it stands in a text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Number {
    pub(crate) value: f64,
    /// As written, sign and percent sign included.
    pub(crate) text: String,
}

/// Why a text has no number to compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NoNumber {
    None,
    /// So many, where there must be one.
    Several(usize),
}

impl NoNumber {
    /// The reason in words; `of` is the text: the answer, the reference.
    pub(crate) fn told(self, of: &str) -> String {
        match self {
            Self::None => format!("no number in {of}"),
            Self::Several(count) => format!("{count} numbers in {of}, one expected"),
        }
    }
}

/// The number of the text that the settings mean.
pub(crate) fn number(text: &str, numeric: &Numeric) -> Result<Number, NoNumber> {
    let mut numbers = Scan::new(text, numeric).numbers();
    match (numeric.take, numbers.len()) {
        (_, 0) => Err(NoNumber::None),
        (Take::First, _) => Ok(numbers.swap_remove(0)),
        (Take::Last, last) => Ok(numbers.swap_remove(last - 1)),
        (Take::Only, 1) => Ok(numbers.swap_remove(0)),
        (Take::Only, several) => Err(NoNumber::Several(several)),
    }
}

/// Whether the number is within the tolerance of the reference.
pub(crate) fn is_near(number: f64, reference: f64, numeric: &Numeric) -> bool {
    (number - reference).abs() <= numeric.absolute.max(numeric.relative * reference.abs())
}

struct Scan<'a> {
    text: Vec<char>,
    numeric: &'a Numeric,
    decimal: char,
    group: char,
}

/// Forms of one character made one: full-width forms of East Asian scripts, the minus sign, spaces within numbers.
fn folded(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        '\u{2212}' => '-',
        '\u{202f}' | '\u{2009}' => '\u{a0}',
        '’' => '\'',
        other => other,
    }
}

impl<'a> Scan<'a> {
    fn new(text: &str, numeric: &'a Numeric) -> Self {
        let (decimal, group) = match numeric.decimal_mark {
            DecimalMark::Point => ('.', ','),
            DecimalMark::Comma => (',', '.'),
        };
        Self { text: text.chars().map(folded).collect(), numeric, decimal, group }
    }

    fn at(&self, at: usize) -> Option<char> {
        self.text.get(at).copied()
    }

    fn is_digit(&self, at: usize) -> bool {
        self.at(at).is_some_and(|c| c.is_ascii_digit())
    }

    /// The first place from here that holds no digit.
    fn digits_end(&self, mut at: usize) -> usize {
        while self.is_digit(at) {
            at += 1;
        }
        at
    }

    fn numbers(&self) -> Vec<Number> {
        let mut numbers = Vec::new();
        let mut at = 0;
        while at < self.text.len() {
            let begins = self.is_digit(at) || (self.at(at) == Some(self.decimal) && self.is_digit(at + 1));
            if !begins {
                at += 1;
                continue;
            }
            let within_word = at > 0 && self.at(at - 1).is_some_and(|c| c.is_alphanumeric() || c == '_');
            let (end, digits) = self.unsigned(at);
            // `1.2.3` is a version or a date, and no number.
            let dotted = self.at(end) == Some('.') && self.is_digit(end + 1);
            if within_word || dotted {
                at = end;
                while self.is_digit(at) || (self.at(at) == Some('.') && self.is_digit(at + 1)) {
                    at += 1;
                }
                continue;
            }
            let (begin, sign) = self.sign(at);
            let (end, percent) = self.percent(end);
            if let Ok(value) = digits.parse::<f64>()
                && value.is_finite()
            {
                let scale = if percent && self.numeric.percent == Percent::Fraction { 0.01 } else { 1.0 };
                numbers.push(Number { value: sign * value * scale, text: self.text[begin..end].iter().collect() });
            }
            at = end;
        }
        numbers
    }

    /// The end of the number that begins here, and its digits as Rust writes them.
    fn unsigned(&self, begin: usize) -> (usize, String) {
        let mut end = self.digits_end(begin);
        let mut digits: String = self.text[begin..end].iter().collect();
        if (1..=3).contains(&digits.len())
            && let Some(separator) = self.at(end).filter(|c| *c == self.group || ['\u{a0}', '\'', '_'].contains(c))
        {
            while self.at(end) == Some(separator) && self.digits_end(end + 1) == end + 4 {
                digits.extend(&self.text[end + 1..end + 4]);
                end += 4;
            }
        }
        if self.at(end) == Some(self.decimal) && self.is_digit(end + 1) {
            let decimals = self.digits_end(end + 1);
            digits.push('.');
            digits.extend(&self.text[end + 1..decimals]);
            end = decimals;
        }
        if matches!(self.at(end), Some('e' | 'E')) {
            let signed = usize::from(matches!(self.at(end + 1), Some('+' | '-')));
            let power = self.digits_end(end + 1 + signed);
            let is_word = self.at(power).is_some_and(char::is_alphanumeric);
            if (1..=3).contains(&(power - end - 1 - signed)) && !is_word {
                digits.extend(&self.text[end..power]);
                end = power;
            }
        }
        (end, digits)
    }

    /// Where the number begins with its sign, and the sign. A hyphen after a word, a digit or a bracket is none.
    fn sign(&self, begin: usize) -> (usize, f64) {
        let currency = begin > 0 && matches!(self.text[begin - 1], '$' | '€' | '£' | '¥' | '₹' | '₫');
        let first = if currency { begin - 1 } else { begin };
        let Some(sign) = first.checked_sub(1).map(|at| self.text[at]).filter(|c| matches!(c, '-' | '+')) else {
            return (begin, 1.0);
        };
        let joins = first.checked_sub(2).and_then(|at| self.at(at)).is_some_and(|c| c.is_alphanumeric() || c == ')');
        match (joins, sign) {
            (true, _) => (begin, 1.0),
            (false, '-') => (first - 1, -1.0),
            (false, _) => (first - 1, 1.0),
        }
    }

    /// Where the number ends with its percent sign, and whether it has one.
    fn percent(&self, end: usize) -> (usize, bool) {
        let space = usize::from(matches!(self.at(end), Some(' ' | '\u{a0}')));
        if self.at(end + space) == Some('%') { (end + space + 1, true) } else { (end, false) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &str, numeric: &Numeric) -> Vec<f64> {
        Scan::new(text, numeric).numbers().into_iter().map(|number| number.value).collect()
    }

    #[test]
    fn numbers_are_found_in_prose() {
        let numeric = Numeric::default();
        for (text, expected) in [
            ("The answer is 42.", &[42.0][..]),
            ("#### 1,234,567.5", &[1_234_567.5]),
            ("-3, +4 and −5", &[-3.0, 4.0, -5.0]),
            ("3-5 or 10 - 4", &[3.0, 5.0, 10.0, 4.0]),
            ("$1,200.50, -$7, €3", &[1200.5, -7.0, 3.0]),
            ("1,2 and (3,4)", &[1.0, 2.0, 3.0, 4.0]),
            ("12,3456", &[12.0, 3456.0]),
            (".5 and 0.25", &[0.5, 0.25]),
            ("1e3, 2E-2, 3e, 4ever", &[1000.0, 0.02, 3.0, 4.0]),
            ("50% or 12.5 %", &[50.0, 12.5]),
            ("version 1.2.3 of x2 in H2O", &[]),
            ("5kg, the 3rd", &[5.0, 3.0]),
            ("1\u{202f}000\u{202f}000 and 1\'000", &[1_000_000.0, 1000.0]),
            ("１２．５％", &[12.5]),
            (r"\boxed{42}", &[42.0]),
            ("(2)-1", &[2.0, 1.0]),
            ("none, ., -, ,", &[]),
        ] {
            assert_eq!(all(text, &numeric), expected, "{text}");
        }
    }

    #[test]
    fn marks_percents_and_places_follow_the_settings() {
        let comma = Numeric { decimal_mark: DecimalMark::Comma, ..Numeric::default() };
        assert_eq!(all("1.234,5 und 2,25", &comma), [1234.5, 2.25]);
        let fraction = Numeric { percent: Percent::Fraction, ..Numeric::default() };
        assert_eq!(all("50 % of 8", &fraction), [0.5, 8.0]);
        let take = |take| number("1 2 3", &Numeric { take, ..Numeric::default() }).map(|number| number.value);
        assert_eq!(take(Take::First), Ok(1.0));
        assert_eq!(take(Take::Last), Ok(3.0));
        assert_eq!(take(Take::Only), Err(NoNumber::Several(3)));
    }

    #[test]
    fn the_larger_tolerance_decides() {
        let near = |absolute, relative| is_near(110.0, 100.0, &Numeric { absolute, relative, ..Numeric::default() });
        assert!(near(10.0, 0.0) && near(0.0, 0.1) && near(1.0, 0.1));
        assert!(!near(9.9, 0.0) && !near(0.0, 0.09) && !near(0.0, 0.0));
    }
}
