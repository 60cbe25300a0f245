//! An engine by hand: `serve MODEL.gguf ADDRESS [CONTEXT] [PARALLEL] [THREADS]`, the address `127.0.0.1:8080` or a
//! path for a Unix socket; `-` leaves a number at its default.

use std::process::ExitCode;

use engine::{DEFAULT_QUEUE, EngineOptions, Listener};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, address, numbers @ ..] = arguments.as_slice() else {
        return ExitCode::from(2);
    };
    let number = |at: usize| numbers.get(at).and_then(|text| text.parse().ok());
    engine::run(EngineOptions {
        model: model.into(),
        served_name: "model".into(),
        context_length: number(0),
        parallel: number(1),
        threads: number(2),
        queue: DEFAULT_QUEUE,
        listener: address.parse().map_or_else(|_| Listener::Path(address.into()), Listener::Address),
    })
}
