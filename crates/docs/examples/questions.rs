//! Asks the documentation the questions of `docs/questions.toml` and tells how well it answers, as JSON.
//!
//! usage: `questions [tune|held] [--show]`; without a set, all. `--show` prints what went wrong to standard error.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a measurement prints what it found")]

use std::{
    collections::BTreeMap,
    error::Error,
    time::{Duration, Instant},
};

use docs::{Asked, Library, library};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
struct Questions {
    question: Vec<Question>,
}

/// A question, where its answer stands, and what the answer must hold.
#[derive(Deserialize)]
struct Question {
    text: String,
    kind: String,
    set: String,
    /// The page that it is asked from.
    page: Option<String>,
    /// The sections that answer it, as `page#section`.
    #[serde(default)]
    sections: Vec<String>,
    #[serde(default)]
    facts: Vec<Fact>,
    yes: Option<bool>,
}

/// What an answer must hold, or one of several.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
enum Fact {
    One(String),
    Any(Vec<String>),
}

impl Fact {
    fn is_in(&self, text: &str) -> bool {
        match self {
            Self::One(fact) => text.contains(&folded(fact)),
            Self::Any(facts) => facts.iter().any(|fact| text.contains(&folded(fact))),
        }
    }
}

impl Question {
    fn is_answerable(&self) -> bool {
        self.kind != "unanswerable"
    }
}

#[derive(Default)]
struct Figures {
    answerable: usize,
    first: usize,
    among: usize,
    facts: usize,
    refused_wrongly: usize,
    verdicts: usize,
    verdicts_right: usize,
    verdicts_wrong: usize,
    unanswerable: usize,
    refused: usize,
}

/// Text without marks, on one line, in lower case: what facts are looked for in.
fn folded(text: &str) -> String {
    let text: String = text.chars().filter(|c| !matches!(c, '`' | '*' | '\\')).collect();
    text.split_whitespace().collect::<Vec<_>>().join(" ").to_lowercase()
}

impl Figures {
    /// Counts an answer; what is wrong with it.
    fn count(&mut self, question: &Question, asked: &Asked) -> Vec<String> {
        let mut wrong = Vec::new();
        if !question.is_answerable() {
            self.unanswerable += 1;
            self.refused += usize::from(!asked.is_answered());
            if asked.is_answered() {
                wrong.push("answered".to_owned());
            }
            return wrong;
        }
        self.answerable += 1;
        self.refused_wrongly += usize::from(!asked.is_answered());
        let places = &question.sections;
        let is_first = asked.sections.first().is_some_and(|first| places.contains(first));
        let is_among = asked.sections.iter().any(|section| places.contains(section));
        let text = folded(&asked.answer.answer);
        let missing: Vec<&Fact> = question.facts.iter().filter(|fact| !fact.is_in(&text)).collect();
        self.first += usize::from(is_first);
        self.among += usize::from(is_among);
        self.facts += usize::from(missing.is_empty());
        if !is_first {
            let rank = if is_among { "not first" } else { "absent" };
            wrong.push(format!("section {rank}: {places:?}, found {:?}", asked.sections));
        }
        if !missing.is_empty() {
            wrong.push(format!("missing {missing:?}"));
        }
        if let Some(yes) = question.yes {
            self.verdicts += 1;
            let is_right = asked.answer.answer.starts_with(if yes { "Yes" } else { "No" });
            self.verdicts_right += usize::from(is_right);
            self.verdicts_wrong += usize::from(asked.answer.answer.starts_with(if yes { "No" } else { "Yes" }));
            if !is_right {
                wrong.push(format!("it does not begin with {}", if yes { "yes" } else { "no" }));
            }
        }
        wrong
    }

    fn json(&self) -> serde_json::Value {
        let share = |part: usize, of: usize| if of == 0 { None } else { Some(part as f64 / of as f64) };
        json!({
            "answerable": self.answerable,
            "unanswerable": self.unanswerable,
            "right_section_first": share(self.first, self.answerable),
            "right_section_among_the_excerpts": share(self.among, self.answerable),
            "facts_in_the_answer": share(self.facts, self.answerable),
            "right_yes_or_no": share(self.verdicts_right, self.verdicts),
            "wrong_yes_or_no": share(self.verdicts_wrong, self.verdicts),
            "refused_wrongly": share(self.refused_wrongly, self.answerable),
            "refused": share(self.refused, self.unanswerable),
        })
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let wanted = arguments.iter().find(|argument| !argument.starts_with("--"));
    let shows = arguments.iter().any(|argument| argument == "--show");
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/questions.toml");
    let questions: Questions = toml::from_str(&std::fs::read_to_string(path)?)?;

    let began = Instant::now();
    let library: &Library = library();
    let built = began.elapsed();
    let (mut all, mut kinds) = (Figures::default(), BTreeMap::<&str, Figures>::new());
    let mut times = Vec::new();
    for question in questions.question.iter().filter(|question| wanted.is_none_or(|set| *set == question.set)) {
        let began = Instant::now();
        let asked = library
            .ask(&question.text, question.page.as_deref())
            .map_err(|error| format!("{}: {error:?}", question.text))?;
        times.push(began.elapsed());
        let wrong = all.count(question, &asked);
        kinds.entry(&question.kind).or_default().count(question, &asked);
        if shows && !wrong.is_empty() {
            let answer = &asked.answer;
            eprintln!("[{}] {} ({})\n  {}", question.kind, question.text, answer.confidence, wrong.join("\n  "));
            eprintln!("  > {}\n", answer.answer.replace('\n', "\n  > "));
        }
    }
    times.sort_unstable();
    let at = |share: f64| times.get(((times.len() as f64 * share) as usize).min(times.len().saturating_sub(1)));
    let ms = |time: Option<&Duration>| time.map(|time| time.as_secs_f64() * 1e3);
    let mut told = all.json();
    told["kinds"] = kinds.iter().map(|(kind, figures)| ((*kind).to_owned(), figures.json())).collect();
    told["index_ms"] = json!(built.as_secs_f64() * 1e3);
    told["p50_ms"] = json!(ms(at(0.5)));
    told["p99_ms"] = json!(ms(at(0.99)));
    println!("{}", serde_json::to_string_pretty(&told)?);
    Ok(())
}
