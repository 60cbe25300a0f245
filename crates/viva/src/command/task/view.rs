//! A task as text: a row of the list, the whole page, its rows. Pure: the caller brings the time.

use dataset::{Columns, Template, plan::PROMPT_COLUMNS};
use jiff::Timestamp;
use protocol::task::{RowState, Task, TaskRow, TaskStatus};
use serde_json::{Value, json};

use crate::{
    command::{figures::count, find::shown_length, history::asked, scores},
    moment::{humane, local, seconds_until},
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

const fn sign(status: TaskStatus) -> (&'static str, Paint) {
    match status {
        TaskStatus::Queued => ("◔", Paint::Yellow),
        TaskStatus::Running => ("●", Paint::Green),
        TaskStatus::Done => ("✓", Paint::Green),
        TaskStatus::Cut => ("■", Paint::Yellow),
        TaskStatus::Failed => ("▲", Paint::Red),
    }
}

/// The list, one task a row.
pub(in crate::command) fn table(tasks: &[Task]) -> Table {
    let ids: Vec<String> = tasks.iter().map(|task| task.id.to_string()).collect();
    let shown = shown_length(&ids);
    let mut table = Table::new([
        Column::new("NAME").flexible(12),
        Column::new("STATUS"),
        Column::new("ANSWERED").align(Align::Right),
        Column::new("FAILED").align(Align::Right).optional(2),
        Column::new("SCORES").flexible(12).optional(1),
        Column::new("CREATED").optional(3),
        Column::new("ID"),
    ]);
    for (task, id) in tasks.iter().zip(&ids) {
        let (shape, paint) = sign(task.status);
        let progress = &task.progress;
        table.row([
            Cell::new(&task.name),
            Cell::painted(format!("{shape} {}", task.status.as_str()), paint),
            Cell::new(format!("{} of {}", progress.done, progress.rows)),
            Cell::new((progress.failed + progress.invalid).to_string()),
            Cell::new(scores::phrase(&task.scores)),
            Cell::new(local(task.created_at)),
            Cell::painted(id.chars().take(shown).collect::<String>(), Paint::Dim),
        ]);
    }
    table
}

/// Everything about a task but its rows.
pub(super) fn page(task: &Task, now: Timestamp, style: Style, width: usize) -> String {
    let (shape, paint) = sign(task.status);
    let mut text = format!("{} {}\n\n", style.paint(paint, shape), style.paint(Paint::Bold, &clean(&task.name)));
    let mut row = |label: &str, value: String| {
        text.push_str(&format!("{} {value}\n", style.paint(Paint::Dim, &format!("{label:<12}"))));
    };
    row("status", style.paint(paint, task.status.as_str()));
    task.reason.iter().for_each(|reason| row("reason", clean(&reason.message)));
    row("id", task.id.to_string());
    row("session", task.session_id.to_string());
    row("input", input(task));
    row("rows", rows_phrase(task));
    if let (Some(at), false) = (task.progress.ends_at, task.status.is_over()) {
        row("ends", format!("in about {}", humane(seconds_until(at, now))));
    }
    task.progress.tokens_per_second.iter().for_each(|speed| row("speed", format!("{speed:.1} tokens/s")));
    let tokens = (count(task.usage.prompt_tokens), count(task.usage.completion_tokens));
    row("tokens", format!("{} + {} (prompts + answers)", tokens.0, tokens.1));
    task.prompt.iter().for_each(|prompt| row("prompt", clean(prompt).replace('\n', "\n             ")));
    task.system.iter().for_each(|system| row("system", clean(system).replace('\n', "\n             ")));
    for (name, value) in &task.parameters {
        row(name, clean(&value.to_string()));
    }
    row("concurrency", task.concurrency.to_string());
    row("created", local(task.created_at));
    task.finished_at.iter().for_each(|at| row("finished", local(*at)));
    task.resumed_from.iter().for_each(|id| row("goes on with", id.to_string()));
    task.resumed_by.iter().for_each(|id| row("gone on by", id.to_string()));
    if !task.scores.is_empty() {
        text.push_str(&format!("\n{}", scores::table(&task.scores).render(style, width)));
    }
    text
}

fn input(task: &Task) -> String {
    let columns = clean(&task.input.columns.join(", "));
    let file = task.input.file.as_ref().map(|file| format!(" {}", clean(&file.path))).unwrap_or_default();
    let columns = if columns.is_empty() { String::new() } else { format!(", columns {columns}") };
    format!("{}{file}{columns}", task.input.format.as_str())
}

fn rows_phrase(task: &Task) -> String {
    let progress = &task.progress;
    let mut parts = vec![format!("{} of {} answered", progress.done, progress.rows)];
    for (number, word) in [(progress.failed, "failed"), (progress.invalid, "invalid"), (progress.left, "left")] {
        parts.extend((number > 0).then(|| format!("{number} {word}")));
    }
    parts.join(", ")
}

/// Rows with what was asked, what came, and how it was judged.
pub(super) fn rows_table(task: &Task, rows: &[TaskRow]) -> Table {
    let mut table = Table::new([
        Column::new("LINE").align(Align::Right),
        Column::new("STATE").optional(2),
        Column::new("PROMPT").flexible(12),
        Column::new("ANSWER").flexible(12),
        Column::new("SCORES").optional(1),
    ]);
    let template = task.prompt.as_deref().and_then(|prompt| Template::parse(prompt).ok());
    for row in rows {
        let scores: Vec<String> =
            row.scores.iter().map(|(name, score)| format!("{name} {}", scores::of_row(score))).collect();
        let (state, paint) = state(row.state);
        let answer = match (&row.error, &row.response) {
            (Some(error), _) => Cell::painted(&error.message, paint),
            (None, response) => Cell::new(response.as_deref().unwrap_or_default().trim()),
        };
        table.row([
            Cell::new(row.line.to_string()),
            Cell::painted(state, paint),
            Cell::new(prompt(template.as_ref(), &row.input)),
            answer,
            Cell::new(scores.join(", ")),
        ]);
    }
    table
}

const fn state(state: RowState) -> (&'static str, Paint) {
    let paint = match state {
        RowState::Pending => Paint::Dim,
        RowState::Done => Paint::None,
        RowState::Failed | RowState::Invalid => Paint::Red,
    };
    (state.as_str(), paint)
}

/// Rows without an answer, with the reason.
pub(in crate::command) fn why_table(rows: &[TaskRow]) -> Table {
    let mut table =
        Table::new([Column::new("LINE").align(Align::Right), Column::new("STATE"), Column::new("WHY").flexible(10)]);
    for row in rows {
        let (state, paint) = state(row.state);
        let why = row.error.as_ref().map_or("", |error| error.message.as_str());
        // The line stands beside it.
        let why = why.strip_prefix(&format!("line {}: ", row.line)).unwrap_or(why);
        table.row([Cell::new(row.line.to_string()), Cell::painted(state, paint), Cell::new(why)]);
    }
    table
}

/// What a row asked, as far as its columns and the template tell.
pub(in crate::command) fn prompt(template: Option<&Template>, input: &Value) -> String {
    if let (Some(template), Some(columns)) = (template, input.as_object()) {
        let columns: Columns = columns.iter().map(|(name, value)| (name.clone(), value.clone())).collect();
        if let Ok(text) = template.render(&columns) {
            return text;
        }
    }
    let column = PROMPT_COLUMNS.into_iter().find_map(|name| input.get(name));
    match column {
        Some(text) => asked(&json!({ "prompt": text })),
        None => asked(input),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{command::task::sample, output::width_of};

    fn row(state: &str, more: Value) -> TaskRow {
        let mut row = json!({
            "number": 4, "line": 6, "custom_id": null, "state": state, "input": {"question": "2 +\u{1b} 2?", "answer": "4"},
            "completion_id": null, "response": null, "finish_reason": null, "error": null, "scores": {},
            "usage": {"prompt_tokens": 1, "completion_tokens": 1},
            "timing": {"queued_ms": null, "first_token_ms": null, "total_ms": null, "tokens_per_second": null}
        });
        for (name, value) in more.as_object().unwrap() {
            row[name] = value.clone();
        }
        serde_json::from_value(row).unwrap()
    }

    #[test]
    fn the_list_and_the_page_tell_progress_and_scores() {
        let task = sample::task();
        let text = table(std::slice::from_ref(&task)).render(Style::Plain, 120);
        for part in ["sums", "✓ done", "198 of 200", "exact 0.835", "task_0190000"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(table(std::slice::from_ref(&task)).render(Style::Plain, 60).lines().all(|line| width_of(line) <= 60));
        let text = page(&task, Timestamp::UNIX_EPOCH, Style::Plain, 100);
        for part in ["198 of 200 answered, 1 failed, 1 invalid", "csv, columns question, answer", "0.780 to 0.880"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn rows_show_prompt_answer_and_scores_and_fit() {
        let scores = json!({"exact": {"status": "scored", "value": 1.0}});
        let done = row("done", json!({"response": "It is 4.", "scores": scores}));
        let error = json!({"error": {"code": "invalid_row", "message": "line 6: the prompt is empty"}});
        let invalid = row("invalid", error);
        let text = rows_table(&sample::task(), &[done, invalid.clone()]).render(Style::Plain, 100);
        for part in ["Q: 2 + 2?", "It is 4.", "exact 1", "invalid", "line 6: the prompt is empty"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = why_table(&[invalid]).render(Style::Plain, 28);
        assert!(text.contains("   6  invalid  the prompt"), "{text}");
        assert!(text.lines().all(|line| width_of(line) <= 28), "{text}");
    }

    #[test]
    fn a_prompt_is_told_from_the_template_the_column_or_the_request() {
        assert_eq!(prompt(None, &json!({"question": "why?"})), "why?");
        assert_eq!(prompt(None, &json!({"messages": [{"role": "user", "content": "hi"}]})), "hi");
        let template = Template::parse("{{b}}!").unwrap();
        assert_eq!(prompt(Some(&template), &json!({"a": "x", "b": "y"})), "y!");
        assert_eq!(prompt(Some(&template), &Value::Null), "");
    }
}
