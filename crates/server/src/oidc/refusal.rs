//! Why somebody was not signed in: a word for the login page, which says it to the person.

use store::SignInError;

/// Why somebody was not signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No provider is configured.
    NotConfigured,
    /// They, or the provider, said no.
    Cancelled,
    /// It took too long, came a second time, or came to another browser.
    Expired,
    /// The provider cannot be reached, or cannot do it now.
    Unavailable,
    /// The provider's answer is not as it has to be.
    Refused,
    /// Nobody has let them in here.
    NotLetIn,
    Disabled,
    Removed,
    /// Too many wrong answers came from their address.
    HeldBack,
    /// The server's own storage does not answer.
    Storage,
}

impl Refusal {
    #[cfg(test)]
    const ALL: [Self; 10] = [
        Self::NotConfigured,
        Self::Cancelled,
        Self::Expired,
        Self::Unavailable,
        Self::Refused,
        Self::NotLetIn,
        Self::Disabled,
        Self::Removed,
        Self::HeldBack,
        Self::Storage,
    ];

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::NotConfigured => "oidc_not_configured",
            Self::Cancelled => "oidc_cancelled",
            Self::Expired => "oidc_expired",
            Self::Unavailable => "oidc_unavailable",
            Self::Refused => "oidc_refused",
            Self::NotLetIn => "oidc_not_let_in",
            Self::Disabled => "oidc_disabled",
            Self::Removed => "oidc_removed",
            Self::HeldBack => "oidc_held_back",
            Self::Storage => "oidc_storage",
        }
    }

    /// What an error of the provider's authorization endpoint comes to (RFC 6749, OpenID Connect Core).
    pub(super) fn of_provider(error: &str) -> Self {
        match error {
            "access_denied" | "login_required" | "interaction_required" | "consent_required" => Self::Cancelled,
            "server_error" | "temporarily_unavailable" => Self::Unavailable,
            other => {
                let shown: String = other.chars().filter(char::is_ascii_graphic).take(60).collect();
                tracing::warn!(error = shown, "the identity provider refuses what this server asks of it");
                Self::Refused
            }
        }
    }
}

impl From<SignInError> for Refusal {
    fn from(error: SignInError) -> Self {
        match error {
            SignInError::NotLetIn => Self::NotLetIn,
            SignInError::Disabled => Self::Disabled,
            SignInError::Removed => Self::Removed,
            SignInError::NoName => {
                tracing::warn!("every name that a new user could have is taken");
                Self::Refused
            }
            SignInError::Storage(error) => {
                tracing::error!(error = &error as &dyn std::error::Error, "the store failed at a login");
                Self::Storage
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;

    #[test]
    fn every_word_is_said_by_the_login_page_and_explained() {
        let page = include_str!("../../../../docs/troubleshooting.md");
        let console = include_str!("../../../../web/src/pages/login/refusals.ts");
        for refusal in Refusal::ALL {
            let word = refusal.word();
            assert!(page.contains(&format!("\n## `{word}` ")), "docs/troubleshooting.md has no section `{word}`");
            assert!(console.contains(&format!("  {word}: ")), "the login page has no words for {word}");
        }
    }
}
