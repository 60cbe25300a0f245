//! The format is told from the name and the first bytes.

use std::io::Cursor;

use dataset::{Format, detect};

#[test]
fn the_name_tells_and_the_first_bytes_do() {
    let batch = r#"{"custom_id": "a", "method": "POST", "url": "/v1/completions", "body": {}}"#;
    for (name, bytes, format) in [
        (Some("a.jsonl"), r#"{"q": 1}"#, Format::Jsonl),
        (Some("a.json"), r#"{"q": 1}"#, Format::Jsonl),
        (Some("a.jsonl"), batch, Format::Batch),
        (Some("a.jsonl"), "not json", Format::Jsonl),
        (Some("A.CSV"), "q\n1", Format::Csv),
        (Some("a.tsv"), "q\tr\n1\t2", Format::Csv),
        (Some("a.txt"), r#"{"q": 1}"#, Format::Text),
        (None, "\u{feff}\n{\"q\": 1}", Format::Jsonl),
        (None, batch, Format::Batch),
        (None, "PK\x03\x04", Format::Xlsx),
        (Some("a.bin"), "PK\x03\x04", Format::Xlsx),
    ] {
        assert_eq!(detect(name, &mut Cursor::new(bytes)).unwrap(), format, "{name:?} {bytes}");
    }
}

#[test]
fn a_batch_line_longer_than_what_is_looked_at_is_one_all_the_same() {
    let line = format!(r#"{{"custom_id": "a", "body": {{"prompt": "{}"}}}}"#, "x".repeat(100_000));
    assert_eq!(detect(None, &mut Cursor::new(line)).unwrap(), Format::Batch);
}

#[test]
fn what_neither_tells_is_asked_for() {
    for (name, bytes, message) in [
        (
            None,
            "What is it?\n",
            "the format cannot be told from the first bytes: name one of `batch`, `jsonl`, `csv`, `xlsx`, `text`",
        ),
        (
            Some("a.dat"),
            "What is it?\n",
            "the format cannot be told from the name `a.dat` and the first bytes: name one of `batch`, `jsonl`, `csv`, `xlsx`, `text`",
        ),
        (Some("a.csv"), "%PDF-1.7", "the file is a PDF document, not CSV: choose the file with the rows"),
        (None, "GIF89a", "the file is a GIF image, not text: choose the file with the rows"),
        (Some("a.csv"), "", "the file is empty: give it at least one row"),
    ] {
        assert_eq!(detect(name, &mut Cursor::new(bytes)).unwrap_err().to_string(), message);
    }
}

#[test]
fn the_source_is_left_at_its_start() {
    let mut source = Cursor::new("{\"q\": 1}");
    detect(None, &mut source).unwrap();
    assert_eq!(source.position(), 0);
}
