//! `viva test-set …`.

use clap::{ArgGroup, Args, Subcommand};
use protocol::scoring::Scoring;

use super::{AskedArgs, GoalArgs, PlaceArgs, RunArgs};

const SET_HELP: &str = "The test set: its id, the beginning of its id, or its name";

#[derive(Debug, Subcommand)]
pub(crate) enum TestSetCommand {
    /// List the test sets by name
    List,
    /// Show a test set: its cases, its last runs, what got better and worse
    Show {
        #[arg(help = SET_HELP)]
        set: String,
    },
    /// Create a test set
    Create(CreateSetArgs),
    /// Keep a case: an exchange of a history, or a question
    Add(AddCaseArgs),
    /// Remove cases, or the whole test set, for good
    Remove {
        #[arg(help = SET_HELP)]
        set: String,
        /// The numbers of the cases; none: the whole set
        #[arg(value_name = "CASE")]
        cases: Vec<u64>,
        /// The word `delete`: do not ask for it
        #[arg(long, value_name = "delete", value_parser = ["delete"], hide_possible_values = true)]
        confirm: Option<String>,
    },
    /// Run a test set on a session, or by itself on the next ones
    Run(Box<RunSetArgs>),
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CreateSetArgs {
    /// Its name: 1 to 100 characters
    pub(crate) name: String,
    /// Run it by itself on every session of this model that becomes Running: a name, or name:version
    #[arg(long, value_name = "MODEL")]
    pub(crate) next: Option<String>,
    /// How its answers are judged then: exact:expected …; may be given several times
    #[arg(long, value_name = "[NAME=]METRIC[:COLUMN[:SETTING]]", requires = "next")]
    pub(crate) score: Vec<Scoring>,
}

#[derive(Debug, Clone, Args)]
#[command(group(ArgGroup::new("case").required(true).args(["completion", "ask"])))]
pub(crate) struct AddCaseArgs {
    #[arg(help = SET_HELP)]
    pub(crate) set: String,
    /// An exchange of a history: the completion's id, or the beginning of it
    #[arg(long, value_name = "COMPLETION")]
    pub(crate) completion: Option<String>,
    /// What the user asks
    #[arg(long, value_name = "TEXT")]
    pub(crate) ask: Option<String>,
    /// The system message before the question
    #[arg(long, value_name = "TEXT", requires = "ask")]
    pub(crate) system: Option<String>,
    /// The answer that is expected [default: the completion's; of a question, none]
    #[arg(long, value_name = "TEXT")]
    pub(crate) expected: Option<String>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct RunSetArgs {
    #[arg(help = SET_HELP, value_name = "SET")]
    pub(crate) set_name: String,
    /// Run it by itself on every session of this model that becomes Running, from now on
    #[arg(long, value_name = "MODEL", conflicts_with_all = ["session", "model", "require", "require_all_rows", "output", "concurrency", "name"])]
    pub(crate) next: Option<String>,
    /// Run it by itself no more
    #[arg(long, conflicts_with_all = ["next", "session", "model", "score", "system", "set", "require", "output"])]
    pub(crate) no_next: bool,
    #[command(flatten)]
    pub(crate) place: PlaceArgs,
    #[command(flatten)]
    pub(crate) asked: AskedArgs,
    #[command(flatten)]
    pub(crate) goal: GoalArgs,
}

impl From<RunSetArgs> for RunArgs {
    fn from(args: RunSetArgs) -> Self {
        let RunSetArgs { set_name, place, asked, goal, .. } = args;
        Self { file: None, test_set: Some(set_name), resume: None, template: None, format: None, place, asked, goal }
    }
}
