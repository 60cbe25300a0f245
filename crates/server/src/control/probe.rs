//! The first question: a session is Running only once its model has answered it.

use std::sync::Arc;

use bytes::Bytes;
use domain::{Session, reason};
use protocol::session::{Reason, ReasonCode};
use serde_json::{Value, json};

use crate::{
    app::App,
    gateway::{request::Kind, runtime::RuntimeError},
    models,
};

/// Asks the model for one token: through its own chat template, or, where it has none, to go on with a text.
///
/// # Errors
/// The reason why there was no answer.
pub(crate) async fn ask(app: &Arc<App>, session: &Session) -> Result<(), Box<Reason>> {
    let kind = models::kind_of(app, session.model.id).await;
    let kind = kind.map_err(|error| failed(ReasonCode::ProbeFailed, &error.to_string()))?;
    let mut body = json!({"model": session.model.name, "max_tokens": 1, "temperature": 0, "stream": false});
    match kind {
        Kind::Chat => body["messages"] = json!([{"role": "user", "content": "Hi"}]),
        Kind::Text => body["prompt"] = json!("Hi"),
    }
    let answer = app.runtimes.ask(session.id, kind.path(), Bytes::from(body.to_string())).await;
    match answer {
        Ok(bytes) => {
            let body: Value = serde_json::from_slice(&bytes).unwrap_or_default();
            let tokens = body.pointer("/usage/completion_tokens").and_then(Value::as_u64);
            let has_choice = body.pointer("/choices/0").is_some();
            // A model may end its answer with the very first token: that is an answer, too.
            if has_choice && tokens.is_some() {
                return Ok(());
            }
            Err(failed(ReasonCode::ProbeFailed, "its answer to the first question has no choice and no usage"))
        }
        Err(RuntimeError::Refused { body, .. }) => {
            let error = body.error;
            let code = match error.code.as_deref() {
                Some("model_invalid") => ReasonCode::ModelInvalid,
                _ => ReasonCode::ProbeFailed,
            };
            Err(failed(code, &error.message))
        }
        Err(error) => {
            // The process may be about to be seen gone; its own record tells more than a broken connection.
            tokio::time::sleep(std::time::Duration::from_millis(500)).await;
            Err(failed(ReasonCode::ProbeFailed, &error.to_string()))
        }
    }
}

fn failed(code: ReasonCode, message: &str) -> Box<Reason> {
    let message = message.trim_end_matches('.');
    let mut reason = reason::plain(code, format!("The model did not answer the first question: {message}."));
    reason.details.hints = vec![
        "Check the model's chat template and its end-of-text tokens.".to_owned(),
        "Read the last lines of the session's log.".to_owned(),
    ];
    Box::new(reason)
}
