//! `viva file …`.

mod get;
mod name;
mod part;
mod put;

use jiff::Timestamp;
use protocol::file::{File, FilePage, FileStorage};
use serde_json::json;

use super::{
    Context,
    figures::{bytes, counted},
    find::{list_sessions, newest_running, session_path},
    list::List,
};
use crate::{
    cli::FileCommand,
    failure::Failure,
    moment::humane,
    output::{Align, Cell, Column, Paint, Table, clean},
};
pub(super) use put::upload;

pub(super) async fn run(command: FileCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        FileCommand::Put(args) => put::run(&args, context).await,
        FileCommand::Get(args) => get::run(&args, context).await,
        FileCommand::List { session, amount } => list(context, session.as_deref(), amount.most()).await,
        FileCommand::Remove { names, session, yes } => remove(context, &names, session.as_deref(), yes).await,
    }
}

/// The path of the named session, else of the newest one that runs: files are there after the stop, too.
async fn session_of(context: &Context<'_>, reference: Option<&str>) -> anyhow::Result<String> {
    let sessions = match reference {
        Some(reference) => return session_path(context, reference).await,
        None => list_sessions(context).await?,
    };
    let newest = newest_running(&sessions).ok_or_else(|| {
        Failure::new("no session is running")
            .hint("name one, running or not: `--session`; see them: `viva session list`")
    })?;
    Ok(format!("/api/v1/sessions/{}", newest.id))
}

async fn list(context: &Context<'_>, session: Option<&str>, most: usize) -> anyhow::Result<()> {
    let session = session_of(context, session).await?;
    let list = List::read(context, &format!("{session}/files"), &[], most).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&list.json());
        return Ok(());
    }
    let page: FilePage = serde_json::from_str(&list.json())?;
    if page.items.is_empty() {
        output.line("No files.");
        output.next("put one", "viva file put PATH");
        return Ok(());
    }
    output.write(&table(&page.items, Timestamp::now()).render(output.style(), output.width()));
    let mut foot = used(&page.storage);
    if page.next_cursor.is_some() {
        foot =
            format!("The newest {}; there are more: --all, --limit. {foot}", counted(page.items.len() as u64, "file"));
    }
    output.line(&output.style().paint(Paint::Dim, &foot));
    Ok(())
}

fn table(files: &[File], now: Timestamp) -> Table {
    let mut table = Table::new([
        Column::new("FILE").flexible(16),
        Column::new("SIZE").align(Align::Right),
        Column::new("AGE").align(Align::Right).optional(1),
        Column::new("SHA-256").optional(2),
    ]);
    for file in files {
        let age = u64::try_from(now.duration_since(file.created_at).as_secs()).unwrap_or(0);
        table.row([
            Cell::new(&file.path),
            Cell::new(bytes(file.bytes)),
            Cell::new(humane(age)),
            Cell::painted(file.sha256.chars().take(12).collect::<String>(), Paint::Dim),
        ]);
    }
    table
}

fn used(storage: &FileStorage) -> String {
    format!(
        "{} of {} of this session, {} of {} of all yours.",
        bytes(storage.session_bytes),
        bytes(storage.session_quota),
        bytes(storage.user_bytes),
        bytes(storage.user_quota)
    )
}

async fn remove(context: &Context<'_>, names: &[String], session: Option<&str>, yes: bool) -> anyhow::Result<()> {
    let encoded = names.iter().map(|name| name::encoded(name)).collect::<anyhow::Result<Vec<_>>>()?;
    let session = session_of(context, session).await?;
    let output = context.output;
    if !yes && output.is_interactive() && !output.is_json() {
        let what = if let [name] = names { clean(name) } else { counted(names.len() as u64, "file") };
        let answer = output.ask(&format!("Remove {what} from the session, for good? [y/N]")).unwrap_or_default();
        if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::new("nothing was removed").into());
        }
    }
    for (name, encoded) in names.iter().zip(&encoded) {
        let removed = context.client.delete(&format!("{session}/files/{encoded}"), &[]).await;
        removed.map_err(|error| name::or_unknown(error, name))?;
        if output.is_json() {
            output.json(&json!({ "removed": name }).to_string());
        } else {
            output.line(&format!("{} removed", clean(name)));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::output::{Style, width_of};

    #[test]
    fn the_list_shows_name_size_age_and_hash_and_fits() {
        let file: File = serde_json::from_value(json!({
            "id": "file_01900000000070008000000000000001", "session_id": "ses_01900000000070008000000000000001",
            "path": "cases/a rather long name of a file.csv", "bytes": 7_969_177, "sha256": "0123456789abcdef".repeat(4),
            "purpose": null, "created_at": "2030-01-01T12:00:00Z"
        }))
        .unwrap();
        let table = table(&[file], "2030-01-01T14:05:00Z".parse().unwrap());
        let text = table.render(Style::Plain, 100);
        for part in ["cases/a rather long name of a file.csv", "7.6 MiB", "2h 05m", "0123456789ab\n"] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let narrow = table.render(Style::Plain, 30);
        assert!(narrow.lines().all(|line| width_of(line) <= 30), "{narrow}");
    }
}
