//! `viva key …`.

use jiff::{SignedDuration, Timestamp};
use protocol::user::{CreatedKey, KeyList};
use serde_json::json;

use crate::{
    cli::{CreateKeyArgs, KeyCommand},
    command::Context,
    failure::Failure,
    moment::local,
    output::{Cell, Column, Paint, Table},
};

pub(in crate::command) async fn run(command: KeyCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        KeyCommand::List => list(context).await,
        KeyCommand::Create(args) => create(context, args).await,
        KeyCommand::Revoke { key } => revoke(context, &key).await,
    }
}

async fn list(context: &Context<'_>) -> anyhow::Result<()> {
    let answer = context.client.get("/api/v1/keys", &[]).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let keys: KeyList = answer.read()?;
    if keys.items.is_empty() {
        output.line("No keys.");
        output.next("create one", "viva key create NAME --scope infer");
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("KEY").flexible(10),
        Column::new("SCOPES"),
        Column::new("LAST USED").optional(1),
        Column::new("EXPIRES").optional(2),
        Column::new("ID").optional(3),
    ]);
    for key in &keys.items {
        let scopes: Vec<&str> = key.scopes.iter().map(|scope| scope.as_str()).collect();
        let expires = match key.expires_at {
            Some(at) if at <= Timestamp::now() => Cell::painted("expired", Paint::Yellow),
            Some(at) => Cell::new(local(at)),
            None => Cell::new("never"),
        };
        table.row([
            Cell::new(&key.name),
            Cell::new(scopes.join(", ")),
            Cell::new(key.last_used_at.map_or_else(|| "never".to_owned(), local)),
            expires,
            Cell::new(key.id.to_string()),
        ]);
    }
    output.write(&table.render(output.style(), output.width()));
    Ok(())
}

async fn create(context: &Context<'_>, args: CreateKeyArgs) -> anyhow::Result<()> {
    let after = |seconds: u64| {
        let left = SignedDuration::from_secs(i64::try_from(seconds).unwrap_or(i64::MAX));
        Timestamp::now().checked_add(left).map_err(|_| Failure::usage("that is too long"))
    };
    let expires_at = match args.after {
        Some(seconds) => Some(after(seconds)?),
        None => args.until,
    };
    let scopes: Vec<&str> = args.scopes.iter().map(|scope| scope.as_str()).collect();
    let mut body = json!({"name": args.name, "scopes": scopes});
    if let Some(at) = expires_at {
        body["expires_at"] = at.to_string().into();
    }
    let answer = context.client.post("/api/v1/keys", Some(&body)).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let created: CreatedKey = answer.read()?;
    context.output.line(&created.secret);
    context.output.aside("keep it now: it is shown this once");
    Ok(())
}

async fn revoke(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let keys: KeyList = context.client.get("/api/v1/keys", &[]).await?.read()?;
    let key = keys.items.into_iter().find(|key| key.name == reference || key.id.to_string() == reference);
    let key =
        key.ok_or_else(|| Failure::new(format!("you have no key `{reference}`")).hint("see them: `viva key list`"))?;
    let answer = context.client.delete(&format!("/api/v1/keys/{}", key.id), &[]).await?;
    if context.output.is_json() {
        context.output.json(if answer.text.trim().is_empty() { "{}" } else { &answer.text });
    } else {
        context.output.line(&format!("{} opens nothing any more", key.name));
    }
    Ok(())
}
