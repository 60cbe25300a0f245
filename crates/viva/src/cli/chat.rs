//! `viva chat`.

use clap::Args;

#[derive(Debug, Clone, Args)]
pub(crate) struct ChatArgs {
    /// The session: its id, the beginning of its id, or its name [default: the newest running one]
    pub(crate) session: Option<String>,
    /// Send this one message, print the answer and leave
    #[arg(long, short, value_name = "TEXT")]
    pub(crate) message: Option<String>,
    /// Go on with a conversation of the session [default: its newest one]
    #[arg(long = "continue", short = 'c', value_name = "CONVERSATION", num_args = 0..=1, require_equals = true)]
    pub(crate) resume: Option<Option<String>>,
    /// The system message
    #[arg(long, value_name = "TEXT")]
    pub(crate) system: Option<String>,
    #[command(flatten)]
    pub(crate) sampling: SamplingArgs,
}

/// The parameters of `/set`, as flags.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct SamplingArgs {
    /// 0 (always the likeliest) to 2
    #[arg(long, value_name = "0-2", allow_negative_numbers = true)]
    pub(crate) temperature: Option<String>,
    /// Above 0, up to 1
    #[arg(long, value_name = "0-1", allow_negative_numbers = true)]
    pub(crate) top_p: Option<String>,
    /// Candidates kept; 0: all
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) top_k: Option<String>,
    /// 0 to 1
    #[arg(long, value_name = "0-1", allow_negative_numbers = true)]
    pub(crate) min_p: Option<String>,
    /// Most tokens of an answer: 0 to 8192
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) max_tokens: Option<String>,
    /// Repeats an answer, where nothing else runs
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    pub(crate) seed: Option<String>,
    /// A text that ends the answer; may be given several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) stop: Vec<String>,
    /// -2 to 2
    #[arg(long, value_name = "-2-2", allow_negative_numbers = true)]
    pub(crate) presence_penalty: Option<String>,
    /// -2 to 2
    #[arg(long, value_name = "-2-2", allow_negative_numbers = true)]
    pub(crate) frequency_penalty: Option<String>,
    /// Above 0, up to 2; 1: none
    #[arg(long, value_name = "0-2", allow_negative_numbers = true)]
    pub(crate) repetition_penalty: Option<String>,
}
