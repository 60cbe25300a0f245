//! `viva model …`.

mod add;
mod view;

use protocol::model::Model;

use super::{
    Context,
    find::model_path,
    list::{List, list_all},
};
use crate::{cli::ModelCommand, failure::Failure};

pub(super) async fn run(command: ModelCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        ModelCommand::Add(args) => add::run(&args, context).await,
        ModelCommand::List { scope, q } => {
            let mut query = Vec::new();
            query.extend(scope.map(|scope| ("scope", scope.as_str().to_owned())));
            query.extend(q.map(|q| ("q", q)));
            list(context, &query).await
        }
        ModelCommand::Show { model } => show(context, &model).await,
        ModelCommand::Remove { model, yes } => remove(context, &model, yes).await,
    }
}

async fn list(context: &Context<'_>, query: &[(&str, String)]) -> anyhow::Result<()> {
    let models = List::read(context, "/api/v1/models", query, usize::MAX).await?;
    if context.output.is_json() {
        context.output.json(&models.json());
        return Ok(());
    }
    let page = models.page::<Model>()?;
    if page.items.is_empty() {
        context.output.line("No models.");
        context.output.next("add one", "viva model add FILE.gguf");
        return Ok(());
    }
    context.output.write(&view::table(&page.items).render(context.output.style(), context.output.width()));
    Ok(())
}

async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let path = model_path(context, reference).await?;
    let answer = context.client.get(&path, &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    context.output.write(&view::page(&answer.read()?, context.output.style()));
    Ok(())
}

async fn remove(context: &Context<'_>, reference: &str, yes: bool) -> anyhow::Result<()> {
    let models: Vec<Model> = list_all(context, "/api/v1/models").await?;
    let path = model_path(context, reference).await?;
    let id = path.rsplit('/').next().unwrap_or_default();
    let name = models
        .iter()
        .find(|model| model.id.to_string() == id)
        .map_or_else(|| reference.to_owned(), |model| format!("{}:{}", model.name, model.version));
    let output = context.output;
    if !yes {
        if !output.is_interactive() || output.is_json() {
            return Err(Failure::usage(format!("removing {name} needs a confirmation")).hint("add `--yes`").into());
        }
        let answer = output.ask(&format!("Remove {name} and its file? [y/N]")).unwrap_or_default();
        if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::new("nothing was removed").into());
        }
    }
    let answer = context.client.delete(&path, &[]).await?;
    if output.is_json() {
        output.json(if answer.text.trim().is_empty() { "{}" } else { &answer.text });
    } else {
        output.line(&format!("{name} removed"));
    }
    Ok(())
}
