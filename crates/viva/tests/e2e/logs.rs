//! The runtime's log: the last lines, followed from where one was, kept as a file.

use std::{fs, io::Write};

use serde_json::json;
use testkit::Viva;

use crate::VIVA;

fn next(answer: &testkit::Answer) -> u64 {
    answer.headers["x-log-next"].to_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn a_log_is_followed_without_a_gap_and_kept_as_a_file() {
    let viva = Viva::start_with(VIVA, "[sessions]\nactive_quota = 1\n").await;
    let id = viva.running_session(json!({})).await;
    let path = format!("/api/v1/sessions/{id}/logs");
    let log = viva.data.path().join(format!("sessions/{id}/log/runtime.1.log"));
    // As a runtime would write; the engine says little while all is well.
    let mut file = fs::OpenOptions::new().append(true).open(&log).unwrap();
    for number in 0..300 {
        writeln!(file, "line {number}").unwrap();
    }
    let whole = fs::read_to_string(&log).unwrap();

    let tail = viva.get(&path).await;
    assert_eq!((tail.status, next(&tail)), (200, whole.len() as u64));
    assert!(whole.ends_with(&tail.text) && tail.text.lines().count() == 200);
    assert_eq!(viva.get(&format!("{path}?tail=1")).await.text, "line 299\n");

    // A character in two pieces.
    file.write_all(b"more \xf0\x9f").unwrap();
    let more = viva.get(&format!("{path}?from={}", next(&tail))).await;
    assert_eq!(more.text, "more ");
    file.write_all(b"\xa6\x80\n").unwrap();
    let rest = viva.get(&format!("{path}?from={}", next(&more))).await;
    assert_eq!((rest.text.as_str(), next(&rest)), ("🦀\n", whole.len() as u64 + 10));
    let beyond = viva.get(&format!("{path}?from={}", u64::MAX)).await;
    assert_eq!((beyond.status, beyond.text.as_str(), next(&beyond)), (200, "", next(&rest)));

    let kept = viva.get(&format!("{path}?download=true")).await;
    assert_eq!(kept.headers["content-disposition"], format!("attachment; filename=\"{id}.log\"").as_str());
    assert_eq!(kept.text, format!("{whole}more 🦀\n"));
    let part = viva.get(&format!("{path}?download=true&tail=1")).await;
    assert!(part.headers.contains_key("content-disposition") && part.text.ends_with("more 🦀\n"));
    assert!(!viva.get(&format!("{path}?download=false")).await.headers.contains_key("content-disposition"));

    for (query, field) in [
        ("tail=0", "tail"),
        ("tail=10001", "tail"),
        ("tail=1&from=0", "from"),
        ("from=-1", "from"),
        ("lines=1", "lines"),
    ] {
        let refused = viva.get(&format!("{path}?{query}")).await;
        assert_eq!(refused.status, 400, "{query}: {}", refused.text);
        assert_eq!(refused.json()["errors"][0]["field"], field, "{query}");
    }

    // Of a session that waits there is no log yet.
    let waiting = viva.post("/api/v1/sessions", json!({"model": "demo"})).await.expect(201);
    let empty = viva.get(&format!("/api/v1/sessions/{}/logs?from=0", waiting["id"].as_str().unwrap())).await;
    assert_eq!((empty.status, empty.text.as_str(), next(&empty)), (200, "", 0));
}
