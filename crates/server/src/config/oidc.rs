//! The table `[oidc]`, which need not be there; where it is, two of its keys have no default.

use std::{collections::BTreeMap, net::IpAddr, path::PathBuf};

use protocol::user::Role;
use serde::{Deserialize, Serialize};

use super::{ConfigError, ServerConfig};

/// Signing in by an identity provider that speaks OpenID Connect. Without this table there is none.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OidcConfig {
    /// The provider's address, as its `/.well-known/openid-configuration` has it: `https`, or `http` on this machine.
    pub issuer: String,
    /// What the provider calls this server.
    pub client_id: String,
    /// The file that holds the secret that the provider gave this server; absent: a public client, which has none.
    #[serde(default)]
    pub client_secret_file: Option<PathBuf>,
    /// What the provider is asked to tell of people, beside `openid`.
    #[serde(default = "default_scopes")]
    pub scopes: Vec<String>,
    /// The provider's name on the login page.
    #[serde(default = "default_label")]
    pub label: String,
    /// The claim that names somebody who comes for the first time; where it is absent, what their e-mail address has
    /// before the `@`.
    #[serde(default = "default_name_claim")]
    pub name_claim: String,
    /// The role of whoever comes for the first time, or has a role by none of their groups; `none`: only those are let in
    /// whom an admin or a group lets in.
    #[serde(default)]
    pub new_users: NewUsers,
    /// The claim that lists somebody's groups, its name or its path with dots; absent: groups decide nothing.
    #[serde(default)]
    pub groups_claim: Option<String>,
    /// The role that a group gives, such as `{ staff = "member" }`; of several, the highest. It is given anew at each
    /// login.
    #[serde(default)]
    pub roles: BTreeMap<String, Role>,
}

fn default_scopes() -> Vec<String> {
    ["profile", "email"].map(str::to_owned).to_vec()
}

fn default_label() -> String {
    "single sign-on".to_owned()
}

fn default_name_claim() -> String {
    "preferred_username".to_owned()
}

/// What becomes of somebody whom the identity provider knows and this server does not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NewUsers {
    Admin,
    #[default]
    Member,
    Viewer,
    None,
}

impl NewUsers {
    pub const fn role(self) -> Option<Role> {
        match self {
            Self::Admin => Some(Role::Admin),
            Self::Member => Some(Role::Member),
            Self::Viewer => Some(Role::Viewer),
            Self::None => None,
        }
    }
}

impl OidcConfig {
    pub(super) fn check(&self, server: &ServerConfig) -> Result<(), ConfigError> {
        let refuse = |key: &str, value: &str, wrong| {
            Err(ConfigError::Unusable { key: format!("oidc.{key}"), value: value.to_owned(), wrong })
        };
        let Ok(issuer) = reqwest::Url::parse(&self.issuer) else {
            return refuse("issuer", &self.issuer, "is no address; give one such as https://id.example.com");
        };
        if !is_safe(&issuer) {
            return refuse(
                "issuer",
                &self.issuer,
                "would be asked in the clear; give an address that begins with https://",
            );
        }
        if issuer.query().is_some() || issuer.fragment().is_some() {
            return refuse("issuer", &self.issuer, "has more than a path; give it without `?` and `#`");
        }
        for (key, value) in [("client_id", &self.client_id), ("label", &self.label), ("name_claim", &self.name_claim)] {
            if value.trim().is_empty() {
                return refuse(key, value, "is empty; give one, or leave the key out where it has a default");
            }
        }
        if let Some(scope) = self.scopes.iter().find(|scope| scope.is_empty() || scope.contains(char::is_whitespace)) {
            return refuse("scopes", scope, "is no scope; give each as a text of its own, without spaces");
        }
        if let Some((group, _)) = self.roles.iter().find(|(_, role)| **role == Role::Owner) {
            return refuse(
                &format!("roles.{group}"),
                "owner",
                "cannot be given; there is one owner: give admin, member or viewer",
            );
        }
        match (&self.groups_claim, self.roles.keys().next()) {
            (Some(claim), None) => {
                return refuse(
                    "groups_claim",
                    claim,
                    "has no effect without `oidc.roles`; give each group's role there",
                );
            }
            (None, Some(group)) => {
                let wrong = "has no effect without `oidc.groups_claim`; name the claim there that lists the groups";
                return refuse("roles", group, wrong);
            }
            (Some(_), Some(_)) | (None, None) => {}
        }
        match &server.public_url {
            None if !server.listen.ip().is_loopback() => {
                let address = server.listen.to_string();
                let wrong = "is where people are not sent back to; say by which address they reach the server, in `server.public_url`";
                Err(ConfigError::Unusable { key: "server.listen".to_owned(), value: address, wrong })
            }
            Some(url) if reqwest::Url::parse(url).is_err() => {
                let wrong = "is no address; give one such as https://viva.example.com";
                Err(ConfigError::Unusable { key: "server.public_url".to_owned(), value: url.clone(), wrong })
            }
            Some(_) | None => Ok(()),
        }
    }
}

