//! What a run came to, for people.

use protocol::{
    session::Page,
    task::{RowState, Task, TaskRow},
};

use super::job::Goal;
use crate::command::scores::figure;
use crate::{
    command::{Context, figures::counted, scores, task::why_table},
    output::{Paint, clean},
};

/// Rows without an answer that are told here.
const TOLD: usize = 10;

pub(super) async fn print(context: &Context<'_>, task: &Task, goal: &Goal) -> anyhow::Result<()> {
    let output = context.output;
    let (style, width) = (output.style(), output.width());
    output.line(&format!("{} {} ({})", style.paint(Paint::Bold, &clean(&task.name)), outcome(task), task.id));
    if !task.scores.is_empty() {
        output.write(&format!("\n{}", scores::table(&task.scores).render(style, width)));
    }
    let unanswered = task.progress.failed + task.progress.invalid;
    if unanswered > 0 {
        let rows = unanswered_rows(context, task).await?;
        output.write(&format!("\n{}", why_table(&rows).render(style, width)));
        let more = unanswered.saturating_sub(rows.len() as u64);
        if more > 0 {
            output.line(&format!("… and {more} more: viva task rows {} --failed", task.id));
        }
    }
    let judgements = goal.judgements(task);
    if !judgements.is_empty() {
        output.line("");
    }
    for (requirement, judgement) in judgements {
        use scoring::Judgement;
        let (sign, paint) = if judgement.is_met() { ("✓", Paint::Green) } else { ("✗", Paint::Red) };
        let score = match judgement {
            Judgement::Met { score } | Judgement::Unmet { score: Some(score) } => figure(score),
            Judgement::Unmet { score: None } => "nothing was scored".into(),
        };
        output.line(&format!("{} {requirement}: {score}", style.paint(paint, sign)));
    }
    Ok(())
}

/// `done in 12s: 198 of 200 rows answered, 1 failed, 1 invalid, 1.2k + 5.6k tokens`
fn outcome(task: &Task) -> String {
    use crate::command::figures::count;
    let progress = &task.progress;
    let seconds = task.started_at.zip(task.finished_at).map(|(start, end)| end.duration_since(start).as_secs_f64());
    let time = seconds.map(|seconds| format!(" in {}", crate::command::figures::milliseconds(seconds * 1000.0)));
    let mut parts = vec![format!("{} of {} answered", progress.done, counted(progress.rows, "row"))];
    parts.extend((progress.failed > 0).then(|| format!("{} failed", progress.failed)));
    parts.extend((progress.invalid > 0).then(|| format!("{} invalid", progress.invalid)));
    parts.extend((progress.left > 0).then(|| format!("{} left", progress.left)));
    parts.push(format!("{} + {} tokens", count(task.usage.prompt_tokens), count(task.usage.completion_tokens)));
    format!("{}{}: {}", task.status.as_str(), time.unwrap_or_default(), parts.join(", "))
}

/// The first rows that failed or are none, in the order of the input.
async fn unanswered_rows(context: &Context<'_>, task: &Task) -> anyhow::Result<Vec<TaskRow>> {
    let mut rows = Vec::new();
    for state in [RowState::Failed, RowState::Invalid] {
        let query = [("state", state.as_str().to_owned()), ("limit", TOLD.to_string())];
        let answer = context.client.get(&format!("/api/v1/tasks/{}/rows", task.id), &query).await?;
        rows.extend(answer.read::<Page<TaskRow>>()?.items);
    }
    rows.sort_by_key(|row| row.number);
    rows.truncate(TOLD);
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::task::sample;

    #[test]
    fn the_outcome_is_told_in_figures() {
        let told = outcome(&sample::task());
        assert_eq!(told, "done in 12.0 s: 198 of 200 rows answered, 1 failed, 1 invalid, 1200 + 5600 tokens");
    }
}
