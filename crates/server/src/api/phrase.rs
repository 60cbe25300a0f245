//! Has a running session phrase an answer of the documentation, where the operator names one.
//!
//! It costs the session an interaction and the machine its time: who sends no token gets the documentation's own words.

use std::{sync::Arc, time::Duration};

use bytes::Bytes;
use docs::DocsGiven;
use protocol::{SessionId, docs::DocsAnswer};
use serde_json::json;
use tokio::sync::mpsc;

use crate::{
    app::App,
    gateway::{
        answer,
        error::InferenceError,
        generation::READER_QUEUE,
        live::Live,
        request::{Incoming, Kind},
        start::{Reader, Source, find_open, start},
    },
};

/// How long a model may take; then the documentation's own words are given.
const PATIENCE: Duration = Duration::from_secs(30);
/// Tokens of an answer.
const MAX_TOKENS: u32 = 300;

/// The answer in the words of the session that the operator has named; as it was where there is none, or where nothing
/// of what it says stands in the excerpts.
pub(crate) async fn phrase(app: &Arc<App>, question: &str, answer: DocsAnswer) -> DocsAnswer {
    let Some(name) = app.config.docs.answer_with.as_deref().filter(|_| !answer.excerpts.is_empty()) else {
        return answer;
    };
    let given = DocsGiven::new(&answer);
    let asked = tokio::time::timeout(PATIENCE, ask(app, name, given.messages(question))).await;
    let phrased = match asked {
        Ok(Ok(phrased)) => given.checked(&phrased),
        Ok(Err(error)) => {
            tracing::warn!(session = name, error = error.message, "the session did not phrase an answer");
            None
        }
        Err(_) => {
            tracing::warn!(session = name, "the session took too long to phrase an answer");
            None
        }
    };
    match phrased {
        Some(text) => DocsAnswer { answer: text, ..answer },
        None => answer,
    }
}

async fn ask(app: &Arc<App>, name: &str, [task, text]: [String; 2]) -> Result<String, InferenceError> {
    let live = find(app, name).await?;
    let body = json!({
        "model": live.model.name,
        "messages": [{"role": "system", "content": task}, {"role": "user", "content": text}],
        "max_tokens": MAX_TOKENS,
        "temperature": 0,
    });
    let request = Incoming::read(Kind::Chat, Bytes::from(body.to_string()))?.check(&live)?;
    let (sender, receiver) = mpsc::channel(READER_QUEUE);
    let exchange = start(app, &live, request, Source::api(), Reader::Whole(sender)).await?;
    answer::wait_end(receiver).await?;
    Ok(exchange.transcript().response().to_owned())
}

/// The owner's session of this id or name.
async fn find(app: &Arc<App>, name: &str) -> Result<Arc<Live>, InferenceError> {
    if let Ok(id) = name.parse::<SessionId>() {
        return find_open(app, id).await;
    }
    for live in app.live.all() {
        let session = app.store.find_session(live.id).await.map_err(|error| app.storage_failed(&error))?;
        if session.is_some_and(|session| session.name == name && session.owner == app.owner) {
            return Ok(live);
        }
    }
    Err(InferenceError::new(protocol::ErrorCode::NotFound, "no session of this name is running"))
}
