//! `POST /v1/completions`, the older call without messages.

use serde_json::Value;

use super::{
    error::RequestError,
    field::{Fields, parse_object},
    format::{ResponseFormat, parse_format},
    sampling::{MAX_TOP_LOGPROBS, Sampling, StreamMode, parse_sampling, parse_stream},
};

/// A plain completion request, within its bounds.
#[derive(Debug, Clone, PartialEq)]
pub struct CompletionRequest {
    /// As asked for; whoever serves decides what it may be.
    pub model: Option<String>,
    /// The text to continue: no template; control tokens in it are recognised. May be empty.
    pub prompt: String,
    pub sampling: Sampling,
    pub response_format: ResponseFormat,
    pub stream: StreamMode,
}

impl CompletionRequest {
    /// A request from the bytes of its body.
    pub fn parse(body: &[u8]) -> Result<Self, RequestError> {
        let object = parse_object(body)?;
        let fields = Fields::new(&object, "");
        refuse_unsupported(&fields)?;
        let mut sampling = parse_sampling(&fields)?;
        let logprobs = fields.find_integer("logprobs", 0..=i64::from(MAX_TOP_LOGPROBS))?;
        sampling.logprobs = logprobs.map(|count| count as u32);
        Ok(Self {
            model: fields.find_str("model")?.map(str::to_owned),
            prompt: parse_prompt(&fields)?,
            sampling,
            response_format: parse_format(&fields)?,
            stream: parse_stream(&fields)?,
        })
    }
}

fn parse_prompt(fields: &Fields<'_>) -> Result<String, RequestError> {
    match fields.find("prompt") {
        Some(Value::String(text)) => Ok(text.clone()),
        Some(Value::Array(items)) => match items.as_slice() {
            [Value::String(text)] => Ok(text.clone()),
            _ => Err(RequestError::unsupported(
                "prompt",
                "`prompt` must be one string: several prompts, or token ids, are not supported",
            )),
        },
        Some(other) => Err(fields.wrong_type("prompt", "a string", other)),
        None => Err(fields.missing("prompt", "a string")),
    }
}

fn refuse_unsupported(fields: &Fields<'_>) -> Result<(), RequestError> {
    if fields.find_bool("echo")? == Some(true) {
        return Err(RequestError::unsupported("echo", "`echo` is not supported"));
    }
    if fields.find_str("suffix")?.is_some_and(|suffix| !suffix.is_empty()) {
        return Err(RequestError::unsupported("suffix", "`suffix` is not supported"));
    }
    if fields.find_integer("best_of", 0..=i64::MAX)?.is_some_and(|best_of| best_of > 1) {
        return Err(RequestError::unsupported("best_of", "`best_of` above 1 is not supported"));
    }
    Ok(())
}
