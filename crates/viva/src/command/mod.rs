//! The client commands: each asks the server, tells a person or gives JSON on. No decision of the product is made
//! here.

mod chat;
mod compare;
mod completions;
mod docs;
mod doctor;
mod download;
mod figures;
mod file;
mod find;
mod history;
mod list;
mod login;
mod model;
mod people;
mod run;
mod scores;
mod session;
mod task;
mod test_set;

use anyhow::Context as _;

use crate::{
    cli::{ClientCommand, Shared},
    client::{Client, locate},
    output::Output,
};

/// What every command that asks the server needs.
pub(crate) struct Context<'a> {
    pub(crate) client: Client,
    pub(crate) output: &'a Output,
    pub(crate) shared: &'a Shared,
}

impl Context<'_> {
    /// Looks again where the server is: one that was started anew may listen elsewhere.
    pub(crate) fn relocate(&mut self) {
        if let Ok(client) = locate(self.shared).and_then(Client::new) {
            self.client = client;
        }
    }
}

/// Runs a command to its end.
///
/// # Errors
/// It failed; the error says why and what to try.
pub(crate) fn run(command: ClientCommand, shared: &Shared, output: &Output) -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.context("the command cannot be set up")?;
    let result = runtime.block_on(run_async(command, shared, output));
    // A read of the terminal may still be under way.
    runtime.shutdown_background();
    result
}

async fn run_async(command: ClientCommand, shared: &Shared, output: &Output) -> anyhow::Result<()> {
    let context = || Ok::<_, anyhow::Error>(Context { client: Client::new(locate(shared)?)?, output, shared });
    match command {
        ClientCommand::Session(command) => session::run(command, &context()?).await,
        ClientCommand::Chat(args) => chat::run(args, &context()?).await,
        ClientCommand::Run(args) => run::run(&args, context()?).await,
        ClientCommand::Task(command) => task::run(command, &context()?).await,
        ClientCommand::TestSet(command) => test_set::run(command, context()?).await,
        ClientCommand::Compare(args) => compare::run(&args, &context()?).await,
        ClientCommand::File(command) => file::run(command, &context()?).await,
        ClientCommand::History(command) => history::run(command, &context()?).await,
        ClientCommand::Model(command) => model::run(command, &context()?).await,
        ClientCommand::Docs(command) => docs::run(command, output),
        ClientCommand::User(command) => people::run_user(command, &context()?).await,
        ClientCommand::Key(command) => people::run_key(command, &context()?).await,
        ClientCommand::Login(args) => login::run(&args, &context()?).await,
        ClientCommand::Doctor(args) => doctor::run(&args, shared, output).await,
        ClientCommand::Completions { shell } => {
            completions::print(shell, output);
            Ok(())
        }
    }
}

/// Asks for the typed word that a deletion needs, unless it was given as a flag.
///
/// # Errors
/// It was not typed; or there is nobody to ask.
fn confirm_deletion(output: &Output, given: Option<&str>, what: &str) -> anyhow::Result<()> {
    use crate::failure::Failure;
    if given == Some("delete") {
        return Ok(());
    }
    if !output.is_interactive() || output.is_json() {
        return Err(Failure::usage(format!("deleting {what} needs a confirmation"))
            .hint("add `--confirm delete`")
            .into());
    }
    match output.ask(&format!("This deletes {what} for good. Type `delete` to confirm:")).as_deref() {
        Some("delete") => Ok(()),
        Some(_) | None => Err(Failure::new("nothing was deleted").into()),
    }
}
