//! `viva run`: a set of prompts over a session, followed to its end, summed up and held against what is required.
//!
//! Owns the session that it opens for the run. The task belongs to the server: it goes on whatever becomes of this
//! process.

mod follow;
mod input;
pub(super) mod job;
mod place;
mod signals;
pub(super) mod since;
mod summary;

use protocol::{
    scoring::Scoring,
    task::{CreateTask, Task, TaskInput, TaskStatus},
};
use serde_json::json;

use tokio::time::{Instant, sleep};

use self::{
    follow::{PATIENCE, POLL, may_come_back},
    job::{Goal, Job, Rows},
    place::Place,
    signals::Signals,
};
use super::{
    Context,
    download::Existing,
    file::upload,
    task::{Export, export, find_task},
    test_set::find_test_set,
};
use crate::{
    cli::RunArgs,
    client::{Answer, ApiError, request_key},
    failure::Failure,
};

/// A task that is over, with the text of the API.
struct Ended {
    task: Task,
    answer: Answer,
}

pub(super) async fn run(args: &RunArgs, mut context: Context<'_>) -> anyhow::Result<()> {
    // Whatever can be found wrong here is, before a session is opened.
    let goal = Goal::check(&args.goal)?;
    let work = Work::check(args, &context).await?;
    goal.check_names(work.scoring())?;
    let mut signals = Signals::new()?;
    let ended = match work {
        // It is over, or under way: it needs no session.
        Work::Known(task) => follow::follow(&mut context, *task, &mut signals).await?,
        Work::New(_) | Work::Cut(_) => {
            let mut place = Place::find(&args.place, &context).await?;
            let ended = execute(&work, &mut place, &mut context, &mut signals).await;
            place.close(&context, &mut signals).await;
            ended?
        }
    };
    let since = since::find(&context, &ended.task).await?;
    if context.output.is_json() {
        let told = since.as_ref().map(|since| since.within(&ended.answer)).transpose()?;
        context.output.json(told.as_ref().unwrap_or(&ended.answer.text));
    } else {
        summary::print(&context, &ended.task, &goal).await?;
        if let Some(since) = &since {
            since.print(&context).await?;
        }
    }
    if let Some((file, format)) = &goal.output {
        let written = Export { format: *format, file: Some(file), existing: Existing::from_flag(args.goal.force) };
        export(&context, ended.task.id, &written).await?;
    }
    goal.judge(&ended.task)
}

/// What is to be run.
enum Work {
    New(Box<Job>),
    /// A task to go on with.
    Cut(Box<Task>),
    /// A task to follow as it is.
    Known(Box<Task>),
}

impl Work {
    async fn check(args: &RunArgs, context: &Context<'_>) -> anyhow::Result<Self> {
        let reference = match (&args.file, &args.test_set, &args.resume) {
            (Some(file), ..) => return Ok(Self::New(Box::new(Job::check(args, file)?))),
            (None, Some(set), _) => {
                let set = find_test_set(context, set).await?;
                return Ok(Self::New(Box::new(Job::of_test_set(&args.asked, &set)?)));
            }
            (None, None, Some(reference)) => reference,
            (None, None, None) => return Err(Failure::usage("name a file, a test set, or a task to resume").into()),
        };
        let task = find_task(context, reference).await?;
        match (task.status, task.resumed_by) {
            (TaskStatus::Cut, None) => Ok(Self::Cut(Box::new(task))),
            (TaskStatus::Cut, Some(next)) => Err(Failure::new("another task goes on with this one already")
                .hint(format!("go on with that: `viva run --resume {next}`"))
                .into()),
            _ => Ok(Self::Known(Box::new(task))),
        }
    }

    fn scoring(&self) -> &[Scoring] {
        match self {
            Self::New(job) => &job.request.scoring,
            Self::Cut(task) | Self::Known(task) => &task.scoring,
        }
    }
}

/// Makes the task and follows it to its end.
async fn execute(
    work: &Work,
    place: &mut Place,
    context: &mut Context<'_>,
    signals: &mut Signals,
) -> anyhow::Result<Ended> {
    let input = tokio::select! {
        prepared = prepare(work, place, context) => prepared?,
        () = signals.next() => return Err(Failure::new("interrupted before the task began").into()),
    };
    // Not broken off: whether the task was made would not be known.
    let begun = begin(work, place, (context, signals), input).await?;
    follow::follow(context, begun, signals).await
}

async fn prepare(work: &Work, place: &mut Place, context: &Context<'_>) -> anyhow::Result<TaskInput> {
    place.wait(context).await?;
    match work {
        Work::New(job) => send_input(job, &place.path, context).await,
        Work::Cut(_) | Work::Known(_) => Ok(TaskInput::default()),
    }
}

/// Makes the task, once alone however often a connection breaks.
async fn begin(
    work: &Work,
    place: &Place,
    (context, signals): (&mut Context<'_>, &mut Signals),
    input: TaskInput,
) -> anyhow::Result<Task> {
    let (path, body) = match work {
        Work::New(job) => {
            let request = CreateTask { input, ..job.request.clone() };
            (format!("{}/tasks", place.path), serde_json::to_value(request)?)
        }
        Work::Cut(task) | Work::Known(task) => {
            let session = place.id(context).await?;
            (format!("/api/v1/tasks/{}/resume", task.id), json!({ "session": session }))
        }
    };
    let (key, mut lost_at) = (request_key(), None::<Instant>);
    loop {
        let error = match context.client.post_as(&key, &path, Some(&body)).await {
            Ok(answer) => return answer.read(),
            Err(error) => error,
        };
        // The request whose answer was lost has made the task that goes on.
        if let (Work::Cut(task), Some(_), Some(api)) = (work, lost_at, error.downcast_ref::<ApiError>())
            && api.code() == "task_not_cut"
            && let Some(next) = find_task(context, &task.id.to_string()).await?.resumed_by
        {
            return find_task(context, &next.to_string()).await;
        }
        if !may_come_back(&error) || lost_at.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
            return Err(error);
        }
        tokio::select! {
            () = sleep(POLL) => context.relocate(),
            () = signals.next() => return Err(error.context("interrupted while the server was away")),
        }
    }
}

/// What is small goes with the request; else it becomes a file of the session.
async fn send_input(job: &Job, session: &str, context: &Context<'_>) -> anyhow::Result<TaskInput> {
    let input = match &job.rows {
        Rows::Read(input) => input,
        Rows::TestSet(id) => return Ok(TaskInput { test_set: Some(*id), ..TaskInput::default() }),
    };
    let format = Some(input.format);
    if let Some(text) = input.text()? {
        return Ok(TaskInput { text: Some(text), format, ..TaskInput::default() });
    }
    let (file, _) = upload(context, session, input.file()?, &input.name).await?;
    Ok(TaskInput { file: Some(file.id.to_string()), format, ..TaskInput::default() })
}
