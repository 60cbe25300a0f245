//! `viva compare`: tasks on the same rows, side by side.

use dataset::Template;
use protocol::{
    scoring::Comparison,
    session::Page,
    task::{ComparedRow, Comparisons, ScoringComparison, Task, TaskRow},
};
use serde_json::{Map, Value};

use super::{
    Context,
    scores::{figure, interval, of_row},
    task::{find_task, prompt},
};
use crate::{
    cli::CompareArgs,
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

/// What the tasks are called in the tables.
const LETTERS: [&str; 8] = ["A", "B", "C", "D", "E", "F", "G", "H"];

pub(super) async fn run(args: &CompareArgs, context: &Context<'_>) -> anyhow::Result<()> {
    let mut ids = Vec::new();
    for reference in &args.tasks {
        ids.push(find_task(context, reference).await?.id.to_string());
    }
    let tasks = ids.join(",");
    let answer = context.client.get("/api/v1/compare", &[("tasks", tasks.clone())]).await?;
    let output = context.output;
    let comparisons: Comparisons = answer.read()?;
    let score = args.score.clone().or_else(|| common_score(&comparisons));
    if output.is_json() {
        let rows = match score.filter(|_| args.limit > 0) {
            Some(score) => differing(context, &comparisons.tasks, &wanted(&score, args)).await?,
            None => Vec::new(),
        };
        let mut told: Map<String, Value> = answer.read()?;
        told.insert("differing".to_owned(), rows.into());
        output.json(&Value::Object(told).to_string());
        return Ok(());
    }
    let (style, width) = (output.style(), output.width());
    output.write(&legend(&comparisons.tasks, style));
    if !comparisons.scorings.is_empty() {
        output.write(&format!("\n{}", scores_table(&comparisons).render(style, width)));
    }
    if score.is_none() {
        output.line("They have no score in common: `viva task rows` shows each one's rows.");
        return Ok(());
    }
    print_differing(context, &comparisons, score.map(|score| wanted(&score, args)), args.limit).await
}

/// The rows that are shown: those that differ most by a score, of some text.
pub(super) struct Wanted {
    score: String,
    search: Option<String>,
    limit: u32,
}

fn wanted(score: &str, args: &CompareArgs) -> Wanted {
    Wanted { score: score.to_owned(), search: args.search.clone(), limit: args.limit }
}

/// The rows that differ by a score, those that differ most first, as the API gives them.
async fn differing(context: &Context<'_>, tasks: &[Task], wanted: &Wanted) -> anyhow::Result<Vec<Value>> {
    let tasks = tasks.iter().map(|task| task.id.to_string()).collect::<Vec<_>>().join(",");
    let mut query = vec![("tasks", tasks), ("score", wanted.score.clone()), ("limit", wanted.limit.to_string())];
    query.extend(wanted.search.clone().map(|text| ("q", text)));
    let page: Page<Value> = context.client.get("/api/v1/compare/rows", &query).await?.read()?;
    let differs = |row: &Value| row["difference"].as_f64().is_some_and(|difference| difference > 0.0);
    Ok(page.items.into_iter().filter(differs).collect())
}

/// Shows the rows that differ; by the first score that all have unless `wanted` says more.
///
/// # Errors
/// The server refuses or is not reached.
pub(super) async fn print_differing(
    context: &Context<'_>,
    comparisons: &Comparisons,
    wanted: Option<Wanted>,
    limit: u32,
) -> anyhow::Result<()> {
    let first = || common_score(comparisons).map(|score| Wanted { score, search: None, limit });
    let Some(wanted) = wanted.or_else(first).filter(|_| limit > 0) else { return Ok(()) };
    let output = context.output;
    let rows = differing(context, &comparisons.tasks, &wanted).await?;
    let rows: Vec<ComparedRow> = serde_json::from_value(rows.into())?;
    if rows.is_empty() {
        output.line(&format!("\nNo row differs by {}.", clean(&wanted.score)));
        return Ok(());
    }
    let table = rows_table(&comparisons.tasks, &rows, &wanted.score);
    output.write(&format!("\n{}", table.render(output.style(), output.width())));
    Ok(())
}

/// The first score that all the tasks have.
fn common_score(comparisons: &Comparisons) -> Option<String> {
    let is_common = |scoring: &&ScoringComparison| scoring.scores.iter().all(Option::is_some);
    comparisons.scorings.iter().find(is_common).map(|scoring| scoring.name.clone())
}

/// Which letter is which task; the first is the baseline.
fn legend(tasks: &[Task], style: Style) -> String {
    let line = |(letter, task): (&&str, &Task)| {
        let progress = task.progress;
        let name = style.paint(Paint::Bold, &clean(&task.name));
        format!("{letter}  {name} ({}), {} of {} rows answered\n", task.id, progress.done, progress.rows)
    };
    LETTERS.iter().zip(tasks).map(line).collect()
}

/// Each score of each task, and what its difference from the baseline stands on.
fn scores_table(comparisons: &Comparisons) -> Table {
    let mut table = Table::new([
        Column::new("SCORE").flexible(8),
        Column::new("TASK"),
        Column::new("VALUE").align(Align::Right),
        Column::new("95 % INTERVAL").optional(2),
        Column::new("DIFFERENCE").align(Align::Right),
        Column::new("95 % INTERVAL").optional(1),
        Column::new("WIN / LOSS / TIE"),
        Column::new("P").align(Align::Right),
    ]);
    for scoring in &comparisons.scorings {
        for ((task, letter), score) in comparisons.tasks.iter().zip(LETTERS).zip(&scoring.scores) {
            let pair = scoring.pairs.iter().find(|pair| pair.candidate == task.id).map(|pair| &pair.comparison);
            let value = score.as_ref().and_then(|summary| summary.score).map_or_else(|| "–".into(), figure);
            let of = |told: fn(&Comparison) -> String| Cell::new(pair.map(told).unwrap_or_default());
            table.row([
                Cell::new(if letter == "A" { scoring.name.as_str() } else { "" }),
                Cell::new(letter),
                Cell::painted(value, Paint::Bold),
                Cell::new(interval(score.as_ref().and_then(|summary| summary.interval))),
                Cell::painted(pair.map(difference).unwrap_or_default(), pair.map_or(Paint::None, paint)),
                of(|pair| interval(pair.interval)),
                of(|pair| format!("{} / {} / {}", pair.wins, pair.losses, pair.ties)),
                of(|pair| pair.p_value.map_or_else(|| "–".into(), p_value)),
            ]);
        }
    }
    table
}

fn difference(pair: &Comparison) -> String {
    pair.difference.map_or_else(|| "–".into(), |difference| format!("{difference:+.3}"))
}

/// Green and red where the interval leaves no doubt on which side of 0 the difference is.
fn paint(pair: &Comparison) -> Paint {
    match pair.interval {
        Some(interval) if interval.low > 0.0 => Paint::Green,
        Some(interval) if interval.high < 0.0 => Paint::Red,
        Some(_) | None => Paint::None,
    }
}

fn p_value(p: f64) -> String {
    if p < 0.001 { "<0.001".into() } else { figure(p) }
}

/// Rows with each task's answer and its score.
fn rows_table(tasks: &[Task], rows: &[ComparedRow], score: &str) -> Table {
    let mut columns = vec![Column::new("LINE").align(Align::Right), Column::new("PROMPT").flexible(10).optional(1)];
    columns.extend(LETTERS.iter().take(tasks.len()).map(|letter| Column::new(letter).flexible(8)));
    let mut table = Table::new(columns);
    let template = tasks.first().and_then(|task| Template::parse(task.prompt.as_deref()?).ok());
    for row in rows {
        let line = row.answers.iter().flatten().map(|answer| answer.line).next();
        let mut cells = vec![
            Cell::new(line.map_or_else(|| "–".into(), |line| line.to_string())),
            Cell::new(prompt(template.as_ref(), &row.input)),
        ];
        cells.extend(row.answers.iter().map(|answer| answer_cell(answer.as_ref(), score)));
        table.row(cells);
    }
    table
}

/// `1: It is 4.`
fn answer_cell(row: Option<&TaskRow>, score: &str) -> Cell {
    let Some(row) = row else { return Cell::painted("–", Paint::Dim) };
    let value = row.scores.get(score);
    let text = match (&row.error, &row.response) {
        (Some(error), _) => error.message.as_str(),
        (None, response) => response.as_deref().unwrap_or_default().trim(),
    };
    let paint = match value.and_then(|value| value.value()) {
        Some(value) if value >= 1.0 => Paint::Green,
        Some(value) if value <= 0.0 => Paint::Red,
        Some(_) | None => Paint::None,
    };
    Cell::painted(format!("{}: {text}", value.map_or_else(|| "–".into(), of_row)), paint)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::{command::task::sample, output::width_of};

    #[test]
    fn scores_stand_side_by_side_with_what_their_difference_stands_on() {
        let (first, mut second) = (sample::task(), sample::task());
        second.id = protocol::TaskId::generate();
        second.name = "other".into();
        let summary = |score: f64| json!({"rows": 200, "scored": 200, "unscored": {}, "score": score, "interval": {"low": score - 0.05, "high": score + 0.05}});
        let pair = json!({"baseline": first.id, "candidate": second.id, "rows": 200, "unpaired": 0, "wins": 4, "losses": 96,
            "ties": 100, "difference": -0.46, "interval": {"low": -0.53, "high": -0.39}, "p_value": 1e-9});
        let comparisons: Comparisons =
            serde_json::from_value(json!({"tasks": [first, second], "rows": 200, "scorings":
            [{"name": "exact", "metric": "exact", "scores": [summary(0.9), summary(0.44)], "pairs": [pair]}]}))
            .unwrap();
        assert_eq!(common_score(&comparisons).as_deref(), Some("exact"));
        let text = scores_table(&comparisons).render(Style::Plain, 120);
        for part in ["0.900", "0.850 to 0.950", "-0.460", "-0.530 to -0.390", "4 / 96 / 100", "<0.001"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(scores_table(&comparisons).render(Style::Plain, 70).lines().all(|line| width_of(line) <= 70));
        assert!(legend(&comparisons.tasks, Style::Plain).contains("B  other (task_"));
    }
}
