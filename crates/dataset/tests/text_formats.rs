//! Text, JSON lines, CSV and batch lines: what is read, and what is said of what cannot be.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

mod support;

use dataset::{Bounds, Format};
use serde_json::json;
use support::{opened, opened_within, refusal, refusal_within, told};

#[test]
fn text_is_a_prompt_a_line() {
    let read = told(Format::Text, "\u{feff}What is 2+2?\r\n\n  Why?  \nlast");
    assert_eq!(
        read,
        [json!([1, {"prompt": "What is 2+2?"}]), json!([3, {"prompt": "  Why?  "}]), json!([4, {"prompt": "last"}])]
    );
    assert_eq!(opened(Format::Text, "a").unwrap().columns(), ["prompt"]);
}

#[test]
fn json_lines_have_the_columns_of_their_fields() {
    let text = "{\"q\": \"a\", \"n\": 1.5}\n\n{\"q\": \"b\", \"more\": [1]}";
    assert_eq!(told(Format::Jsonl, text), [json!([1, {"q": "a", "n": 1.5}]), json!([3, {"q": "b", "more": [1]}])]);
    let mut reader = opened(Format::Jsonl, text).unwrap();
    assert_eq!(reader.columns(), ["q", "n"]);
    assert_eq!(reader.by_ref().count(), 2);
    assert_eq!(reader.columns(), ["q", "n", "more"]);
}

#[test]
fn bad_json_lines_are_named_and_the_rest_is_read() {
    let mut text = b"{\"q\": 1}\nnot json\n[1]\n{\"q\": 1, \"q\": 2}\n{\"q\": \"caf\xe9\"}\n".to_vec();
    text.extend(format!("{{\"q\": {}{}}}\n{{\"q\": 2}}\n", "[".repeat(64), "]".repeat(64)).bytes());
    assert_eq!(
        told(Format::Jsonl, text),
        [
            json!([1, {"q": 1}]),
            json!("line 2: not JSON at column 2: expected ident"),
            json!("line 3: a row must be a JSON object, it is an array"),
            json!("line 4: `q` comes twice"),
            json!("line 5: not UTF-8 at byte offset 10 (0xE9): save the file as UTF-8"),
            json!("line 6: nested deeper than 64 levels"),
            json!([7, {"q": 2}]),
        ]
    );
}

#[test]
fn csv_has_the_columns_of_its_header() {
    let text = "\u{feff}question, answer \r\n\"a \"\"b\"\"\r\nc\",d\r\n\r\n,\r\ne,\r\n";
    let rows = [json!([2, {"question": "a \"b\"\r\nc", "answer": "d"}]), json!([6, {"question": "e", "answer": ""}])];
    assert_eq!(told(Format::Csv, text), rows);
    assert_eq!(opened(Format::Csv, text).unwrap().columns(), ["question", "answer"]);
}

#[test]
fn csv_may_be_separated_by_semicolons_or_tabs() {
    for text in ["a;b\n1,5;x\n", "a\tb\n1,5\tx\n", "sep=;\na;b\n1,5;x\n", "sep=|\r\na|b\r\n1,5|x\r\n"] {
        let line = if text.starts_with("sep") { 3 } else { 2 };
        assert_eq!(told(Format::Csv, text), [json!([line, {"a": "1,5", "b": "x"}])], "{text}");
    }
}

#[test]
fn bad_csv_rows_are_named_and_the_rest_is_read() {
    assert_eq!(
        told(Format::Csv, b"a,b\n1,2,3\n1\n\"x\xff\",2\n1,2\n\"open\n1,2\n"),
        [
            json!(
                "line 2: 3 fields, where the header names 2: the first too many is `3`; put a field that holds `,` in quotes"
            ),
            json!("line 3: 1 field, where the header names 2: `b` is missing"),
            json!("line 4: not UTF-8 at byte offset 2 (0xFF): save the file as UTF-8"),
            json!([5, {"a": "1", "b": "2"}]),
            json!("line 6: a quote is opened and never closed; lines 6 to 8 are within it"),
        ]
    );
}

