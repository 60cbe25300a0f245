//! `GET /api/v1/events`: each change of the caller's sessions, resumable by change number.

use std::{convert::Infallible, sync::Arc, time::Duration};

use axum::{
    extract::State,
    response::sse::{Event, KeepAlive, Sse},
};
use futures::stream::{self, Stream, StreamExt};
use http::HeaderMap;
use protocol::{Problem, UserId, session::SessionDeleted};
use store::Change;
use tokio::sync::watch;
use utoipa_axum::{router::OpenApiRouter, routes};

use super::{problem::ApiError, view};
use crate::{app::App, auth::UserCaller};

/// Changes that are read at a time.
const BATCH: u32 = 200;
const KEEP_ALIVE: Duration = Duration::from_secs(15);

/// The event stream.
pub(crate) fn router() -> OpenApiRouter<Arc<App>> {
    OpenApiRouter::new().routes(routes!(follow_events))
}

struct Follower {
    app: Arc<App>,
    owner: UserId,
    /// The last change that was told.
    last: u64,
    changes: watch::Receiver<u64>,
}

/// Follow the changes of your sessions. Events: `session` with the session, `session_deleted` with `{id}`.
#[utoipa::path(get, path = "/api/v1/events", tag = "events",
    params(("Last-Event-ID" = Option<u64>, Header, description = "Go on after this change")),
    responses((status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"), (status = 401, description = "No token", body = Problem)))]
async fn follow_events(
    State(app): State<Arc<App>>,
    UserCaller(owner): UserCaller,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, ApiError> {
    let last = headers.get("last-event-id").and_then(|value| value.to_str().ok()).and_then(|value| value.parse().ok());
    let changes = app.store.watch_changes();
    let last = last.unwrap_or_else(|| app.store.latest_change());
    let shutdown = app.shutdown.clone();
    let follower = Follower { app, owner, last, changes };
    let opening = stream::iter([Ok(Event::default().comment("following"))]);
    let batches =
        stream::unfold(follower, Follower::next).flat_map(stream::iter).take_until(shutdown.cancelled_owned());
    Ok(Sse::new(opening.chain(batches)).keep_alive(KeepAlive::new().interval(KEEP_ALIVE)))
}

impl Follower {
    async fn next(mut self) -> Option<(Vec<Result<Event, Infallible>>, Self)> {
        loop {
            self.changes.borrow_and_update();
            let changes = match self.app.store.changes_after(self.owner, self.last, BATCH).await {
                Ok(changes) => changes,
                Err(error) => {
                    tracing::error!(error = &error as &dyn std::error::Error, "the events were cut short");
                    return None;
                }
            };
            if !changes.is_empty() {
                let events = changes.into_iter().map(|change| Ok(self.event(change))).collect();
                return Some((events, self));
            }
            if self.changes.changed().await.is_err() {
                return None;
            }
        }
    }

    fn event(&mut self, change: Change) -> Event {
        let number = change.number();
        let event = match &change {
            Change::Session(_, session) => {
                Event::default().event("session").json_data(view::session(&self.app, session))
            }
            Change::Deleted(_, id) => Event::default().event("session_deleted").json_data(SessionDeleted { id: *id }),
        };
        self.last = self.last.max(number);
        event.unwrap_or_default().id(number.to_string())
    }
}
