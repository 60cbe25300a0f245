//! `viva chat`: a conversation with a session, in the terminal or through a pipe.
//!
//! Owns the conversation while it lasts. The answers belong to the server: what came before an interruption, or
//! before the session stopped, is kept there.

mod command;
mod conversation;
mod footer;
mod input;
mod resume;
mod save;
mod settings;
mod turn;

use std::path::{Path, PathBuf};

use protocol::{
    completion::{Completion, FinishReason},
    session::{Session, Status},
};

use self::{
    command::{Command, HELP},
    conversation::Conversation,
    input::{Input, Line},
    settings::Settings,
    turn::{Followed, follow},
};
use super::{Context, find, session};
use crate::{
    cli::ChatArgs,
    failure::Failure,
    output::{Paint, clean},
};
pub(super) use settings::known_value;

/// What the conversation does next.
enum Next {
    GoOn,
    Leave,
}

struct Chat<'a> {
    context: &'a Context<'a>,
    session: Session,
    conversation: Conversation,
    settings: Settings,
    /// The files that this conversation was written to: it may replace them.
    saved: Vec<PathBuf>,
}

pub(super) async fn run(args: ChatArgs, context: &Context<'_>) -> anyhow::Result<()> {
    // Before anything is sent: what is out of bounds is a matter of usage.
    let settings = Settings::from_args(&args.sampling)?;
    let session = open(context, args.session.as_deref()).await?;
    let mut chat = Chat { context, session, conversation: Conversation::new(None), settings, saved: Vec::new() };
    if let Some(conversation) = &args.resume {
        chat.resume(conversation.as_deref()).await?;
    }
    if args.system.is_some() {
        chat.conversation.set_system(args.system);
    }
    if let Some(message) = args.message {
        return chat.say(message).await;
    }
    let mut input = Input::new(context.output)?;
    if input.is_terminal() {
        chat.greet();
    }
    loop {
        match input.next().await? {
            Line::End => return Ok(()),
            Line::Text(text) if text.trim().is_empty() => {}
            Line::Text(text) => match chat.obey(&text, input.is_terminal()).await? {
                Next::GoOn => {}
                Next::Leave => return Ok(()),
            },
        }
    }
}

/// The session that is meant: the named one, else the newest that runs, else a new one.
async fn open(context: &Context<'_>, reference: Option<&str>) -> anyhow::Result<Session> {
    let sessions = find::list_sessions(context).await?;
    let output = context.output;
    let session = match reference {
        Some(reference) => find::choose_session(&sessions, reference)?,
        None => match find::newest_running(&sessions) {
            Some(session) => session,
            None if output.is_interactive() => {
                let answer = output.ask("No session is running. Create one on the newest model? [Y/n]");
                return match answer.map(|answer| answer.to_lowercase()).as_deref() {
                    Some("" | "y" | "yes") => session::create_default(context).await,
                    Some(_) | None => Err(Failure::new("there is no session to talk to").into()),
                };
            }
            None => {
                let failure = Failure::new("no session is running");
                return Err(failure.hint("create one: `viva session create --wait`").into());
            }
        },
    };
    match session.status {
        Status::Running => Ok(session.clone()),
        Status::Initializing => session::wait_until_running(context, session).await,
        Status::Failed | Status::Stopped => Err(ended(session)),
    }
}

/// Why nothing can be said to the session any more.
fn ended(session: &Session) -> anyhow::Error {
    let why = session::why(session).map(|why| format!(": {why}")).unwrap_or_default();
    Failure::new(format!("{} {}{why}", session.name, session.status.as_str()))
        .hint(format!(
            "what it answered is kept: `viva history list {}`; create another: `viva session create`",
            session.id
        ))
        .into()
}

