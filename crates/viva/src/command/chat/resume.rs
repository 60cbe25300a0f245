//! Where a stored conversation is gone on from.

use protocol::{
    completion::{Completion, CompletionStatus, Conversation, FinishReason},
    session::Session,
};

use super::Context;
use crate::{command::list::List, failure::Failure};

/// Completions that are looked at: the newest may have broken, or be under way.
const LOOK_BACK: usize = 50;

/// The newest answer of a conversation, of the newest one if none is named.
///
/// # Errors
/// There is no such conversation, or nothing of it was answered.
pub(super) async fn newest(
    context: &Context<'_>,
    session: &Session,
    conversation: Option<&str>,
) -> anyhow::Result<Completion> {
    let path = format!("/api/v1/sessions/{}", session.id);
    let id = match conversation {
        Some(id) => id.to_owned(),
        None => {
            let page = List::read(context, &format!("{path}/conversations"), &[], 1).await?.page::<Conversation>()?;
            page.items.into_iter().next().map(|newest| newest.id).ok_or_else(|| {
                Failure::new(format!("{} has no conversation yet", session.name))
                    .hint(format!("begin one: `viva chat {}`", session.id))
            })?
        }
    };
    let query = [("conversation", id.clone())];
    let page = List::read(context, &format!("{path}/completions"), &query, LOOK_BACK).await?.page::<Completion>()?;
    if page.items.is_empty() {
        return Err(Failure::new(format!("{} has no conversation `{id}`", session.name))
            .hint(format!("the API lists them: GET {path}/conversations"))
            .into());
    }
    page.items.into_iter().find(is_answered).ok_or_else(|| {
        Failure::new("nothing of this conversation was answered").hint("begin another: `viva chat`").into()
    })
}

fn is_answered(completion: &Completion) -> bool {
    completion.status != CompletionStatus::Running
        && completion.finish_reason != Some(FinishReason::Error)
        && !completion.response.is_empty()
}