#[test]
fn utf_16_with_a_mark_is_read_like_utf_8() {
    let text = "frage;antwort\nwürde?;\"ja\n𝄞\"\n";
    let wanted = [json!([2, {"frage": "würde?", "antwort": "ja\n𝄞"}])];
    let mut little = vec![0xff, 0xfe];
    little.extend(text.encode_utf16().flat_map(u16::to_le_bytes));
    let mut big = vec![0xfe, 0xff];
    big.extend(text.encode_utf16().flat_map(u16::to_be_bytes));
    assert_eq!(told(Format::Csv, &little), wanted);
    assert_eq!(told(Format::Csv, big), wanted);
    little.extend([0x61, 0xd8, 0x0a, 0x00]);
    assert_eq!(
        told(Format::Csv, little)[1],
        "line 4: not UTF-16 at byte offset 0: save the file as UTF-8",
        "half a pair"
    );
}

#[test]
fn a_row_above_its_bound_is_a_bad_row() {
    let bounds = Bounds { row_bytes: 20, ..Bounds::default() };
    let text = format!("{{\"a\": 1}}\n{{\"a\": \"{}\"}}\n{{\"a\": 2}}", "x".repeat(20));
    let read: Vec<_> = opened_within(Format::Jsonl, text, &bounds).unwrap().map(Result::unwrap).collect();
    assert_eq!(read[1].as_ref().unwrap_err().to_string(), "line 2: the row is larger than 20 bytes");
    assert!(read[0].is_ok() && read[2].is_ok());
}

#[test]
fn a_batch_line_is_a_whole_request() {
    let text = concat!(
        r#"{"custom_id": "a", "method": "POST", "url": "/v1/chat/completions", "body": {"model": "m", "messages": []}}"#,
        "\n",
        r#"{"custom_id": "b", "method": "POST", "url": "/v1/completions", "body": {"prompt": "p", "stream": false}}"#,
    );
    assert_eq!(
        told(Format::Batch, text),
        [
            json!([1, "a", "/v1/chat/completions", {"model": "m", "messages": []}]),
            json!([2, "b", "/v1/completions", {"prompt": "p", "stream": false}])
        ]
    );
    assert!(opened(Format::Batch, text).unwrap().columns().is_empty());
}

