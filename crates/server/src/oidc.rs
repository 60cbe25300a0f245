//! Signing in by an identity provider that speaks OpenID Connect: the authorization code flow with PKCE, state and nonce,
//! bound to the browser that began it.
//!
//! The provider says who somebody is, in a token that it has signed; what that makes of them here is this module's and
//! the store's. Nothing is known about the provider at the start of the server: it is asked when somebody comes.

mod claims;
mod http;
mod pending;
mod provider;
mod refusal;

use std::{io, net::IpAddr, path::PathBuf};

use jiff::Timestamp;
use openidconnect::{ClientSecret, Nonce, PkceCodeChallenge, RedirectUrl};
use protocol::user::{Identity, Role};
use store::{Arrival, Standing, User};

use self::{
    claims::Claims,
    pending::{Begun, Pending},
    provider::{Attempt, Provider},
};
pub(crate) use self::{pending::LASTS, refusal::Refusal};
use crate::{app::App, config::OidcConfig, token};

/// Where the provider sends people back to.
pub(crate) const CALLBACK: &str = "/api/v1/login/oidc/callback";
/// Names that are tried for somebody who comes for the first time.
const NAMES: usize = 200;
/// Longest subject that is kept, in bytes: the specification's own bound.
pub(crate) const MAX_SUBJECT: usize = 255;

