//! `POST /v1/chat/completions`.

use serde_json::Value;

use super::{
    error::{RequestError, RequestErrorCode as Code},
    field::{Fields, parse_object},
    format::{ResponseFormat, parse_format},
    message::{Message, Modality, parse_message},
    sampling::{MAX_TOP_LOGPROBS, Sampling, StreamMode, parse_sampling, parse_stream},
};

/// Most messages of one request.
pub const MAX_MESSAGES: usize = 2048;

/// A chat request, within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct ChatRequest {
    /// As asked for; whoever serves decides what it may be.
    pub model: Option<String>,
    /// 1 to [`MAX_MESSAGES`].
    pub messages: Vec<Message>,
    pub sampling: Sampling,
    pub response_format: ResponseFormat,
    pub stream: StreamMode,
}

impl ChatRequest {
    /// A request from the bytes of its body, for a model of the given modality.
    pub fn parse(body: &[u8], modality: Modality) -> Result<Self, RequestError> {
        let object = parse_object(body)?;
        let fields = Fields::new(&object, "");
        refuse_tools(&fields)?;
        let messages = parse_messages(&fields, modality)?;
        let mut sampling = parse_sampling(&fields)?;
        sampling.logprobs = parse_logprobs(&fields)?;
        Ok(Self {
            model: fields.find_str("model")?.map(str::to_owned),
            messages,
            sampling,
            response_format: parse_format(&fields)?,
            stream: parse_stream(&fields)?,
        })
    }
}

fn refuse_tools(fields: &Fields<'_>) -> Result<(), RequestError> {
    for name in ["tools", "functions"] {
        if fields.find(name).is_some_and(|value| value.as_array().is_none_or(|tools| !tools.is_empty())) {
            return Err(RequestError::unsupported(name, format!("`{name}` is not supported")));
        }
    }
    for name in ["tool_choice", "function_call"] {
        if fields.find(name).is_some_and(|value| value.as_str() != Some("none")) {
            return Err(RequestError::unsupported(name, format!("`{name}` is not supported, except `none`")));
        }
    }
    Ok(())
}

fn parse_messages(fields: &Fields<'_>, modality: Modality) -> Result<Vec<Message>, RequestError> {
    let messages = match fields.find("messages") {
        Some(Value::Array(messages)) => messages,
        Some(other) => return Err(fields.wrong_type("messages", "an array of messages", other)),
        None => return Err(fields.missing("messages", "an array of messages")),
    };
    if messages.is_empty() {
        return Err(RequestError::at(Code::InvalidParameter, "messages", "`messages` must hold at least one message"));
    }
    if messages.len() > MAX_MESSAGES {
        let bounds = format!("at most {MAX_MESSAGES} messages");
        return Err(fields.out_of_range("messages", format_args!("{} messages", messages.len()), &bounds));
    }
    let parse = |(index, value)| parse_message(value, &format!("messages[{index}]"), modality);
    messages.iter().enumerate().map(parse).collect()
}

fn parse_logprobs(fields: &Fields<'_>) -> Result<Option<u32>, RequestError> {
    let wanted = fields.find_bool("logprobs")?.unwrap_or_default();
    let top = fields.find_integer("top_logprobs", 0..=i64::from(MAX_TOP_LOGPROBS))?;
    if top.is_some_and(|top| top > 0) && !wanted {
        let message = "`top_logprobs` is only allowed when `logprobs` is true";
        return Err(RequestError::at(Code::InvalidParameter, "top_logprobs", message));
    }
    Ok(wanted.then(|| top.unwrap_or_default() as u32))
}
