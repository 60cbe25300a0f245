//! Workbooks: the first visible sheet, its first row the header.
//!
//! What calamine is given has been unpacked once before and held to the bounds ([`archive`]). The sheet's cells are
//! kept until they are asked for, texts that cells share only once; a row's values are made when it is read.

mod archive;
mod cell;
mod quiet;

use std::{
    collections::HashMap,
    io::{BufReader, Read, Seek},
};

use calamine::{DataRef, Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};

use self::cell::Cell;
use crate::{
    bounds::Bounds,
    csv,
    error::{BadRow, InputError},
    phrase::{quoted, size},
    reader::{Entry, columns_row},
};

/// The rows of a sheet, the header's included until it is taken.
pub(crate) struct Sheet {
    texts: Vec<String>,
    /// Column from 0, and value; row after row.
    cells: Vec<(u32, Cell)>,
    /// Row from 1, and where its cells begin.
    rows: Vec<(u64, usize)>,
    next: usize,
}

/// Reads a workbook whole, and takes the header off its sheet.
pub(crate) fn open<S: Read + Seek>(
    mut source: S,
    head: &[u8],
    bounds: &Bounds,
) -> Result<(Sheet, Vec<String>), InputError> {
    archive::check(&mut source, head, bounds)?;
    source.rewind()?;
    // A panic of the parser over a file that is made to cause one is a broken file, not a broken server.
    let mut sheet = quiet::caught(|| read(source, bounds))
        .unwrap_or_else(|| Err(InputError::BrokenWorkbook { message: "its parts contradict each other".into() }))?;
    let columns = sheet.take_header(bounds)?;
    Ok((sheet, columns))
}

fn broken(error: XlsxError) -> InputError {
    match error {
        XlsxError::Password => InputError::Encrypted,
        XlsxError::Io(error) => InputError::Read(error),
        other => InputError::BrokenWorkbook { message: other.to_string() },
    }
}

fn read<S: Read + Seek>(source: S, bounds: &Bounds) -> Result<Sheet, InputError> {
    let mut workbook = Xlsx::new(BufReader::new(source)).map_err(broken)?;
    let mut sheets = workbook.sheets_metadata().iter();
    let first = sheets
        .find(|sheet| sheet.typ == SheetType::WorkSheet && sheet.visible == SheetVisible::Visible)
        .ok_or(InputError::NoSheet)?;
    let name = first.name.clone();
    let mut source = workbook.worksheet_cells_reader(&name).map_err(broken)?;
    let mut sheet = Sheet { texts: Vec::new(), cells: Vec::new(), rows: Vec::new(), next: 0 };
    let mut shared = HashMap::new();
    while let Some(cell) = source.next_cell().map_err(broken)? {
        let (row, column) = cell.get_position();
        let value = match cell.get_value() {
            DataRef::SharedString("") => continue,
            DataRef::SharedString(text) => {
                let texts = &mut sheet.texts;
                Cell::Shared(*shared.entry(text.as_ptr()).or_insert_with(|| {
                    texts.push((*text).to_owned());
                    texts.len() - 1
                }))
            }
            other => match Cell::read(other) {
                Some(value) => value,
                None => continue,
            },
        };
        sheet.push(u64::from(row) + 1, column, value, bounds)?;
    }
    Ok(sheet)
}

impl Sheet {
    fn push(&mut self, row: u64, column: u32, value: Cell, bounds: &Bounds) -> Result<(), InputError> {
        match self.rows.last() {
            Some(&(last, _)) if last == row => {}
            Some(&(last, _)) if last > row => {
                return Err(InputError::BrokenWorkbook { message: format!("row {row} comes after row {last}") });
            }
            _ => {
                // The header is a row of its own.
                if self.rows.len() as u64 > bounds.rows {
                    return Err(InputError::TooManyRows { bound: bounds.rows });
                }
                self.rows.push((row, self.cells.len()));
            }
        }
        if self.cells.len() as u64 == bounds.cells {
            return Err(InputError::TooManyCells { bound: bounds.cells });
        }
        self.cells.push((column, value));
        Ok(())
    }

    /// The next row's number and cells by column.
    fn next_cells(&mut self) -> Option<(u64, &[(u32, Cell)])> {
        let &(row, start) = self.rows.get(self.next)?;
        self.next += 1;
        let end = self.rows.get(self.next).map_or(self.cells.len(), |&(_, start)| start);
        let cells = &mut self.cells[start..end];
        cells.sort_by_key(|(column, _)| *column);
        Some((row, cells))
    }

    fn take_header(&mut self, bounds: &Bounds) -> Result<Vec<String>, InputError> {
        let texts = std::mem::take(&mut self.texts);
        let Some((row, cells)) = self.next_cells() else { return Err(InputError::NoSheet) };
        let header = |message| InputError::Header(BadRow::new(row, message));
        check_size(cells, &texts, bounds).map_err(header)?;
        let mut names = Vec::new();
        for (column, cell) in cells {
            if *column as usize >= bounds.columns {
                return Err(InputError::TooManyColumns { bound: bounds.columns });
            }
            names.resize(*column as usize, String::new());
            names.push(cell.text(&texts).map_err(header)?);
        }
        self.texts = texts;
        csv::header(names, bounds.columns)
    }

    pub(crate) fn next_row(&mut self, columns: &[String], bounds: &Bounds) -> Option<Entry> {
        let texts = std::mem::take(&mut self.texts);
        let entry = self.next_cells().map(|(row, cells)| row_of(row, cells, &texts, columns, bounds));
        self.texts = texts;
        entry
    }
}

/// Many cells may share one long text: what a row comes to is known before it is made.
fn check_size(cells: &[(u32, Cell)], texts: &[String], bounds: &Bounds) -> Result<(), String> {
    let bytes: usize = cells.iter().map(|(_, cell)| cell.len(texts)).sum();
    if bytes > bounds.row_bytes {
        return Err(format!("the row is larger than {}", size(bounds.row_bytes as u64)));
    }
    Ok(())
}

fn row_of(row: u64, cells: &[(u32, Cell)], texts: &[String], columns: &[String], bounds: &Bounds) -> Entry {
    let bad = |message: String| BadRow::new(row, message);
    check_size(cells, texts, bounds).map_err(bad)?;
    let mut values: Vec<_> = columns.iter().map(|_| serde_json::Value::from("")).collect();
    for (column, cell) in cells {
        let letters = cell::letters(*column);
        let Some(name) = columns.get(*column as usize) else {
            return Err(bad(format!("a cell in column {letters}, for which the header has no name")));
        };
        values[*column as usize] = cell
            .value(texts)
            .map_err(|error| bad(format!("the column {} ({letters}{row}) holds the error {error}", quoted(name))))?;
    }
    Ok(columns_row(row, columns.iter().cloned().zip(values).collect()))
}
