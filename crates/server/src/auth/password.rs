//! Passwords: Argon2id with the parameters that its crate recommends (19 MiB, two passes: OWASP's first choice), on a
//! thread of its own, two at a time, so that guessing takes neither the server's threads nor its memory.

use std::sync::OnceLock;

use argon2::{
    Argon2,
    password_hash::{PasswordHasher, PasswordVerifier, phc},
};
use protocol::ErrorCode;
use store::PasswordHash;
use tokio::sync::Semaphore;

use crate::api::problem::ApiError;

/// Each takes 19 MiB while it is computed.
static TURNS: Semaphore = Semaphore::const_new(2);

async fn with_turn<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ApiError> {
    let failed =
        || ApiError::new(ErrorCode::Internal, "the password could not be computed; the server's log says more");
    let _turn = TURNS.acquire().await.map_err(|_| failed())?;
    tokio::task::spawn_blocking(work).await.map_err(|_| failed())
}

fn hashed(password: &str) -> Option<String> {
    let hash: phc::PasswordHash = Argon2::default().hash_password(password.as_bytes()).ok()?;
    Some(hash.to_string())
}

/// What is kept of a password.
///
/// # Errors
/// `internal`: the machine has no randomness.
pub(crate) async fn hash(password: String) -> Result<PasswordHash, ApiError> {
    let hash = with_turn(move || hashed(&password)).await?;
    hash.map(PasswordHash).ok_or_else(|| ApiError::new(ErrorCode::Internal, "the password could not be computed"))
}

/// Whether a password is the one of which this was kept. Where nothing was, it takes as long and is not.
///
/// # Errors
/// `internal`
pub(crate) async fn is_right(kept: Option<PasswordHash>, password: String) -> Result<bool, ApiError> {
    static NOBODYS: OnceLock<String> = OnceLock::new();
    let verified = with_turn(move || {
        let is_somebodys = kept.is_some();
        let hash = match kept {
            Some(kept) => kept.0,
            None => NOBODYS.get_or_init(|| hashed("the password of nobody").unwrap_or_default()).clone(),
        };
        let verified = phc::PasswordHash::new(&hash)
            .is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok());
        verified && is_somebodys
    });
    verified.await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_is_kept_as_argon2id_and_found_again() {
        let kept = hash("correct horse battery".to_owned()).await.unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"), "{}", kept.0);
        let other = hash("correct horse battery".to_owned()).await.unwrap();
        assert_ne!(kept, other, "each has its own salt");
        assert!(is_right(Some(kept.clone()), "correct horse battery".to_owned()).await.unwrap());
        assert!(!is_right(Some(kept), "correct horse batterz".to_owned()).await.unwrap());
        assert!(!is_right(None, "the password of nobody".to_owned()).await.unwrap());
        assert!(!is_right(Some(PasswordHash("damaged".to_owned())), String::new()).await.unwrap());
    }
}
