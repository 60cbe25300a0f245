//! Rows of a file, one by one, whatever its format.

use std::{
    collections::HashSet,
    io::{BufReader, Read, Seek, SeekFrom},
};

use protocol::dataset::Format;
use serde_json::Value;

use crate::{
    batch::Batch,
    bounds::Bounds,
    csv, detect,
    encoding::{self, Decoded, Encoding},
    error::{BadRow, InputError},
    json,
    phrase::size,
    records::{End, Records},
    row::{Columns, Content, Row},
    workbook::{self, Sheet},
};

/// A row, or what is wrong with it.
pub type Entry = Result<Row, BadRow>;

/// Reads the rows of a file in order. After an error there is nothing more.
pub struct Reader<S> {
    format: Format,
    bounds: Bounds,
    rows: Rows<S>,
    columns: Vec<String>,
    known: HashSet<String>,
    /// The first entry, which was read to know the columns.
    first: Option<Entry>,
    entries: u64,
    is_over: bool,
}

type Lines<S> = Records<Decoded<BufReader<S>>>;

enum Rows<S> {
    Batch(Lines<S>, Batch),
    Jsonl(Lines<S>),
    Csv(Lines<S>, u8),
    Text(Lines<S>),
    Sheet(Sheet),
}

/// Opens a file of a format, from its start.
///
/// # Errors
/// What keeps every row from being read: see [`InputError`]. A bad row does not.
pub fn open<S: Read + Seek>(format: Format, mut source: S, bounds: &Bounds) -> Result<Reader<S>, InputError> {
    let bytes = source.seek(SeekFrom::End(0))?;
    if bytes == 0 {
        return Err(InputError::Empty);
    }
    if bytes > bounds.file_bytes {
        return Err(InputError::TooLarge { bytes, bound: bounds.file_bytes });
    }
    let head = detect::head(&mut source)?;
    detect::check(format, &head)?;
    let (rows, columns) = match format {
        Format::Batch => (Rows::Batch(lines(source, &head, bounds)?, Batch::default()), Vec::new()),
        Format::Jsonl => (Rows::Jsonl(lines(source, &head, bounds)?), Vec::new()),
        Format::Text => (Rows::Text(lines(source, &head, bounds)?), vec!["prompt".to_owned()]),
        Format::Csv => open_csv(source, &head, bounds)?,
        Format::Xlsx => {
            let (sheet, columns) = workbook::open(source, &head, bounds)?;
            (Rows::Sheet(sheet), columns)
        }
    };
    let known = columns.iter().cloned().collect();
    let mut reader = Reader { format, bounds: *bounds, rows, columns, known, first: None, entries: 0, is_over: false };
    reader.first = reader.read()?;
    if reader.first.is_none() {
        return Err(InputError::NoRows { headed: matches!(format, Format::Csv | Format::Xlsx) });
    }
    Ok(reader)
}

fn decoded<S: Read + Seek>(mut source: S, head: &[u8]) -> Result<Decoded<BufReader<S>>, InputError> {
    let (encoding, mark) = Encoding::of(head);
    source.seek(SeekFrom::Start(mark as u64))?;
    Ok(Decoded::new(BufReader::with_capacity(64 << 10, source), encoding))
}

fn lines<S: Read + Seek>(source: S, head: &[u8], bounds: &Bounds) -> Result<Lines<S>, InputError> {
    Ok(Records::lines(decoded(source, head)?, bounds.row_bytes))
}

fn open_csv<S: Read + Seek>(source: S, head: &[u8], bounds: &Bounds) -> Result<(Rows<S>, Vec<String>), InputError> {
    let dialect = csv::dialect(detect::text(head).as_bytes());
    let mut records = Records::csv(decoded(source, head)?, dialect.separator, bounds.row_bytes);
    if dialect.named {
        records.next()?;
    }
    let encoding = records.source().encoding();
    let Some((line, bytes, end)) = records.next()? else { return Err(InputError::NoRows { headed: false }) };
    let names = whole(line, bytes, end, encoding, bounds)
        .map(|text| csv::fields(text, dialect.separator))
        .map_err(InputError::Header)?;
    let columns = csv::header(names, bounds.columns)?;
    Ok((Rows::Csv(records, dialect.separator), columns))
}

impl<S: Read + Seek> Reader<S> {
    pub fn format(&self) -> Format {
        self.format
    }

