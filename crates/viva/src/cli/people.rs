//! `viva user …`, `viva key …`, and the tokens of sessions.

use clap::{Args, Subcommand, ValueEnum};
use jiff::Timestamp;

use crate::moment::{parse_duration, parse_until};

const USER_HELP: &str = "The user: their name or id";
const SESSION_HELP: &str =
    "The session: its id, the beginning of its id, or its name [default: the newest running one]";

#[derive(Debug, Subcommand)]
pub(crate) enum UserCommand {
    /// List everybody
    List,
    /// Create a user, and print a link that logs them in once
    Create {
        /// Their name: 1 to 64 characters
        name: String,
        /// What they may do
        #[arg(long, value_enum, default_value_t = RoleArg::Member, value_name = "ROLE")]
        role: RoleArg,
        /// Read a password from standard input, or ask for it, instead of printing a link
        #[arg(long)]
        password: bool,
        /// Whom the identity provider signs in as this user: what it calls them, its `sub`
        #[arg(long, value_name = "SUBJECT")]
        oidc_subject: Option<String>,
    },
    /// Show a user
    Show {
        #[arg(help = USER_HELP)]
        user: String,
    },
    /// Give a user another name
    Rename {
        #[arg(help = USER_HELP)]
        user: String,
        /// The new name: 1 to 64 characters
        name: String,
    },
    /// Give a user another role
    SetRole {
        #[arg(help = USER_HELP)]
        user: String,
        #[arg(value_enum, value_name = "ROLE")]
        role: RoleArg,
    },
    /// Say whom the identity provider signs in as a user
    SetSubject {
        #[arg(help = USER_HELP)]
        user: String,
        /// What the provider calls them: its `sub`
        #[arg(value_name = "SUBJECT", required_unless_present = "remove")]
        subject: Option<String>,
        /// Let it sign nobody in as them any more
        #[arg(long, conflicts_with = "subject")]
        remove: bool,
    },
    /// Log a user out everywhere, and let nothing of theirs open anything
    Disable {
        #[arg(help = USER_HELP)]
        user: String,
    },
    /// Let a disabled user in again
    Enable {
        #[arg(help = USER_HELP)]
        user: String,
    },
    /// Delete a user with their keys, for good
    Delete {
        #[arg(help = USER_HELP)]
        user: String,
        /// Delete their sessions, private models and test sets too
        #[arg(long)]
        owned: bool,
        /// The word `delete`: do not ask for it
        #[arg(long, value_name = "delete", value_parser = ["delete"], hide_possible_values = true)]
        confirm: Option<String>,
    },
    /// Print a link that logs a user in once, within a day
    Link {
        #[arg(help = USER_HELP)]
        user: String,
    },
    /// Set a user's password, read from standard input or asked for; all their logins end
    Password {
        #[arg(help = USER_HELP)]
        user: String,
        /// Take the password away
        #[arg(long)]
        remove: bool,
    },
    /// End all logins of a user
    Logout {
        #[arg(help = USER_HELP)]
        user: String,
    },
    /// List what runs on the machine, of everybody
    Sessions,
    /// Stop anybody's session, by its id
    StopSession {
        #[arg(value_name = "SESSION")]
        id: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoleArg {
    /// Manages users and the catalog, sees what runs and can stop it
    Admin,
    /// Opens sessions and has what is theirs
    Member,
    /// Looks at what is theirs, and changes nothing
    Viewer,
}

impl RoleArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Admin => "admin",
            Self::Member => "member",
            Self::Viewer => "viewer",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum QuotaCommand {
    /// Show quotas with what is used of them: yours, a user's, or those of all together
    Show {
        #[arg(help = format!("{USER_HELP} [default: you]"))]
        user: Option<String>,
        /// Those of all users together
        #[arg(long, conflicts_with = "user")]
        all: bool,
    },
    /// Set quotas of a user, or of all users together
    Set {
        /// What to set: sessions=5, tokens_per_day=100000, live=default
        #[arg(required = true, value_name = "KIND=VALUE", value_parser = parse_quota)]
        quotas: Vec<(String, Option<u64>)>,
        /// The user: their name or id
        #[arg(long, value_name = "USER", required_unless_present = "all")]
        user: Option<String>,
        /// Of all users together
        #[arg(long, conflicts_with = "user")]
        all: bool,
    },
}

/// A kind of quota and its figure; none: as the configuration says.
fn parse_quota(text: &str) -> Result<(String, Option<u64>), String> {
    let (kind, value) = text.split_once('=').ok_or("write it as KIND=VALUE, as in sessions=5")?;
    let kinds = protocol::quota::QuotaKind::ALL.map(protocol::quota::QuotaKind::as_str);
    if !kinds.contains(&kind) {
        return Err(format!("there is no quota `{kind}`; there are {}", kinds.join(", ")));
    }
    if value == "default" {
        return Ok((kind.to_owned(), None));
    }
    let value = value.parse().map_err(|_| format!("`{value}` is no whole number, and not `default`"))?;
    Ok((kind.to_owned(), Some(value)))
}

#[derive(Debug, Subcommand)]
pub(crate) enum KeyCommand {
    /// List your API keys
    List,
    /// Create an API key, and print it: it is shown this once
    Create(CreateKeyArgs),
    /// Withdraw an API key
    Revoke {
        /// The key: its name or id
        key: String,
    },
}

#[derive(Debug, Clone, Args)]
pub(crate) struct CreateKeyArgs {
    /// Its name: 1 to 100 characters
    pub(crate) name: String,
    /// What it may be used for; may be given several times
    #[arg(long = "scope", value_enum, value_delimiter = ',', default_values_t = [ScopeArg::Manage, ScopeArg::Infer], value_name = "SCOPE")]
    pub(crate) scopes: Vec<ScopeArg>,
    /// Let it expire after this long: 24h, 90d [default: it does not]
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) after: Option<u64>,
    /// Let it expire at this time: 2030-01-31T18:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_until, conflicts_with = "after")]
    pub(crate) until: Option<Timestamp>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ScopeArg {
    /// Looking at what is yours
    Read,
    /// Asking models
    Infer,
    /// Looking, creating, changing, stopping, deleting
    Manage,
    /// What admins do
    Admin,
}

impl ScopeArg {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Infer => "infer",
            Self::Manage => "manage",
            Self::Admin => "admin",
        }
    }
}

#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// List the named tokens of a session
    List {
        #[arg(help = SESSION_HELP)]
        session: Option<String>,
    },
    /// Create a named token of a session, and print it: it is shown this once
    Create {
        /// Its name: 1 to 100 characters
        name: String,
        #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
        session: Option<String>,
    },
    /// Withdraw a named token of a session
    Revoke {
        /// The token: its name or id
        token: String,
        #[arg(long, short, value_name = "SESSION", help = SESSION_HELP)]
        session: Option<String>,
    },
}
