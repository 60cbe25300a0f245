//! Sampling parameters, common to chat and plain completions.

use serde_json::Value;

use super::{
    error::{RequestError, RequestErrorCode as Code},
    field::Fields,
};

/// Most tokens of one answer.
pub const MAX_OUTPUT_TOKENS: u32 = 8192;
/// Most choices of one request.
pub const MAX_CHOICES: u32 = 8;
/// Most stop strings of one request.
pub const MAX_STOPS: usize = 16;
/// Most bytes of one stop string.
pub const MAX_STOP_BYTES: usize = 1024;
/// Most alternatives told per token.
pub const MAX_TOP_LOGPROBS: u32 = 20;

/// How tokens are chosen and where the answer ends. The default is what an empty request asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct Sampling {
    /// 0 is greedy; 0 to 2.
    pub temperature: f32,
    /// Above 0, up to 1; 1 is off.
    pub top_p: f32,
    /// Number of candidates kept; 0 is off.
    pub top_k: u32,
    /// Least probability relative to the best; 0 to 1, 0 is off.
    pub min_p: f32,
    /// Absent: drawn by the runtime.
    pub seed: Option<u64>,
    /// -2 to 2.
    pub presence_penalty: f32,
    /// -2 to 2.
    pub frequency_penalty: f32,
    /// Above 0, up to 2; 1 is off.
    pub repetition_penalty: f32,
    /// Texts that end the answer and are not part of it.
    pub stop: Vec<String>,
    /// Absent: to the end of the context, at most [`MAX_OUTPUT_TOKENS`]. 0: the prompt only.
    pub max_tokens: Option<u32>,
    /// Number of choices, 1 to [`MAX_CHOICES`].
    pub n: u32,
    /// Alternatives told per token; `None`: no log-probabilities at all.
    pub logprobs: Option<u32>,
    /// Goes on after an end-of-generation token: for measurements.
    pub ignore_eos: bool,
}

impl Default for Sampling {
    fn default() -> Self {
        Self {
            temperature: 1.0,
            top_p: 1.0,
            top_k: 0,
            min_p: 0.0,
            seed: None,
            presence_penalty: 0.0,
            frequency_penalty: 0.0,
            repetition_penalty: 1.0,
            stop: Vec::new(),
            max_tokens: None,
            n: 1,
            logprobs: None,
            ignore_eos: false,
        }
    }
}

/// Whether the answer comes whole or as a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum StreamMode {
    #[default]
    Whole,
    Stream,
    /// A stream whose last chunk tells the usage.
    StreamWithUsage,
    /// As events; the prompt's tokens in the first event already, the usage in one before the last. What vLLM calls
    /// `continuous_usage_stats`: whoever keeps a budget need not wait for the end.
    StreamWithRunningUsage,
}

impl StreamMode {
    pub const fn is_stream(self) -> bool {
        matches!(self, Self::Stream | Self::StreamWithUsage | Self::StreamWithRunningUsage)
    }
}

pub(super) fn parse_sampling(fields: &Fields<'_>) -> Result<Sampling, RequestError> {
    let default = Sampling::default();
    let f32_or = |value: Option<f64>, default: f32| value.map_or(default, |number| number as f32);
    let max_tokens = |name| fields.find_integer(name, 0..=i64::from(MAX_OUTPUT_TOKENS));
    let completion_limit = max_tokens("max_completion_tokens")?;
    let limit = completion_limit.or(max_tokens("max_tokens")?);
    Ok(Sampling {
        temperature: f32_or(fields.find_number("temperature", 0.0..=2.0)?, default.temperature),
        top_p: f32_or(fields.find_positive("top_p", 1.0)?, default.top_p),
        top_k: fields.find_integer("top_k", -1..=1_000_000)?.map_or(default.top_k, |k| k.max(0) as u32),
        min_p: f32_or(fields.find_number("min_p", 0.0..=1.0)?, default.min_p),
        seed: fields.find_integer("seed", i64::MIN..=i64::MAX)?.map(i64::cast_unsigned),
        presence_penalty: f32_or(fields.find_number("presence_penalty", -2.0..=2.0)?, default.presence_penalty),
        frequency_penalty: f32_or(fields.find_number("frequency_penalty", -2.0..=2.0)?, default.frequency_penalty),
        repetition_penalty: f32_or(repetition_penalty(fields)?, default.repetition_penalty),
        stop: parse_stop(fields)?,
        max_tokens: limit.map(|tokens| tokens as u32),
        n: fields.find_integer("n", 1..=i64::from(MAX_CHOICES))?.map_or(default.n, |n| n as u32),
        logprobs: None,
        ignore_eos: fields.find_bool("ignore_eos")?.unwrap_or_default(),
    })
}

/// Also under the name that llama.cpp's server gives it.
fn repetition_penalty(fields: &Fields<'_>) -> Result<Option<f64>, RequestError> {
    let own = fields.find_positive("repetition_penalty", 2.0)?;
    Ok(own.or(fields.find_positive("repeat_penalty", 2.0)?))
}

fn parse_stop(fields: &Fields<'_>) -> Result<Vec<String>, RequestError> {
    let path = fields.path("stop");
    let invalid = |message: String| RequestError::at(Code::InvalidParameter, path.clone(), message);
    let texts = match fields.find("stop") {
        None => return Ok(Vec::new()),
        Some(Value::String(text)) => vec![text.clone()],
        Some(Value::Array(items)) => {
            let text = |item: &Value| item.as_str().map(str::to_owned);
            let texts: Option<Vec<String>> = items.iter().map(text).collect();
            texts.ok_or_else(|| invalid(format!("`{path}` must hold strings only")))?
        }
        Some(other) => return Err(fields.wrong_type("stop", "a string or an array of strings", other)),
    };
    if texts.len() > MAX_STOPS {
        let bounds = format!("at most {MAX_STOPS} strings");
        return Err(fields.out_of_range("stop", format_args!("{} strings", texts.len()), &bounds));
    }
    for text in &texts {
        if text.is_empty() {
            return Err(invalid(format!("`{path}` holds an empty string")));
        }
        if text.len() > MAX_STOP_BYTES {
            let bounds = format!("at most {MAX_STOP_BYTES} bytes each");
            return Err(fields.out_of_range("stop", format_args!("{} bytes long", text.len()), &bounds));
        }
    }
    Ok(texts)
}

pub(super) fn parse_stream(fields: &Fields<'_>) -> Result<StreamMode, RequestError> {
    let stream = fields.find_bool("stream")?.unwrap_or_default();
    let Some(value) = fields.find("stream_options") else {
        return Ok(if stream { StreamMode::Stream } else { StreamMode::Whole });
    };
    let Value::Object(object) = value else { return Err(fields.wrong_type("stream_options", "an object", value)) };
    if !stream {
        let message = "`stream_options` is only allowed when `stream` is true";
        return Err(RequestError::at(Code::InvalidParameter, "stream_options", message));
    }
    let path = fields.path("stream_options");
    let options = Fields::new(object, &path);
    let usage = options.find_bool("include_usage")?.unwrap_or_default();
    let running = options.find_bool("continuous_usage_stats")?.unwrap_or_default();
    Ok(match (usage, running) {
        (true, true) => StreamMode::StreamWithRunningUsage,
        (true, false) => StreamMode::StreamWithUsage,
        (false, _) => StreamMode::Stream,
    })
}
