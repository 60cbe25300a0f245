//! `viva session …`.

mod change;
mod create;
mod inspect;
mod list;
#[cfg(test)]
pub(super) mod sample;
mod view;
mod wait;

use super::Context;
use crate::cli::SessionCommand;
pub(super) use create::{create_default, create_on, quoted};
pub(super) use view::why;
pub(super) use wait::{wait_until_ended, wait_until_running};

pub(super) async fn run(command: SessionCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        SessionCommand::Create(args) => create::run(&args, context).await,
        SessionCommand::List(args) => list::run(&args, context).await,
        SessionCommand::Show { session } => inspect::show(context, &session).await,
        SessionCommand::Stop { session, yes } => change::stop(context, &session, yes).await,
        SessionCommand::Extend { session, by, until } => change::extend(context, &session, by, until).await,
        SessionCommand::Rename { session, name, description } => {
            change::rename(context, &session, name, description).await
        }
        SessionCommand::Delete { session, confirm } => change::delete(context, &session, confirm.as_deref()).await,
        SessionCommand::Logs { session, tail } => inspect::logs(context, &session, tail).await,
        SessionCommand::Token(command) => super::people::run_token(command, context).await,
        SessionCommand::Endpoint { session, sample, show_token } => {
            inspect::endpoint(context, session.as_deref(), sample, show_token).await
        }
    }
}
