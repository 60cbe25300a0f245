//! The session that a run runs in: one that is there, or one that is opened for it and stopped at its end.

use protocol::{
    SessionId,
    session::{Phase, Session},
};

use super::signals::Signals;
use crate::{
    cli::PlaceArgs,
    command::{
        Context,
        find::{model_path, session_or_newest_running},
        session::{create_on, quoted, wait_until_ended, wait_until_running},
    },
};

pub(super) struct Place {
    /// Of the session in the API.
    pub(super) path: String,
    opened: Option<Session>,
    keeps: bool,
}

impl Place {
    /// The session that is named, the newest that runs, or one that is opened now.
    ///
    /// # Errors
    /// There is none, or it cannot be opened.
    pub(super) async fn find(args: &PlaceArgs, context: &Context<'_>) -> anyhow::Result<Self> {
        let Some(model) = &args.model else {
            let path = session_or_newest_running(context, args.session.as_deref()).await?;
            return Ok(Self { path, opened: None, keeps: true });
        };
        // Told in the words of this program, before a session is made.
        model_path(context, model).await?;
        let session = create_on(context, model, args.after).await?;
        Ok(Self { path: format!("/api/v1/sessions/{}", session.id), opened: Some(session), keeps: args.keep })
    }

    /// Waits until a session that was opened is Running.
    ///
    /// # Errors
    /// It failed instead, with its reason.
    pub(super) async fn wait(&mut self, context: &Context<'_>) -> anyhow::Result<()> {
        if let Some(session) = &mut self.opened {
            *session = wait_until_running(context, session).await?;
        }
        Ok(())
    }

    pub(super) async fn id(&self, context: &Context<'_>) -> anyhow::Result<SessionId> {
        match &self.opened {
            Some(session) => Ok(session.id),
            None => Ok(context.client.get(&self.path, &[]).await?.read::<Session>()?.id),
        }
    }

    /// Stops what was opened, unless it is to be kept. What goes wrong is told and changes nothing of the result.
    pub(super) async fn close(&self, context: &Context<'_>, signals: &mut Signals) {
        let Some(session) = &self.opened else { return };
        let output = context.output;
        if self.keeps {
            output.next("it runs on", &format!("viva session show {}", quoted(&session.name)));
            return;
        }
        let stop = async {
            let before: Session = context.client.post(&format!("{}/stop", self.path), None).await?.read()?;
            if before.phase == Phase::Ended { Ok(before) } else { wait_until_ended(context, &before).await }
        };
        let told = tokio::select! {
            stopped = stop => stopped.err().map(|error| crate::failure::sentence(&error)),
            () = signals.next() => Some("interrupted before its end was seen".to_owned()),
        };
        if let Some(why) = told {
            output.warn(&format!("the session {} could not be seen to stop: {why}", session.name));
            output.next("stop it", &format!("viva session stop {}", quoted(&session.name)));
        }
    }
}
