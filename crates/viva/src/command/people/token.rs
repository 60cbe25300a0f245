//! `viva session token …`.

use protocol::user::{CreatedSessionToken, SessionTokenList};
use serde_json::json;

use crate::{
    cli::TokenCommand,
    command::{Context, find::session_or_newest_running},
    failure::Failure,
    moment::local,
    output::{Cell, Column, Table},
};

pub(in crate::command) async fn run(command: TokenCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        TokenCommand::List { session } => list(context, session.as_deref()).await,
        TokenCommand::Create { name, session } => create(context, &name, session.as_deref()).await,
        TokenCommand::Revoke { token, session } => revoke(context, &token, session.as_deref()).await,
    }
}

async fn path(context: &Context<'_>, session: Option<&str>) -> anyhow::Result<String> {
    Ok(format!("{}/tokens", session_or_newest_running(context, session).await?))
}

async fn list(context: &Context<'_>, session: Option<&str>) -> anyhow::Result<()> {
    let answer = context.client.get(&path(context, session).await?, &[]).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let tokens: SessionTokenList = answer.read()?;
    if tokens.items.is_empty() {
        output.line("No named tokens: `viva session endpoint` prints the session's own.");
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("TOKEN").flexible(10),
        Column::new("LAST USED"),
        Column::new("CREATED").optional(1),
        Column::new("ID").optional(2),
    ]);
    for token in &tokens.items {
        table.row([
            Cell::new(&token.name),
            Cell::new(token.last_used_at.map_or_else(|| "never".to_owned(), local)),
            Cell::new(local(token.created_at)),
            Cell::new(token.id.to_string()),
        ]);
    }
    output.write(&table.render(output.style(), output.width()));
    Ok(())
}

async fn create(context: &Context<'_>, name: &str, session: Option<&str>) -> anyhow::Result<()> {
    let path = path(context, session).await?;
    let answer = context.client.post(&path, Some(&json!({ "name": name }))).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let created: CreatedSessionToken = answer.read()?;
    context.output.line(&created.secret);
    context.output.aside("keep it now: it is shown this once");
    Ok(())
}

async fn revoke(context: &Context<'_>, reference: &str, session: Option<&str>) -> anyhow::Result<()> {
    let path = path(context, session).await?;
    let tokens: SessionTokenList = context.client.get(&path, &[]).await?.read()?;
    let token = tokens.items.into_iter().find(|token| token.name == reference || token.id.to_string() == reference);
    let token = token.ok_or_else(|| {
        Failure::new(format!("the session has no token `{reference}`")).hint("see them: `viva session token list`")
    })?;
    let answer = context.client.delete(&format!("{path}/{}", token.id), &[]).await?;
    if context.output.is_json() {
        context.output.json(if answer.text.trim().is_empty() { "{}" } else { &answer.text });
    } else {
        context.output.line(&format!("{} opens nothing any more", token.name));
    }
    Ok(())
}
