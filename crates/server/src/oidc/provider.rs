//! The provider: found when somebody needs it, remembered, and asked anew when its keys are others or an hour is over.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use openidconnect::{
    AccessToken, AdditionalClaims, AuthType, AuthenticationFlow, AuthorizationCode, ClaimsVerificationError, ClientId,
    ClientSecret, CsrfToken, DiscoveryError, EndpointMaybeSet, EndpointNotSet, EndpointSet, IssuerUrl, Nonce,
    OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, RequestTokenError, Scope, SubjectIdentifier,
    TokenResponse, UserInfoClaims, UserInfoError,
    core::{
        CoreClient, CoreClientAuthMethod, CoreErrorResponseType, CoreGenderClaim, CoreIdToken, CoreIdTokenVerifier,
        CoreJwsSigningAlgorithm as Algorithm, CoreProviderMetadata, CoreResponseType,
    },
    url::Url,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use tokio::sync::Mutex;

use super::{
    OidcError,
    claims::Claims,
    http::{AskError, ask, client},
    refusal::Refusal,
};
use crate::config::{OidcConfig, is_safe};

/// How long what the provider says of itself holds.
const HOLDS: Duration = Duration::from_secs(3600);
/// How long a provider that could not be asked is left alone.
const REST: Duration = Duration::from_secs(2);
/// Signatures that are believed: those that the provider alone can make.
const ALGORITHMS: [Algorithm; 9] = [
    Algorithm::RsaSsaPkcs1V15Sha256,
    Algorithm::RsaSsaPkcs1V15Sha384,
    Algorithm::RsaSsaPkcs1V15Sha512,
    Algorithm::RsaSsaPssSha256,
    Algorithm::RsaSsaPssSha384,
    Algorithm::RsaSsaPssSha512,
    Algorithm::EcdsaP256Sha256,
    Algorithm::EcdsaP384Sha384,
    Algorithm::EdDsa,
];

/// What a browser's way to the provider was begun with.
#[derive(Debug)]
pub(super) struct Attempt {
    pub(super) nonce: Nonce,
    pub(super) verifier: PkceCodeVerifier,
}

