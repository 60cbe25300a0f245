//! `viva model …`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

const MODEL_HELP: &str = "The model: its id, name, or name:version";

#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Add a model from a GGUF file
    Add(AddArgs),
    /// List the models
    List {
        /// Only this list
        #[arg(long, value_enum, value_name = "SCOPE")]
        scope: Option<ScopeArg>,
        /// Only models whose name holds this
        #[arg(long, short, value_name = "TEXT")]
        q: Option<String>,
    },
    /// Show a model, and whether a session can be opened on it
    Show {
        #[arg(help = MODEL_HELP)]
        model: String,
    },
    /// Remove a model and its file
    Remove {
        #[arg(help = MODEL_HELP)]
        model: String,
        /// Do not ask
        #[arg(long, short)]
        yes: bool,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct AddArgs {
    /// The file, in GGUF
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Its name [default: as the file says]
    #[arg(long, value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Its version [default: the next free number]
    #[arg(long, value_name = "VERSION")]
    pub(crate) version: Option<String>,
    /// A tag; may be given several times
    #[arg(long = "tag", value_name = "TAG", value_delimiter = ',')]
    pub(crate) tags: Vec<String>,
    /// How far its training went [default: as the file says]
    #[arg(long, value_enum, value_name = "STAGE")]
    pub(crate) learning_stage: Option<StageArg>,
    /// The list to put it in [default: private]
    #[arg(long, value_enum, value_name = "SCOPE")]
    pub(crate) scope: Option<ScopeArg>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum StageArg {
    Pretrained,
    #[value(alias = "instruct", alias = "instruction_tuned")]
    InstructionTuned,
    Unknown,
}

impl StageArg {
    /// The API's word.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Pretrained => "pretrained",
            Self::InstructionTuned => "instruction_tuned",
            Self::Unknown => "unknown",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// For everyone
    Catalog,
    /// Yours alone
    Private,
}

impl ScopeArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Catalog => "catalog",
            Self::Private => "private",
        }
    }
}
