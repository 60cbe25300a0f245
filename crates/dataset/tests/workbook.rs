//! Workbooks: what is read of a sheet, and what a made one cannot do.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::io::{Cursor, Read, Write};

use dataset::{Bounds, Format};
use rust_xlsxwriter::{ExcelDateTime, Format as Style, Formula, Workbook, Worksheet};
use serde_json::json;
use support::{opened, opened_within, refusal, refusal_within, told};
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

fn workbook(write: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    write(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

/// The workbook with a part changed.
fn changed(bytes: &[u8], part: &str, change: impl Fn(String) -> Vec<u8>) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut text = Vec::new();
        file.read_to_end(&mut text).unwrap();
        if name == part {
            text = change(String::from_utf8(text).unwrap());
        }
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(&text).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn questions() -> Vec<u8> {
    workbook(|sheet| {
        sheet.write(0, 0, "question").unwrap();
        sheet.write(0, 1, "answer").unwrap();
        sheet.write(1, 0, "What is 2+2?").unwrap();
        sheet.write(1, 1, "4").unwrap();
    })
}

#[test]
fn a_sheet_is_read_below_its_header() {
    let date = Style::new().set_num_format("yyyy-mm-dd");
    let bytes = workbook(|sheet| {
        for (column, name) in ["text", "number", "flag", "day", "instant", "time", "sum"].into_iter().enumerate() {
            sheet.write(1, column as u16, name).unwrap();
        }
        sheet.write(2, 0, "línea <a> & \"b\"\nzwei").unwrap();
        sheet.write(2, 1, 42.0).unwrap();
        sheet.write(2, 2, true).unwrap();
        sheet.write_with_format(2, 3, ExcelDateTime::parse_from_str("2026-03-01").unwrap(), &date).unwrap();
        let instant = ExcelDateTime::parse_from_str("2026-03-01T14:30:05").unwrap();
        sheet.write_with_format(2, 4, &instant, &Style::new().set_num_format("yyyy-mm-dd hh:mm:ss")).unwrap();
        let time = ExcelDateTime::parse_from_str("09:05:00").unwrap();
        sheet.write_with_format(2, 5, &time, &Style::new().set_num_format("hh:mm:ss")).unwrap();
        sheet.write(2, 6, Formula::new("=0.1+0.2").set_result("0.30000000000000004")).unwrap();
        sheet.write(5, 0, "línea <a> & \"b\"\nzwei").unwrap();
        sheet.write(5, 1, -1.5).unwrap();
    });
    let text = "línea <a> & \"b\"\nzwei";
    assert_eq!(
        told(Format::Xlsx, &bytes),
        [
            json!([3, {"text": text, "number": 42, "flag": true, "day": "2026-03-01",
                       "instant": "2026-03-01T14:30:05", "time": "09:05:00", "sum": 0.3}]),
            json!([6, {"text": text, "number": -1.5, "flag": "", "day": "", "instant": "", "time": "", "sum": ""}]),
        ]
    );
    let columns = ["text", "number", "flag", "day", "instant", "time", "sum"];
    assert_eq!(opened(Format::Xlsx, bytes).unwrap().columns(), columns);
}

#[test]
fn the_first_visible_sheet_is_read() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_hidden(true).write(0, 0, "hidden").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_active(true);
    sheet.write(0, 0, "shown").unwrap().write(1, 0, "yes").unwrap();
    assert_eq!(told(Format::Xlsx, workbook.save_to_buffer().unwrap()), [json!([2, {"shown": "yes"}])]);
}

#[test]
fn bad_rows_of_a_sheet_are_named() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "a").unwrap();
        sheet.write(1, 0, "1").unwrap().write(1, 2, "stray").unwrap();
        sheet.write(2, 0, Formula::new("=1/0").set_result("#DIV/0!")).unwrap();
        sheet.write(3, 0, "2").unwrap();
        sheet.write(4, 0, "x".repeat(100)).unwrap();
    });
    let bytes = changed(&bytes, "xl/worksheets/sheet1.xml", |text| {
        text.replace("<c r=\"A3\" t=\"str\">", "<c r=\"A3\" t=\"e\">").into_bytes()
    });
    let bounds = Bounds { row_bytes: 50, ..Bounds::default() };
    let read: Vec<String> = opened_within(Format::Xlsx, bytes, &bounds)
        .unwrap()
        .map(|entry| entry.unwrap().map_or_else(|bad| bad.to_string(), |row| format!("row {}", row.line)))
        .collect();
    assert_eq!(
        read,
        [
            "line 2: a cell in column C, for which the header has no name",
            "line 3: the column `a` (A3) holds the error #DIV/0!",
            "row 4",
            "line 5: the row is larger than 50 bytes",
        ]
    );
}

