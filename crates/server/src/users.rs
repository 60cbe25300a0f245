//! Users: made, changed, removed with what is theirs, and let in by password.

use std::{net::IpAddr, sync::Arc, time::Instant};

use domain::{
    naming,
    permission::{Action, may_administer},
};
use protocol::{
    ErrorCode, FieldError, Problem, UserId,
    audit::AuditAction,
    user::{CreateUser, Identity, Role, SetPassword, UpdateUser, UserReceipt},
};
use serde_json::json;
use store::{
    AuditNote, DeleteModelError, NewUser, Owned, RemoveUserError, TestSetWrite, User, UserChange, WriteUserError,
};

use crate::{
    api::{login::refused, problem::ApiError},
    app::App,
    auth::{Access, By, password},
    control, models,
    oidc::MAX_SUBJECT,
};

impl From<WriteUserError> for ApiError {
    fn from(error: WriteUserError) -> Self {
        match error {
            WriteUserError::NotFound => Self::not_found("user"),
            WriteUserError::NameTaken => {
                Self::field(FieldError::new("name", "taken", "another user has this name; choose another one"))
            }
            WriteUserError::IdentityTaken => {
                let message = "another user is signed in by this subject; take it from them first, with `null`";
                Self::field(FieldError::new("oidc_subject", "taken", message))
            }
            WriteUserError::Storage(error) => error.into(),
        }
    }
}

/// Lets a user in by name and password. An unknown name takes as long as a wrong password, and is answered alike.
///
/// # Errors
/// `unauthorized`; `rate_limited`: too many wrong ones came from this address.
pub(crate) async fn log_in(app: &App, name: &str, password: String, peer: IpAddr) -> Result<UserId, ApiError> {
    app.password_guesses.attempt(peer, Instant::now())?;
    let user = app.store.find_user_by_name(name.trim()).await?;
    let user = user.filter(|user| user.disabled_at.is_none() && user.deleting_at.is_none());
    let (id, kept) = user.map_or((None, None), |user| (Some(user.id), user.password));
    match (password::is_right(kept, password).await?, id) {
        (true, Some(id)) => {
            app.password_guesses.forgive(peer);
            Ok(id)
        }
        (_, _) => {
            let message = "no user has this name and this password; an admin can make a login link";
            Err(refused("password", message.to_owned()))
        }
    }
}

/// Creates a user.
///
/// # Errors
/// The fields that break a rule; `forbidden` where the role is not the caller's to give.
pub(crate) async fn create(app: &App, access: Access, request: CreateUser) -> Result<User, ApiError> {
    may_administer(access.role, request.role)?;
    let mut errors = Vec::new();
    let name = naming::user_name(&request.name).map_err(|error| errors.push(error)).unwrap_or_default();
    if let Some(Err(error)) = request.password.as_deref().map(naming::check_password) {
        errors.push(error);
    }
    let identity = request.oidc_subject.as_deref().map(|subject| identity_of(app, subject)).transpose();
    let identity = identity.map_err(|error| errors.push(error)).unwrap_or_default();
    if !errors.is_empty() {
        return Err(ApiError::fields(errors));
    }
    let password = match request.password {
        Some(text) => Some(password::hash(text).await?),
        None => None,
    };
    let user = NewUser { id: UserId::generate(), name, role: request.role, password, identity, now: app.clock.now() };
    let note = access.note(app, AuditAction::UserCreated, user.id);
    let note = AuditNote { detail: Some(request.role.as_str().to_owned()), ..note };
    let user = app.store.audited(note).create_user(user).await?;
    app.people.reread(&app.store).await?;
    Ok(user)
}

/// Whom the configured identity provider calls so.
fn identity_of(app: &App, subject: &str) -> Result<Identity, FieldError> {
    let wrong = |code: &str, message: String| Err(FieldError::new("oidc_subject", code, message));
    let Some(oidc) = &app.oidc else {
        let message = "no identity provider is configured, so that it signs nobody in; set `oidc.issuer`";
        return wrong("not_configured", message.to_owned());
    };
    match subject.len() {
        0 => wrong("empty", "the subject is empty; give the `sub` that the identity provider has for them".to_owned()),
        1..=MAX_SUBJECT => Ok(Identity { issuer: oidc.issuer().to_owned(), subject: subject.to_owned() }),
        length => wrong("too_long", format!("the subject has {length} bytes; at most {MAX_SUBJECT} are allowed")),
    }
}

