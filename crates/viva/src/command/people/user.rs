//! `viva user …`.

use protocol::{
    UserId,
    system::LoginLink,
    user::{MachineSessions, User, UserList, UserReceipt},
};
use serde_json::json;

use super::read_password;
use crate::{
    cli::{RoleArg, UserCommand},
    command::{
        Context, confirm_deletion,
        figures::{bytes, counted},
    },
    failure::Failure,
    moment::local,
    output::{Align, Cell, Column, Paint, Table},
};

pub(in crate::command) async fn run(command: UserCommand, context: &Context<'_>) -> anyhow::Result<()> {
    match command {
        UserCommand::List => list(context).await,
        UserCommand::Create { name, role, password, oidc_subject } => {
            create(context, name, role, password, oidc_subject).await
        }
        UserCommand::Show { user } => show(context, &user).await,
        UserCommand::Rename { user, name } => change(context, &user, json!({ "name": name })).await,
        UserCommand::SetRole { user, role } => change(context, &user, json!({ "role": role.as_str() })).await,
        UserCommand::SetSubject { user, subject, remove: _ } => {
            change(context, &user, json!({ "oidc_subject": subject })).await
        }
        UserCommand::Disable { user } => change(context, &user, json!({ "disabled": true })).await,
        UserCommand::Enable { user } => change(context, &user, json!({ "disabled": false })).await,
        UserCommand::Delete { user, owned, confirm } => delete(context, &user, owned, confirm.as_deref()).await,
        UserCommand::Link { user } => {
            let user = find(context, &user).await?;
            print_link(context, &user).await
        }
        UserCommand::Password { user, remove } => password(context, &user, remove).await,
        UserCommand::Logout { user } => {
            let user = find(context, &user).await?;
            let answer = context.client.delete(&format!("{}/logins", path(user.id)), &[]).await?;
            done(context, &answer.text, &format!("{} is logged out everywhere", user.name));
            Ok(())
        }
        UserCommand::Sessions => sessions(context).await,
        UserCommand::StopSession { id } => {
            let answer = context.client.post(&format!("/api/v1/machine/sessions/{id}/stop"), None).await?;
            done(context, &answer.text, &format!("{id} is being stopped"));
            Ok(())
        }
    }
}

pub(super) fn path(id: UserId) -> String {
    format!("/api/v1/users/{id}")
}

/// JSON as the API gave it, or the sentence.
fn done(context: &Context<'_>, json: &str, sentence: &str) {
    if context.output.is_json() {
        context.output.json(if json.trim().is_empty() { "{}" } else { json });
    } else {
        context.output.line(sentence);
    }
}

/// The user of this name or id.
pub(in crate::command) async fn find(context: &Context<'_>, reference: &str) -> anyhow::Result<User> {
    let users: UserList = context.client.get("/api/v1/users", &[]).await?.read()?;
    let reference = reference.trim();
    let folded = reference.to_lowercase();
    let found =
        users.items.into_iter().find(|user| user.id.to_string() == reference || user.name.to_lowercase() == folded);
    found.ok_or_else(|| {
        Failure::new(format!("there is no user `{reference}`")).hint("see them: `viva user list`").into()
    })
}

async fn list(context: &Context<'_>) -> anyhow::Result<()> {
    let answer = context.client.get("/api/v1/users", &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let users: UserList = answer.read()?;
    let mut table = Table::new([
        Column::new("USER").flexible(12),
        Column::new("ROLE"),
        Column::new("STATE"),
        Column::new("SIGNS IN BY").optional(2),
        Column::new("SESSIONS").align(Align::Right).optional(3),
        Column::new("LIVE").align(Align::Right).optional(1),
        Column::new("ID").optional(4),
    ]);
    for user in &users.items {
        table.row([
            Cell::new(&user.name),
            Cell::new(user.role.as_str()),
            if user.disabled { Cell::painted("disabled", Paint::Yellow) } else { Cell::new("enabled") },
            Cell::new(ways(user)),
            Cell::new(user.sessions.to_string()),
            Cell::new(user.live_sessions.to_string()),
            Cell::new(user.id.to_string()),
        ]);
    }
    context.output.write(&table.render(context.output.style(), context.output.width()));
    Ok(())
}

/// What a user signs in by, beside links that an admin makes.
fn ways(user: &User) -> &'static str {
    match (user.identity.is_some(), user.has_password) {
        (true, true) => "provider, password",
        (true, false) => "provider",
        (false, true) => "password",
        (false, false) => "link",
    }
}

