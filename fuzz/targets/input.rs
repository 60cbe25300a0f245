//! A task's input in any format: the first byte says which.
#![no_main]

use std::io::Cursor;

use dataset::{Bounds, Format, detect, open};

const FORMATS: [Format; 5] = [Format::Batch, Format::Jsonl, Format::Csv, Format::Xlsx, Format::Text];

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, file)) = bytes.split_first() else { return };
    let bounds = Bounds { rows: 1000, row_bytes: 4096, columns: 64, workbook_bytes: 1 << 20, cells: 4096, ..Bounds::default() };
    let _ = detect(None, &mut Cursor::new(file));
    let Ok(mut reader) = open(FORMATS[usize::from(*first) % FORMATS.len()], Cursor::new(file), &bounds) else { return };
    let mut rows = 0;
    for _ in &mut reader {
        rows += 1;
        assert!(rows <= bounds.rows, "more rows than the bound");
    }
});
