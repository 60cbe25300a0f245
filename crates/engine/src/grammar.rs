//! Grammars for `response_format`: compiled once per request, then a mask of allowed tokens per step.
//!
//! Masks are computed by a thread of their own while the next batch is decoded; a sequence whose mask is late
//! sits out a batch and stalls nobody. Every step has a bound of work, after which the request fails.

use std::{
    sync::{Arc, OnceLock, mpsc},
    thread,
};

use llguidance::{Matcher, ParserFactory, api::TopLevelGrammar, earley::SlicedBiasComputer};
use protocol::openai::ResponseFormat;
use serde_json::{Map, Value, json};
use toktrie::{ApproximateTokEnv, InferenceCapabilities, SimpleVob, TokRxInfo, TokTrie};

use crate::llama::{Special, Token, Vocab};

/// A grammar that could not be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum GrammarError {
    #[error("the model's vocabulary does not allow grammars: {0}")]
    Vocabulary(String),
    #[error("the schema cannot be turned into a grammar: {0}")]
    Schema(String),
}

/// Compiles grammars for one vocabulary. The vocabulary is indexed at the first use, which takes up to a second.
pub(crate) struct Grammars {
    vocab: Vocab,
    factory: OnceLock<Result<ParserFactory, String>>,
}

impl Grammars {
    pub(crate) fn new(vocab: Vocab) -> Self {
        Self { vocab, factory: OnceLock::new() }
    }

    /// The grammar of a response format; none for plain text. Blocks: call it off the event loop.
    pub(crate) fn compile(&self, format: &ResponseFormat) -> Result<Option<Matcher>, GrammarError> {
        let schema = match format {
            ResponseFormat::Text => return Ok(None),
            ResponseFormat::JsonObject => with_bounded_space(json!({"type": "object"})),
            ResponseFormat::JsonSchema(schema) => with_bounded_space(schema.schema.clone()),
        };
        let factory = self.factory.get_or_init(|| factory(&self.vocab).map_err(|error| error.to_string()));
        let factory = factory.as_ref().map_err(|error| GrammarError::Vocabulary(error.clone()))?;
        let mut matcher = Matcher::new(factory.create_parser(TopLevelGrammar::from_json_schema(schema)));
        match matcher.get_error() {
            None => {
                // The first mask also finds what the compiler is too lazy to see.
                matcher.compute_mask_or_eos().map_err(|error| GrammarError::Schema(short(&error.to_string())))?;
                Ok(Some(matcher))
            }
            Some(error) => Err(GrammarError::Schema(short(&error))),
        }
    }
}

/// The schema with a bound on white space: without it a model can go on with spaces for ever.
fn with_bounded_space(schema: Value) -> Value {
    let mut object = match schema {
        Value::Object(object) => object,
        Value::Bool(false) => return Value::Bool(false),
        _ => Map::new(),
    };
    object.insert("x-guidance".into(), json!({"whitespace_pattern": "( |\\n {0,16})", "coerce_one_of": true}));
    Value::Object(object)
}

/// The first line of an error: the rest may quote the request.
fn short(error: &str) -> String {
    error.lines().next().unwrap_or_default().chars().take(300).collect()
}

fn factory(vocab: &Vocab) -> Result<ParserFactory, Box<dyn std::error::Error + Send + Sync>> {
    let end = vocab.eot().or(vocab.eos()).unwrap_or_default();
    let size = vocab.len();
    let mut ends = vec![end.cast_unsigned()];
    let mut words = Vec::with_capacity(size);
    for token in 0..size as Token {
        if token != end && vocab.is_end(token) {
            ends.push(token.cast_unsigned());
        }
        let mut word = Vec::new();
        vocab.append_piece(token, Special::Plain, &mut word);
        if word.is_empty() {
            vocab.append_piece(token, Special::Recognised, &mut word);
            if !word.is_empty() {
                // The marker by which the trie tells control tokens from text.
                word.insert(0, TokTrie::SPECIAL_TOKEN_MARKER);
            }
        }
        words.push(word);
    }
    let trie = TokTrie::from(&TokRxInfo::new(size as u32, end.cast_unsigned()), &words).with_eos_tokens(&ends);
    let env: toktrie::TokEnv = Arc::new(ApproximateTokEnv::new(trie));
    let slices = SlicedBiasComputer::json_slices();
    let mut factory = ParserFactory::new(&env, InferenceCapabilities::default(), &slices)?;
    factory.quiet();
    let limits = factory.limits_mut();
    limits.verbose_errors = false;
    limits.initial_lexer_fuel = 500_000;
    limits.step_lexer_fuel = 100_000;
    limits.max_grammar_size = 200_000;
    Ok(factory)
}

/// What the grammar thread is asked: the mask after `token`, or the first mask.
pub(crate) struct MaskRequest {
    /// Whose mask it is.
    pub(crate) task: u64,
    pub(crate) matcher: Box<Matcher>,
    pub(crate) token: Option<Token>,
}

/// What the grammar thread answers.
pub(crate) struct MaskAnswer {
    pub(crate) task: u64,
    pub(crate) matcher: Box<Matcher>,
    pub(crate) mask: Mask,
}

/// The tokens allowed next.
pub(crate) enum Mask {
    Allowed(SimpleVob),
    /// The grammar is complete: nothing may follow.
    Complete,
    Failed,
}

/// Starts the grammar thread; it ends when its requests do.
pub(crate) fn start_masks(answer: impl Fn(MaskAnswer) + Send + 'static) -> std::io::Result<mpsc::Sender<MaskRequest>> {
    let (sender, requests) = mpsc::channel::<MaskRequest>();
    let run = move || {
        for request in requests {
            let MaskRequest { task, mut matcher, token } = request;
            let mask = next_mask(&mut matcher, token);
            answer(MaskAnswer { task, matcher, mask });
        }
    };
    thread::Builder::new().name("grammar".into()).stack_size(64 << 20).spawn(run)?;
    Ok(sender)
}

fn next_mask(matcher: &mut Matcher, token: Option<Token>) -> Mask {
    if let Some(token) = token
        && matcher.consume_token(token.cast_unsigned()).is_err()
    {
        return Mask::Failed;
    }
    if matcher.is_stopped() {
        return if matcher.is_error() { Mask::Failed } else { Mask::Complete };
    }
    matcher.compute_mask().map_or(Mask::Failed, Mask::Allowed)
}