impl Chat<'_> {
    fn greet(&self) {
        let output = self.context.output;
        let model = format!("{}:{}", self.session.model.name, self.session.model.version);
        let name = output.style().paint(Paint::Bold, &clean(&self.session.name));
        output.note(&format!("{name} on {}. /help tells the commands, Ctrl-D leaves.", clean(&model)));
        if !self.conversation.turns().is_empty() {
            output.note(self.conversation.text(output.style()).trim_end());
        }
        footer::stops(&self.session, jiff::Timestamp::now()).into_iter().for_each(|text| output.aside(&text));
    }

    /// Does what a line says. On a terminal an error is told and the conversation goes on; in a pipe it ends it.
    async fn obey(&mut self, line: &str, terminal: bool) -> anyhow::Result<Next> {
        let result = match command::parse(line) {
            Ok(Some(Command::Exit)) => return Ok(Next::Leave),
            Ok(Some(command)) => self.command(command).await,
            Ok(None) => self.say(line.to_owned()).await,
            Err(error) => Err(error),
        };
        match result {
            Ok(()) => Ok(Next::GoOn),
            Err(error) if terminal && !self.is_over().await => {
                self.context.output.fail(&error);
                Ok(Next::GoOn)
            }
            Err(error) => Err(error),
        }
    }

    /// Whether the session takes no more messages. A server that does not answer may come back.
    async fn is_over(&mut self) -> bool {
        self.refresh().await;
        self.session.status != Status::Running || self.session.stopping
    }

    async fn refresh(&mut self) {
        let path = format!("/api/v1/sessions/{}", self.session.id);
        if let Ok(session) = self.context.client.get(&path, &[]).await.and_then(|answer| answer.read()) {
            self.session = session;
        }
    }

    async fn command(&mut self, command: Command) -> anyhow::Result<()> {
        let output = self.context.output;
        match command {
            Command::Help => output.note(HELP),
            Command::System(text) => {
                self.conversation.set_system(text);
                output.aside(match &self.conversation.system {
                    Some(_) => "The system message holds from the next message on.",
                    None => "No system message.",
                });
            }
            Command::ShowSettings => output.note(&self.settings.table(output.style(), output.width())),
            Command::Set(name, value) => output.aside(&self.settings.set(&name, &value)?),
            Command::Retry => {
                let message = self.conversation.take_back()?;
                return self.say(message).await;
            }
            Command::Save(file) => self.save(Path::new(&file))?,
            Command::Raw(text) => return self.raw(text.as_deref()).await,
            Command::History => output.write(&self.conversation.text(output.style())),
            Command::New => {
                self.conversation = Conversation::new(self.conversation.system.take());
                self.saved.clear();
                output.aside("A new conversation; the system message and the parameters stay.");
            }
            Command::Exit => {}
        }
        Ok(())
    }

    /// Goes on with a conversation that the session's history holds.
    async fn resume(&mut self, conversation: Option<&str>) -> anyhow::Result<()> {
        let completion = resume::newest(self.context, &self.session, conversation).await?;
        self.conversation = Conversation::after(&completion)?;
        self.settings.fill_from(&completion.request);
        Ok(())
    }

    /// Writes the conversation to a file. One that was there before is replaced only if a person agrees.
    fn save(&mut self, file: &Path) -> anyhow::Result<()> {
        let output = self.context.output;
        let form = save::Form::of(file)?;
        if file.exists() && !self.saved.iter().any(|saved| saved == file) {
            let there = format!("{} is there already", file.display());
            let agreed = output.is_interactive()
                && output
                    .ask(&format!("{there}. Replace it? [y/N]"))
                    .is_some_and(|answer| matches!(answer.to_lowercase().as_str(), "y" | "yes"));
            if !agreed {
                return Err(Failure::new(there).hint("choose another name").into());
            }
        }
        save::save(&self.conversation, &self.session, form, file)?;
        output.aside(&format!("{} written.", file.display()));
        self.saved.push(file.to_owned());
        Ok(())
    }

    /// Sends a message and shows the answer as it comes.
    async fn say(&mut self, message: String) -> anyhow::Result<()> {
        let body = self.conversation.request(&message, &self.settings);
        let path = format!("/api/v1/sessions/{}/completions", self.session.id);
        let created = match self.context.client.post(&path, Some(&body)).await {
            Ok(answer) => answer.read::<Completion>()?,
            Err(error) => {
                self.refresh().await;
                let over = self.session.status != Status::Running;
                return Err(if over { ended(&self.session) } else { error });
            }
        };
        let followed = follow(self.context, &created).await?;
        self.conversation.add(&message, &followed.completion);
        self.refresh().await;
        self.tell_end(&followed)
    }

    /// The figures under an answer, and what cut it.
    fn tell_end(&self, Followed { completion, text, .. }: &Followed) -> anyhow::Result<()> {
        let output = self.context.output;
        if output.is_json() {
            output.json(text);
        } else {
            output.aside(&footer::line(completion, &self.session, jiff::Timestamp::now()));
        }
        match completion.finish_reason {
            Some(FinishReason::Error) => {
                let message = completion.error.as_ref().map_or("no reason was given", |error| error.message.as_str());
                Err(Failure::new(format!("the answer broke: {message}")).into())
            }
            Some(FinishReason::SessionStopped) => Err(ended(&self.session)),
            Some(FinishReason::Stop | FinishReason::Length | FinishReason::Cancelled) | None => Ok(()),
        }
    }

    /// The prompt as the model's template renders it, with a next message where one is given.
    async fn raw(&self, message: Option<&str>) -> anyhow::Result<()> {
        let body = self.conversation.render_request(message, &self.settings)?;
        let path = format!("/api/v1/sessions/{}/render", self.session.id);
        let answer = self.context.client.post(&path, Some(&body)).await?;
        if self.context.output.is_json() {
            self.context.output.json(&answer.text);
            return Ok(());
        }
        let rendered: turn::Rendered = answer.read()?;
        self.context.output.line(&clean(&rendered.prompt));
        self.context.output.aside(&format!("{} of {} tokens of context", rendered.tokens, rendered.context_length));
        Ok(())
    }
}
