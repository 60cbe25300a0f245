//! The turns of a conversation, as they are sent with each message.

use protocol::{
    CompletionId,
    completion::Completion,
    openai::{Message, Role},
};
use serde_json::{Map, Value, json};

use super::settings::Settings;
use crate::{
    failure::Failure,
    output::{Paint, Style, clean},
};

/// A message and its answer.
#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) user: String,
    /// Where it is kept; not known of the turns before one that is gone on from.
    pub(super) completion: Option<CompletionId>,
    pub(super) answer: String,
}

#[derive(Debug, Clone)]
pub(super) struct Conversation {
    /// Groups its completions in the history.
    id: String,
    pub(super) system: Option<String>,
    turns: Vec<Turn>,
}

impl Conversation {
    pub(super) fn new(system: Option<String>) -> Self {
        let unique = CompletionId::generate().to_string();
        let id = format!("conv_{}", unique.trim_start_matches(CompletionId::PREFIX));
        Self { id, system: system.filter(|text| !text.trim().is_empty()), turns: Vec::new() }
    }

    /// The conversation up to a completion, which it goes on from.
    ///
    /// # Errors
    /// What was said is not text in turn, so that a terminal cannot go on with it.
    pub(super) fn after(completion: &Completion) -> anyhow::Result<Self> {
        let odd =
            || Failure::new("this conversation holds more than text in turn").hint("go on with it in the console");
        let mut said: Vec<(&str, &str)> = Vec::new();
        for message in completion.request.get("messages").and_then(Value::as_array).ok_or_else(odd)? {
            let text = |name| message.get(name).and_then(Value::as_str).ok_or_else(odd);
            said.push((text("role")?, text("content")?));
        }
        said.push(("assistant", &completion.response));
        let system = said.first().filter(|(role, _)| *role == "system").map(|(_, text)| (*text).to_owned());
        let mut conversation = Self::new(system);
        conversation.id = completion.conversation.clone().unwrap_or(conversation.id);
        let rest = said.get(usize::from(conversation.system.is_some())..).unwrap_or_default();
        for pair in rest.chunks(2) {
            let [("user", user), ("assistant", answer)] = pair else { return Err(odd().into()) };
            let (user, answer) = ((*user).to_owned(), (*answer).to_owned());
            conversation.turns.push(Turn { user, completion: None, answer });
        }
        conversation.turns.iter_mut().last().ok_or_else(odd)?.completion = Some(completion.id);
        Ok(conversation)
    }

    pub(super) fn set_system(&mut self, text: Option<String>) {
        self.system = text;
    }

    pub(super) fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// The body that says this message.
    pub(super) fn request(&self, message: &str, settings: &Settings) -> Value {
        let mut body = self.body(Some(message), settings);
        body.insert("conversation".into(), self.id.clone().into());
        Value::Object(body)
    }

    /// The body whose prompt is to be shown: up to this message, or up to the last one that was said.
    ///
    /// # Errors
    /// Nothing was said yet.
    pub(super) fn render_request(&self, message: Option<&str>, settings: &Settings) -> anyhow::Result<Value> {
        if message.is_none() && self.turns.is_empty() && self.system.is_none() {
            return Err(Failure::new("nothing was said yet").hint("/raw TEXT shows the prompt for a message").into());
        }
        Ok(Value::Object(self.body(message, settings)))
    }

    fn body(&self, message: Option<&str>, settings: &Settings) -> Map<String, Value> {
        let last = self.turns.len().saturating_sub(1);
        let mut messages = Vec::new();
        messages.extend(self.system.iter().map(|text| json!({"role": "system", "content": text})));
        for (index, turn) in self.turns.iter().enumerate() {
            messages.push(json!({"role": "user", "content": turn.user}));
            // Without a next message the prompt is that of the last answer, which is no part of it.
            if message.is_some() || index < last {
                messages.push(json!({"role": "assistant", "content": turn.answer}));
            }
        }
        messages.extend(message.map(|text| json!({"role": "user", "content": unescaped(text)})));
        let mut body = settings.fields().clone();
        body.insert("messages".into(), messages.into());
        body
    }

