//! The records of a text file: lines, or CSV records that quotes carry over lines. Memory is bounded by one record.

use std::io::{self, BufRead};

/// How a record ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// It is larger than the bound; what was above it is dropped.
    TooLarge,
    /// The file ended within quotes, `lines` lines below the record's first.
    Unclosed {
        lines: u64,
    },
}

/// What a CSV byte is, where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Token {
    /// It belongs to the field.
    Text,
    /// It opens or closes quotes, or is the first of two that stand for one.
    Quote,
    Separator,
    /// Carriage return or line feed outside quotes.
    Break,
}

/// Reads CSV byte by byte: RFC 4180, with quotes inside an unquoted field taken as they are.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scanner {
    separator: u8,
    place: Place,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    FieldStart,
    Unquoted,
    Quoted,
    /// Behind a quote within quotes: the field's end, or half of a doubled quote.
    QuoteInQuoted,
}

impl Scanner {
    pub(crate) fn new(separator: u8) -> Self {
        Self { separator, place: Place::FieldStart }
    }

    pub(crate) fn scan(&mut self, byte: u8) -> Token {
        let (token, place) = match (self.place, byte) {
            (Place::FieldStart, b'"') => (Token::Quote, Place::Quoted),
            (Place::Quoted, b'"') => (Token::Quote, Place::QuoteInQuoted),
            (Place::Quoted, _) => (Token::Text, Place::Quoted),
            (Place::QuoteInQuoted, b'"') => (Token::Text, Place::Quoted),
            (_, b'\n' | b'\r') => (Token::Break, Place::FieldStart),
            (_, byte) if byte == self.separator => (Token::Separator, Place::FieldStart),
            _ => (Token::Text, Place::Unquoted),
        };
        self.place = place;
        token
    }

    fn is_quoted(self) -> bool {
        self.place == Place::Quoted
    }
}

/// Reads records one after the other.
pub(crate) struct Records<R> {
    source: R,
    /// CSV's separator; without one, a record is a line.
    separator: Option<u8>,
    bound: usize,
    record: Vec<u8>,
    /// The line that the next record starts in.
    next_line: u64,
    /// Whether the last record ended with a carriage return, whose line feed is still to come.
    after_return: bool,
}

impl<R: BufRead> Records<R> {
    pub(crate) fn lines(source: R, bound: usize) -> Self {
        Self { source, separator: None, bound, record: Vec::new(), next_line: 1, after_return: false }
    }

    pub(crate) fn csv(source: R, separator: u8, bound: usize) -> Self {
        Self { separator: Some(separator), ..Self::lines(source, bound) }
    }

    pub(crate) fn source(&self) -> &R {
        &self.source
    }

    /// The next record that is not blank: the line it starts in, its bytes without the break, how it ended.
    pub(crate) fn next(&mut self) -> io::Result<Option<(u64, &[u8], End)>> {
        loop {
            let line = self.next_line;
            let Some(end) = self.read_record()? else { return Ok(None) };
            if end != End::Whole || !self.record.trim_ascii().is_empty() {
                return Ok(Some((line, &self.record, end)));
            }
        }
    }

    fn read_record(&mut self) -> io::Result<Option<End>> {
        self.record.clear();
        match self.separator {
            Some(separator) => self.read_csv(separator),
            None => self.read_line(),
        }
    }

    fn read_line(&mut self) -> io::Result<Option<End>> {
        let mut end = End::Whole;
        let mut seen = false;
        loop {
            let bytes = retried(|| self.source.fill_buf().map(<[u8]>::len))?;
            if bytes == 0 {
                return Ok(seen.then_some(end));
            }
            seen = true;
            let bytes = self.source.fill_buf()?;
            let found = memchr::memchr(b'\n', bytes);
            let taken = found.unwrap_or(bytes.len());
            append(&mut self.record, &bytes[..taken], self.bound, &mut end);
            self.source.consume(found.map_or(taken, |at| at + 1));
            if found.is_some() {
                self.next_line += 1;
                if self.record.last() == Some(&b'\r') {
                    self.record.pop();
                }
                return Ok(Some(end));
            }
        }
    }