/// Whether what goes to this address cannot be read on the way.
pub(crate) fn is_safe(url: &reqwest::Url) -> bool {
    let is_here = || match url.host_str().unwrap_or_default().trim_matches(['[', ']']) {
        "localhost" => true,
        host => host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback()),
    };
    url.scheme() == "https" || (url.scheme() == "http" && is_here())
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    fn oidc(more: &str) -> Result<(), String> {
        let text = format!("[oidc]\nissuer = \"https://id.example.com\"\nclient_id = \"viva\"\n{more}");
        let config: Config = toml::from_str(&text).map_err(|error| error.to_string())?;
        config.check().map_err(|error| error.to_string())
    }

    #[test]
    fn an_identity_provider_needs_an_address_and_a_name_and_the_rest_has_defaults() {
        assert_eq!(oidc(""), Ok(()));
        assert_eq!(oidc("groups_claim = \"groups\"\nnew_users = \"none\"\nroles = { staff = \"member\" }\n"), Ok(()));
        let error = toml::from_str::<Config>("[oidc]\nissuer = \"https://id.example.com\"\n").unwrap_err().to_string();
        assert!(error.contains("client_id"), "{error}");
    }

    #[test]
    fn what_is_wrong_of_an_identity_provider_is_named_with_its_value_and_the_remedy() {
        for (more, parts) in [
            ("new_users = \"king\"\n", ["king", "`member`", "`none`"]),
            ("scopes = [\"profile email\"]\n", ["oidc.scopes", "profile email", "without spaces"]),
            ("label = \" \"\n", ["oidc.label", "empty", "default"]),
            (
                "roles = { staff = \"owner\" }\ngroups_claim = \"groups\"\n",
                ["oidc.roles.staff", "owner", "admin, member"],
            ),
            ("roles = { staff = \"member\" }\n", ["oidc.roles", "staff", "oidc.groups_claim"]),
            ("groups_claim = \"groups\"\n", ["oidc.groups_claim", "groups", "oidc.roles"]),
            ("[server]\nlisten = \"192.0.2.1:80\"\ninsecure = true\n", ["server.listen", "192.0.2.1:80", "public_url"]),
            ("[server]\npublic_url = \"viva\"\n", ["server.public_url", "viva", "https://"]),
        ] {
            let error = oidc(more).unwrap_err();
            assert!(parts.iter().all(|part| error.contains(part)), "{more}: {error}");
        }
        for (issuer, remedy) in [
            ("id.example.com", "https://id.example.com"),
            ("http://id.example.com", "https://"),
            ("ftp://127.0.0.1", "https://"),
            ("https://id.example.com?x=1", "without"),
        ] {
            let text = format!("[oidc]\nissuer = \"{issuer}\"\nclient_id = \"viva\"\n");
            let error = toml::from_str::<Config>(&text).unwrap().check().unwrap_err().to_string();
            assert!(error.contains("oidc.issuer") && error.contains(issuer) && error.contains(remedy), "{error}");
        }
        for issuer in ["http://127.0.0.1:1", "http://[::1]:1/realms/x", "http://localhost:1"] {
            let text = format!("[oidc]\nissuer = \"{issuer}\"\nclient_id = \"viva\"\n");
            assert!(toml::from_str::<Config>(&text).unwrap().check().is_ok(), "{issuer}");
        }
    }
}
