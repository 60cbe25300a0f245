//! `viva quota …`.

use protocol::quota::{QuotaKind, QuotaSource, Quotas};
use serde_json::{Map, Value};

use super::user::{find, path};
use crate::{
    cli::QuotaCommand,
    command::{Context, figures::bytes},
    moment::humane,
    output::{Align, Cell, Column, Paint, Table},
};

pub(in crate::command) async fn run(command: QuotaCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        QuotaCommand::Show { user, all } => {
            let path = match user {
                Some(user) => of_user(context, &user).await?,
                None if all => "/api/v1/machine/quotas".to_owned(),
                None => "/api/v1/quotas".to_owned(),
            };
            let answer = context.client.get(&path, &[]).await?;
            show(context, &answer.text, answer.read()?);
        }
        QuotaCommand::Set { quotas, user, all: _ } => {
            let path = match user {
                Some(user) => of_user(context, &user).await?,
                None => "/api/v1/machine/quotas".to_owned(),
            };
            let body: Map<String, Value> = quotas.into_iter().map(|(kind, most)| (kind, most.into())).collect();
            let answer = context.client.patch(&path, &Value::Object(body)).await?;
            show(context, &answer.text, answer.read()?);
        }
    }
    Ok(())
}

async fn of_user(context: &Context<'_>, user: &str) -> anyhow::Result<String> {
    Ok(format!("{}/quotas", path(find(context, user).await?.id)))
}

fn show(context: &Context<'_>, json: &str, quotas: Quotas) {
    if context.output.is_json() {
        context.output.json(json);
        return;
    }
    let mut table = Table::new([
        Column::new("QUOTA"),
        Column::new("USED").align(Align::Right),
        Column::new("LIMIT").align(Align::Right),
        Column::new("FROM").optional(1),
    ]);
    for figure in &quotas.items {
        let told = |value: u64| match figure.kind {
            QuotaKind::StorageBytes => bytes(value),
            QuotaKind::SessionSeconds => humane(value),
            QuotaKind::Sessions | QuotaKind::Live | QuotaKind::TokensPerDay | QuotaKind::RequestsPerMinute => {
                value.to_string()
            }
        };
        let is_reached = figure.used.zip(figure.limit).is_some_and(|(used, limit)| used >= limit);
        let used = figure.used.map_or_else(|| "–".to_owned(), told);
        table.row([
            Cell::new(figure.kind.as_str()),
            if is_reached { Cell::painted(used, Paint::Yellow) } else { Cell::new(used) },
            Cell::new(figure.limit.map_or_else(|| "none".to_owned(), told)),
            Cell::new(match figure.source {
                QuotaSource::Configuration => "configuration",
                QuotaSource::Set => "set",
            }),
        ]);
    }
    context.output.write(&table.render(context.output.style(), context.output.width()));
}