/// The identity provider cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum OidcError {
    #[error("oidc.client_secret_file = {path:?} cannot be read; name a file that the server may read")]
    Secret { path: PathBuf, source: io::Error },
    #[error(
        "oidc.client_secret_file = {path:?} is empty; put the secret that the provider gave into it, or leave the key out"
    )]
    NoSecret { path: PathBuf },
    #[error("oidc.issuer, or the address of the server, cannot be used")]
    Address(#[source] openidconnect::url::ParseError),
    #[error("the means to ask the identity provider cannot be set up")]
    Client(#[source] reqwest::Error),
}

/// The identity provider, and who is on the way there.
pub(crate) struct Oidc {
    config: OidcConfig,
    provider: Provider,
    pending: Pending,
}

/// A browser that is sent to the provider.
pub(crate) struct Departure {
    pub(crate) url: String,
    pub(crate) state: String,
    /// What the browser has to show when it comes back.
    pub(crate) secret: String,
}

/// What a browser brings back. It holds secrets: it is never printed.
pub(crate) struct Return {
    pub(crate) state: String,
    /// What the browser was given when it left.
    pub(crate) secret: String,
    /// The provider's code, or the word for why there is none.
    pub(crate) outcome: Result<String, String>,
    /// Who the answer says that it is from (RFC 9207).
    pub(crate) issuer: Option<String>,
}

/// Where a browser goes that has come back, and who it is now.
pub(crate) struct Home {
    pub(crate) next: String,
    pub(crate) result: Result<User, Refusal>,
}

impl Oidc {
    /// # Errors
    /// [`OidcError`]
    pub(crate) fn new(config: OidcConfig, url: &str) -> Result<Self, OidcError> {
        let secret = config.client_secret_file.as_ref().map(read_secret).transpose()?;
        let back = RedirectUrl::new(format!("{}{CALLBACK}", url.trim_end_matches('/'))).map_err(OidcError::Address)?;
        let provider = Provider::new(&config, secret, back)?;
        Ok(Self { config, provider, pending: Pending::default() })
    }

    pub(crate) fn label(&self) -> &str {
        &self.config.label
    }

    pub(crate) fn issuer(&self) -> &str {
        &self.config.issuer
    }

    /// Sends a browser to the provider.
    ///
    /// # Errors
    /// The provider cannot be asked where to.
    pub(crate) async fn depart(&self, next: String, peer: IpAddr, now: Timestamp) -> Result<Departure, Refusal> {
        let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
        let (state, secret, nonce) = (token::new_secret(), token::new_secret(), Nonce::new(token::new_secret()));
        let url = self.provider.authorization_url(&self.config.scopes, &state, &nonce, challenge).await?;
        let begun = Begun { secret: token::hash(&secret), attempt: Attempt { nonce, verifier }, next, peer, at: now };
        self.pending.add(state.clone(), begun);
        Ok(Departure { url, state, secret })
    }

    /// The way that comes to its end so; none: nobody was on it, or not in this browser.
    pub(crate) fn recognise(&self, returned: &Return, now: Timestamp) -> Option<Begun> {
        self.pending.take(&returned.state, &token::hash(&returned.secret), now)
    }

    /// Signs in whom the provider sends back.
    pub(crate) async fn arrive(&self, app: &App, begun: Begun, returned: Return, peer: IpAddr) -> Home {
        let result = self.sign_in(app, returned, begun.attempt, peer).await;
        if let Err(refusal) = &result {
            tracing::warn!(reason = refusal.word(), "somebody was not signed in by the identity provider");
        }
        Home { next: begun.next, result }
    }

    async fn sign_in(&self, app: &App, returned: Return, attempt: Attempt, peer: IpAddr) -> Result<User, Refusal> {
        if returned.issuer.is_some_and(|issuer| issuer != self.config.issuer) {
            tracing::warn!("an answer of another provider than `oidc.issuer` came back");
            return Err(Refusal::Refused);
        }
        let code = returned.outcome.map_err(|error| Refusal::of_provider(&error))?;
        let wanted: Vec<&str> =
            std::iter::once(self.config.name_claim.as_str()).chain(self.config.groups_claim.as_deref()).collect();
        let claims = self.provider.redeem(code, attempt, &wanted).await?;
        let arrival = self.arrival(&claims, peer, app.clock.now())?;
        let user = app.store.sign_in(arrival).await?;
        app.people.reread(&app.store).await.map_err(|error| Refusal::from(store::SignInError::from(error)))?;
        Ok(user)
    }

    /// What the provider's word makes of somebody here.
    fn arrival(&self, claims: &Claims, peer: IpAddr, now: Timestamp) -> Result<Arrival, Refusal> {
        let subject = claims.subject().filter(|subject| subject.len() <= MAX_SUBJECT).ok_or(Refusal::Refused)?;
        let new = self.config.new_users.role();
        let (first_role, standing) = match &self.config.groups_claim {
            None => (new, Standing::Keep),
            Some(claim) => {
                let role = self.role_of(&claims.list(claim)).or(new);
                (role, role.map_or(Standing::Out, Standing::Role))
            }
        };
        let name = claims.text(&self.config.name_claim).or_else(|| claims.before_at("email")).unwrap_or_default();
        Ok(Arrival {
            identity: Identity { issuer: self.config.issuer.clone(), subject: subject.to_owned() },
            names: domain::naming::offered_user_names(name).take(NAMES).collect(),
            first_role,
            standing,
            address: peer.to_string(),
            now,
        })
    }

    /// The highest role that one of the groups gives.
    fn role_of(&self, groups: &[&str]) -> Option<Role> {
        let given: Vec<Role> = groups.iter().filter_map(|group| self.config.roles.get(*group)).copied().collect();
        Role::ALL.into_iter().find(|role| given.contains(role))
    }
}

fn read_secret(path: &PathBuf) -> Result<ClientSecret, OidcError> {
    let text = std::fs::read_to_string(path).map_err(|source| OidcError::Secret { path: path.clone(), source })?;
    match text.trim() {
        "" => Err(OidcError::NoSecret { path: path.clone() }),
        secret => Ok(ClientSecret::new(secret.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn oidc(more: &str) -> Oidc {
        let text = format!("issuer = \"https://id.example.com\"\nclient_id = \"viva\"\n{more}");
        Oidc::new(toml::from_str(&text).unwrap(), "http://127.0.0.1:8482").unwrap()
    }

    fn arrival(oidc: &Oidc, claims: Value) -> Result<Arrival, Refusal> {
        oidc.arrival(&Claims::new(claims), IpAddr::from([127, 0, 0, 1]), Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn a_name_is_taken_from_the_claim_else_from_the_address() {
        let (plain, nick) = (oidc(""), oidc("name_claim = \"nickname\"\n"));
        for (oidc, claims, name) in [
            (&plain, json!({"sub": "1", "preferred_username": "Ada", "email": "x@y"}), "Ada"),
            (&plain, json!({"sub": "1", "email": "ada.l@example.com"}), "ada.l"),
            (&plain, json!({"sub": "1", "preferred_username": 7}), "user"),
            (&nick, json!({"sub": "1", "preferred_username": "Ada", "nickname": "a"}), "a"),
        ] {
            let arrival = arrival(oidc, claims.clone()).unwrap();
            assert_eq!((arrival.names[0].as_str(), arrival.first_role), (name, Some(Role::Member)));
            assert_eq!((arrival.identity.subject.as_str(), arrival.standing), ("1", Standing::Keep), "{claims}");
        }
        for claims in [json!({}), json!({"sub": ""}), json!({"sub": 1}), json!({"sub": "x".repeat(256)})] {
            assert_eq!(arrival(&plain, claims.clone()), Err(Refusal::Refused), "{claims}");
        }
    }

    #[test]
    fn groups_give_the_highest_role_and_new_users_the_rest() {
        let roles =
            "groups_claim = \"realm.roles\"\nroles = { heads = \"admin\", staff = \"member\", guests = \"viewer\" }\n";
        let (open, closed) = (oidc(roles), oidc(&format!("new_users = \"none\"\n{roles}")));
        for (groups, opens, closes) in [
            (json!(["guests", "heads", "x"]), Some(Role::Admin), Some(Role::Admin)),
            (json!("staff"), Some(Role::Member), Some(Role::Member)),
            (json!(["x"]), Some(Role::Member), None),
            (json!(null), Some(Role::Member), None),
        ] {
            let claims = json!({"sub": "1", "realm": {"roles": groups}});
            for (oidc, role) in [(&open, opens), (&closed, closes)] {
                let told = arrival(oidc, claims.clone()).unwrap();
                let standing = role.map_or(Standing::Out, Standing::Role);
                assert_eq!((told.first_role, told.standing), (role, standing), "{claims}");
            }
        }
        // Without groups, whom an admin has let in keeps their role, and nobody else is let in.
        let told = arrival(&oidc("new_users = \"none\"\n"), json!({"sub": "1"})).unwrap();
        assert_eq!((told.first_role, told.standing), (None, Standing::Keep));
    }

    #[test]
    fn a_secret_is_read_from_its_file_or_the_file_is_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let error = read_secret(&path).unwrap_err();
        assert!(
            error.to_string().contains("oidc.client_secret_file") && error.to_string().contains("secret"),
            "{error}"
        );
        std::fs::write(&path, " \n").unwrap();
        assert!(matches!(read_secret(&path), Err(OidcError::NoSecret { .. })));
        std::fs::write(&path, "s3cret\n").unwrap();
        assert_eq!(read_secret(&path).unwrap().secret(), "s3cret");
    }
}
