//! What the engine and the control plane agree on: exit codes with their last line, health, the rendered prompt, and
//! which requests are background work.

use std::fmt;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// Key of the JSON object on the engine's last line of stderr when it ends by itself.
pub const EXIT_LINE_KEY: &str = "viva_engine_exit";

/// Header of a completion request to the engine that tells its [`Priority`].
pub const PRIORITY_HEADER: &str = "x-viva-priority";

/// Who waits for the answer of a completion request, and so which request goes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Priority {
    /// A person, or a program that asks one question after the other. What a request without the header is.
    #[default]
    Interactive,
    /// Work whose end counts, not its single answers: it gives way to what is interactive.
    Background,
}

impl Priority {
    /// The value of the header [`PRIORITY_HEADER`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Interactive => "interactive",
            Self::Background => "background",
        }
    }

    /// The priority that a value of the header names.
    pub fn parse(value: &[u8]) -> Option<Self> {
        [Self::Interactive, Self::Background].into_iter().find(|priority| priority.as_str().as_bytes() == value)
    }
}

/// Why the engine ended by itself. The process exit code is [`EngineExitCode::process_code`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EngineExitCode {
    /// The model file is absent or cannot be opened.
    ModelMissing,
    /// The file is no whole GGUF, or its chat template does not compile.
    ModelInvalid,
    /// A whole GGUF of a kind that cannot be run.
    ModelUnsupported,
    /// Weights or context do not fit in memory.
    OutOfMemory,
    /// The listener, the threads or the processor are not usable.
    LaunchFailed,
    /// The inference thread ended after the start.
    EngineFailed,
}

impl EngineExitCode {
    pub const ALL: [Self; 6] = [
        Self::ModelMissing,
        Self::ModelInvalid,
        Self::ModelUnsupported,
        Self::OutOfMemory,
        Self::LaunchFailed,
        Self::EngineFailed,
    ];

    /// The process exit code: 80 and up, clear of shells' and sysexits' codes.
    pub const fn process_code(self) -> u8 {
        match self {
            Self::ModelMissing => 80,
            Self::ModelInvalid => 81,
            Self::ModelUnsupported => 82,
            Self::OutOfMemory => 83,
            Self::LaunchFailed => 84,
            Self::EngineFailed => 85,
        }
    }

    /// The code with this process exit code.
    pub fn find_by_process_code(code: i32) -> Option<Self> {
        Self::ALL.into_iter().find(|exit| i32::from(exit.process_code()) == code)
    }

    pub const fn as_str(self) -> &'static str {
        match self {
            Self::ModelMissing => "model_missing",
            Self::ModelInvalid => "model_invalid",
            Self::ModelUnsupported => "model_unsupported",
            Self::OutOfMemory => "out_of_memory",
            Self::LaunchFailed => "launch_failed",
            Self::EngineFailed => "engine_failed",
        }
    }
}

impl fmt::Display for EngineExitCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why the engine ended, for its last line on stderr.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EngineExit {
    pub code: EngineExitCode,
    /// One sentence for a person.
    pub message: String,
}

#[derive(Serialize, Deserialize)]
struct ExitLine {
    viva_engine_exit: EngineExit,
}

impl EngineExit {
    /// The line, without its end: `{"viva_engine_exit": {"code": …, "message": …}}`.
    pub fn to_line(&self) -> String {
        let line = ExitLine { viva_engine_exit: self.clone() };
        serde_json::to_string(&line).expect("a struct of strings serialises")
    }

    /// The exit told by the last such line of a log, if any.
    pub fn find_in_log(log: &str) -> Option<Self> {
        let parse = |line: &str| serde_json::from_str::<ExitLine>(line.trim()).ok();
        log.lines().rev().filter(|line| line.contains(EXIT_LINE_KEY)).find_map(parse).map(|line| line.viva_engine_exit)
    }
}

/// `GET /health`: 503 while loading, 200 once it serves.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct EngineHealth {
    pub status: EngineStatus,
    /// Of the load, 0 to 1.
    pub progress: f32,
    /// Served model name.
    pub model: String,
    /// Tokens of context per sequence; 0 while loading.
    #[serde(default)]
    pub context_length: u32,
    /// Tokens of context the model was trained with; 0 while loading.
    #[serde(default)]
    pub training_context_length: u32,
    /// Sequences computed at once; 0 while loading.
    #[serde(default)]
    pub parallel: u32,
    /// Choices being computed.
    #[serde(default)]
    pub active: u32,
    /// Requests waiting for a place, of both priorities; a choice that gave its place away is one of them.
    #[serde(default)]
    pub queued: u32,
    /// Rounds of the inference thread so far: while there is work, one that stands still has hung. Absent: not told.
    #[serde(default)]
    pub rounds: Option<u64>,
}

/// Whether the engine serves yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineStatus {
    Loading,
    Ok,
}

/// `POST /internal/render` with a chat request: the prompt as the model's template renders it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PropsRendered {
    pub prompt: String,
    /// Tokens of the prompt, a beginning-of-sequence token included.
    pub prompt_tokens: u32,
    pub context_length: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_line_is_found_in_a_log() {
        let exit = EngineExit { code: EngineExitCode::ModelInvalid, message: "no GGUF: \"x\"\n".into() };
        let log = format!("llama: loading\n{}\n", exit.to_line());
        assert_eq!(EngineExit::find_in_log(&log), Some(exit));
        assert_eq!(EngineExit::find_in_log("viva_engine_exit\n{}"), None);
        for code in EngineExitCode::ALL {
            assert_eq!(EngineExitCode::find_by_process_code(i32::from(code.process_code())), Some(code));
        }
    }
}
