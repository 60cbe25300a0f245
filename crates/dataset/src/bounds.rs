//! How much of a file is read.

/// The bounds that an input is held to. All are inclusive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bounds {
    /// Bytes of the file.
    pub file_bytes: u64,
    /// Rows, bad ones included; reading stops at the first above.
    pub rows: u64,
    /// Bytes of one row as it is written; in a workbook, of its values as text.
    pub row_bytes: usize,
    /// Columns of the header, or different columns of all JSON rows.
    pub columns: usize,
    /// Bytes that all parts of a workbook may have when unpacked.
    pub workbook_bytes: u64,
    /// Cells of a sheet.
    pub cells: u64,
}

impl Default for Bounds {
    fn default() -> Self {
        Self {
            file_bytes: 512 << 20,
            rows: 100_000,
            row_bytes: 1 << 20,
            columns: 1_000,
            workbook_bytes: 128 << 20,
            cells: 2_000_000,
        }
    }
}
