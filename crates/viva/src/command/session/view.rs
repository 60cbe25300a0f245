//! A session as text: a row of the list, the whole page. Pure: the caller brings the time.

use jiff::Timestamp;
use protocol::session::{Limit, LimitKind, LimitSource, LimitValue, Phase, Reason, Session, Status};

use crate::{
    command::{
        figures::{bytes, count, counted},
        find::shown_length,
    },
    moment::{humane, local, seconds_until},
    output::{Align, Cell, Column, Paint, Style, Table, clean},
};

/// Shape and colour of a status; the word stands beside it.
pub(super) const fn sign(status: Status) -> (&'static str, Paint) {
    match status {
        Status::Initializing => ("◔", Paint::Yellow),
        Status::Running => ("●", Paint::Green),
        Status::Failed => ("▲", Paint::Red),
        Status::Stopped => ("■", Paint::Dim),
    }
}

/// The status with what is under way: `initializing: loading 42 %`, `running, stopping`.
pub(super) fn status_text(session: &Session) -> String {
    let word = session.status.as_str();
    match (session.status, session.phase) {
        (Status::Running, _) if session.stopping => format!("{word}, stopping"),
        (Status::Initializing, _) => format!("{word}: {}", phase_text(session)),
        (Status::Running | Status::Failed | Status::Stopped, _) => word.to_owned(),
    }
}

/// The phase with its figure: `queued, place 2`, `loading 42 %`.
pub(super) fn phase_text(session: &Session) -> String {
    let phase = session.phase.as_str();
    match (session.phase, session.queue_position, session.progress) {
        (Phase::Queued, Some(place), _) => format!("{phase}, place {place}"),
        (Phase::Loading, _, Some(progress)) => format!("{phase} {:.0} %", progress.clamp(0.0, 1.0) * 100.0),
        _ => phase.to_owned(),
    }
}

/// Why it ended, in a clause: its sentence without the full stop.
pub(in crate::command) fn why(session: &Session) -> Option<String> {
    session.reason.as_ref().map(|reason| clean(reason.message.trim_end_matches('.')))
}

/// The list, one session a row.
pub(super) fn table(sessions: &[Session], now: Timestamp) -> Table {
    let ids: Vec<String> = sessions.iter().map(|session| session.id.to_string()).collect();
    let shown = shown_length(&ids);
    let mut table = Table::new([
        Column::new("NAME").flexible(20),
        Column::new("STATUS").flexible(16),
        Column::new("MODEL").flexible(10).optional(3),
        Column::new("STOPS IN").align(Align::Right),
        Column::new("INTERACTIONS").align(Align::Right).optional(2),
        Column::new("TOKENS").align(Align::Right).optional(1),
        Column::new("ID").optional(4),
    ]);
    for (session, id) in sessions.iter().zip(&ids) {
        let (shape, paint) = sign(session.status);
        table.row([
            Cell::new(&session.name),
            Cell::painted(format!("{shape} {}", status_text(session)), paint),
            Cell::new(format!("{}:{}", session.model.name, session.model.version)),
            Cell::new(stops_in(session, now)),
            Cell::new(session.usage.interactions.to_string()),
            Cell::new(count(session.usage.tokens())),
            Cell::painted(id.chars().take(shown).collect::<String>(), Paint::Dim),
        ]);
    }
    table
}

fn stops_in(session: &Session, now: Timestamp) -> String {
    match session.stops_at {
        Some(at) if session.ended_at.is_none() => humane(seconds_until(at, now)),
        Some(_) | None => "–".into(),
    }
}

/// Everything about a session.
pub(super) fn page(session: &Session, now: Timestamp, style: Style) -> String {
    let (shape, paint) = sign(session.status);
    let mut text = format!("{} {}\n", style.paint(paint, shape), style.paint(Paint::Bold, &clean(&session.name)));
    if let Some(description) = &session.description {
        text.push_str(&format!("  {}\n", clean(description).replace('\n', "\n  ")));
    }
    text.push('\n');
    let mut row = |label: &str, value: String| {
        text.push_str(&format!("{} {value}\n", style.paint(Paint::Dim, &format!("{label:<13}"))));
    };
    row("status", style.paint(paint, &status_text(session)));
    if let Some(reason) = &session.reason {
        row("reason", format!("{} ({})", clean(&reason.message), reason.code.as_str()));
        figures_of(reason).into_iter().for_each(|(label, value)| row(label, value));
    }
    row("id", session.id.to_string());
    row("model", format!("{}:{} ({})", clean(&session.model.name), clean(&session.model.version), session.model.id));
    let engine = session.engine;
    row(
        "engine",
        format!("{} tokens of context, {} at once", engine.context_length, counted(engine.parallel.into(), "request")),
    );
    if let (Some(at), None) = (session.stops_at, session.ended_at) {
        row("stops", format!("in {} ({})", humane(seconds_until(at, now)), local(at)));
    }
    for (index, limit) in session.limits.iter().enumerate() {
        row(if index == 0 { "limits" } else { "" }, limit_text(limit, session));
    }
    let usage = session.usage;
    let tokens = format!("{} + {} tokens", count(usage.prompt_tokens), count(usage.completion_tokens));
    row("used", format!("{}, {tokens} (prompts + answers)", counted(usage.interactions, "interaction")));
    let storage = session.storage;
    row(
        "storage",
        format!("{} temporary, {} persistent", bytes(storage.temporary_bytes), bytes(storage.persistent_bytes)),
    );
    row("created", local(session.created_at));
    session.running_at.into_iter().for_each(|at| row("running since", local(at)));
    session.ended_at.into_iter().for_each(|at| row("ended", local(at)));
    if let Some(reason) = &session.reason {
        text.push_str(&aftermath(reason, style));
    }
    text
}

