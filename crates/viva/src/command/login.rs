//! `viva login`: a link that logs a browser in, to be opened here or elsewhere.

use std::{
    env, io,
    os::unix::process::CommandExt,
    process::{Command, Stdio},
    time::{Duration, Instant},
};

use protocol::system::LoginLink;

use super::Context;
use crate::{cli::LoginArgs, failure::Failure};

/// How long the opener is watched for a refusal; one that goes on is the browser itself.
const WATCHED: Duration = Duration::from_secs(3);

pub(super) async fn run(args: &LoginArgs, context: &Context<'_>) -> anyhow::Result<()> {
    let answer = context.client.post("/api/v1/login-links", None).await?;
    let link: LoginLink = answer.read()?;
    if context.output.is_json() {
        context.output.json(&answer.text);
    } else {
        context.output.line(&link.url);
    }
    if args.open {
        open(&link.url).await?;
    }
    Ok(())
}

/// The program that opens an address in the person's browser, where this machine has a desktop.
fn opener() -> Option<&'static str> {
    let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
    if cfg!(target_os = "macos") {
        return Some("open");
    }
    (is_set("DISPLAY") || is_set("WAYLAND_DISPLAY")).then_some("xdg-open")
}

async fn open(url: &str) -> anyhow::Result<()> {
    let failed = |message: String| {
        let failure = Failure::new(message).hint("open the link above yourself; it works once, within ten minutes");
        anyhow::Error::from(failure)
    };
    let Some(opener) = opener() else {
        return Err(failed("there is no desktop here to open a browser on".to_owned()));
    };
    let started = Command::new(opener)
        .arg(url)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // Ctrl-C in the terminal is not meant for the browser.
        .process_group(0)
        .spawn();
    let mut child = started.map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => failed(format!("{opener} is not installed")),
        _ => failed(format!("{opener} cannot be run: {error}")),
    })?;
    let until = Instant::now() + WATCHED;
    while Instant::now() < until {
        match child.try_wait()? {
            Some(status) if status.success() => return Ok(()),
            Some(_) => return Err(failed(format!("{opener} found no browser"))),
            None => tokio::time::sleep(Duration::from_millis(20)).await,
        }
    }
    Ok(())
}
