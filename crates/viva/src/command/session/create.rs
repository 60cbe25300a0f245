//! `viva session create`.

use protocol::{
    model::Model,
    session::{CreateSession, EngineSettings, Session, StopPolicy},
};

use super::{view::phase_text, wait};
use crate::{
    cli::CreateArgs,
    client::Answer,
    command::{Context, list::list_all},
    failure::Failure,
    moment::{humane, local, seconds_until},
};

pub(super) async fn run(args: &CreateArgs, context: &Context<'_>) -> anyhow::Result<()> {
    let model = match &args.model {
        Some(model) => model.clone(),
        None => default_model(context).await?,
    };
    let (session, answer) = create(context, &request(args, model)).await?;
    let (session, answer) =
        if args.wait { wait::until_running(context, &path(&session)).await? } else { (session, answer) };
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    tell(context, &session);
    Ok(())
}

/// A session of default settings, running.
pub(in crate::command) async fn create_default(context: &Context<'_>) -> anyhow::Result<Session> {
    let model = default_model(context).await?;
    let (session, _) = create(context, &CreateSession { model, ..CreateSession::default() }).await?;
    Ok(wait::until_running(context, &path(&session)).await?.0)
}

/// A session on this model with the other settings of default, not waited for.
pub(in crate::command) async fn create_on(
    context: &Context<'_>,
    model: &str,
    after_seconds: Option<u64>,
) -> anyhow::Result<Session> {
    let stop = after_seconds.map(|seconds| StopPolicy { after_seconds: Some(seconds), ..StopPolicy::default() });
    let request = CreateSession { model: model.to_owned(), stop, ..CreateSession::default() };
    Ok(create(context, &request).await?.0)
}

async fn create(context: &Context<'_>, request: &CreateSession) -> anyhow::Result<(Session, Answer)> {
    let mut body = serde_json::to_value(request)?;
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    let answer = context.client.post("/api/v1/sessions", Some(&body)).await?;
    Ok((answer.read()?, answer))
}

fn path(session: &Session) -> String {
    format!("/api/v1/sessions/{}", session.id)
}

fn request(args: &CreateArgs, model: String) -> CreateSession {
    let stop = StopPolicy {
        after_seconds: args.after,
        at: args.until,
        max_interactions: args.max_interactions,
        idle_seconds: args.idle,
        max_tokens: args.max_tokens,
    };
    let engine = EngineSettings { context_length: args.context, parallel: args.parallel };
    CreateSession {
        name: args.name.clone(),
        description: args.description.clone(),
        model,
        stop: (stop != StopPolicy::default()).then_some(stop),
        engine: (engine != EngineSettings::default()).then_some(engine),
    }
}

/// The newest eligible model of the catalog, else of the private ones.
async fn default_model(context: &Context<'_>) -> anyhow::Result<String> {
    use protocol::model::ModelScope;
    let models: Vec<Model> = list_all(context, "/api/v1/models").await?;
    let newest = |scope: ModelScope| models.iter().find(|model| model.eligible && model.scope == scope);
    newest(ModelScope::Catalog).or_else(|| newest(ModelScope::Private)).map(|model| model.id.to_string()).ok_or_else(
        || {
            Failure::new("there is no model that a session can be opened on")
                .hint("add one: `viva model add FILE.gguf`; see why others fail: `viva model list`")
                .into()
        },
    )
}

fn tell(context: &Context<'_>, session: &Session) {
    let output = context.output;
    let state = match session.status {
        protocol::session::Status::Initializing => format!("is initializing: {}", phase_text(session)),
        _ => format!("is {}", session.status.as_str()),
    };
    output.line(&format!("{} {state} ({})", session.name, session.id));
    if let Some(at) = session.stops_at {
        let left = humane(seconds_until(at, jiff::Timestamp::now()));
        output.line(&format!("It stops in {left}, at {}.", local(at)));
    }
    output.next("talk to it", &format!("viva chat {}", quoted(&session.name)));
    output.next("use its API", &format!("viva session endpoint {}", quoted(&session.name)));
    output.next("watch it", "viva session list --watch");
}

/// A name as a shell takes it.
pub(in crate::command) fn quoted(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    if name.chars().all(plain) && !name.starts_with('-') {
        name.to_owned()
    } else {
        format!("'{}'", name.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn names_are_quoted_for_the_shell() {
        assert_eq!(quoted("int.session_1"), "int.session_1");
        assert_eq!(quoted("it's 🎓"), r"'it'\''s 🎓'");
        assert_eq!(quoted("-x"), "'-x'");
    }
}
