//! `viva test-set …`.

#[cfg(test)]
mod sample;
mod view;

use protocol::{
    TestSetId,
    test_set::{CreateTestCase, CreateTestSet, TestCase, TestRun, TestSet},
};
use serde_json::{Value, json};

use super::{
    Context, confirm_deletion,
    figures::counted,
    find::{begins, completion_path},
    list::{List, list_all},
    run::{self, job::run_of_next, since},
};
use crate::{
    cli::{AddCaseArgs, CreateSetArgs, RunArgs, RunSetArgs, TestSetCommand},
    failure::Failure,
    output::clean,
};

pub(super) async fn run(command: TestSetCommand, context: Context<'_>) -> anyhow::Result<()> {
    match command {
        TestSetCommand::List => list(&context).await,
        TestSetCommand::Show { set } => show(&context, &set).await,
        TestSetCommand::Create(args) => create(&context, args).await,
        TestSetCommand::Add(args) => add(&context, args).await,
        TestSetCommand::Remove { set, cases, confirm } => remove(&context, &set, &cases, confirm.as_deref()).await,
        TestSetCommand::Run(args) if args.next.is_some() || args.no_next => set_next(&context, &args).await,
        TestSetCommand::Run(args) => run::run(&RunArgs::from(*args), context).await,
    }
}

fn path(id: TestSetId) -> String {
    format!("/api/v1/test-sets/{id}")
}

/// The test set that is named by its id, the beginning of its id, or its name.
///
/// # Errors
/// None or several are meant.
pub(super) async fn find_test_set(context: &Context<'_>, reference: &str) -> anyhow::Result<TestSet> {
    let id = match reference.parse::<TestSetId>() {
        Ok(id) => id,
        Err(_) => choose(&list_all(context, "/api/v1/test-sets").await?, reference)?,
    };
    context.client.get(&path(id), &[]).await?.read()
}

fn choose(sets: &[TestSet], reference: &str) -> anyhow::Result<TestSetId> {
    let reference = reference.trim();
    if let Some(set) = sets.iter().find(|set| set.name == reference) {
        return Ok(set.id);
    }
    let by_id = |set: &&TestSet| begins(&set.id.to_string(), TestSetId::PREFIX, reference);
    match sets.iter().filter(by_id).collect::<Vec<_>>().as_slice() {
        [set] => Ok(set.id),
        [] => Err(Failure::new(format!("there is no test set `{reference}`"))
            .hint("see them: `viva test-set list`")
            .into()),
        several => {
            let names: Vec<String> = several.iter().map(|set| format!("{} ({})", set.id, set.name)).collect();
            Err(Failure::new(format!("`{reference}` is the beginning of {} ids", several.len()))
                .hint(format!("write more of it: {}", names.join(", ")))
                .into())
        }
    }
}

async fn list(context: &Context<'_>) -> anyhow::Result<()> {
    let list = List::read(context, "/api/v1/test-sets", &[], usize::MAX).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&list.json());
        return Ok(());
    }
    let sets = list.page::<TestSet>()?.items;
    if sets.is_empty() {
        output.line("No test sets.");
        output.next("create one", "viva test-set create NAME");
        return Ok(());
    }
    output.write(&view::table(&sets).render(output.style(), output.width()));
    Ok(())
}

async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let set = find_test_set(context, reference).await?;
    let cases: Vec<TestCase> = list_all(context, &format!("{}/cases", path(set.id))).await?;
    let last = set.runs.iter().find(|run| run.status.is_over() && run.resumed_by.is_none());
    let since = match last {
        Some(last) => since::find(context, last).await?,
        None => None,
    };
    let output = context.output;
    if output.is_json() {
        let mut told = serde_json::to_value(&set)?;
        told["items"] = serde_json::to_value(&cases)?;
        told["since"] = since.map(|since| since.json()).transpose()?.unwrap_or_default();
        output.json(&told.to_string());
        return Ok(());
    }
    output.write(&view::page(&set, &cases, output.style(), output.width()));
    match since {
        Some(since) => since.print(context).await,
        None => Ok(()),
    }
}

