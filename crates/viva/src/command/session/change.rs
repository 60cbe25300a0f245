//! What changes a session: stop, extend, rename, delete.

use jiff::Timestamp;
use protocol::session::{DeletionReceipt, Limit, LimitKind, LimitSource, LimitValue, Phase, Session};
use serde_json::{Map, Value, json};

use super::{view, wait};
use crate::{
    command::{
        Context, confirm_deletion,
        figures::{bytes, counted},
        find::session_path,
    },
    failure::Failure,
    moment::{humane, local, seconds_until},
};

pub(super) async fn stop(context: &Context<'_>, reference: &str, yes: bool) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let output = context.output;
    let before: Session = context.client.get(&path, &[]).await?.read()?;
    let live = before.phase != Phase::Ended;
    if live && !yes && output.is_interactive() && !output.is_json() {
        let question = format!("Stop {}? It cannot be started again; its results stay. [y/N]", before.name);
        let answer = output.ask(&question).unwrap_or_default();
        if !matches!(answer.to_lowercase().as_str(), "y" | "yes") {
            return Err(Failure::new("nothing was stopped").into());
        }
    }
    let answer = context.client.post(&format!("{path}/stop"), None).await?;
    if output.is_json() {
        output.json(&answer.text);
        return Ok(());
    }
    let (session, _) = wait::until_ended(context, &path).await?;
    let why = view::why(&session).map(|why| format!(": {why}")).unwrap_or_default();
    let already = if live { "" } else { "already " };
    output.line(&format!("{} {already}{}{why}", session.name, session.status.as_str()));
    Ok(())
}

pub(super) async fn extend(
    context: &Context<'_>,
    reference: &str,
    by: Option<u64>,
    until: Option<Timestamp>,
) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let before: Session = context.client.get(&path, &[]).await?.read()?;
    let stop = match (by, until) {
        (Some(by), _) => extended_by(&before, by)?,
        (None, Some(at)) => extended_until(&before, at),
        (None, None) => return Err(Failure::usage("say how much longer").hint("--for 30m, or --until 18:00").into()),
    };
    let answer = context.client.patch(&path, &json!({ "stop": stop })).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let session: Session = answer.read()?;
    let stops = session.stops_at.map_or_else(
        || "has no time set yet".into(),
        |at| format!("stops in {}, at {}", humane(seconds_until(at, Timestamp::now())), local(at)),
    );
    context.output.line(&format!("{} {stops}", session.name));
    Ok(())
}

fn find_limit(session: &Session, kind: LimitKind) -> Option<Limit> {
    session.limits.iter().copied().find(|limit| limit.kind == kind)
}

/// Both limits that count time move, each by as much, so that the earlier one is later by that. The operator's bound
/// stays where it is: who asked for a time alone has not set the other.
fn extended_by(session: &Session, by: u64) -> anyhow::Result<Value> {
    let mut stop = Map::new();
    let own = |limit: &Limit| limit.source != LimitSource::Operator || session.stop.at.is_none();
    let after = find_limit(session, LimitKind::AfterSeconds).filter(own);
    if let Some(LimitValue::Count(seconds)) = after.map(|limit| limit.value) {
        stop.insert("after_seconds".into(), seconds.saturating_add(by).into());
    }
    if let Some(at) = session.stop.at {
        let later = i64::try_from(by).ok().and_then(|by| at.checked_add(jiff::SignedDuration::from_secs(by)).ok());
        let later = later.ok_or_else(|| Failure::usage("that is too long"))?;
        stop.insert("at".into(), later.to_string().into());
    }
    if stop.is_empty() {
        return Err(Failure::new("the session has no time limit to extend").into());
    }
    Ok(Value::Object(stop))
}

/// Sets the wall-clock time; a limit from Running that would end it earlier is moved to it.
fn extended_until(session: &Session, at: Timestamp) -> Value {
    let mut stop = Map::new();
    stop.insert("at".into(), at.to_string().into());
    let after = find_limit(session, LimitKind::AfterSeconds).map(|limit| limit.value);
    if let (Some(LimitValue::Count(seconds)), Some(running_at)) = (after, session.running_at) {
        // One second more, for the part of a second that the division drops.
        let needed = seconds_until(at, running_at).saturating_add(1);
        if needed > seconds {
            stop.insert("after_seconds".into(), needed.into());
        }
    }
    Value::Object(stop)
}

pub(super) async fn rename(
    context: &Context<'_>,
    reference: &str,
    name: Option<String>,
    description: Option<String>,
) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let mut change = Map::new();
    change.extend(name.map(|name| ("name".to_owned(), name.into())));
    change.extend(
        description
            .map(|text| ("description".to_owned(), if text.trim().is_empty() { Value::Null } else { text.into() })),
    );
    let answer = context.client.patch(&path, &Value::Object(change)).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let session: Session = answer.read()?;
    context.output.line(&match session.description {
        Some(description) => format!("{}: {description}", session.name),
        None => session.name,
    });
    Ok(())
}

pub(super) async fn delete(context: &Context<'_>, reference: &str, confirm: Option<&str>) -> anyhow::Result<()> {
    let path = session_path(context, reference).await?;
    let session: Session = context.client.get(&path, &[]).await?.read()?;
    let live = if session.phase == Phase::Ended { "" } else { ", which is cut and stopped first," };
    let what =
        format!("the session {}{live} with its {}", session.name, counted(session.usage.interactions, "interaction"));
    confirm_deletion(context.output, confirm, &what)?;
    let answer = context.client.delete(&path, &[("confirm", "delete".into())]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let receipt: DeletionReceipt = answer.read()?;
    context.output.line(&format!(
        "{} deleted: {}, {}, {} temporary, {} persistent",
        session.name,
        counted(receipt.completions, "completion"),
        counted(receipt.files, "file"),
        bytes(receipt.bytes_temporary),
        bytes(receipt.bytes_persistent),
    ));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::command::session::sample;

    #[test]
    fn extending_moves_every_limit_that_would_end_it_before() {
        let mut session = sample::sessions().remove(0);
        assert_eq!(extended_by(&session, 1800).unwrap(), json!({"after_seconds": 5400}));
        let at: Timestamp = "2030-01-01T13:44:30Z".parse().unwrap();
        assert_eq!(extended_until(&session, at), json!({"at": "2030-01-01T13:44:30Z", "after_seconds": 7201}));
        let sooner: Timestamp = "2030-01-01T12:10:00Z".parse().unwrap();
        assert_eq!(extended_until(&session, sooner), json!({"at": "2030-01-01T12:10:00Z"}));
        session.stop.at = Some(sooner);
        let both = json!({"after_seconds": 3660, "at": "2030-01-01T12:11:00Z"});
        assert_eq!(extended_by(&session, 60).unwrap(), both);
        for limit in &mut session.limits {
            limit.source = LimitSource::Operator;
        }
        assert_eq!(extended_by(&session, 60).unwrap(), json!({"at": "2030-01-01T12:11:00Z"}));
        session.limits.clear();
        session.stop.at = None;
        assert!(extended_by(&session, 60).is_err());
    }
}