#[test]
fn a_sheet_without_header_or_rows_is_refused() {
    let cases: [(Vec<u8>, &str); 5] = [
        (workbook(|_| {}), "the workbook has no visible sheet with cells: add one, or show it"),
        (
            workbook(|sheet| {
                sheet.write(0, 0, "a").unwrap();
            }),
            "the file has no rows: add at least one below its header",
        ),
        (
            workbook(|sheet| {
                sheet.write(0, 0, "a").unwrap().write(0, 2, "c").unwrap();
            }),
            "column 2 of the header has no name: name it, or remove the column",
        ),
        (
            workbook(|sheet| {
                sheet.write(0, 0, "a").unwrap().write(0, 1, " a").unwrap();
            }),
            "the header names `a` twice, in columns 1 and 2: rename one of them",
        ),
        (
            workbook(|sheet| {
                sheet.write(0, 16_000, "far").unwrap();
            }),
            "the file has more than 1,000 columns: leave out those that are not needed",
        ),
    ];
    for (bytes, message) in cases {
        assert_eq!(refusal(Format::Xlsx, bytes), message);
    }
}

#[test]
fn rows_and_cells_are_bounded_before_they_are_kept() {
    let bytes = workbook(|sheet| {
        for row in 0..100 {
            sheet.write(row, 0, f64::from(row)).unwrap().write(row, 1, "b").unwrap();
        }
    });
    let bounds = Bounds { rows: 99, ..Bounds::default() };
    assert_eq!(opened_within(Format::Xlsx, &bytes, &bounds).unwrap().count(), 99);
    let bounds = Bounds { rows: 98, ..Bounds::default() };
    assert_eq!(refusal_within(Format::Xlsx, &bytes, &bounds), "the file has more than 98 rows: split it");
    let bounds = Bounds { cells: 199, ..Bounds::default() };
    assert_eq!(
        refusal_within(Format::Xlsx, &bytes, &bounds),
        "the sheet has more than 199 cells: save it as CSV, or leave out what is not needed"
    );
}

#[test]
fn a_bomb_is_unpacked_no_further_than_the_bound() {
    // 16 MiB of spaces behind the sheet's last tag come to some KiB.
    let bomb = changed(&questions(), "xl/worksheets/sheet1.xml", |mut text| {
        text.push_str(&" ".repeat(16 << 20));
        text.into_bytes()
    });
    assert!(bomb.len() < 1 << 20, "{}", bomb.len());
    let bounds = Bounds { workbook_bytes: 1 << 20, ..Bounds::default() };
    let message = "the workbook unpacks to more than 1 MiB: save its sheet as CSV";
    assert_eq!(refusal_within(Format::Xlsx, &bomb, &bounds), message);
    // The same with sizes that lie, in the part's header and in the directory.
    let mut lying = bomb.clone();
    for (signature, offset) in [(b"PK\x03\x04", 22), (b"PK\x01\x02", 24)] {
        for at in memchr::memmem::find_iter(&bomb, signature) {
            let size = &mut lying[at + offset..at + offset + 4];
            if u32::from_le_bytes(size.try_into().unwrap()) > 1 << 20 {
                size.copy_from_slice(&100_u32.to_le_bytes());
            }
        }
    }
    assert_ne!(lying, bomb);
    let told = refusal_within(Format::Xlsx, &lying, &bounds);
    assert!(told == message || told.starts_with("the workbook cannot be read"), "{told}");
}

