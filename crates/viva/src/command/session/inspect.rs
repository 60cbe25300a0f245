//! What looks at a session: show, logs, endpoint.

use jiff::Timestamp;
use protocol::session::{Endpoint, Session};

use super::view;
use crate::{
    cli::SampleArg,
    command::{
        Context,
        find::{session_or_newest_running, session_path},
    },
    output::{Paint, clean},
};

pub(super) async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let answer = context.client.get(&path, &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let session: Session = answer.read()?;
    context.output.write(&view::page(&session, Timestamp::now(), context.output.style()));
    Ok(())
}

pub(super) async fn logs(context: &Context<'_>, reference: &str, tail: u32) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let answer = context.client.get(&format!("{path}/logs"), &[("tail", tail.to_string())]).await?;
    if context.output.is_json() {
        context.output.json(&serde_json::json!({ "log": answer.text }).to_string());
    } else if context.output.out_is_terminal() {
        context.output.write(&clean(&answer.text));
    } else {
        context.output.write(&answer.text);
    }
    Ok(())
}

pub(super) async fn endpoint(
    context: &Context<'_>,
    reference: Option<&str>,
    sample: Option<SampleArg>,
    show_token: bool,
) -> anyhow::Result<()> {
    let path = session_or_newest_running(context, reference).await?;
    let answer = context.client.get(&format!("{path}/endpoint"), &[]).await?;
    let output = context.output;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let endpoint: Endpoint = answer.read()?;
    if let Some(sample) = sample {
        output.line(match sample {
            SampleArg::Curl => &endpoint.samples.curl,
            SampleArg::Python => &endpoint.samples.python,
            SampleArg::Requests => &endpoint.samples.requests,
            SampleArg::Javascript => &endpoint.samples.javascript,
        });
        return Ok(());
    }
    let style = output.style();
    // Over a shoulder or in a recording a token must not be seen unasked; a pipe is asking.
    let hidden = output.out_is_terminal() && !show_token;
    let token = if hidden { "•••••••• (shown with --show-token)" } else { &endpoint.token };
    for (label, value) in [("url", endpoint.base_url.as_str()), ("token", token), ("model", &endpoint.model)] {
        output.line(&format!("{} {value}", style.paint(Paint::Dim, &format!("{label:<6}"))));
    }
    output.next("sample code", "--sample curl, python, requests or javascript");
    Ok(())
}
