//! `viva session list`.

use std::time::Duration;

use jiff::Timestamp;
use protocol::session::{Page, Session};

use super::view;
use crate::{
    cli::ListArgs,
    client::EventStream,
    command::{Context, figures::counted, list::List},
    failure::Failure,
    output::Paint,
};

/// How often the remaining times are drawn anew.
const TICK: Duration = Duration::from_secs(1);

pub(super) async fn run(args: &ListArgs, context: &Context<'_>) -> anyhow::Result<()> {
    if args.watch {
        return watch(args, context).await;
    }
    let sessions = read(args, context).await?;
    if context.output.is_json() {
        context.output.json(&sessions.json());
        return Ok(());
    }
    let page = sessions.page()?;
    context.output.write(&text(&page, context));
    if page.items.is_empty() && args.status.is_none() && args.q.is_none() {
        context.output.next("create one", "viva session create --wait");
    }
    Ok(())
}

async fn read(args: &ListArgs, context: &Context<'_>) -> anyhow::Result<List> {
    let mut query = Vec::new();
    query.extend(args.status.map(|status| ("status", status.as_str().to_owned())));
    query.extend(args.q.clone().map(|q| ("q", q)));
    List::read(context, "/api/v1/sessions", &query, args.amount.most()).await
}

fn text(page: &Page<Session>, context: &Context<'_>) -> String {
    let style = context.output.style();
    if page.items.is_empty() {
        return "No sessions.\n".into();
    }
    let mut text = view::table(&page.items, Timestamp::now()).render(style, context.output.width());
    if page.next_cursor.is_some() {
        let shown = counted(page.items.len() as u64, "session");
        text.push_str(
            &style.paint(Paint::Dim, &format!("The newest {shown}; there are more: --all, --limit, --q, --status.\n")),
        );
    }
    text
}

/// Draws the list anew at each change, and each second for the time that is left.
async fn watch(args: &ListArgs, context: &Context<'_>) -> anyhow::Result<()> {
    if context.output.is_json() || !context.output.out_is_terminal() {
        return Err(Failure::usage("--watch needs a terminal")
            .hint("for programs: `GET /api/v1/events`, or `viva session list --json`")
            .into());
    }
    let mut events = context.client.events("/api/v1/events", &[]).await.ok();
    let mut page = read(args, context).await?.page()?;
    let mut tick = tokio::time::interval(TICK);
    let mut notice = None;
    let screen = context.output.screen();
    loop {
        screen.show(&draw(context, &page, notice));
        let changed = tokio::select! {
            changed = next_change(&mut events) => changed,
            _ = tick.tick() => events.is_none(),
            _ = tokio::signal::ctrl_c() => return Ok(()),
        };
        if !changed {
            continue;
        }
        match read(args, context).await.and_then(List::page) {
            Ok(read) => (page, notice) = (read, None),
            Err(_) => notice = Some("the server does not answer; trying again"),
        }
        if events.is_none() && notice.is_none() {
            events = context.client.events("/api/v1/events", &[]).await.ok();
        }
    }
}

/// True at an event, and once when the stream has ended, which leaves `None`.
async fn next_change(events: &mut Option<EventStream>) -> bool {
    let Some(stream) = events else { return std::future::pending().await };
    if !matches!(stream.next().await, Ok(Some(_))) {
        *events = None;
    }
    true
}

fn draw(context: &Context<'_>, page: &Page<Session>, notice: Option<&str>) -> String {
    let style = context.output.style();
    let foot = notice.unwrap_or("Ctrl-C leaves.");
    format!("{}\n{}\n", text(page, context), style.paint(Paint::Dim, foot))
}
