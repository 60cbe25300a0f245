//! An engine's life: listen, load, serve, end with a reason.

use std::{io, process::ExitCode, sync::Arc, thread};

use protocol::engine::{EngineExit, EngineExitCode};
use tokio::{runtime, sync::mpsc};

use crate::{
    confine,
    grammar::Grammars,
    http::{self, PREPARING, Served, State},
    llama::LogCapture,
    load,
    options::EngineOptions,
    report,
    scheduler::Inference,
};

/// Stack of the threads that parse, render and tokenise. Some tokenizers recurse once per character of a piece;
/// only what is touched costs memory.
const STACK: usize = 256 << 20;

/// Serves until the process is told to end. Returns only with a reason: its code, after one last line on stderr
/// that tells it (see [`protocol::engine::EngineExit`]).
///
/// The listener accepts before the model is loaded; `GET /health` tells the progress.
pub fn run(options: EngineOptions) -> ExitCode {
    let exit = serve(options);
    let _ = io::Write::write_all(&mut io::stderr(), format!("{}\n", exit.to_line()).as_bytes());
    ExitCode::from(exit.code.process_code())
}

/// As [`run`], without the last line and the exit code: for a caller that tells the reason itself.
pub fn serve(options: EngineOptions) -> EngineExit {
    let launch_failed = |what: &str, error: io::Error| EngineExit {
        code: EngineExitCode::LaunchFailed,
        message: format!("{what}: {error}"),
    };
    if let Some(missing) = missing_processor_feature() {
        let message = format!("this build needs a processor with {missing}");
        return EngineExit { code: EngineExitCode::LaunchFailed, message };
    }
    // Before the first thread: they all inherit it.
    if let Err(error) = confine::deny_programs() {
        report::line(&format!("starting programs stays possible: {error}"));
    }
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .max_blocking_threads(PREPARING)
        .thread_stack_size(STACK)
        .enable_all()
        .build();
    let runtime = match runtime {
        Ok(runtime) => runtime,
        Err(error) => return launch_failed("the event loop cannot be started", error),
    };
    let listener = {
        let _guard = runtime.enter();
        match http::listen(&options.listener) {
            Ok(listener) => listener,
            Err(error) => return launch_failed("the listener cannot be used", error),
        }
    };
    let (ends, mut end) = mpsc::unbounded_channel();
    let state = Arc::new(State::loading(options.served_name.clone()));
    runtime.spawn(http::serve(listener, Arc::clone(&state)));
    let loader = thread::Builder::new().name("loader".into()).stack_size(64 << 20);
    if let Err(error) = loader.spawn(move || load_and_start(&options, &state, &ends)) {
        return launch_failed("the loading thread cannot be started", error);
    }
    let exit = runtime.block_on(end.recv());
    exit.unwrap_or_else(|| EngineExit {
        code: EngineExitCode::EngineFailed,
        message: "the inference thread ended".into(),
    })
}

fn load_and_start(options: &EngineOptions, state: &State, ends: &mpsc::UnboundedSender<EngineExit>) {
    let log = LogCapture::start();
    let loaded = match load::load(options, log, |progress| state.set_progress(progress)) {
        Ok(loaded) => loaded,
        Err(error) => return drop(ends.send(error.to_exit())),
    };
    let vocab = loaded.prompter.vocab().clone();
    let ended = {
        let ends = ends.clone();
        move || {
            let message = "the inference thread ended".into();
            drop(ends.send(EngineExit { code: EngineExitCode::EngineFailed, message }));
        }
    };
    let inference = Inference::start(loaded.context, vocab.clone(), loaded.parallel, options.queue, ended);
    let inference = match inference {
        Ok(inference) => inference,
        Err(error) => {
            let message = format!("the inference thread cannot be started: {error}");
            return drop(ends.send(EngineExit { code: EngineExitCode::LaunchFailed, message }));
        }
    };
    report::line(&format!(
        "serving {} sequences of {} tokens with {} threads",
        loaded.parallel,
        loaded.context_length,
        options.effective_threads()
    ));
    state.serve(Served {
        prompter: loaded.prompter,
        grammars: Grammars::new(vocab),
        inference,
        context_length: loaded.context_length,
        training_context: loaded.training_context,
        parallel: loaded.parallel,
    });
}

/// A feature that the build assumes and this processor lacks: without it the process would die of a signal.
fn missing_processor_feature() -> Option<&'static str> {
    #[cfg(target_arch = "x86_64")]
    {
        let has = [
            ("AVX2", std::is_x86_feature_detected!("avx2")),
            ("FMA", std::is_x86_feature_detected!("fma")),
            ("F16C", std::is_x86_feature_detected!("f16c")),
            ("BMI2", std::is_x86_feature_detected!("bmi2")),
        ];
        has.into_iter().find(|(_, has)| !has).map(|(name, _)| name)
    }
    #[cfg(not(target_arch = "x86_64"))]
    None
}
