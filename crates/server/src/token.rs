//! Tokens: a session's is computed, a user's is random and kept as a hash.

use std::{fs, io, io::Write, os::unix::fs::OpenOptionsExt, path::Path};

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use hmac::{Hmac, KeyInit, Mac};
use protocol::SessionId;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Shortest token that an operator may set, in bytes.
pub(crate) const MIN_USER_TOKEN: usize = 32;
/// What both kinds of a session's tokens begin with.
pub(crate) const SESSION_PREFIX: &str = "vses_";
const USER_PREFIX: &str = "vusr_";
/// What API keys begin with, so that they are known for one wherever they turn up.
pub(crate) const KEY_PREFIX: &str = "vkey_";

/// The key of the session tokens. It never leaves the data folder.
#[derive(Clone)]
pub(crate) struct TokenKey([u8; 32]);

impl std::fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("TokenKey(…)")
    }
}

/// The key could not be had.
#[derive(Debug, thiserror::Error)]
#[error("the key file {path} cannot be used")]
pub struct KeyError {
    path: String,
    #[source]
    source: io::Error,
}

impl TokenKey {
    /// The key in `DATA/key`, made on the first start.
    ///
    /// # Errors
    /// The file cannot be read or written, or does not hold 32 bytes.
    pub(crate) fn ensure(data: &Path) -> Result<Self, KeyError> {
        let path = data.join("key");
        let failed = |source| KeyError { path: path.display().to_string(), source };
        match fs::read(&path) {
            Ok(bytes) => {
                let wrong = || io::Error::new(io::ErrorKind::InvalidData, "it does not hold 32 bytes");
                bytes.try_into().map(Self).map_err(|_| failed(wrong()))
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let key = random();
                let temporary = data.join("key.new");
                let mut file = fs::OpenOptions::new()
                    .create(true)
                    .write(true)
                    .truncate(true)
                    .mode(0o600)
                    .open(&temporary)
                    .map_err(failed)?;
                file.write_all(&key).and_then(|()| file.sync_all()).map_err(failed)?;
                fs::rename(&temporary, &path).map_err(failed)?;
                fs::File::open(data).and_then(|folder| folder.sync_all()).map_err(failed)?;
                Ok(Self(key))
            }
            Err(error) => Err(failed(error)),
        }
    }

    fn mac(&self, session: SessionId, generation: u32) -> Hmac<Sha256> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(session.as_bytes());
        mac.update(&generation.to_be_bytes());
        mac
    }

    /// The token of a session: HMAC-SHA-256 (RFC 2104) over its id and generation, the same at every call.
    pub(crate) fn session_token(&self, session: SessionId, generation: u32) -> String {
        let tag = self.mac(session, generation).finalize().into_bytes();
        let mut bytes = session.as_bytes().to_vec();
        bytes.extend_from_slice(&generation.to_be_bytes());
        bytes.extend_from_slice(&tag);
        format!("{SESSION_PREFIX}{}", URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The session that a token opens, if the token is genuine.
    pub(crate) fn verify(&self, token: &str) -> Option<(SessionId, u32)> {
        let bytes = URL_SAFE_NO_PAD.decode(token.strip_prefix(SESSION_PREFIX)?).ok()?;
        let (id, rest) = bytes.split_first_chunk::<16>()?;
        let (generation, tag) = rest.split_first_chunk::<4>()?;
        let (session, generation) = (SessionId::from_bytes(*id), u32::from_be_bytes(*generation));
        self.mac(session, generation).verify_slice(tag).ok()?;
        Some((session, generation))
    }

    /// A secret for one purpose of this server, the same at every call.
    pub(crate) fn derive(&self, purpose: &str) -> [u8; 32] {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.0).expect("HMAC takes a key of any length");
        mac.update(b"derive:");
        mac.update(purpose.as_bytes());
        mac.finalize().into_bytes().into()
    }
}

/// 32 bytes from the operating system.
pub(crate) fn random() -> [u8; 32] {
    let mut bytes = [0; 32];
    let mut filled = 0;
    while filled < bytes.len() {
        filled += rustix::rand::getrandom(&mut bytes[filled..], rustix::rand::GetRandomFlags::empty())
            .expect("the kernel has randomness once it has booted");
    }
    bytes
}

/// A new user token.
pub(crate) fn new_user_token() -> String {
    format!("{USER_PREFIX}{}", URL_SAFE_NO_PAD.encode(random()))
}

/// A new API key.
pub(crate) fn new_key() -> String {
    format!("{KEY_PREFIX}{}", URL_SAFE_NO_PAD.encode(random()))
}

/// A new named token of a session: random, where the unnamed one is computed.
pub(crate) fn new_session_token() -> String {
    format!("{SESSION_PREFIX}{}", URL_SAFE_NO_PAD.encode(random()))
}

/// A secret that is used once and kept nowhere.
pub(crate) fn new_secret() -> String {
    URL_SAFE_NO_PAD.encode(random())
}

/// What is kept of a token or key. They are random, of 256 bits: no dictionary holds one, and one round of SHA-256 is
/// enough, which every request can afford. Passwords are another matter: see `auth::password`.
pub(crate) fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Compares two secrets in constant time.
pub(crate) fn same(a: &[u8], b: &[u8]) -> bool {
    a.ct_eq(b).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_token_opens_its_session_alone() {
        let key = TokenKey(random());
        let id = SessionId::generate();
        let token = key.session_token(id, 1);
        assert_eq!(key.verify(&token), Some((id, 1)));
        assert_eq!(token, key.session_token(id, 1));
        assert_eq!(TokenKey(random()).verify(&token), None);
        for at in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
            let other = String::from_utf8(bytes).unwrap();
            // The last character carries unused bits that the decoder refuses or that change the tag.
            assert!(other == token || key.verify(&other).is_none(), "{at}");
        }
    }

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = std::env::temp_dir().join(format!("viva-key-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let first = TokenKey::ensure(&folder).unwrap();
        assert_eq!(TokenKey::ensure(&folder).unwrap().0, first.0);
        fs::write(folder.join("key"), b"short").unwrap();
        assert!(TokenKey::ensure(&folder).is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