async fn create(context: &Context<'_>, args: CreateSetArgs) -> anyhow::Result<()> {
    let run =
        args.next.map(|model| TestRun { model, scoring: args.score, system: None, parameters: serde_json::Map::new() });
    let body = serde_json::to_value(CreateTestSet { name: args.name, run })?;
    let answer = context.client.post("/api/v1/test-sets", Some(&body)).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let set: TestSet = answer.read()?;
    output.line(&format!("{} created ({})", clean(&set.name), set.id));
    output.next("keep a case", &format!("viva test-set add {} --ask TEXT --expected TEXT", set.id));
    Ok(())
}

async fn add(context: &Context<'_>, args: AddCaseArgs) -> anyhow::Result<()> {
    let set = find_test_set(context, &args.set).await?;
    let completion = match &args.completion {
        Some(reference) => {
            let path = completion_path(context, reference).await?;
            Some(path.rsplit('/').next().unwrap_or_default().parse()?)
        }
        None => None,
    };
    let message = |role: &str, text: String| json!({"role": role, "content": text});
    let messages = args.ask.map(|question| {
        let system = args.system.map(|text| message("system", text));
        system.into_iter().chain([message("user", question)]).collect::<Vec<Value>>()
    });
    let body = serde_json::to_value(CreateTestCase { completion, messages, expected: args.expected })?;
    let answer = context.client.post(&format!("{}/cases", path(set.id)), Some(&body)).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let case: TestCase = answer.read()?;
    let expected = case.expected.as_deref().map_or_else(|| "nothing".to_owned(), |text| format!("`{}`", clean(text)));
    output.line(&format!("kept as case {} of {}; it expects {expected}", case.number, clean(&set.name)));
    Ok(())
}

async fn remove(context: &Context<'_>, reference: &str, cases: &[u64], confirm: Option<&str>) -> anyhow::Result<()> {
    let set = find_test_set(context, reference).await?;
    let (name, output) = (clean(&set.name), context.output);
    let what = match cases {
        [] => format!("the test set {name} with its {}", counted(set.cases, "case")),
        [number] => format!("case {number} of {name}"),
        several => format!("{} of {name}", counted(several.len() as u64, "case")),
    };
    confirm_deletion(output, confirm, &what)?;
    for number in cases {
        context.client.delete(&format!("{}/cases/{number}", path(set.id)), &[]).await.map_err(|error| {
            error.context(Failure::new(format!("case {number} was not removed")).hint("see them: `viva test-set show`"))
        })?;
    }
    if cases.is_empty() {
        context.client.delete(&path(set.id), &[("confirm", "delete".into())]).await?;
    }
    if output.is_json() {
        output.json("{}");
    } else {
        output.line(&format!("{what} removed"));
    }
    Ok(())
}

/// Turns running by itself on or off.
async fn set_next(context: &Context<'_>, args: &RunSetArgs) -> anyhow::Result<()> {
    let set = find_test_set(context, &args.set_name).await?;
    let run = args.next.as_deref().map(|model| run_of_next(&args.asked, model, &set)).transpose()?;
    let answer = context.client.patch(&path(set.id), &json!({ "run": run })).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let set: TestSet = answer.read()?;
    match &set.run {
        Some(run) => output.line(&format!("{} {}", clean(&set.name), view::next_phrase(run))),
        None => output.line(&format!("{} runs by itself no more", clean(&set.name))),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_set_is_found_by_name_and_by_the_beginning_of_its_id() {
        let set = sample::test_set();
        let sets = [set.clone(), TestSet { id: TestSetId::generate(), name: "other".into(), ..set.clone() }];
        let id = set.id.to_string();
        for reference in ["sums", id.as_str(), &id[..20]] {
            assert_eq!(choose(&sets, reference).unwrap(), set.id, "{reference}");
        }
        assert!(choose(&sets, "nobody").unwrap_err().to_string().contains("`nobody`"));
        assert!(choose(&sets, "0").unwrap_err().to_string().contains("the beginning of 2 ids"));
    }
}
