//! `viva history …`.

use std::path::Path;

use anyhow::Context as _;
use protocol::completion::{Completion, CompletionStatus, FinishReason};

use super::{
    Context, confirm_deletion,
    download::{Download, Existing},
    figures::{bytes, count, counted, milliseconds},
    find::{completion_path, session_or_newest, shown_length},
    list::List,
};
use crate::{
    cli::{ExportFormat, HistoryCommand},
    failure::Failure,
    moment::local,
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

pub(super) async fn run(command: HistoryCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        HistoryCommand::List { session, q, starred, origin, amount } => {
            let mut query = Vec::new();
            query.extend(q.map(|q| ("q", q)));
            query.extend(starred.then(|| ("starred", "true".to_owned())));
            query.extend(origin.map(|origin| ("origin", origin.as_str().to_owned())));
            list(context, session.as_deref(), &query, amount.most()).await
        }
        HistoryCommand::Show { completion } => show(context, &completion).await,
        HistoryCommand::Export { session, format, output, force, starred } => {
            let path = session_or_newest(context, session.as_deref()).await?;
            let mut query = vec![("format", format.as_str().to_owned())];
            query.extend(starred.then(|| ("starred", "true".to_owned())));
            let path = format!("{path}/completions/export");
            export(context, (&path, &query), format, output.as_deref(), force).await
        }
        HistoryCommand::Delete { completions, confirm } => delete(context, &completions, confirm.as_deref()).await,
    }
}

async fn list(
    context: &Context<'_>,
    session: Option<&str>,
    query: &[(&str, String)],
    most: usize,
) -> anyhow::Result<()> {
    let path = session_or_newest(context, session).await?;
    let completions = List::read(context, &format!("{path}/completions"), query, most).await?;
    if context.output.is_json() {
        context.output.json(&completions.json());
        return Ok(());
    }
    let page = completions.page::<Completion>()?;
    if page.items.is_empty() {
        context.output.line("No completions.");
        return Ok(());
    }
    let (style, width) = (context.output.style(), context.output.width());
    context.output.write(&table(&page.items).render(style, width));
    if page.next_cursor.is_some() {
        let shown = counted(page.items.len() as u64, "completion");
        context
            .output
            .line(&style.paint(Paint::Dim, &format!("The newest {shown}; there are more: --all, --limit, --q.")));
    }
    Ok(())
}

fn table(completions: &[Completion]) -> Table {
    let ids: Vec<String> = completions.iter().map(|completion| completion.id.to_string()).collect();
    let shown = shown_length(&ids);
    let mut table = Table::new([
        Column::new("ID"),
        Column::new("").optional(5),
        Column::new("WHEN").optional(3),
        Column::new("USER").flexible(8).optional(1),
        Column::new("RESPONSE").flexible(12),
        Column::new("TOKENS").align(Align::Right).optional(2),
        Column::new("TIME").align(Align::Right).optional(4),
        Column::new("END").optional(2),
    ]);
    for (completion, id) in completions.iter().zip(&ids) {
        let (end, paint) = ending(completion);
        table.row([
            Cell::painted(id.chars().take(shown).collect::<String>(), Paint::Dim),
            Cell::painted(if completion.starred { "★" } else { "" }, Paint::Yellow),
            Cell::new(local(completion.created_at)),
            Cell::new(asked(&completion.request)),
            Cell::new(completion.response.trim()),
            Cell::new(count(completion.usage.completion_tokens)),
            Cell::new(completion.timing.total_ms.map_or("–".into(), milliseconds)),
            Cell::painted(end, paint),
        ]);
    }
    table
}

/// How it ended, and the colour of that.
fn ending(completion: &Completion) -> (&'static str, Paint) {
    match (completion.status, completion.finish_reason) {
        (CompletionStatus::Running, _) => ("running", Paint::Yellow),
        (_, Some(FinishReason::Error)) => ("error", Paint::Red),
        (_, Some(reason @ (FinishReason::SessionStopped | FinishReason::Cancelled))) => {
            (reason.as_str(), Paint::Yellow)
        }
        (_, Some(reason @ (FinishReason::Stop | FinishReason::Length))) => (reason.as_str(), Paint::None),
        (_, None) => ("–", Paint::Dim),
    }
}

/// The last user message of a request, or its prompt.
pub(super) fn asked(request: &serde_json::Value) -> String {
    let messages = request.get("messages").and_then(|messages| messages.as_array());
    let last = messages.and_then(|messages| {
        messages.iter().rev().find(|message| message.get("role").and_then(|role| role.as_str()) == Some("user"))
    });
    let content = last.and_then(|message| message.get("content")).or_else(|| request.get("prompt"));
    match content {
        Some(serde_json::Value::String(text)) => text.clone(),
        Some(serde_json::Value::Array(parts)) => {
            let texts: Vec<&str> = parts.iter().filter_map(|part| part.get("text").unwrap_or(part).as_str()).collect();
            texts.join(" ")
        }
        Some(_) | None => String::new(),
    }
}

async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let path = completion_path(context, reference).await?;
    let answer = context.client.get(&path, &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let completion: Completion = answer.read()?;
    context.output.write(&page(&completion, context.output.style()));
    Ok(())
}