    /// The columns: of CSV and a sheet, the header's; of JSON lines, those of the rows read so far, the first of which
    /// was read when the file was opened; of text, `prompt`; of a batch, none.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    fn read(&mut self) -> Result<Option<Entry>, InputError> {
        let entry = loop {
            match self.read_entry()? {
                None => return Ok(None),
                // A row of empty cells is what spreadsheets leave below their last.
                Some(Ok(Row { content: Content::Columns(columns), .. })) if is_hollow(self.format, &columns) => {}
                Some(entry) => break entry,
            }
        };
        self.entries += 1;
        if self.entries > self.bounds.rows {
            return Err(InputError::TooManyRows { bound: self.bounds.rows });
        }
        if let (Format::Jsonl, Ok(Row { content: Content::Columns(columns), .. })) = (self.format, &entry) {
            for name in columns.names() {
                if !self.known.contains(name) {
                    if self.columns.len() == self.bounds.columns {
                        return Err(InputError::TooManyColumns { bound: self.bounds.columns });
                    }
                    self.known.insert(name.to_owned());
                    self.columns.push(name.to_owned());
                }
            }
        }
        Ok(Some(entry))
    }

    fn read_entry(&mut self) -> Result<Option<Entry>, InputError> {
        let bounds = &self.bounds;
        match &mut self.rows {
            Rows::Sheet(sheet) => Ok(sheet.next_row(&self.columns, bounds)),
            Rows::Batch(records, batch) => parsed(records, bounds, |line, text| batch.row(line, text)),
            Rows::Jsonl(records) => parsed(records, bounds, |line, text| {
                let columns = json::object(text).map_err(|message| BadRow::new(line, message))?;
                Ok(columns_row(line, columns))
            }),
            Rows::Text(records) => parsed(records, bounds, |line, text| {
                Ok(columns_row(line, [("prompt", Value::from(text))].into_iter().collect()))
            }),
            Rows::Csv(records, separator) => parsed(records, bounds, |line, text| {
                let fields = csv::fields(text, *separator);
                if fields.len() != self.columns.len() {
                    return Err(csv::wrong_width(line, &fields, &self.columns, *separator));
                }
                let values = fields.into_iter().map(Value::from);
                Ok(columns_row(line, self.columns.iter().cloned().zip(values).collect()))
            }),
        }
    }
}

impl<S: Read + Seek> Iterator for Reader<S> {
    type Item = Result<Entry, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(first) = self.first.take() {
            return Some(Ok(first));
        }
        if self.is_over {
            return None;
        }
        let entry = self.read();
        self.is_over = !matches!(entry, Ok(Some(_)));
        entry.transpose()
    }
}

impl<S: Read + Seek> std::iter::FusedIterator for Reader<S> {}

pub(crate) fn columns_row(line: u64, columns: Columns) -> Row {
    Row { line, custom_id: None, content: Content::Columns(columns) }
}

fn is_hollow(format: Format, columns: &Columns) -> bool {
    matches!(format, Format::Csv | Format::Xlsx) && columns.iter().all(|(_, value)| value.as_str() == Some(""))
}

fn parsed<S: Read + Seek>(
    records: &mut Lines<S>,
    bounds: &Bounds,
    parse: impl FnOnce(u64, &str) -> Entry,
) -> Result<Option<Entry>, InputError> {
    let encoding = records.source().encoding();
    let Some((line, bytes, end)) = records.next()? else { return Ok(None) };
    Ok(Some(whole(line, bytes, end, encoding, bounds).and_then(|text| parse(line, text))))
}

/// The text of a record that is there as a whole.
fn whole<'a>(line: u64, bytes: &'a [u8], end: End, encoding: Encoding, bounds: &Bounds) -> Result<&'a str, BadRow> {
    match end {
        End::Whole => encoding::text(bytes, encoding).map_err(|message| BadRow::new(line, message)),
        End::TooLarge => Err(BadRow::new(line, format!("the row is larger than {}", size(bounds.row_bytes as u64)))),
        End::Unclosed { lines: 0 } => Err(BadRow::new(line, "a quote is opened and never closed")),
        End::Unclosed { lines } => {
            let message = format!("a quote is opened and never closed; lines {line} to {} are within it", line + lines);
            Err(BadRow::new(line, message))
        }
    }
}
