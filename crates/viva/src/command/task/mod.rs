//! `viva task …`.

mod export;
mod rows;
#[cfg(test)]
pub(super) mod sample;
mod view;

use jiff::Timestamp;
use protocol::{
    TaskId,
    task::{Task, TaskReceipt},
};

use super::{
    Context, confirm_deletion,
    figures::counted,
    find::{begins, session_path},
    list::{List, list_all},
};
use crate::{
    cli::TaskCommand,
    failure::Failure,
    output::{Paint, clean},
};
pub(super) use export::{Export, export, format_of};
pub(super) use view::{prompt, table, why_table};

pub(super) async fn run(command: TaskCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        TaskCommand::List { session, amount } => list(context, session.as_deref(), amount.most()).await,
        TaskCommand::Show { task } => show(context, &task).await,
        TaskCommand::Rows(args) => rows::run(&args, context).await,
        TaskCommand::Cancel { task } => cancel(context, &task).await,
        TaskCommand::Delete { task, confirm } => delete(context, &task, confirm.as_deref()).await,
        TaskCommand::Export { task, format, output, force } => {
            let wanted = Export::from_flags(format, output.as_deref(), force);
            let task = find_task(context, &task).await?;
            export::print(context, task.id, &wanted).await
        }
    }
}

/// The task that is named by its id, the beginning of its id, or its name.
///
/// # Errors
/// None or several are meant.
pub(super) async fn find_task(context: &Context<'_>, reference: &str) -> anyhow::Result<Task> {
    let id = match reference.parse::<TaskId>() {
        Ok(id) => id,
        Err(_) => choose(&list_all(context, "/api/v1/tasks").await?, reference)?,
    };
    context.client.get(&path(id), &[]).await?.read()
}

fn path(id: TaskId) -> String {
    format!("/api/v1/tasks/{id}")
}

fn choose(tasks: &[Task], reference: &str) -> anyhow::Result<TaskId> {
    let reference = reference.trim();
    let named: Vec<&Task> = tasks.iter().filter(|task| task.name == reference).collect();
    let by_id = || tasks.iter().filter(|task| begins(&task.id.to_string(), TaskId::PREFIX, reference)).collect();
    let found: Vec<&Task> = if named.is_empty() { by_id() } else { named };
    match found.as_slice() {
        [task] => Ok(task.id),
        [] => Err(Failure::new(format!("there is no task `{reference}`")).hint("see them: `viva task list`").into()),
        several => {
            let ids: Vec<String> = several.iter().take(5).map(|task| task.id.to_string()).collect();
            Err(Failure::new(format!("`{reference}` could mean {} tasks", several.len()))
                .hint(format!("name it by its id, the newest first: {}", ids.join(", ")))
                .into())
        }
    }
}

async fn list(context: &Context<'_>, session: Option<&str>, most: usize) -> anyhow::Result<()> {
    let path = match session {
        Some(session) => format!("{}/tasks", session_path(context, session).await?),
        None => "/api/v1/tasks".to_owned(),
    };
    let list = List::read(context, &path, &[], most).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&list.json());
        return Ok(());
    }
    let page = list.page::<Task>()?;
    if page.items.is_empty() {
        output.line("No tasks.");
        output.next("run one", "viva run FILE");
        return Ok(());
    }
    output.write(&view::table(&page.items).render(output.style(), output.width()));
    if page.next_cursor.is_some() {
        let shown = counted(page.items.len() as u64, "task");
        let foot = format!("The newest {shown}; there are more: --all, --limit, --session.");
        output.line(&output.style().paint(Paint::Dim, &foot));
    }
    Ok(())
}

async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let task = find_task(context, reference).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&context.client.get(&path(task.id), &[]).await?.text);
        return Ok(());
    }
    output.write(&view::page(&task, Timestamp::now(), output.style(), output.width()));
    Ok(())
}

async fn cancel(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let before = find_task(context, reference).await?;
    let answer = context.client.post(&format!("{}/cancel", path(before.id)), None).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let task: Task = answer.read()?;
    if before.status.is_over() {
        output.line(&format!("{} is {} already", clean(&task.name), task.status.as_str()));
        return Ok(());
    }
    output.line(&format!("{} is being cut; what is done stays", clean(&task.name)));
    output.next("go on with it", &format!("viva run --resume {}", task.id));
    Ok(())
}

async fn delete(context: &Context<'_>, reference: &str, confirm: Option<&str>) -> anyhow::Result<()> {
    let task = find_task(context, reference).await?;
    let what = format!("the task {} with its {}", clean(&task.name), counted(task.progress.rows, "row"));
    confirm_deletion(context.output, confirm, &what)?;
    let answer = context.client.delete(&path(task.id), &[("confirm", "delete".into())]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let receipt: TaskReceipt = answer.read()?;
    context.output.line(&format!(
        "{} deleted: {}, {}",
        clean(&task.name),
        counted(receipt.rows, "row"),
        counted(receipt.completions, "completion")
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_task_is_found_by_name_and_by_the_beginning_of_its_id() {
        let (mut first, second) = (sample::task(), sample::task());
        first.id = TaskId::generate();
        first.name = "mine".into();
        let tasks = [first.clone(), second.clone()];
        let id = second.id.to_string();
        for reference in [second.name.as_str(), id.as_str(), &id[..30]] {
            assert_eq!(choose(&tasks, reference).unwrap(), second.id, "{reference}");
        }
        assert_eq!(choose(&tasks, "mine").unwrap(), first.id);
        assert!(choose(&tasks, "nobody").unwrap_err().to_string().contains("`nobody`"));
        let twins = [second.clone(), Task { id: first.id, ..second }];
        assert!(choose(&twins, "sums").unwrap_err().to_string().contains("could mean 2 tasks"));
    }
}
