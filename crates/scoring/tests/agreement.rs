//! BLEU, chrF and ROUGE-L are what `sacrebleu` and `rouge-score` from PyPI compute on the same pairs. `make test`
//! installs both.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

use std::{
    io::Write,
    path::Path,
    process::{Command, Stdio},
};

use protocol::scoring::{MetricKind, RowScore};
use scoring::{Row, Scorer, aggregate};
use serde_json::Value;

const TOLERANCE: f64 = 1e-6;

/// Numbers from a linear congruential generator (Knuth's constants): the same pairs each time.
struct Generator(u64);

impl Generator {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % bound
    }

    fn pick<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }
}

const ENGLISH: &[&str] = &[
    "the",
    "the",
    "a",
    "cat",
    "cats",
    "sat",
    "sitting",
    "relational",
    "generalizations",
    "happily",
    "It's",
    "well-known",
    "dies",
    "skies",
    "hopping",
    "controlled",
    "yearly",
    "radically",
    "archaeology",
    "U.S.",
    "Mr.",
    "state-of-the-art",
    "argued",
    "adoption",
    "enjoyment",
    "Agreed,",
    "feed",
    "yyyy",
    "sky",
    "by",
    "spied",
];
const NUMBERS: &[&str] = &["1,234.5", "3-4", "10%", "$5.00", "1.", "2,", "-7", "0.5", "12,345,678", "3.14.15", "1e-9"];
const PUNCTUATION: &[&str] = &[
    "...",
    ",,",
    "(",
    ")",
    "\"quoted\"",
    "&quot;",
    "&amp;amp;",
    "a&b",
    "<skipped>",
    "--",
    "a-\nb",
    "!?",
    "{x}",
    "~",
    "`",
    "'",
    "\\",
    "/",
    "[1]",
    "x.y",
    ".5",
    "@#",
    "a,b",
];
const OTHER: &[&str] = &[
    "Straße",
    "ÉCOLE",
    "naïve",
    "dữ",
    "liệu",
    "tiếng",
    "Việt",
    "我是",
    "学生。",
    "日本語",
    "한국어",
    "Привет,",
    "мир!",
    "😀",
    "👩‍👩‍👧",
    "İstanbul",
    "\u{a0}",
    "\u{3000}",
    "\u{2028}",
    "\u{1c}",
    "\u{85}",
    "٣",
    "１２",
    "e\u{301}",
    "“so”",
    "—",
    "K",
];

fn text(generator: &mut Generator, most: usize) -> String {
    let words = generator.below(most + 1);
    let mixture = generator.below(5);
    let mut text = String::new();
    for _ in 0..words {
        let list = match (mixture, generator.below(4)) {
            (0, _) | (1, 0..=2) | (4, 0) => ENGLISH,
            (1, _) | (4, 1) => NUMBERS,
            (2, _) | (4, 2) => PUNCTUATION,
            _ => OTHER,
        };
        text.push_str(generator.pick(list));
        text.push_str(generator.pick(&[" ", " ", " ", "  ", "\n", "", "\t"]));
    }
    text
}

/// A text made from another: words left out, doubled, replaced.
fn changed(generator: &mut Generator, text: &str) -> String {
    let mut changed = Vec::new();
    for word in text.split(' ') {
        match generator.below(6) {
            0 => {}
            1 => changed.extend([word, word]),
            2 => changed.push(generator.pick(ENGLISH)),
            _ => changed.push(word),
        }
    }
    changed.join(" ")
}

fn pairs() -> Vec<(String, String)> {
    let mut generator = Generator(1);
    let mut pairs: Vec<(String, String)> = [
        ("", "a reference"),
        ("the the the the the the the", "the cat is on the mat"),
        ("exactly the same text, with 1,000 words.", "exactly the same text, with 1,000 words."),
        ("one", "one"),
        ("我是学生。", "我是一个学生。"),
        ("2024", "1,234"),
        (" . ", "."),
        ("word", "word word word word word word word word"),
    ]
    .map(|(answer, reference)| (answer.to_owned(), reference.to_owned()))
    .into();
    while pairs.len() < 220 {
        let most = [3, 8, 30, 30, 200][generator.below(5)];
        let reference = text(&mut generator, most);
        if reference.trim().is_empty() {
            continue;
        }
        let answer = match generator.below(6) {
            0 => text(&mut generator, most),
            1 => reference.clone(),
            _ => changed(&mut generator, &reference),
        };
        pairs.push((answer, reference));
    }
    pairs
}

/// What the packages compute.
fn expected(pairs: &[(String, String)]) -> Value {
    let python = std::env::var("VIVA_TEST_PYTHON").expect(
        "set VIVA_TEST_PYTHON to a Python that has the packages of tests/sdk/requirements.txt; `make test` makes one at \
         target/venv/bin/python",
    );
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/agreement.py");
    let mut child = Command::new(&python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{python}: {error}; run `make test`, or set VIVA_TEST_PYTHON to a Python"));
    let mut input = child.stdin.take().unwrap();
    input.write_all(&serde_json::to_vec(pairs).unwrap()).unwrap();
    drop(input);
    let output = child.wait_with_output().unwrap();
    assert!(
        output.status.success(),
        "{python} tests/agreement.py: {}; are sacrebleu and rouge-score installed?",
        output.status
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn bleu_chrf_and_rouge_l_agree_with_the_packages_from_pypi() {
    let pairs = pairs();
    let expected = expected(&pairs);
    for (short, key) in [
        ("bleu:reference", "bleu"),
        ("chrf:reference", "chrf"),
        ("rouge_l:reference", "rouge_l"),
        ("rouge_l:reference:porter", "rouge_l_porter"),
    ] {
        let scorer = Scorer::compile(&short.parse().unwrap()).unwrap();
        let mut scores = Vec::new();
        let mut scored = 0;
        for (at, (answer, reference)) in pairs.iter().enumerate() {
            let score = scorer.score(&Row { answer, reference: Some(reference), question: None });
            if let Some(value) = score.value() {
                let theirs = expected["rows"][at][key].as_f64().unwrap();
                assert!(
                    (value - theirs).abs() <= TOLERANCE,
                    "{short}: {value}, not {theirs}: {answer:?} {reference:?}"
                );
                scored += 1;
            }
            scores.push(score);
        }
        assert!(scored > 150, "{short}: {scored} rows are too few to show agreement");
        if matches!(scorer.kind(), MetricKind::Bleu | MetricKind::Chrf) {
            assert_eq!(scored, pairs.len(), "{short}: the corpora would differ");
            let ours = aggregate(scorer.kind(), through_json(&scores)).score.unwrap();
            let theirs = expected["corpus"][key].as_f64().unwrap();
            assert!((ours - theirs).abs() <= TOLERANCE, "{short} of the corpus: {ours}, not {theirs}");
        }
    }
}

/// As a caller keeps them.
fn through_json(scores: &[RowScore]) -> Vec<RowScore> {
    serde_json::from_str(&serde_json::to_string(scores).unwrap()).unwrap()
}