/// The provider could not be found.
#[derive(Debug, thiserror::Error)]
enum FindError {
    #[error("the identity provider's description cannot be had")]
    Discovery(#[from] DiscoveryError<AskError>),
    #[error("the identity provider's `{name}`, {address}, would be asked in the clear")]
    Unsafe { name: &'static str, address: String },
    #[error("the identity provider has no `token_endpoint`")]
    NoTokens,
}

#[derive(Default)]
struct Known {
    found: Option<(Arc<CoreProviderMetadata>, Instant)>,
    failed_at: Option<Instant>,
}

/// Every claim that is not a standard one.
#[derive(Debug, Serialize, Deserialize)]
struct More(Map<String, Value>);

impl AdditionalClaims for More {}

type Client =
    CoreClient<EndpointSet, EndpointNotSet, EndpointNotSet, EndpointNotSet, EndpointMaybeSet, EndpointMaybeSet>;

pub(super) struct Provider {
    issuer: IssuerUrl,
    client_id: ClientId,
    secret: Option<ClientSecret>,
    back: RedirectUrl,
    http: reqwest::Client,
    /// Held while it is asked, so that one does it for all who wait.
    known: Mutex<Known>,
}

impl Provider {
    pub(super) fn new(config: &OidcConfig, secret: Option<ClientSecret>, back: RedirectUrl) -> Result<Self, OidcError> {
        Ok(Self {
            issuer: IssuerUrl::new(config.issuer.clone()).map_err(OidcError::Address)?,
            client_id: ClientId::new(config.client_id.clone()),
            secret,
            back,
            http: client().map_err(OidcError::Client)?,
            known: Mutex::default(),
        })
    }

    /// Where a browser logs in.
    pub(super) async fn authorization_url(
        &self,
        scopes: &[String],
        state: &str,
        nonce: &Nonce,
        challenge: PkceCodeChallenge,
    ) -> Result<String, Refusal> {
        let client = self.client(&*self.metadata(HOLDS).await?);
        let (state, nonce) = (CsrfToken::new(state.to_owned()), nonce.clone());
        let flow = AuthenticationFlow::<CoreResponseType>::AuthorizationCode;
        let scopes = scopes.iter().filter(|scope| *scope != "openid").cloned().map(Scope::new);
        let request = client.authorize_url(flow, move || state, move || nonce).add_scopes(scopes);
        Ok(request.set_pkce_challenge(challenge).url().0.into())
    }

    /// Exchanges the code for what the provider says of somebody, verified. Where a wanted claim is not in the token, the
    /// provider is asked about the person, too.
    pub(super) async fn redeem(&self, code: String, attempt: Attempt, wanted: &[&str]) -> Result<Claims, Refusal> {
        let metadata = self.metadata(HOLDS).await?;
        let client = self.client(&metadata);
        let request = client.exchange_code(AuthorizationCode::new(code)).map_err(|error| refused(&error))?;
        let http = |request| ask(self.http.clone(), request);
        let tokens = request.set_pkce_verifier(attempt.verifier).request_async(&http).await.map_err(of_exchange)?;
        let Some(id_token) = tokens.id_token() else {
            tracing::warn!("the identity provider's answer has no ID token; does it speak OpenID Connect?");
            return Err(Refusal::Refused);
        };
        let subject = self.verify(&client, id_token, &attempt.nonce).await?;
        let mut claims = Claims::new(payload(id_token).ok_or(Refusal::Refused)?);
        if metadata.userinfo_endpoint().is_some() && wanted.iter().any(|name| !claims.has(name)) {
            claims.complete(self.ask_about(&client, tokens.access_token().clone(), subject).await?);
        }
        Ok(claims)
    }

    /// Verifies signature, issuer, audience, time and nonce. Where no known key fits, the provider may have others by now.
    async fn verify(&self, client: &Client, token: &CoreIdToken, nonce: &Nonce) -> Result<SubjectIdentifier, Refusal> {
        let verified = match check(client, token, nonce) {
            Err(ClaimsVerificationError::SignatureVerification(_)) => {
                check(&self.client(&*self.metadata(Duration::ZERO).await?), token, nonce)
            }
            verified => verified,
        };
        verified.map_err(|error| refused(&error))
    }

    async fn ask_about(
        &self,
        client: &Client,
        token: AccessToken,
        subject: SubjectIdentifier,
    ) -> Result<Map<String, Value>, Refusal> {
        let request = client.user_info(token, Some(subject)).map_err(|error| refused(&error))?;
        let http = |request| ask(self.http.clone(), request);
        let claims: UserInfoClaims<More, CoreGenderClaim> = request.request_async(&http).await.map_err(|error| {
            if matches!(error, UserInfoError::Request(_)) {
                return unavailable(&error);
            }
            refused(&error)
        })?;
        match serde_json::to_value(&claims) {
            Ok(Value::Object(claims)) => Ok(claims),
            Ok(_) | Err(_) => Err(Refusal::Refused),
        }
    }

    fn client(&self, metadata: &CoreProviderMetadata) -> Client {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id.clone(), self.secret.clone());
        // Without a list it is `client_secret_basic` (OpenID Connect Discovery, 3).
        let methods = metadata.token_endpoint_auth_methods_supported();
        let takes_basic = methods.is_none_or(|all| all.contains(&CoreClientAuthMethod::ClientSecretBasic));
        let method = if takes_basic { AuthType::BasicAuth } else { AuthType::RequestBody };
        client.set_redirect_uri(self.back.clone()).set_auth_type(method)
    }

    /// What the provider says of itself, no older than `age`; older where it cannot be asked now, unless nothing else will
    /// do.
    async fn metadata(&self, age: Duration) -> Result<Arc<CoreProviderMetadata>, Refusal> {
        let mut known = self.known.lock().await;
        let now = Instant::now();
        if let Some((found, at)) = &known.found
            && now.duration_since(*at) < age
        {
            return Ok(Arc::clone(found));
        }
        let rests = known.failed_at.is_some_and(|at| now.duration_since(at) < REST);
        if !rests {
            match self.find().await {
                Ok(found) => {
                    let found = Arc::new(found);
                    *known = Known { found: Some((Arc::clone(&found), Instant::now())), failed_at: None };
                    return Ok(found);
                }
                Err(error) => {
                    known.failed_at = Some(Instant::now());
                    let issuer = self.issuer.as_str();
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(issuer, error, "the identity provider cannot be used; the next login tries again");
                }
            }
        }
        let older = known.found.as_ref().filter(|_| !age.is_zero()).map(|(found, _)| Arc::clone(found));
        older.ok_or(Refusal::Unavailable)
    }

    async fn find(&self) -> Result<CoreProviderMetadata, FindError> {
        let http = |request| ask(self.http.clone(), request);
        let found = CoreProviderMetadata::discover_async(self.issuer.clone(), &http).await?;
        require_safe("authorization_endpoint", found.authorization_endpoint().url())?;
        require_safe("token_endpoint", found.token_endpoint().ok_or(FindError::NoTokens)?.url())?;
        require_safe("jwks_uri", found.jwks_uri().url())?;
        found.userinfo_endpoint().map_or(Ok(()), |address| require_safe("userinfo_endpoint", address.url()))?;
        Ok(found)
    }
}

fn require_safe(name: &'static str, url: &Url) -> Result<(), FindError> {
    if is_safe(url) { Ok(()) } else { Err(FindError::Unsafe { name, address: url.to_string() }) }
}

fn check(client: &Client, token: &CoreIdToken, nonce: &Nonce) -> Result<SubjectIdentifier, ClaimsVerificationError> {
    let verifier: CoreIdTokenVerifier<'_> = client.id_token_verifier().set_allowed_algs(ALGORITHMS);
    token.claims(&verifier, nonce).map(|claims| claims.subject().clone())
}

/// The claims of a token that was verified, all of them.
fn payload(token: &CoreIdToken) -> Option<Value> {
    let text = token.to_string();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(text.split('.').nth(1)?).ok()?).ok()
}

type ExchangeError = RequestTokenError<AskError, openidconnect::StandardErrorResponse<CoreErrorResponseType>>;

/// A code that is over is told from a provider that does not know this server.
fn of_exchange(error: ExchangeError) -> Refusal {
    match &error {
        RequestTokenError::Request(_) => unavailable(&error),
        RequestTokenError::ServerResponse(answer) if *answer.error() == CoreErrorResponseType::InvalidGrant => {
            tracing::warn!("the identity provider does not take its own code back: it was used, or its time is over");
            Refusal::Expired
        }
        RequestTokenError::ServerResponse(_) | RequestTokenError::Parse(..) | RequestTokenError::Other(_) => {
            refused(&error)
        }
    }
}

fn refused(error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::warn!(error, "what the identity provider answers is not as it has to be");
    Refusal::Refused
}

fn unavailable(error: &(dyn std::error::Error + 'static)) -> Refusal {
    tracing::warn!(error, "the identity provider cannot be reached");
    Refusal::Unavailable
}
