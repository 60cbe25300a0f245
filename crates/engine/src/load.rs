//! Loading: from a path to a model, a context and a chat template, or to a reason that a person understands.

use std::{fs::File, io, path::Path, sync::Arc};

use protocol::engine::{EngineExit, EngineExitCode};

use crate::{
    gguf::{self, GgufError},
    llama::{Context, ContextOptions, LoadError, LogCapture, Model},
    options::EngineOptions,
    prompt::Prompter,
    scheduler::BATCH,
    template::ChatTemplate,
};

/// Context of a sequence unless asked otherwise, at most.
const DEFAULT_CONTEXT: u32 = 4096;
/// Sequences unless asked otherwise.
const DEFAULT_PARALLEL: u32 = 4;
const MAX_PARALLEL: u32 = 256;

/// Everything that serving needs.
pub(crate) struct Loaded {
    pub(crate) context: Context,
    pub(crate) prompter: Prompter,
    pub(crate) parallel: u32,
    /// Tokens per sequence.
    pub(crate) context_length: u32,
    pub(crate) training_context: u32,
}

/// A model that cannot be served.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadFailed {
    #[error("the model file cannot be opened: {0}")]
    Open(#[source] io::Error),
    #[error("the model file cannot be used: {0}")]
    Header(#[source] GgufError),
    #[error("{0}")]
    Refused(#[source] LoadError),
    #[error("the model does not generate text token by token (it is an encoder or a diffusion model)")]
    NotGenerative,
    #[error("{0}")]
    Template(#[source] crate::template::TemplateInvalid),
    #[error("a context of {context_length} tokens for each of {parallel} sequences does not fit in memory: {reason}")]
    Context { context_length: u32, parallel: u32, reason: String },
}

impl LoadFailed {
    /// How the process ends.
    pub(crate) fn to_exit(&self) -> EngineExit {
        EngineExit { code: self.code(), message: self.to_string() }
    }

    fn code(&self) -> EngineExitCode {
        match self {
            Self::Open(_) => EngineExitCode::ModelMissing,
            Self::Header(_) | Self::Template(_) => EngineExitCode::ModelInvalid,
            Self::NotGenerative => EngineExitCode::ModelUnsupported,
            Self::Context { .. } => EngineExitCode::OutOfMemory,
            Self::Refused(LoadError::Path) => EngineExitCode::ModelMissing,
            Self::Refused(LoadError::Refused { errors }) => classify(errors),
        }
    }
}

/// The reason in llama.cpp's own words; there is no other.
fn classify(errors: &[String]) -> EngineExitCode {
    let log = errors.join("\n").to_lowercase();
    let says = |words: &[&str]| words.iter().any(|word| log.contains(word));
    if says(&["unknown model architecture", "unknown pre-tokenizer", "unsupported", "not supported"]) {
        EngineExitCode::ModelUnsupported
    } else if says(&["failed to allocate", "unable to allocate", "cannot allocate", "out of memory", "bad_alloc"]) {
        EngineExitCode::OutOfMemory
    } else {
        EngineExitCode::ModelInvalid
    }
}

/// Loads what `options` name; `progress` is told 0 to 1.
pub(crate) fn load(options: &EngineOptions, log: LogCapture, progress: impl Fn(f32)) -> Result<Loaded, LoadFailed> {
    check_file(&options.model)?;
    let model = Model::load(&options.model, log, |part| progress(part * 0.9)).map_err(LoadFailed::Refused)?;
    if !model.is_generative() {
        return Err(LoadFailed::NotGenerative);
    }
    let vocab = model.vocab();
    let template = model.chat_template().map(|source| ChatTemplate::compile(source, &vocab));
    let prompter = Prompter::new(vocab, template.transpose().map_err(LoadFailed::Template)?);
    let training_context = model.training_context();
    let context_length = options.context_length.unwrap_or(training_context.min(DEFAULT_CONTEXT)).max(1);
    let parallel = options.parallel.unwrap_or(DEFAULT_PARALLEL).clamp(1, MAX_PARALLEL);
    let context = new_context(&model, options, context_length, parallel, log)?;
    let context_length = context_length.min(context.context_length());
    progress(1.0);
    Ok(Loaded { context, prompter, parallel, context_length, training_context })
}

fn check_file(path: &Path) -> Result<(), LoadFailed> {
    let file = File::open(path).map_err(LoadFailed::Open)?;
    if !file.metadata().map_err(LoadFailed::Open)?.is_file() {
        return Err(LoadFailed::Open(io::Error::other("it is no file")));
    }
    gguf::read_header(&file).map(drop).map_err(LoadFailed::Header)
}

fn new_context(
    model: &Arc<Model>,
    options: &EngineOptions,
    context_length: u32,
    parallel: u32,
    log: LogCapture,
) -> Result<Context, LoadFailed> {
    let shape = ContextOptions {
        context_length,
        sequences: parallel,
        batch: BATCH.max(parallel),
        threads: options.effective_threads(),
    };
    let failed = || LoadFailed::Context {
        context_length,
        parallel,
        reason: log.errors().last().cloned().unwrap_or_else(|| "llama.cpp gave no reason".into()),
    };
    Context::new(model, shape).ok_or_else(failed)
}