fn page(completion: &Completion, style: Style) -> String {
    let mut text = String::new();
    let mut row = |label: &str, value: String| {
        text.push_str(&format!("{} {value}\n", style.paint(Paint::Dim, &format!("{label:<11}"))));
    };
    let (end, paint) = ending(completion);
    let (timing, usage) = (completion.timing, completion.usage);
    row("id", completion.id.to_string());
    row("session", completion.session_id.to_string());
    row("origin", completion.origin.as_str().into());
    row("created", local(completion.created_at));
    row("end", style.paint(paint, end));
    completion.error.iter().for_each(|error| row("error", format!("{} ({})", clean(&error.message), error.code)));
    row("tokens", format!("{} + {} (prompt + answer)", usage.prompt_tokens, usage.completion_tokens));
    let times = [("first token", timing.first_token_ms), ("total", timing.total_ms), ("queued", timing.queued_ms)];
    let mut times: Vec<String> =
        times.into_iter().filter_map(|(word, ms)| Some(format!("{word} {}", milliseconds(ms?)))).collect();
    times.extend(timing.tokens_per_second.map(|speed| format!("{speed:.1} tokens/s")));
    row("time", times.join(", "));
    for (name, value) in completion.request.as_object().into_iter().flatten() {
        if !matches!(name.as_str(), "messages" | "prompt" | "model" | "stream" | "stream_options" | "conversation") {
            row(name, clean(&value.to_string()));
        }
    }
    for message in completion.request.get("messages").and_then(|m| m.as_array()).into_iter().flatten() {
        let role = message.get("role").and_then(|role| role.as_str()).unwrap_or("?");
        let one = serde_json::json!({ "prompt": message.get("content") });
        text.push_str(&format!("\n{}\n{}\n", style.paint(Paint::Bold, role), clean(&asked(&one))));
    }
    if completion.request.get("prompt").is_some() {
        let prompt = clean(&asked(&completion.request));
        text.push_str(&format!("\n{}\n{prompt}\n", style.paint(Paint::Bold, "prompt")));
    }
    for choice in completion.choices.iter().skip(1).filter(|choice| !choice.text.is_empty()) {
        let label = style.paint(Paint::Dim, &format!("choice {}", choice.index));
        text.push_str(&format!("\n{label}\n{}\n", clean(&choice.text)));
    }
    text.push_str(&format!("\n{}\n{}\n", style.paint(Paint::Bold, "response"), clean(&completion.response)));
    text
}

async fn export(
    context: &Context<'_>,
    (path, query): (&str, &[(&str, String)]),
    format: ExportFormat,
    file: Option<&Path>,
    force: bool,
) -> anyhow::Result<()> {
    let output = context.output;
    let Some(file) = file.filter(|file| *file != Path::new("-")) else {
        if format == ExportFormat::Xlsx && output.out_is_terminal() {
            return Err(Failure::usage("a workbook cannot be shown on a terminal")
                .hint("add `--output FILE.xlsx`")
                .into());
        }
        let mut response = context.client.open(path, query).await?;
        while let Some(chunk) = response.chunk().await.context("the connection to the server broke")? {
            output.write_bytes(&chunk);
        }
        return Ok(());
    };
    let existing = Existing::from_flag(force);
    existing.check(file)?;
    let response = context.client.open(path, query).await?;
    let saved = Download::read(response, file, |_| {}).await?;
    let written = saved.bytes;
    saved.keep(file, existing)?;
    if output.is_json() {
        output.json(&serde_json::json!({ "file": file, "bytes": written }).to_string());
    } else {
        output.line(&format!("{} written: {}", file.display(), bytes(written)));
    }
    Ok(())
}

async fn delete(context: &Context<'_>, references: &[String], confirm: Option<&str>) -> anyhow::Result<()> {
    let mut paths = Vec::new();
    for reference in references {
        paths.push(completion_path(context, reference).await?);
    }
    confirm_deletion(context.output, confirm, &counted(paths.len() as u64, "completion"))?;
    for path in &paths {
        let answer = context.client.delete(path, &[("confirm", "delete".into())]).await?;
        if context.output.is_json() && !answer.text.trim().is_empty() {
            context.output.json(&answer.text);
        }
    }
    if !context.output.is_json() {
        context.output.line(&format!("{} deleted", counted(paths.len() as u64, "completion")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn completion() -> Completion {
        serde_json::from_value(json!({
            "id": "cmpl_01900000000070008000000000000001",
            "session_id": "ses_01900000000070008000000000000001",
            "conversation": null, "origin": "playground", "status": "done",
            "request": {"messages": [{"role": "system", "content": "Be kind."},
                {"role": "user", "content": [{"type": "text", "text": "Say\x1b[2J hello"}]}], "temperature": 0.3},
            "response": "Hello!\nAnd welcome.",
            "choices": [{"index": 0, "text": "Hello!\nAnd welcome.", "finish_reason": "stop"}],
            "finish_reason": "stop", "error": null,
            "usage": {"prompt_tokens": 12, "completion_tokens": 6},
            "timing": {"queued_ms": 0.1, "first_token_ms": 20.4, "total_ms": 1530.0, "tokens_per_second": 378.2},
            "created_at": "2030-01-01T12:00:00Z", "finished_at": "2030-01-01T12:00:01Z", "starred": true
        }))
        .unwrap()
    }

    #[test]
    fn the_list_shows_what_was_asked_and_answered_on_one_line() {
        let text = table(&[completion()]).render(Style::Plain, 120);
        assert_eq!(text.lines().count(), 2);
        for part in ["★", "Say[2J hello", "Hello! And welcome.", "1.5 s", "stop"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let narrow = table(&[completion()]).render(Style::Plain, 50);
        assert!(narrow.lines().all(|line| crate::output::width_of(line) <= 50), "{narrow}");
    }

    #[test]
    fn the_page_shows_messages_parameters_and_times() {
        let text = page(&completion(), Style::Plain);
        for part in ["temperature 0.3", "system\nBe kind.", "user\nSay[2J hello", "first token 20 ms", "378.2 tokens/s"]
        {
            assert!(text.contains(part), "{part} in {text}");
        }
        assert!(!text.contains('\x1b'));
    }
}
