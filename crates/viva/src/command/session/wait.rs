//! Waiting for a session to run or to end, with the phases shown.

use std::time::Duration;

use protocol::session::{Phase, Session, Status};

use super::view::{phase_text, why};
use crate::{
    client::{Answer, ApiError},
    command::Context,
    failure::Failure,
    output::Waiting,
};

const POLL: Duration = Duration::from_millis(200);
/// How long the server may be away, as it is while it starts again.
const PATIENCE: u32 = 50;

/// Waits until the session is Running; answers it as the API last gave it.
///
/// # Errors
/// It ended instead, with its reason; or the server went away.
pub(super) async fn until_running(context: &Context<'_>, path: &str) -> anyhow::Result<(Session, Answer)> {
    let waiting = Waiting::new(context.output);
    loop {
        let (session, answer) = read(context, path).await?;
        match session.status {
            Status::Running => return Ok((session, answer)),
            Status::Initializing => waiting.show(describe(&session), session.progress),
            Status::Failed | Status::Stopped => {
                waiting.end();
                return Err(ended(&session));
            }
        }
        tokio::time::sleep(POLL).await;
    }
}

/// As [`until_running`], of a session that is at hand.
pub(in crate::command) async fn wait_until_running(
    context: &Context<'_>,
    session: &Session,
) -> anyhow::Result<Session> {
    Ok(until_running(context, &format!("/api/v1/sessions/{}", session.id)).await?.0)
}

/// As [`until_ended`], of a session that is at hand.
pub(in crate::command) async fn wait_until_ended(context: &Context<'_>, session: &Session) -> anyhow::Result<Session> {
    Ok(until_ended(context, &format!("/api/v1/sessions/{}", session.id)).await?.0)
}

/// Waits until the session has ended.
///
/// # Errors
/// The server went away.
pub(super) async fn until_ended(context: &Context<'_>, path: &str) -> anyhow::Result<(Session, Answer)> {
    let waiting = Waiting::new(context.output);
    loop {
        let (session, answer) = read(context, path).await?;
        if session.phase == Phase::Ended {
            return Ok((session, answer));
        }
        waiting.show(format!("{} is stopping: running requests have their grace", session.name), None);
        tokio::time::sleep(POLL).await;
    }
}

async fn read(context: &Context<'_>, path: &str) -> anyhow::Result<(Session, Answer)> {
    let mut tries = 0;
    loop {
        match context.client.get(path, &[]).await {
            Ok(answer) => return Ok((answer.read()?, answer)),
            Err(error) if tries < PATIENCE && is_unreachable(&error) => tries += 1,
            Err(error) => return Err(error),
        }
        tokio::time::sleep(POLL).await;
    }
}

fn is_unreachable(error: &anyhow::Error) -> bool {
    error.downcast_ref::<ApiError>().is_some_and(ApiError::is_unreachable)
}

fn describe(session: &Session) -> String {
    let phase = match session.phase {
        // The bar shows the percentage.
        Phase::Loading => "loading the model".to_owned(),
        Phase::Queued => format!("waiting for a place: {}", phase_text(session)),
        Phase::Probing => "probing: the model answers for the first time".to_owned(),
        Phase::Preparing | Phase::Running | Phase::Draining | Phase::Ended => phase_text(session),
    };
    format!("{}: {phase}", session.name)
}

fn ended(session: &Session) -> anyhow::Error {
    let status = session.status.as_str();
    let message = match why(session) {
        Some(why) => format!("the session {status}: {why}"),
        None => format!("the session {status}"),
    };
    let hints = session.reason.as_ref().map(|reason| reason.details.hints.join(" ")).unwrap_or_default();
    let hint = format!("{hints} See `viva session show {}`.", session.id);
    Failure::new(message).hint(hint.trim()).into()
}