/// The user that an administrator, or the user themselves, may look after.
///
/// # Errors
/// `not_found`; `forbidden` where they are there and beyond the caller.
pub(crate) async fn find_managed(app: &App, access: Access, id: UserId) -> Result<User, ApiError> {
    let is_own = id == access.user;
    let may_know = access.role == Role::Owner || access.role == Role::Admin;
    if !is_own && !may_know {
        return Err(ApiError::not_found("user"));
    }
    let user = app.store.find_user(id).await?.filter(|user| user.deleting_at.is_none());
    let user = user.ok_or_else(|| ApiError::not_found("user"))?;
    if !is_own {
        access.require(Action::Administer)?;
        may_administer(access.role, user.role)?;
    }
    Ok(user)
}

/// Changes a user. One's own name can be changed, one's own role cannot.
///
/// # Errors
/// The fields that break a rule; `forbidden`.
pub(crate) async fn update(app: &App, access: Access, id: UserId, change: UpdateUser) -> Result<User, ApiError> {
    let user = find_managed(app, access, id).await?;
    let mut changes = Vec::new();
    if let Some(name) = change.name {
        changes.push(UserChange::Rename(naming::user_name(&name).map_err(ApiError::field)?));
    }
    if let Some(role) = change.role.filter(|role| *role != user.role) {
        // Of the role that they have and of the one that they are to get.
        may_administer(access.role, user.role)?;
        may_administer(access.role, role)?;
        changes.push(UserChange::SetRole(role));
    }
    match change.disabled {
        Some(true) if user.disabled_at.is_none() => {
            may_administer(access.role, user.role)?;
            changes.push(UserChange::Disable(app.clock.now()));
            app.login_codes.withdraw(id, app.clock.now());
        }
        Some(false) if user.disabled_at.is_some() => changes.push(UserChange::Enable),
        Some(_) | None => {}
    }
    if let Some(subject) = change.oidc_subject {
        // Whoever is named here logs in as this user: a key must not come to more than it is.
        access.require(Action::Credentials)?;
        let identity = subject.as_deref().map(|subject| identity_of(app, subject)).transpose();
        changes.push(UserChange::SetIdentity(identity.map_err(ApiError::field)?));
    }
    if changes.is_empty() {
        return Ok(user);
    }
    let told: Vec<&str> = changes.iter().map(|change| word(change)).collect();
    let note = AuditNote { detail: Some(told.join(", ")), ..access.note(app, AuditAction::UserChanged, id) };
    write(app, note, id, changes).await
}

/// What the audit log calls a change.
const fn word(change: &UserChange) -> &'static str {
    match change {
        UserChange::Rename(_) => "name",
        UserChange::SetRole(role) => match role {
            Role::Owner => "role owner",
            Role::Admin => "role admin",
            Role::Member => "role member",
            Role::Viewer => "role viewer",
        },
        UserChange::Disable(_) => "disabled",
        UserChange::Enable => "enabled",
        UserChange::SetPassword(_) => "password",
        UserChange::SetIdentity(Some(_)) => "identity",
        UserChange::SetIdentity(None) => "no identity",
        UserChange::EndLogins => "logins",
        UserChange::MarkDeleting(_) => "deleting",
    }
}

async fn write(app: &App, note: AuditNote, id: UserId, changes: Vec<UserChange>) -> Result<User, ApiError> {
    let user = app.store.audited(note).change_user(id, changes).await?;
    app.people.reread(&app.store).await?;
    Ok(user)
}

/// Sets a password and ends all logins of the user.
///
/// # Errors
/// The fields that break a rule; `forbidden`; `rate_limited`.
pub(crate) async fn set_password(app: &App, access: Access, id: UserId, request: SetPassword) -> Result<(), ApiError> {
    let user = find_managed(app, access, id).await?;
    naming::check_password(&request.password).map_err(ApiError::field)?;
    // A browser that was left open must not be enough. Who has shown their token has shown more than a password.
    if id == access.user && user.password.is_some() && access.by != By::Token {
        app.password_guesses.attempt(access.peer, Instant::now())?;
        if !password::is_right(user.password, request.current.unwrap_or_default()).await? {
            let message = "this is not your password so far; an admin can remove it";
            return Err(ApiError::field(FieldError::new("current", "wrong", message)));
        }
        app.password_guesses.forgive(access.peer);
    }
    let kept = password::hash(request.password).await?;
    let note = access.note(app, AuditAction::PasswordSet, id);
    write(app, note, id, vec![UserChange::SetPassword(Some(kept))]).await.map(|_| ())
}

