//! CSV: the separator, the header, the fields of a record.

use crate::{
    error::{BadRow, InputError},
    phrase::{number, quoted},
    records::{Scanner, Token},
};

/// What separates fields, the likeliest first.
const SEPARATORS: [u8; 3] = [b',', b';', b'\t'];
/// Records of the file's head that the separator is judged by.
const JUDGED: usize = 20;

/// The separator of a file, and the line that names it where its first line is Excel's `sep=;`.
pub(crate) struct Dialect {
    pub(crate) separator: u8,
    pub(crate) named: bool,
}

/// Tells the separator from the file's first bytes: the one by which most records have as many fields as the header;
/// then the one by which the header has the most; a comma where there is none.
pub(crate) fn dialect(head: &[u8]) -> Dialect {
    if let Some([separator, b'\r' | b'\n', ..]) = head.strip_prefix(b"sep=") {
        return Dialect { separator: *separator, named: true };
    }
    let mut best = (0, 0, b',');
    for separator in SEPARATORS {
        let counts = field_counts(head, separator);
        let fields = counts.first().copied().unwrap_or_default();
        if fields < 2 {
            continue;
        }
        let alike = counts.iter().filter(|&&count| count == fields).count();
        if (alike, fields) > (best.0, best.1) {
            best = (alike, fields, separator);
        }
    }
    Dialect { separator: best.2, named: false }
}

/// Fields of the first whole records; the last that the head holds may be cut, and counts only if it is alone.
fn field_counts(head: &[u8], separator: u8) -> Vec<usize> {
    let mut scanner = Scanner::new(separator);
    let (mut counts, mut fields, mut is_blank) = (Vec::new(), 1, true);
    for &byte in head {
        match scanner.scan(byte) {
            Token::Separator => fields += 1,
            Token::Break if is_blank => {}
            Token::Break => {
                counts.push(fields);
                (fields, is_blank) = (1, true);
                if counts.len() == JUDGED {
                    return counts;
                }
                continue;
            }
            Token::Text | Token::Quote => {}
        }
        is_blank &= byte.is_ascii_whitespace() && byte != separator;
    }
    if counts.is_empty() {
        counts.push(fields);
    }
    counts
}

/// The fields of a record.
pub(crate) fn fields(record: &str, separator: u8) -> Vec<String> {
    let mut scanner = Scanner::new(separator);
    let (mut fields, mut field, mut start) = (Vec::new(), String::new(), 0);
    // Separators and quotes are ASCII, so a slice between two of them is whole characters.
    for (at, &byte) in record.as_bytes().iter().enumerate() {
        match scanner.scan(byte) {
            Token::Text => continue,
            Token::Quote => field.push_str(&record[start..at]),
            Token::Separator | Token::Break => {
                field.push_str(&record[start..at]);
                fields.push(std::mem::take(&mut field));
            }
        }
        start = at + 1;
    }
    field.push_str(&record[start..]);
    fields.push(field);
    fields
}

/// The columns that a header names, trimmed. Unnamed ones at its end are an error too: their cells would be lost.
pub(crate) fn header(names: Vec<String>, bound: usize) -> Result<Vec<String>, InputError> {
    if names.len() > bound {
        return Err(InputError::TooManyColumns { bound });
    }
    let names: Vec<String> = names.iter().map(|name| name.trim().to_owned()).collect();
    let mut seen = std::collections::HashMap::new();
    for (index, name) in names.iter().enumerate() {
        if name.is_empty() {
            return Err(InputError::UnnamedColumn { column: index + 1 });
        }
        if let Some(first) = seen.insert(name.as_str(), index) {
            return Err(InputError::DoubledColumn { name: name.clone(), first: first + 1, second: index + 1 });
        }
    }
    Ok(names)
}

/// A record of another width than the header.
pub(crate) fn wrong_width(line: u64, fields: &[String], columns: &[String], separator: u8) -> BadRow {
    let count =
        |number: usize| if number == 1 { "1 field".into() } else { format!("{} fields", self::number(number as u64)) };
    let (found, wanted) = (count(fields.len()), columns.len());
    let mut message = format!("{found}, where the header names {}", number(wanted as u64));
    if let Some(extra) = fields.get(wanted) {
        let separator =
            if separator == b'\t' { "a tab".to_owned() } else { quoted(&char::from(separator).to_string()) };
        message.push_str(&format!(
            ": the first too many is {}; put a field that holds {separator} in quotes",
            quoted(extra)
        ));
    } else if let Some(missing) = columns.get(fields.len()) {
        message.push_str(&format!(": {} is missing", quoted(missing)));
    }
    BadRow::new(line, message)
}

#[cfg(test)]
mod tests {
    use super::{dialect, fields};

    #[test]
    fn the_separator_is_told_from_header_and_rows() {
        for (head, separator) in [
            ("a,b\n1,2\n", b','),
            ("a;b\n1,5;2\n", b';'),
            ("a\tb\n1\t2\n", b'\t'),
            ("prompt\nHello, world\n", b','),
            ("Name, first;Age\nAda;36\nAlan;41\n", b';'),
            ("\"a;b\",c\n1,2\n", b','),
            ("a;b", b';'),
            ("", b','),
            ("sep=|\r\na|b\n", b'|'),
        ] {
            assert_eq!(dialect(head.as_bytes()).separator, separator, "{head}");
        }
    }

    #[test]
    fn fields_lose_their_quotes_and_nothing_else() {
        for (record, wanted) in [
            ("a,b", vec!["a", "b"]),
            ("", vec![""]),
            (",", vec!["", ""]),
            (r#""a,b","say ""hi""","#, vec!["a,b", "say \"hi\"", ""]),
            (r#"5" pipe,x"#, vec!["5\" pipe", "x"]),
            ("\"línea\r\nzwei\", y ", vec!["línea\r\nzwei", " y "]),
        ] {
            assert_eq!(fields(record, b','), wanted, "{record}");
        }
    }
}
