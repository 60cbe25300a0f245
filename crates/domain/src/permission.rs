//! Who may do what: the role of a user, and the scopes of a key within it.
//!
//! Whose a thing is, is another question, asked first by the lookup: what is somebody else's is not there at all.

use protocol::user::{Role, Scope};

/// What somebody wants to do, as far as permissions tell it apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Look at one's own things, and at the catalog.
    Read,
    /// Create, change, stop or delete one's own things.
    Change,
    /// Ask a model of one's own sessions.
    Infer,
    /// Make and withdraw what opens something: keys, passwords, login links.
    Credentials,
    /// Add, change and remove models of the catalog.
    Catalog,
    /// Look at users and at what runs on the machine, read the audit log.
    Oversee,
    /// Create, change and remove users, stop what runs.
    Administer,
}

impl Action {
    pub const ALL: [Self; 7] =
        [Self::Read, Self::Change, Self::Infer, Self::Credentials, Self::Catalog, Self::Oversee, Self::Administer];
}

/// What the caller has shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grant {
    /// A login or the user's own token: all that the role allows.
    Whole,
    /// A key with these scopes.
    Key(Scopes),
}

/// A set of scopes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub fn new(scopes: impl IntoIterator<Item = Scope>) -> Self {
        Self(scopes.into_iter().fold(0, |set, scope| set | Self::bit(scope)))
    }

    const fn bit(scope: Scope) -> u8 {
        match scope {
            Scope::Read => 1,
            Scope::Infer => 2,
            Scope::Manage => 4,
            Scope::Admin => 8,
        }
    }

    pub const fn has(self, scope: Scope) -> bool {
        self.0 & Self::bit(scope) != 0
    }

    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In the order of [`Scope::ALL`].
    pub fn list(self) -> Vec<Scope> {
        Scope::ALL.into_iter().filter(|scope| self.has(*scope)).collect()
    }
}

/// Why something is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Denied {
    #[error("{}", role_message(*.0))]
    Role(Role),
    /// The key needs one of these scopes.
    #[error("this key may not do that: it needs the scope `{}`", .0.as_str())]
    Scope(Scope),
    /// No key may.
    #[error("no key may make or withdraw what opens something: log in, or send your own token")]
    AnyKey,
}

const fn role_message(role: Role) -> &'static str {
    match role {
        Role::Viewer => "a viewer looks at things and changes nothing; ask an admin for another role",
        Role::Member => "this is for the owner and admins",
        Role::Admin | Role::Owner => "this is for the owner alone",
    }
}

/// Decides whether a user of this role, with what was shown, may do it.
///
/// # Errors
/// [`Denied`]: what stands in the way.
pub const fn may(role: Role, grant: Grant, action: Action) -> Result<(), Denied> {
    let of_role = match (role, action) {
        (Role::Owner | Role::Admin, _) => true,
        (Role::Member, Action::Read | Action::Change | Action::Infer | Action::Credentials) => true,
        (Role::Member, Action::Catalog | Action::Oversee | Action::Administer) => false,
        // Viewers look after the way they log in, as everybody does.
        (Role::Viewer, Action::Read | Action::Credentials) => true,
        (Role::Viewer, Action::Change | Action::Infer | Action::Catalog | Action::Oversee | Action::Administer) => {
            false
        }
    };
    if !of_role {
        return Err(Denied::Role(role));
    }
    let Grant::Key(scopes) = grant else { return Ok(()) };
    let needed = match action {
        Action::Read if scopes.has(Scope::Manage) => return Ok(()),
        Action::Read => Scope::Read,
        Action::Change => Scope::Manage,
        Action::Infer => Scope::Infer,
        Action::Credentials => return Err(Denied::AnyKey),
        Action::Catalog | Action::Oversee | Action::Administer => Scope::Admin,
    };
    if scopes.has(needed) { Ok(()) } else { Err(Denied::Scope(needed)) }
}

/// Decides whether somebody of this role may create, change or remove a user of the other. The owner is one, and
/// stays so; admins are the owner's matter.
///
/// # Errors
/// [`Denied`].
pub const fn may_administer(actor: Role, of: Role) -> Result<(), Denied> {
    match (actor, of) {
        (Role::Owner, Role::Admin | Role::Member | Role::Viewer) | (Role::Admin, Role::Member | Role::Viewer) => Ok(()),
        (Role::Owner | Role::Admin, Role::Owner | Role::Admin) | (Role::Member | Role::Viewer, _) => {
            Err(Denied::Role(actor))
        }
    }
}
