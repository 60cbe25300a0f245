//! Test sets as text. Pure.

use protocol::test_set::{TestCase, TestRun, TestSet};
use serde_json::json;

use crate::{
    command::{figures::counted, find::shown_length, history::asked, scores, task},
    moment::local,
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

/// Cases that a page shows.
const SHOWN: usize = 50;

/// The list, one set a row.
pub(super) fn table(sets: &[TestSet]) -> Table {
    let ids: Vec<String> = sets.iter().map(|set| set.id.to_string()).collect();
    let shown = shown_length(&ids);
    let mut table = Table::new([
        Column::new("NAME").flexible(12),
        Column::new("CASES").align(Align::Right),
        Column::new("RUNS BY ITSELF ON").flexible(8).optional(2),
        Column::new("LAST RUN").optional(3),
        Column::new("SCORES").flexible(12).optional(1),
        Column::new("ID"),
    ]);
    for (set, id) in sets.iter().zip(&ids) {
        let last = set.runs.first();
        table.row([
            Cell::new(&set.name),
            Cell::new(set.cases.to_string()),
            Cell::new(set.run.as_ref().map_or("–", |run| &run.model)),
            Cell::new(last.map_or_else(|| "never".to_owned(), |run| local(run.created_at))),
            Cell::new(last.map(|run| scores::phrase(&run.scores)).unwrap_or_default()),
            Cell::painted(id.chars().take(shown).collect::<String>(), Paint::Dim),
        ]);
    }
    table
}

/// `runs by itself on the next sessions of demo, scored by numeric`
pub(super) fn next_phrase(run: &TestRun) -> String {
    let names: Vec<&str> = run.scoring.iter().map(|scoring| scoring.name()).collect();
    let scored = if names.is_empty() { "not scored".to_owned() } else { format!("scored by {}", names.join(", ")) };
    clean(&format!("runs by itself on the next sessions of {}, {scored}", run.model))
}

/// A test set with its cases and its last runs.
pub(super) fn page(set: &TestSet, cases: &[TestCase], style: Style, width: usize) -> String {
    let mut text = format!("{} ({})\n", style.paint(Paint::Bold, &clean(&set.name)), set.id);
    let run = set.run.as_ref().map_or_else(|| "does not run by itself".to_owned(), next_phrase);
    text.push_str(&format!("{}; {run}\n", counted(set.cases, "case")));
    if !cases.is_empty() {
        text.push_str(&format!("\n{}", cases_table(&cases[..cases.len().min(SHOWN)]).render(style, width)));
    }
    if cases.len() > SHOWN {
        let more = counted((cases.len() - SHOWN) as u64, "more case");
        text.push_str(&style.paint(Paint::Dim, &format!("{more}: --json has them all.\n")));
    }
    if !set.runs.is_empty() {
        text.push_str(&format!("\n{}", task::table(&set.runs).render(style, width)));
    }
    text
}

fn cases_table(cases: &[TestCase]) -> Table {
    let mut table = Table::new([
        Column::new("CASE").align(Align::Right),
        Column::new("ASKED").flexible(12),
        Column::new("EXPECTED").flexible(12),
    ]);
    for case in cases {
        let expected = case.expected.as_deref().map_or_else(|| Cell::painted("nothing", Paint::Dim), Cell::new);
        table.row([
            Cell::new(case.number.to_string()),
            Cell::new(asked(&json!({"messages": case.messages}))),
            expected,
        ]);
    }
    table
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command::test_set::sample, output::width_of};

    #[test]
    fn the_list_and_the_page_tell_cases_runs_and_scores() {
        let set = sample::test_set();
        let text = table(std::slice::from_ref(&set)).render(Style::Plain, 120);
        for part in ["sums", "20", "demo", "exact 0.835", "set_0190000"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(table(std::slice::from_ref(&set)).render(Style::Plain, 60).lines().all(|line| width_of(line) <= 60));
        let case = |number: u64, expected: Option<&str>| TestCase {
            number,
            messages: vec![json!({"role": "user", "content": "What is\u{1b} 2 + 2?"})],
            expected: expected.map(str::to_owned),
            created_at: set.created_at,
        };
        let cases: Vec<TestCase> = (1..=51).map(|number| case(number, (number > 1).then_some("4"))).collect();
        let text = page(&set, &cases, Style::Plain, 100);
        for part in [
            "20 cases; runs by itself on the next sessions of demo, scored by numeric",
            "nothing",
            "1 more case",
            "✓ done",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains('\u{1b}'));
    }
}
