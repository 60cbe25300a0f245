//! `viva docs …`.

use clap::Subcommand;

#[derive(Debug, Subcommand)]
pub(crate) enum DocsCommand {
    /// Answer a question from the documentation
    Ask {
        /// The question
        #[arg(required = true, value_name = "QUESTION")]
        question: Vec<String>,
        /// The page that it is about, such as `start`
        #[arg(long, value_name = "PAGE")]
        page: Option<String>,
    },
    /// Find sections of the documentation
    Search {
        /// What to look for
        #[arg(required = true, value_name = "WORDS")]
        words: Vec<String>,
        /// Most sections to list
        #[arg(long, default_value_t = 10, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=50))]
        limit: u32,
    },
}