    pub(super) fn add(&mut self, message: &str, completion: &Completion) {
        let (user, answer) = (unescaped(message).to_owned(), completion.response.clone());
        self.turns.push(Turn { user, completion: Some(completion.id), answer });
    }

    /// Forgets the last turn; answers its message.
    ///
    /// # Errors
    /// There is none.
    pub(super) fn take_back(&mut self) -> anyhow::Result<String> {
        self.turns.pop().map(|turn| turn.user).ok_or_else(|| Failure::new("nothing was said yet").into())
    }

    /// Everything that was said, in order.
    pub(super) fn messages(&self) -> Vec<Message> {
        let message = |role, content: &str| Message { role, content: content.to_owned(), images: Vec::new() };
        let mut messages: Vec<Message> = self.system.iter().map(|text| message(Role::System, text)).collect();
        for turn in &self.turns {
            messages.extend([message(Role::User, &turn.user), message(Role::Assistant, &turn.answer)]);
        }
        messages
    }

    pub(super) fn text(&self, style: Style) -> String {
        let block = |message: Message| {
            format!("{}\n{}\n", style.paint(Paint::Bold, message.role.as_str()), clean(&message.content))
        };
        self.messages().into_iter().map(block).collect()
    }
}

/// A message that begins with a slash is written with two.
fn unescaped(message: &str) -> &str {
    if message.starts_with("//") { message.get(1..).unwrap_or(message) } else { message }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in super::super) fn completion(response: &str) -> Completion {
        serde_json::from_value(json!({
            "id": "cmpl_01900000000070008000000000000001",
            "session_id": "ses_01900000000070008000000000000001",
            "conversation": null, "origin": "playground", "status": "done", "request": {}, "response": response,
            "choices": [], "finish_reason": "stop", "error": null,
            "usage": {"prompt_tokens": 100, "completion_tokens": 20},
            "timing": {"queued_ms": 0.1, "first_token_ms": 42.0, "total_ms": 95.0, "tokens_per_second": 378.2},
            "created_at": "2030-01-01T12:00:00Z", "finished_at": null, "starred": false
        }))
        .unwrap()
    }

    #[test]
    fn each_message_carries_what_was_said_before() {
        let mut conversation = Conversation::new(Some("Be kind.".into()));
        conversation.add("hi", &completion("hello"));
        let mut settings = Settings::default();
        settings.set("temperature", "0").unwrap();
        let body = conversation.request("//bye", &settings);
        assert_eq!(
            body["messages"],
            json!([
                {"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"},
                {"role": "assistant", "content": "hello"}, {"role": "user", "content": "/bye"},
            ])
        );
        assert_eq!(body["temperature"], json!(0.0));
        assert!(body["conversation"].as_str().unwrap().starts_with("conv_"));
    }

    #[test]
    fn a_conversation_goes_on_after_its_last_completion() {
        let mut last = completion("fine");
        last.conversation = Some("conv_1".into());
        last.request = json!({"messages": [
            {"role": "system", "content": "Be kind."}, {"role": "user", "content": "hi"},
            {"role": "assistant", "content": "hello"}, {"role": "user", "content": "how are you?"},
        ]});
        let conversation = Conversation::after(&last).unwrap();
        let body = conversation.request("good", &Settings::default());
        assert_eq!(body["conversation"], "conv_1");
        assert_eq!(body["messages"].as_array().unwrap().len(), 6);
        assert_eq!(body["messages"][4], json!({"role": "assistant", "content": "fine"}));
        last.request = json!({"messages": [{"role": "user", "content": [{"type": "image_url"}]}]});
        assert!(Conversation::after(&last).is_err());
        last.request = json!({"prompt": "Once"});
        assert!(Conversation::after(&last).is_err());
    }

    #[test]
    fn the_rendered_prompt_ends_before_the_last_answer() {
        let mut conversation = Conversation::new(None);
        assert!(conversation.render_request(None, &Settings::default()).is_err());
        conversation.add("hi", &completion("hello"));
        let body = conversation.render_request(None, &Settings::default()).unwrap();
        assert_eq!(body, json!({"messages": [{"role": "user", "content": "hi"}]}));
        assert_eq!(conversation.take_back().unwrap(), "hi");
        assert!(conversation.take_back().is_err());
    }
}
