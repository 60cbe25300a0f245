//! What got better and what got worse since a test set was run before.

use protocol::{
    TestSetId,
    task::{Comparisons, Task},
    test_set::TestSet,
};
use serde_json::{Map, Value};

use crate::{
    client::{Answer, ApiError},
    command::{Context, compare, scores::figure},
    moment::local,
    output::{Paint, clean},
};

/// Cases that are shown of what changed.
const SHOWN: u32 = 10;

/// A run of a test set against the one before.
pub(in crate::command) struct Since {
    before: Task,
    comparisons: Comparisons,
    /// As the API gives them.
    text: String,
}

/// The run against the last one before it that asked the same cases; none: there is no such, or it ran no test set.
///
/// # Errors
/// The server refuses or is not reached.
pub(in crate::command) async fn find(context: &Context<'_>, last: &Task) -> anyhow::Result<Option<Since>> {
    let Some(set) = last.input.test_set else { return Ok(None) };
    // The cases outlive their set: it may have been deleted meanwhile.
    let Some(set) = find_set(context, set).await? else { return Ok(None) };
    let Some(before) = before(&set.runs, last) else { return Ok(None) };
    let tasks = format!("{},{}", before.id, last.id);
    let answer = context.client.get("/api/v1/compare", &[("tasks", tasks)]).await?;
    Ok(Some(Since { before: before.clone(), comparisons: answer.read()?, text: answer.text }))
}

async fn find_set(context: &Context<'_>, id: TestSetId) -> anyhow::Result<Option<TestSet>> {
    match context.client.get(&format!("/api/v1/test-sets/{id}"), &[]).await {
        Ok(answer) => Ok(Some(answer.read()?)),
        Err(error) if error.downcast_ref::<ApiError>().is_some_and(ApiError::is_not_found) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The newest run before this one that is over and asked the same cases. One that is gone on with is a part of the other.
fn before<'a>(runs: &'a [Task], last: &Task) -> Option<&'a Task> {
    runs.iter().find(|run| {
        run.id < last.id
            && Some(run.id) != last.resumed_from
            && run.resumed_by.is_none()
            && run.status.is_over()
            && run.input.sha256 == last.input.sha256
    })
}

impl Since {
    /// The run's JSON with `since`: the comparison.
    ///
    /// # Errors
    /// One of them is no JSON.
    pub(in crate::command) fn within(&self, run: &Answer) -> anyhow::Result<String> {
        let mut told: Map<String, Value> = run.read()?;
        told.insert("since".to_owned(), self.json()?);
        Ok(Value::Object(told).to_string())
    }

    /// The comparison as JSON.
    pub(in crate::command) fn json(&self) -> anyhow::Result<Value> {
        Ok(serde_json::from_str(&self.text)?)
    }

    /// # Errors
    /// The rows cannot be read.
    pub(in crate::command) async fn print(&self, context: &Context<'_>) -> anyhow::Result<()> {
        let (output, style) = (context.output, context.output.style());
        output.line(&format!("\nSince the run before ({}, {}):", local(self.before.created_at), self.before.id));
        let mut is_told = false;
        for scoring in &self.comparisons.scorings {
            for pair in scoring.pairs.iter().map(|pair| &pair.comparison) {
                is_told = true;
                let difference = pair.difference.unwrap_or_default();
                let (better, worse) = (format!("{} better", pair.wins), format!("{} worse", pair.losses));
                let chance = pair.p_value.map(|p| format!(" (p {})", figure(p))).unwrap_or_default();
                output.line(&format!(
                    "  {} {difference:+.3}: {}, {}, {} the same{chance}",
                    style.paint(Paint::Bold, &clean(&scoring.name)),
                    if pair.wins > 0 { style.paint(Paint::Green, &better) } else { better },
                    if pair.losses > 0 { style.paint(Paint::Red, &worse) } else { worse },
                    pair.ties
                ));
            }
        }
        if !is_told {
            output.line("  the two have no score in common");
            return Ok(());
        }
        compare::print_differing(context, &self.comparisons, None, SHOWN).await
    }
}

#[cfg(test)]
mod tests {
    use protocol::{TaskId, task::TaskStatus};

    use super::*;
    use crate::command::task::sample;

    #[test]
    fn the_run_before_asked_the_same_cases_and_is_over() {
        let run = |status: TaskStatus, sha256: &str| {
            let mut task = sample::task();
            task.id = TaskId::generate();
            (task.status, task.input.sha256) = (status, sha256.to_owned());
            task
        };
        let oldest = run(TaskStatus::Done, "a");
        let other = run(TaskStatus::Done, "b");
        let running = run(TaskStatus::Running, "a");
        let last = run(TaskStatus::Done, "a");
        let later = run(TaskStatus::Done, "a");
        let runs = [later, last.clone(), running, other, oldest.clone()];
        assert_eq!(before(&runs, &last).map(|run| run.id), Some(oldest.id));
        assert_eq!(before(&runs, &oldest).map(|run| run.id), None);
        let part = Task { resumed_by: Some(last.id), ..oldest };
        assert!(before(&[last.clone(), part], &last).is_none());
    }
}