async fn show(context: &Context<'_>, reference: &str) -> anyhow::Result<()> {
    let user = find(context, reference).await?;
    let answer = context.client.get(&path(user.id), &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let user: User = answer.read()?;
    let style = context.output.style();
    for (label, value) in [
        ("name", user.name.clone()),
        ("id", user.id.to_string()),
        ("role", user.role.as_str().to_owned()),
        ("state", if user.disabled { "disabled" } else { "enabled" }.to_owned()),
        ("signs in", format!("by {}", ways(&user).replace(", ", ", by "))),
        ("sessions", format!("{}, {} of them live", user.sessions, user.live_sessions)),
        ("created", local(user.created_at)),
    ] {
        context.output.line(&format!("{} {value}", style.paint(Paint::Dim, &format!("{label:<9}"))));
    }
    if let Some(identity) = user.identity {
        let label = style.paint(Paint::Dim, &format!("{:<9}", "subject"));
        context.output.line(&format!("{label} {} at {}", identity.subject, identity.issuer));
    }
    Ok(())
}

async fn create(
    context: &Context<'_>,
    name: String,
    role: RoleArg,
    password: bool,
    subject: Option<String>,
) -> anyhow::Result<()> {
    let mut body = json!({"name": name, "role": role.as_str()});
    // Who has another way in needs no link.
    let needs_link = !password && subject.is_none();
    if let Some(subject) = subject {
        body["oidc_subject"] = subject.into();
    }
    if password {
        body["password"] = read_password(context, "Their password:")?.into();
    }
    let answer = context.client.post("/api/v1/users", Some(&body)).await?;
    let user: User = answer.read()?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    context.output.aside(&format!("{} is created as {}", user.name, user.role.as_str()));
    if !needs_link {
        context.output.line(&user.id.to_string());
        return Ok(());
    }
    print_link(context, &user).await
}

async fn print_link(context: &Context<'_>, user: &User) -> anyhow::Result<()> {
    let answer = context.client.post(&format!("{}/login-links", path(user.id)), None).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let link: LoginLink = answer.read()?;
    context.output.line(&link.url);
    context.output.aside(&format!("it logs {} in once, until {}", user.name, local(link.expires_at)));
    Ok(())
}

async fn change(context: &Context<'_>, reference: &str, change: serde_json::Value) -> anyhow::Result<()> {
    let user = find(context, reference).await?;
    let answer = context.client.patch(&path(user.id), &change).await?;
    let user: User = answer.read()?;
    let state = if user.disabled { "disabled" } else { "enabled" };
    done(context, &answer.text, &format!("{}: {}, {state}", user.name, user.role.as_str()));
    Ok(())
}

async fn delete(context: &Context<'_>, reference: &str, owned: bool, confirm: Option<&str>) -> anyhow::Result<()> {
    let user = find(context, reference).await?;
    let with = if owned { " with their sessions, private models and test sets" } else { "" };
    confirm_deletion(context.output, confirm, &format!("the user {}{with}", user.name))?;
    let mut query = vec![("confirm", "delete".to_owned())];
    if owned {
        query.push(("owned", "delete".to_owned()));
    }
    let answer = context.client.delete(&path(user.id), &query).await?;
    let receipt: UserReceipt = answer.read()?;
    let sentence = format!(
        "{} deleted, with {}, {} and {}",
        user.name,
        counted(receipt.sessions, "session"),
        counted(receipt.models, "private model"),
        counted(receipt.test_sets, "test set"),
    );
    done(context, &answer.text, &sentence);
    Ok(())
}

async fn password(context: &Context<'_>, reference: &str, remove: bool) -> anyhow::Result<()> {
    let user = find(context, reference).await?;
    let path = format!("{}/password", path(user.id));
    if remove {
        let answer = context.client.delete(&path, &[]).await?;
        done(context, &answer.text, &format!("{} has no password any more", user.name));
        return Ok(());
    }
    let password = read_password(context, &format!("A password for {}:", user.name))?;
    let answer = context.client.put_json(&path, &json!({ "password": password })).await?;
    done(context, &answer.text, &format!("{} has a new password, and is logged out everywhere", user.name));
    Ok(())
}

async fn sessions(context: &Context<'_>) -> anyhow::Result<()> {
    let answer = context.client.get("/api/v1/machine/sessions", &[]).await?;
    if context.output.is_json() {
        context.output.json(&answer.text);
        return Ok(());
    }
    let sessions: MachineSessions = answer.read()?;
    if sessions.items.is_empty() {
        context.output.line("Nothing runs.");
        return Ok(());
    }
    let mut table = Table::new([
        Column::new("SESSION"),
        Column::new("USER").flexible(8),
        Column::new("PHASE"),
        Column::new("MEMORY").align(Align::Right).optional(1),
        Column::new("STOPS").optional(2),
    ]);
    for session in &sessions.items {
        table.row([
            Cell::new(session.id.to_string()),
            Cell::new(&session.owner.name),
            Cell::new(session.phase.as_str()),
            Cell::new(bytes(session.memory_bytes)),
            Cell::new(session.stops_at.map_or_else(|| "–".to_owned(), local)),
        ]);
    }
    context.output.write(&table.render(context.output.style(), context.output.width()));
    Ok(())
}
