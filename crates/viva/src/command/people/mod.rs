//! `viva user …`, `viva key …` and `viva session token …`.

mod key;
mod quota;
mod token;
mod user;

pub(super) use key::run as run_key;
pub(super) use quota::run as run_quota;
pub(super) use token::run as run_token;
pub(super) use user::{find as find_user, run as run_user};

use anyhow::Context as _;
use rustix::termios::{LocalModes, OptionalActions, tcgetattr, tcsetattr};

use super::Context;
use crate::failure::Failure;

/// Reads a password: a line of standard input, asked for twice and unseen where that is a terminal.
fn read_password(context: &Context<'_>, question: &str) -> anyhow::Result<String> {
    let output = context.output;
    if !output.is_interactive() {
        return line().filter(|text| !text.is_empty()).ok_or_else(|| {
            Failure::usage("there is no password on standard input")
                .hint("pass it on: `printf %s \"$PASSWORD\" | viva …`")
                .into()
        });
    }
    let first = ask_unseen(context, question)?;
    if ask_unseen(context, "Again:")? != first {
        return Err(Failure::new("these are two different passwords").into());
    }
    Ok(first)
}

fn line() -> Option<String> {
    let mut text = String::new();
    let read = std::io::stdin().read_line(&mut text).ok()?;
    (read > 0).then(|| text.trim_end_matches(['\r', '\n']).to_owned())
}

fn ask_unseen(context: &Context<'_>, question: &str) -> anyhow::Result<String> {
    let terminal = std::io::stdin();
    let before = tcgetattr(&terminal).context("the terminal cannot be asked")?;
    let mut unseen = before.clone();
    unseen.local_modes.remove(LocalModes::ECHO);
    tcsetattr(&terminal, OptionalActions::Now, &unseen).context("the terminal cannot be asked")?;
    let answer = context.output.ask(question);
    tcsetattr(&terminal, OptionalActions::Now, &before).context("the terminal could not be put back")?;
    context.output.note("");
    answer.filter(|text| !text.is_empty()).ok_or_else(|| Failure::new("no password was given").into())
}
