//! Which session, model or completion a person means.

use protocol::{
    CompletionId, SessionId,
    completion::Completion,
    model::Model,
    session::{Session, Status},
};

use super::{Context, list::list_all};
use crate::failure::Failure;

pub(super) async fn list_sessions(context: &Context<'_>) -> anyhow::Result<Vec<Session>> {
    list_all(context, "/api/v1/sessions").await
}

/// The path of the session that is named by its id, the beginning of its id, or its name.
///
/// # Errors
/// None or several are meant.
pub(super) async fn session_path(context: &Context<'_>, reference: &str) -> anyhow::Result<String> {
    let id = match reference.parse::<SessionId>() {
        Ok(id) => id,
        Err(_) => choose_session(&list_sessions(context).await?, reference)?.id,
    };
    Ok(format!("/api/v1/sessions/{id}"))
}

/// The session among these.
pub(super) fn choose_session<'a>(sessions: &'a [Session], reference: &str) -> anyhow::Result<&'a Session> {
    let reference = reference.trim();
    if let Some(session) = sessions.iter().find(|session| session.name == reference) {
        return Ok(session);
    }
    let by_id: Vec<&Session> =
        sessions.iter().filter(|session| begins(&session.id.to_string(), SessionId::PREFIX, reference)).collect();
    match by_id.as_slice() {
        [session] => Ok(session),
        [] => {
            Err(Failure::new(format!("there is no session `{reference}`")).hint("see them: `viva session list`").into())
        }
        several => {
            let names: Vec<String> =
                several.iter().map(|session| format!("{} ({})", session.id, session.name)).collect();
            Err(Failure::new(format!("`{reference}` is the beginning of {} ids", several.len()))
                .hint(format!("write more of it: {}", names.join(", ")))
                .into())
        }
    }
}

/// Whether the id begins so, with or without its prefix.
pub(super) fn begins(id: &str, prefix: &str, reference: &str) -> bool {
    let digits = reference.strip_prefix(prefix).unwrap_or(reference);
    !digits.is_empty() && id.strip_prefix(prefix).is_some_and(|id| id.starts_with(digits))
}

/// The named session, else the newest one.
pub(super) async fn session_or_newest(context: &Context<'_>, reference: Option<&str>) -> anyhow::Result<String> {
    match reference {
        Some(reference) => session_path(context, reference).await,
        None => {
            let sessions = list_sessions(context).await?;
            let newest = sessions.first().ok_or_else(|| {
                Failure::new("there is no session yet").hint("create one: `viva session create --wait`")
            })?;
            Ok(format!("/api/v1/sessions/{}", newest.id))
        }
    }
}

/// The newest session that runs and is not stopping.
pub(super) fn newest_running(sessions: &[Session]) -> Option<&Session> {
    sessions.iter().find(|session| session.status == Status::Running && !session.stopping)
}

/// The path of the named session, else of the newest one that runs.
///
/// # Errors
/// None or several are meant.
pub(super) async fn session_or_newest_running(
    context: &Context<'_>,
    reference: Option<&str>,
) -> anyhow::Result<String> {
    let Some(reference) = reference else {
        let sessions = list_sessions(context).await?;
        let newest = newest_running(&sessions)
            .ok_or_else(|| Failure::new("no session is running").hint("create one: `viva session create --wait`"))?;
        return Ok(format!("/api/v1/sessions/{}", newest.id));
    };
    session_path(context, reference).await
}

/// The path of the model that is named by its id, name (the newest version), or name:version.
///
/// # Errors
/// There is none.
pub(super) async fn model_path(context: &Context<'_>, reference: &str) -> anyhow::Result<String> {
    let models: Vec<Model> = list_all(context, "/api/v1/models").await?;
    Ok(format!("/api/v1/models/{}", choose_model(&models, reference)?.id))
}

fn choose_model<'a>(models: &'a [Model], reference: &str) -> anyhow::Result<&'a Model> {
    let is = |model: &&Model| {
        model.id.to_string() == reference
            || model.name == reference
            || format!("{}:{}", model.name, model.version) == reference
    };
    models.iter().find(is).ok_or_else(|| {
        Failure::new(format!("there is no model `{reference}`")).hint("see them: `viva model list`").into()
    })
}

/// The path of the completion that is named by its id or the beginning of it.
///
/// # Errors
/// None or several are meant.
pub(super) async fn completion_path(context: &Context<'_>, reference: &str) -> anyhow::Result<String> {
    if let Ok(id) = reference.parse::<CompletionId>() {
        return Ok(format!("/api/v1/completions/{id}"));
    }
    let mut found: Vec<CompletionId> = Vec::new();
    for session in list_sessions(context).await? {
        let path = format!("/api/v1/sessions/{}/completions", session.id);
        let completions: Vec<Completion> = list_all(context, &path).await?;
        let ids = completions.iter().map(|completion| completion.id);
        found.extend(ids.filter(|id| begins(&id.to_string(), CompletionId::PREFIX, reference)));
    }
    match found.as_slice() {
        [id] => Ok(format!("/api/v1/completions/{id}")),
        [] => Err(Failure::new(format!("there is no completion `{reference}`"))
            .hint("see them: `viva history list`")
            .into()),
        several => Err(Failure::new(format!("`{reference}` is the beginning of {} ids", several.len()))
            .hint("write more of it; `viva history list --json` gives the ids in full")
            .into()),
    }
}

/// The least number of characters that tells these ids apart, at least 12.
pub(super) fn shown_length(ids: &[String]) -> usize {
    let mut sorted: Vec<&String> = ids.iter().collect();
    sorted.sort_unstable();
    let common = sorted.windows(2).map(|pair| match pair {
        [a, b] => a.chars().zip(b.chars()).take_while(|(a, b)| a == b).count() + 1,
        _ => 0,
    });
    common.fold(12, usize::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::session::sample;

    #[test]
    fn a_session_is_found_by_name_by_id_and_by_the_beginning_of_its_id() {
        let sessions = sample::sessions();
        let first = sessions.first().unwrap();
        let id = first.id.to_string();
        for reference in [first.name.as_str(), id.as_str(), &id[..14], &id["ses_".len()..]] {
            assert_eq!(choose_session(&sessions, reference).unwrap().id, first.id, "{reference}");
        }
        assert!(choose_session(&sessions, "ses_").unwrap_err().to_string().contains("no session"));
        assert!(choose_session(&sessions, "0").unwrap_err().to_string().contains("the beginning of"));
        assert!(choose_session(&sessions, "nobody").unwrap_err().to_string().contains("`nobody`"));
    }

    #[test]
    fn the_newest_running_session_is_one_that_is_not_stopping() {
        let mut sessions = sample::sessions();
        for session in &mut sessions {
            session.status = Status::Running;
            session.stopping = false;
        }
        assert_eq!(newest_running(&sessions).unwrap().id, sessions[0].id);
        sessions[0].stopping = true;
        assert_eq!(newest_running(&sessions).unwrap().id, sessions[1].id);
        assert!(newest_running(&[]).is_none());
    }

    #[test]
    fn ids_are_shown_long_enough_to_tell_them_apart() {
        let ids = ["ses_01234567890a", "ses_01234567890b", "ses_1"].map(str::to_owned);
        assert_eq!(shown_length(&ids), 16);
        assert_eq!(shown_length(&[]), 12);
    }
}