    fn read_csv(&mut self, separator: u8) -> io::Result<Option<End>> {
        let mut scanner = Scanner::new(separator);
        let mut end = End::Whole;
        let first = self.next_line;
        let mut seen = false;
        let mut last_was_return = false;
        loop {
            retried(|| self.source.fill_buf().map(<[u8]>::len))?;
            let bytes = self.source.fill_buf()?;
            if bytes.is_empty() {
                let unclosed = scanner.is_quoted().then(|| End::Unclosed { lines: self.next_line - first });
                return Ok(seen.then_some(unclosed.unwrap_or(end)));
            }
            let skipped = usize::from(std::mem::take(&mut self.after_return) && bytes[0] == b'\n');
            let mut taken = skipped;
            let mut found = None;
            for &byte in &bytes[skipped..] {
                if scanner.scan(byte) == Token::Break {
                    found = Some(byte);
                    break;
                }
                taken += 1;
                // Within quotes, lines are counted as they come: a line feed behind a carriage return ends none.
                self.next_line += u64::from(byte == b'\r' || (byte == b'\n' && !last_was_return));
                last_was_return = byte == b'\r';
            }
            seen |= taken > skipped || found.is_some();
            append(&mut self.record, &bytes[skipped..taken], self.bound, &mut end);
            self.source.consume(taken + usize::from(found.is_some()));
            if let Some(byte) = found {
                self.next_line += 1;
                self.after_return = byte == b'\r';
                return Ok(Some(end));
            }
        }
    }
}

fn append(record: &mut Vec<u8>, bytes: &[u8], bound: usize, end: &mut End) {
    let room = bound.saturating_sub(record.len());
    if bytes.len() > room {
        *end = End::TooLarge;
    }
    record.extend_from_slice(&bytes[..bytes.len().min(room)]);
}

/// Tries again where a signal came between.
fn retried<T>(mut read: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match read() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::{End, Records};

    fn all(mut records: Records<BufReader<&[u8]>>) -> Vec<(u64, String, End)> {
        let mut all = Vec::new();
        while let Some((line, bytes, end)) = records.next().unwrap() {
            all.push((line, String::from_utf8_lossy(bytes).into_owned(), end));
        }
        all
    }

    // Small buffers, so that every kind of break falls between two of them.
    fn source(text: &str, capacity: usize) -> BufReader<&[u8]> {
        BufReader::with_capacity(capacity, text.as_bytes())
    }

    #[test]
    fn lines_are_counted_blank_ones_too() {
        for capacity in 1..8 {
            let read = all(Records::lines(source("one\r\n\n  \ntwo\nthree", capacity), 100));
            let wanted = [(1, "one"), (4, "two"), (5, "three")];
            assert_eq!(read, wanted.map(|(line, text)| (line, text.to_owned(), End::Whole)));
        }
    }

    #[test]
    fn a_csv_record_starts_in_the_line_that_its_first_byte_is_in() {
        for capacity in 1..8 {
            let text = "a,b\r\n\r\n\"x\ny\",\"\r\n\"\rlast,\"\"\"\"\n";
            let read = all(Records::csv(source(text, capacity), b',', 100));
            let wanted = [(1, "a,b"), (3, "\"x\ny\",\"\r\n\""), (6, "last,\"\"\"\"")];
            assert_eq!(read, wanted.map(|(line, text)| (line, text.to_owned(), End::Whole)), "{capacity}");
        }
    }

    #[test]
    fn a_record_above_the_bound_is_cut_and_the_next_follows() {
        let read = all(Records::lines(source("12345\n123456\n1", 3), 5));
        let wanted = [(1, "12345", End::Whole), (2, "12345", End::TooLarge), (3, "1", End::Whole)];
        assert_eq!(read, wanted.map(|(line, text, end)| (line, text.to_owned(), end)));
        let read = all(Records::csv(source("\"1\n2\n3\"\n1", 3), b',', 5));
        assert_eq!(read, [(1, "\"1\n2\n".to_owned(), End::TooLarge), (4, "1".to_owned(), End::Whole)]);
    }

    #[test]
    fn quotes_that_are_never_closed_are_told_with_the_lines_they_swallow() {
        let read = all(Records::csv(source("a\n\"b\nc\nd", 3), b',', 100));
        assert_eq!(read[1], (2, "\"b\nc\nd".to_owned(), End::Unclosed { lines: 2 }));
    }
}