/// Takes a password away, and ends all logins of the user.
///
/// # Errors
/// `not_found`, `forbidden`
pub(crate) async fn remove_password(app: &App, access: Access, id: UserId) -> Result<(), ApiError> {
    find_managed(app, access, id).await?;
    let note = access.note(app, AuditAction::PasswordRemoved, id);
    write(app, note, id, vec![UserChange::SetPassword(None)]).await.map(|_| ())
}

/// Ends all logins of the user, and withdraws their login links.
///
/// # Errors
/// `not_found`, `forbidden`
pub(crate) async fn end_logins(app: &App, access: Access, id: UserId) -> Result<(), ApiError> {
    find_managed(app, access, id).await?;
    app.login_codes.withdraw(id, app.clock.now());
    let note = access.note(app, AuditAction::LoginsEnded, id);
    write(app, note, id, vec![UserChange::EndLogins]).await.map(|_| ())
}

/// What becomes of what is theirs when a user is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OwnedThings {
    /// A user who has any stays.
    Keep,
    /// Sessions, private models and test sets are deleted too.
    Delete,
}

/// Removes a user.
///
/// # Errors
/// `user_has_things` with the figures; `not_found`, `forbidden`.
pub(crate) async fn remove(
    app: &Arc<App>,
    access: Access,
    id: UserId,
    things: OwnedThings,
) -> Result<UserReceipt, ApiError> {
    let user = find_managed(app, access, id).await?;
    may_administer(access.role, user.role)?;
    let owned = app.store.list_owned(id).await?;
    if things == OwnedThings::Keep && !owned.is_empty() {
        return Err(has_things(&owned));
    }
    let note = access.note(app, AuditAction::UserDeleted, id);
    write(app, note, id, vec![UserChange::MarkDeleting(app.clock.now())]).await?;
    app.login_codes.withdraw(id, app.clock.now());
    remove_marked(app, id, &access.user.to_string()).await
}

fn has_things(owned: &Owned) -> ApiError {
    let (sessions, models, test_sets) = (owned.sessions.len(), owned.models.len(), owned.test_sets.len());
    let detail = format!(
        "this user has {sessions} sessions, {models} private models and {test_sets} test sets; have them deleted first, \
         or add `&owned=delete` to delete them for good with the user"
    );
    let figures = json!({"sessions": sessions, "models": models, "test_sets": test_sets});
    ApiError::from(Problem::new(ErrorCode::UserHasThings, detail).with_figures(figures))
}

/// Removes what is theirs, by the ordinary ways, then the user. Safe to repeat from any point.
async fn remove_marked(app: &Arc<App>, id: UserId, actor: &str) -> Result<UserReceipt, ApiError> {
    let mut receipt = UserReceipt::default();
    loop {
        let owned = app.store.list_owned(id).await?;
        for session in owned.sessions {
            match control::delete(app, session, actor, None).await {
                Ok(_) => receipt.sessions += 1,
                Err(control::ApplyError::Gone) => {}
                Err(error) => return Err(error.into()),
            }
        }
        for model in owned.models {
            let record = app.store.find_model(model).await?;
            if let Some(record) = &record {
                models::note_loose(app, record).await?;
            }
            match (app.store.delete_model(model).await, record) {
                (Ok(()), Some(record)) => {
                    models::remove_unused_blobs(app, &record).await?;
                    receipt.models += 1;
                }
                (Ok(()) | Err(DeleteModelError::NotFound | DeleteModelError::InUse { .. }), _) => {}
                (Err(DeleteModelError::Storage(error)), _) => return Err(error.into()),
            }
        }
        for set in owned.test_sets {
            app.store.write_test_set(id, set, TestSetWrite::Delete).await?;
            receipt.test_sets += 1;
        }
        match app.store.remove_user(id).await {
            Ok(()) => break,
            // What was being made when they were disabled has come meanwhile.
            Err(RemoveUserError::HasThings) => {}
            Err(RemoveUserError::Storage(error)) => return Err(error.into()),
        }
    }
    app.store.scrub().await?;
    app.people.reread(&app.store).await?;
    Ok(receipt)
}

/// Goes on with removals that an earlier run began.
pub(crate) async fn finish_removals(app: Arc<App>) {
    let users = app.store.list_users().await.unwrap_or_default();
    for user in users.into_iter().filter(|user| user.deleting_at.is_some()) {
        if let Err(error) = remove_marked(&app, user.id, "system").await {
            tracing::error!(user = %user.id, error = error.0.detail, "a user could not be removed; the next start goes on");
        }
    }
}