/// The figures of a reason that are there.
fn figures_of(reason: &Reason) -> Vec<(&'static str, String)> {
    let details = &reason.details;
    let memory = [
        ("needed", details.memory_needed_bytes),
        ("free", details.memory_free_bytes),
        ("allowed", details.memory_bound_bytes),
        ("at most used", details.memory_peak_bytes),
    ];
    let memory: Vec<String> =
        memory.into_iter().filter_map(|(word, figure)| Some(format!("{} {word}", bytes(figure?)))).collect();
    let mut rows = Vec::new();
    if !memory.is_empty() {
        rows.push(("memory", memory.join(", ")));
    }
    rows.extend(details.exit_code.map(|code| ("exit code", code.to_string())));
    rows.extend(details.signal.map(|signal| ("signal", signal.to_string())));
    rows.extend(details.deadline_seconds.map(|seconds| ("deadline", humane(seconds))));
    rows
}

/// The end of the log and what to try.
fn aftermath(reason: &Reason, style: Style) -> String {
    let mut text = String::new();
    if !reason.details.log_tail.is_empty() {
        text.push_str(&format!("\n{}\n", style.paint(Paint::Dim, "the end of the log")));
        reason.details.log_tail.iter().for_each(|line| text.push_str(&format!("  {}\n", clean(line))));
    }
    if !reason.details.hints.is_empty() {
        text.push_str(&format!("\n{}\n", style.paint(Paint::Dim, "what to try")));
        reason.details.hints.iter().for_each(|hint| text.push_str(&format!("  {}\n", clean(hint))));
    }
    text
}

/// A limit with what is used of it and where it came from.
fn limit_text(limit: &Limit, session: &Session) -> String {
    let source = match limit.source {
        LimitSource::Session => "asked for",
        LimitSource::Default => "default",
        LimitSource::Operator => "the operator's bound",
        LimitSource::Model => "of the model",
    };
    let value = match (limit.kind, limit.value) {
        (LimitKind::AfterSeconds, LimitValue::Count(seconds)) => format!("{} from running", humane(seconds)),
        (LimitKind::IdleSeconds, LimitValue::Count(seconds)) => format!("{} without a request", humane(seconds)),
        (LimitKind::MaxInteractions, LimitValue::Count(most)) => {
            format!("{} of {} used", session.usage.interactions, counted(most, "interaction"))
        }
        (LimitKind::MaxTokens, LimitValue::Count(most)) => {
            format!("{} of {} used", count(session.usage.tokens()), counted(most, "token"))
        }
        (LimitKind::At, LimitValue::At(at)) => format!("at {}", local(at)),
        (_, LimitValue::Count(figure)) => figure.to_string(),
        (_, LimitValue::At(at)) => local(at),
    };
    format!("{value} ({source})")
}

#[cfg(test)]
mod tests {
    use insta::assert_snapshot;

    use super::*;
    use crate::command::session::sample;

    fn at(width: usize) -> String {
        table(&sample::sessions(), sample::now()).render(Style::Plain, width)
    }

    #[test]
    fn the_list_fits_60_columns() {
        assert!(at(60).lines().all(|line| crate::output::width_of(line) <= 60));
        assert_snapshot!(at(60));
    }

    #[test]
    fn the_list_fits_80_columns() {
        assert!(at(80).lines().all(|line| crate::output::width_of(line) <= 80));
        assert_snapshot!(at(80));
    }

    #[test]
    fn the_list_fits_120_columns() {
        assert!(at(120).lines().all(|line| crate::output::width_of(line) <= 120));
        assert_snapshot!(at(120));
    }

    #[test]
    fn a_failed_session_shows_its_figures_log_and_hints() {
        let failed = sample::sessions().into_iter().find(|session| session.status == Status::Failed).unwrap();
        let text = page(&failed, sample::now(), Style::Plain);
        for part in ["out_of_memory", "6.0 GiB needed, 2.0 GiB free", "signal        9", "cannot allocate", "smaller"] {
            assert!(text.contains(part), "{part} in {text}");
        }
    }

    #[test]
    fn colour_leaves_the_layout_alone() {
        let coloured = table(&sample::sessions(), sample::now()).render(Style::Colour, 80);
        let mut plain = String::new();
        let mut escape = false;
        for c in coloured.chars() {
            match (escape, c) {
                (false, '\u{1b}') => escape = true,
                (true, 'm') => escape = false,
                (true, _) => {}
                (false, c) => plain.push(c),
            }
        }
        let trimmed: Vec<&str> = plain.lines().map(str::trim_end).collect();
        assert_eq!(trimmed.join("\n"), at(80).trim_end());
    }
}
