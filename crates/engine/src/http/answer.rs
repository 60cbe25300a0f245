//! Answers that are not streamed.

use http::StatusCode;
use protocol::openai::{
    ChatChoice, ChatCompletion, ChatResponseMessage, RequestError, RequestErrorCode as Code, TextChoice, TextCompletion,
};
use tokio::sync::mpsc::UnboundedReceiver;

use super::{
    Served,
    body::{self, Header, Shape},
    reply::{self, Reply},
};
use crate::scheduler::{Event, Finished, TokenChance};

#[derive(Default)]
struct Choice {
    text: String,
    chances: Vec<TokenChance>,
    end: Option<Finished>,
}

/// Waits for every choice. Dropped when the client goes away, which cancels the request.
pub(super) async fn collect(
    served: &Served,
    header: Header,
    choices: u32,
    mut events: UnboundedReceiver<Event>,
) -> Result<Reply, RequestError> {
    let mut gathered: Vec<Choice> = (0..choices).map(|_| Choice::default()).collect();
    let failed = |message: &str| RequestError::whole(Code::EngineFailed, message);
    while gathered.iter().any(|choice| choice.end.is_none()) {
        match events.recv().await {
            Some(Event::Text(piece)) => {
                let Some(choice) = gathered.get_mut(piece.choice as usize) else { continue };
                choice.text.push_str(&piece.text);
                choice.chances.extend(piece.chances);
            }
            Some(Event::Finished(end)) => {
                let Some(choice) = gathered.get_mut(end.choice as usize) else { continue };
                choice.end = Some(end);
            }
            Some(Event::Failed(message)) => return Err(failed(message)),
            None => return Err(failed("the inference thread has ended")),
        }
    }
    Ok(match header.shape {
        Shape::Chat => reply::json(StatusCode::OK, &chat(served, header, gathered)),
        Shape::Text => reply::json(StatusCode::OK, &text(served, header, gathered)),
    })
}

fn chat(served: &Served, header: Header, gathered: Vec<Choice>) -> ChatCompletion {
    let ends: Vec<Finished> = gathered.iter().filter_map(|choice| choice.end.clone()).collect();
    let (usage, timings) = body::summary(header.prompt_tokens, &ends);
    let vocab = served.prompter.vocab();
    let choice = |(index, choice): (usize, Choice)| ChatChoice {
        index: index as u32,
        logprobs: body::chat_logprobs(vocab, &choice.chances),
        finish_reason: choice.end.map(|end| end.reason),
        message: ChatResponseMessage { role: "assistant".into(), content: Some(choice.text), refusal: None },
    };
    ChatCompletion {
        id: header.id,
        object: "chat.completion".into(),
        created: header.created,
        model: header.model,
        choices: gathered.into_iter().enumerate().map(choice).collect(),
        usage: Some(usage),
        timings: Some(timings),
    }
}

fn text(served: &Served, header: Header, gathered: Vec<Choice>) -> TextCompletion {
    let ends: Vec<Finished> = gathered.iter().filter_map(|choice| choice.end.clone()).collect();
    let (usage, timings) = body::summary(header.prompt_tokens, &ends);
    let vocab = served.prompter.vocab();
    let choice = |(index, choice): (usize, Choice)| TextChoice {
        index: index as u32,
        logprobs: body::text_logprobs(vocab, &choice.chances),
        finish_reason: choice.end.map(|end| end.reason),
        text: choice.text,
    };
    TextCompletion {
        id: header.id,
        object: "text_completion".into(),
        created: header.created,
        model: header.model,
        choices: gathered.into_iter().enumerate().map(choice).collect(),
        usage: Some(usage),
        timings: Some(timings),
    }
}
