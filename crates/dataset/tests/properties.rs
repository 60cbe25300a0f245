//! What holds for any input.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use std::io::{Cursor, Read, Write};

use dataset::{Bounds, Columns, Content, Format, Template, detect, open};
use proptest::{collection::vec, prelude::*};
use serde_json::Value;
use zip::{ZipArchive, ZipWriter, write::SimpleFileOptions};

/// Reads to the end or the first error; what comes out does not matter here.
fn read(format: Format, bytes: &[u8]) -> usize {
    let bounds = Bounds { rows: 1_000, row_bytes: 4096, workbook_bytes: 1 << 20, ..Bounds::default() };
    let _ = detect(None, &mut Cursor::new(bytes));
    open(format, Cursor::new(bytes), &bounds).map_or(0, |reader| reader.map_while(Result::ok).count())
}

fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in 0..4 {
        sheet.write(row, 0, format!("text {row}")).unwrap().write(row, 1, f64::from(row)).unwrap();
    }
    workbook.save_to_buffer().unwrap()
}

fn damage_at(bytes: &mut [u8], damage: &[(usize, u8)]) {
    for &(at, byte) in damage {
        bytes[at % bytes.len()] = byte;
    }
}

/// The workbook with bytes of one part replaced.
fn damaged(workbook: &[u8], part: usize, damage: &[(usize, u8)]) -> Vec<u8> {
    let mut archive = ZipArchive::new(Cursor::new(workbook)).unwrap();
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let part = part % archive.len();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).unwrap();
        if index == part && !bytes.is_empty() {
            damage_at(&mut bytes, damage);
        }
        writer.start_file(file.name().unwrap(), SimpleFileOptions::default()).unwrap();
        writer.write_all(&bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn csv_text(separator: u8, rows: &[Vec<String>]) -> Vec<u8> {
    let mut writer = csv::WriterBuilder::new().delimiter(separator).from_writer(Vec::new());
    for row in rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// Bytes that are near to what the readers look for.
fn near_text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        Just(b"\"".to_vec()),
        Just(b",".to_vec()),
        Just(b"\n".to_vec()),
        Just(b"\r".to_vec()),
        Just(b"{\"a\":".to_vec()),
        Just(b"[".to_vec()),
        Just(b"}".to_vec()),
        Just(b"\xff\xfe".to_vec()),
        Just(b"sep=".to_vec()),
        Just(b"{\"custom_id\":\"".to_vec()),
        vec(any::<u8>(), 0..4),
        "[a-z]{0,4}".prop_map(String::into_bytes),
    ];
    vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn csv_reads_what_a_writer_wrote(
        width in 1_usize..5,
        separator in prop_oneof![Just(b','), Just(b';'), Just(b'\t')],
        cells in vec("(\\PC|[\",;\t\r\n ]){0,8}", 1..40),
    ) {
        let header: Vec<String> = (0..width).map(|index| format!("c{index}")).collect();
        let rows: Vec<Vec<String>> = cells.chunks_exact(width).map(<[String]>::to_vec).collect();
        // A row without any value is passed over; another separator may be taken for the one of a single column.
        let kept: Vec<&Vec<String>> = rows.iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
        prop_assume!(kept.len() == rows.len() && !rows.is_empty() && (width > 1 || separator == b','));
        let text = csv_text(separator, &[vec![header.clone()], rows.clone()].concat());
        let read = support::entries(Format::Csv, text);
        prop_assert_eq!(read.len(), rows.len());
        for (entry, wanted) in read.into_iter().zip(rows) {
            let Content::Columns(columns) = entry.unwrap().content else { panic!("columns") };
            let found: Vec<&str> = columns.iter().map(|(_, value)| value.as_str().unwrap()).collect();
            prop_assert_eq!(found, wanted);
        }
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(bytes in near_text(), format in 0_usize..5) {
        read(Format::ALL[format], &bytes);
    }

    #[test]
    fn a_text_without_braces_is_its_own_template(text in "[^{]*") {
        let template = Template::parse(&text).unwrap();
        prop_assert_eq!(template.render(&Columns::default()).unwrap(), text);
    }

    #[test]
    fn a_value_is_never_filled_itself(value in "(\\{\\{a\\}\\}|\\\\|\\PC){0,10}", before in "[^{\\\\]{0,5}") {
        let columns: Columns = [("a", Value::from(value.as_str()))].into_iter().collect();
        let template = Template::parse(&format!("{before}{{{{a}}}}{{{{ a }}}}")).unwrap();
        prop_assert_eq!(template.render(&columns).unwrap(), format!("{before}{value}{value}"));
    }

    #[test]
    fn any_text_is_a_template_or_told_why_not(text in "(\\{\\{|\\}\\}|\\\\|[a-c]|\\PC|\n){0,20}") {
        if let Ok(template) = Template::parse(&text) {
            let names: Vec<String> = template.names().into_iter().map(str::to_owned).collect();
            let columns: Columns = names.iter().map(|name| (name.clone(), Value::from("v"))).collect();
            prop_assert!(template.check(&names).is_ok());
            prop_assert!(template.render(&columns).is_ok());
        }
    }
}

proptest! {
    // Each case writes and reads three workbooks.
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn a_damaged_workbook_is_read_without_a_panic(
        part in any::<usize>(),
        damage in vec((any::<usize>(), any::<u8>()), 1..8),
        cut in any::<usize>(),
    ) {
        let whole = workbook();
        read(Format::Xlsx, &damaged(&whole, part, &damage));
        read(Format::Xlsx, &whole[..cut % whole.len()]);
        let mut bytes = whole;
        damage_at(&mut bytes, &damage);
        read(Format::Xlsx, &bytes);
    }
}