#[test]
fn memory_is_not_set_aside_for_what_a_workbook_declares() {
    let message = "the sheet has more than 2,000,000 cells: save it as CSV, or leave out what is not needed";
    for count in ["uniqueCount=\"99999999999999\"", "uniqueCount = '99999999999999999999999'"] {
        let bytes = changed(&questions(), "xl/sharedStrings.xml", |text| {
            assert!(text.contains("uniqueCount=\"4\""), "{text}");
            text.replace("uniqueCount=\"4\"", count).into_bytes()
        });
        assert_eq!(refusal(Format::Xlsx, bytes), message);
    }
    // Across two pieces of what is unpacked.
    for at in (65_400..65_600).step_by(23) {
        let bytes = changed(&questions(), "xl/sharedStrings.xml", |text| {
            text.replacen("<sst", &format!("{}<sst", " ".repeat(at)), 1)
                .replace("uniqueCount=\"4\"", "uniqueCount=\"99999999999999\"")
                .into_bytes()
        });
        assert_eq!(refusal(Format::Xlsx, bytes), message);
    }
}

#[test]
fn texts_in_another_encoding_are_refused() {
    let message = "the workbook cannot be read (a part is not in UTF-8): open it and save it again as .xlsx, or as CSV";
    for declared in ["encoding=\"ISO-2022-JP\"", "encoding = 'utf-16'", "encoding=\"x\" more=\"utf-8\""] {
        let bytes = changed(&questions(), "xl/sharedStrings.xml", |text| {
            text.replace("encoding=\"UTF-8\"", declared).into_bytes()
        });
        assert_eq!(refusal(Format::Xlsx, bytes), message);
    }
    let bytes =
        changed(&questions(), "xl/sharedStrings.xml", |text| text.encode_utf16().flat_map(u16::to_le_bytes).collect());
    assert_eq!(refusal(Format::Xlsx, bytes), message);
}

#[test]
fn a_text_that_many_cells_share_is_kept_once_and_bounded_by_row() {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for column in 0..100 {
        sheet.write(0, column, format!("c{column}")).unwrap();
        for row in 1..20 {
            sheet.write(row, column, "x".repeat(30_000)).unwrap();
        }
    }
    let read = told(Format::Xlsx, workbook.save_to_buffer().unwrap());
    assert_eq!(read.len(), 19);
    assert_eq!(read[0], "line 2: the row is larger than 1 MiB");
}

#[test]
fn what_is_no_workbook_is_told_by_what_it_is() {
    let compound = |name: &str| {
        let mut bytes = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1".to_vec();
        bytes.resize(2048, 0);
        bytes.extend(name.encode_utf16().flat_map(u16::to_le_bytes));
        bytes.resize(4096, 0);
        bytes
    };
    let archive = |name: &str| {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.finish().unwrap().into_inner()
    };
    let save = "save its sheet as .xlsx or CSV";
    for (bytes, message) in [
        (compound("EncryptedPackage"), "the workbook is protected by a password: save it without one".to_owned()),
        (compound("Workbook"), "the file is a workbook of Excel 97–2003 (.xls): save it as .xlsx or CSV".to_owned()),
        (archive("xl/workbook.bin"), format!("the file is a binary workbook (.xlsb), not an .xlsx workbook: {save}")),
        (archive("content.xml"), format!("the file is an OpenDocument file, not an .xlsx workbook: {save}")),
        (archive("a.txt"), "the file is a zip archive of other files, not an .xlsx workbook: unpack it first".into()),
    ] {
        assert_eq!(refusal(Format::Xlsx, bytes), message);
    }
    let cut = refusal(Format::Xlsx, &questions()[..2000]);
    assert!(cut.starts_with("the workbook cannot be read ("), "{cut}");
}
