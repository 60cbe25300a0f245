//! `viva audit …`.

use protocol::{
    audit::{AuditCheck, AuditEntry},
    session::Page,
};

use super::{Context, list::List, people};
use crate::{
    cli::AuditCommand,
    failure::Failure,
    moment::local,
    output::{Align, Cell, Column, Table},
};

pub(super) async fn run(command: AuditCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        AuditCommand::List { user, action, target, amount } => {
            let actor = match user {
                Some(user) => Some(people::find_user(context, &user).await?.id.to_string()),
                None => None,
            };
            let query = [("actor", actor), ("action", action), ("target", target)];
            let query = query.into_iter().filter_map(|(name, value)| Some((name, value?))).collect::<Vec<_>>();
            list(context, &query, amount.most()).await
        }
        AuditCommand::Verify { expect } => verify(context, expect).await,
    }
}

async fn list(context: &Context<'_>, query: &[(&str, String)], most: usize) -> anyhow::Result<()> {
    let entries = List::read(context, "/api/v1/audit", query, most).await?;
    if context.output.is_json() {
        context.output.json(&entries.json());
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("NUMBER").align(Align::Right).optional(5),
        Column::new("AT"),
        Column::new("WHO").flexible(8),
        Column::new("VIA").optional(4),
        Column::new("FROM").optional(3),
        Column::new("DID"),
        Column::new("TO").optional(1),
        Column::new("DETAIL").optional(2),
    ]);
    for entry in entries.page::<AuditEntry>()?.items {
        let actor = entry.actor.map(|actor| actor.to_string());
        let via = serde_json::to_value(entry.via)?;
        table.row([
            Cell::new(entry.number.to_string()),
            Cell::new(local(entry.at)),
            Cell::new(entry.actor_name.or(actor).unwrap_or_else(|| "the server".to_owned())),
            Cell::new(via.as_str().unwrap_or_default()),
            Cell::new(entry.address.unwrap_or_default()),
            Cell::new(entry.action.as_str()),
            Cell::new(entry.target.unwrap_or_default()),
            Cell::new(entry.detail.unwrap_or_default()),
        ]);
    }
    context.output.write(&table.render(context.output.style(), context.output.width()));
    Ok(())
}

async fn verify(context: &Context<'_>, expect: Option<(u64, String)>) -> anyhow::Result<()> {
    let answer = context.client.get("/api/v1/audit/check", &[]).await?;
    let check: AuditCheck = answer.read()?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
    } else {
        for fault in &check.faults {
            output.line(&format!("✗ {} {}", fault.number, fault.message));
        }
        let AuditCheck { entries, head, .. } = &check;
        let entries = if *entries == 1 { "1 entry".to_owned() } else { format!("{entries} entries") };
        output.line(&format!("{entries} read; the end is {}:{}", head.number, head.sha256));
    }
    if !check.faults.is_empty() {
        return Err(Failure::new("the audit log is not whole")
            .hint("the first line says where it begins to differ")
            .into());
    }
    if let Some((number, sha256)) = expect {
        require_entry(context, number, &sha256).await?;
    }
    Ok(())
}

/// Holds an end that was printed before against the entry that has its number now.
async fn require_entry(context: &Context<'_>, number: u64, sha256: &str) -> anyhow::Result<()> {
    let changed = || Failure::new(format!("entry {number} is not the one that was printed: the log was written anew"));
    let query = [("limit", "1".to_owned()), ("cursor", format!("a{}", number.saturating_add(1)))];
    let page: Page<AuditEntry> = context.client.get("/api/v1/audit", &query).await?.read()?;
    match page.items.first() {
        Some(entry) if entry.number == number && entry.sha256 == sha256 => Ok(()),
        Some(_) | None => Err(changed().into()),
    }
}
