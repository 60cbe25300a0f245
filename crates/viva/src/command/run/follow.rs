//! A task followed to its end: progress on a terminal, patience with a server that starts again, Ctrl-C.

use std::time::Duration;

use jiff::Timestamp;
use protocol::task::{Task, TaskStatus};
use tokio::time::{Instant, sleep};

use super::{Ended, signals::Signals};
use crate::{
    client::ApiError,
    command::{Context, scores},
    failure::Failure,
    moment::{humane, seconds_until},
    output::RowsBar,
};

pub(super) const POLL: Duration = Duration::from_millis(400);
/// How long the server may be away, as it is while it starts again.
pub(super) const PATIENCE: Duration = Duration::from_secs(120);

/// How long after its end a task's scores are waited for.
const SUMMING: Duration = Duration::from_secs(30);

/// What became of a wish to cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cancel {
    No,
    Wanted,
    Sent,
}

/// Follows the task until it is over. The first Ctrl-C cancels it, the second leaves it.
///
/// # Errors
/// The server is away for long, refuses, or a second Ctrl-C came.
pub(super) async fn follow(context: &mut Context<'_>, begun: Task, signals: &mut Signals) -> anyhow::Result<Ended> {
    let (id, path) = (begun.id, format!("/api/v1/tasks/{}", begun.id));
    let bar = RowsBar::new(context.output);
    show(&bar, &begun, Cancel::No);
    let (mut cancel, mut lost_at) = (Cancel::No, None::<Instant>);
    loop {
        if cancel == Cancel::Wanted && context.client.post(&format!("{path}/cancel"), None).await.is_ok() {
            cancel = Cancel::Sent;
        }
        match context.client.get(&path, &[]).await {
            Ok(answer) => {
                lost_at = None;
                let task: Task = answer.read()?;
                show(&bar, &task, cancel);
                if task.status.is_over() && is_summed(&task, Timestamp::now()) {
                    return Ok(Ended { task, answer });
                }
            }
            Err(error) if may_come_back(&error) => {
                let lost_at = *lost_at.get_or_insert_with(Instant::now);
                if lost_at.elapsed() > PATIENCE {
                    let hint = format!("the task goes on once it is back: `viva run --resume {id}` follows it");
                    return Err(error.context(Failure::new("the server went away").hint(hint)));
                }
                bar.say("the server does not answer; trying again");
                context.relocate();
            }
            Err(error) => return Err(error),
        }
        tokio::select! {
            () = sleep(POLL) => {}
            () = signals.next() => match cancel {
                Cancel::No => {
                    cancel = Cancel::Wanted;
                    bar.above(context.output, "Cancelling the task: what is done stays. Ctrl-C once more leaves at once.");
                }
                Cancel::Wanted | Cancel::Sent => {
                    let failure = Failure::new("left before the task's end was seen");
                    return Err(failure.hint(format!("see where it stands: `viva task show {id}`")).into());
                }
            },
        }
    }
}

/// Whether no more scores are to be waited for. One that was cut is summed up a moment later.
fn is_summed(task: &Task, now: Timestamp) -> bool {
    let is_fresh = task.finished_at.is_some_and(|at| now.duration_since(at).unsigned_abs() < SUMMING);
    task.scoring.is_empty() || !task.scores.is_empty() || !is_fresh
}

/// Whether the server may only be away for a while.
pub(super) fn may_come_back(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ApiError>().is_some_and(|error| error.is_unreachable() || error.may_pass())
}

fn show(bar: &RowsBar, task: &Task, cancel: Cancel) {
    let progress = &task.progress;
    bar.show(progress.rows - progress.left, progress.rows, &words(task, cancel, Timestamp::now()));
}

/// `3 failed · 412 tokens/s · 14s left · exact 0.835`
fn words(task: &Task, cancel: Cancel, now: Timestamp) -> String {
    let progress = &task.progress;
    let mut words = Vec::new();
    words.extend((cancel != Cancel::No).then(|| "cancelling".to_owned()));
    words.extend((task.status == TaskStatus::Queued).then(|| "waiting for its turn".to_owned()));
    words.extend((progress.failed > 0).then(|| format!("{} failed", progress.failed)));
    words.extend((progress.invalid > 0).then(|| format!("{} invalid", progress.invalid)));
    words.extend(progress.tokens_per_second.map(|speed| format!("{speed:.0} tokens/s")));
    words.extend(progress.ends_at.map(|at| format!("{} left", humane(seconds_until(at, now)))));
    words.extend(Some(scores::phrase(&task.scores)).filter(|scores| !scores.is_empty()));
    words.join(" · ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::task::sample;

    #[test]
    fn the_words_beside_the_bar_tell_what_is_known() {
        let now: Timestamp = "2030-01-01T12:00:00Z".parse().unwrap();
        let mut task = sample::task();
        task.status = TaskStatus::Running;
        task.progress.tokens_per_second = Some(411.6);
        task.progress.ends_at = Some("2030-01-01T12:00:14Z".parse().unwrap());
        let told = words(&task, Cancel::No, now);
        assert_eq!(told, "1 failed · 1 invalid · 412 tokens/s · 14s left · exact 0.835");
        assert!(words(&task, Cancel::Sent, now).starts_with("cancelling · "));
    }
}