#[test]
fn bad_batch_lines_are_named_by_their_field() {
    let body = r#""method": "POST", "url": "/v1/completions", "body": {}"#;
    let urls = "`url` must be `/v1/chat/completions` or `/v1/completions`";
    let cases = [
        (format!("{{{body}}}"), "`custom_id` is missing: give each line one of its own".to_owned()),
        (format!(r#"{{"custom_id": 7, {body}}}"#), "`custom_id` must be a string, it is a number".into()),
        (format!(r#"{{"custom_id": "", {body}}}"#), "`custom_id` is empty: give each line one of its own".into()),
        (
            format!(r#"{{"custom_id": "{}", {body}}}"#, "x".repeat(1000)),
            "`custom_id` has 1,000 bytes, and 512 is the most".into(),
        ),
        (format!(r#"{{"custom_id": "first", {body}}}"#), "`custom_id` `first` is that of line 1 already".into()),
        (r#"{"custom_id": "1"}"#.into(), "`method` is missing: it must be `POST`".into()),
        (r#"{"custom_id": "2", "method": "GET"}"#.into(), "`method` must be `POST`, it is `GET`".into()),
        (
            r#"{"custom_id": "3", "method": "POST"}"#.into(),
            "`url` is missing: it must be `/v1/chat/completions` or `/v1/completions`".into(),
        ),
        (
            r#"{"custom_id": "4", "method": "POST", "url": "/v1/embeddings"}"#.into(),
            format!("{urls}, it is `/v1/embeddings`"),
        ),
        (r#"{"custom_id": "5", "method": "POST", "url": 1}"#.into(), format!("{urls}, it is a number")),
        (
            r#"{"custom_id": "6", "method": "POST", "url": "/v1/completions"}"#.into(),
            "`body` is missing: the request, an object".into(),
        ),
        (
            r#"{"custom_id": "7", "method": "POST", "url": "/v1/completions", "body": "{}"}"#.into(),
            "`body` must be an object, it is a string".into(),
        ),
        (
            r#"{"custom_id": "8", "method": "POST", "url": "/v1/completions", "body": {"stream": true}}"#.into(),
            "`body.stream` asks for a stream, and a batch is answered whole: leave it out".into(),
        ),
    ];
    for (line, message) in cases {
        let text = format!("{{\"custom_id\": \"first\", {body}}}\n{line}\n{{\"custom_id\": \"last\", {body}}}");
        let read = told(Format::Batch, text);
        assert_eq!(read[1], format!("line 2: {message}"));
        assert_eq!(read[2][1], "last");
    }
}

#[test]
fn a_file_that_cannot_be_read_is_told_with_a_remedy() {
    let wide: Vec<u8> = "prompt\nhi\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let cases: [(Format, &[u8], &str); 19] = [
        (Format::Text, b"", "the file is empty: give it at least one row"),
        (Format::Xlsx, b"", "the file is empty: give it at least one row"),
        (Format::Text, b"\n \n", "the file has no rows: it holds blank lines alone"),
        (Format::Csv, b"\n\n", "the file has no rows: it holds blank lines alone"),
        (Format::Csv, b"a,b\n", "the file has no rows: add at least one below its header"),
        (Format::Csv, b"a,b\n,\n", "the file has no rows: add at least one below its header"),
        (Format::Csv, b"a,,c\n1,2,3", "column 2 of the header has no name: name it, or remove the column"),
        (Format::Csv, b"a,b,a\n1,2,3", "the header names `a` twice, in columns 1 and 3: rename one of them"),
        (
            Format::Csv,
            b"a,\xe9\n1,2",
            "the header cannot be read: line 1: not UTF-8 at byte offset 2 (0xE9): save the file as UTF-8",
        ),
        (Format::Csv, b"\"a", "the header cannot be read: line 1: a quote is opened and never closed"),
        (Format::Csv, b"\x89PNG\r\n\x1a\n\0\0", "the file is a PNG image, not CSV: choose the file with the rows"),
        (
            Format::Csv,
            b"PK\x03\x04",
            "the file is a zip archive or a workbook, not CSV: name the format `xlsx`, or unpack it first",
        ),
        (Format::Csv, b"{\"a\": 1}\n", "the file is JSON lines, not CSV: name the format `jsonl`"),
        (
            Format::Jsonl,
            b" [\n{\"a\": 1}]",
            "the file is a JSON array, not JSONL: write one object a line, as `jq -c '.[]'` does",
        ),
        (
            Format::Batch,
            b"{\n\"a\": 1}",
            "the file is JSON over several lines, not batch lines: write one object a line, as `jq -c .` does",
        ),
        (Format::Text, b"a\0b\0\x01\x02xyz", "the file is binary, not text: choose the file with the rows"),
        (Format::Csv, &wide, "the file is UTF-16 text without a byte order mark, not CSV: save it as UTF-8"),
        (Format::Xlsx, b"a,b\n1,2", "the file is of another kind, not an .xlsx workbook: name its format"),
        (Format::Jsonl, b"\x1f\x8b\x08", "the file is compressed by gzip, not JSONL: unpack it first"),
    ];
    for (format, bytes, message) in cases {
        assert_eq!(refusal(format, bytes), message, "{}", String::from_utf8_lossy(bytes));
    }
}

#[test]
fn a_file_above_its_bounds_is_refused() {
    let bounds = Bounds { file_bytes: 5, ..Bounds::default() };
    assert_eq!(
        refusal_within(Format::Text, "123456", &bounds),
        "the file has 6 bytes, and 5 bytes is the most: split it"
    );
    let bounds = Bounds { columns: 2, ..Bounds::default() };
    let message = "the file has more than 2 columns: leave out those that are not needed";
    assert_eq!(refusal_within(Format::Csv, "a,b,c\n1,2,3", &bounds), message);
    assert_eq!(refusal_within(Format::Jsonl, "{\"a\":1,\"b\":1}\n{\"c\":1}", &bounds), message);
}

#[test]
fn reading_stops_at_the_first_row_too_many() {
    let bounds = Bounds { rows: 3, ..Bounds::default() };
    let mut reader = opened_within(Format::Text, "a\n".repeat(1_000_000), &bounds).unwrap();
    assert_eq!(reader.by_ref().take(3).filter(|entry| entry.as_ref().is_ok_and(Result::is_ok)).count(), 3);
    let error = reader.next().unwrap().unwrap_err();
    assert_eq!(error.to_string(), "the file has more than 3 rows: split it");
    assert!(reader.next().is_none());
    assert_eq!(opened_within(Format::Text, "a\nb\nc\n", &bounds).unwrap().count(), 3);
}

#[test]
fn a_hundred_thousand_rows_are_read() {
    let mut text = String::from("question,answer\n");
    for row in 0..100_000 {
        text.push_str(&format!("\"How many, when there are {row}?\",{row}\n"));
    }
    let rows = opened(Format::Csv, text).unwrap().filter(|entry| entry.as_ref().unwrap().is_ok()).count();
    assert_eq!(rows, 100_000);
}
