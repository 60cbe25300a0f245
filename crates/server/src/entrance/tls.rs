//! TLS: the certificate and its key from files, read again when they change.

use std::{
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::{Duration, SystemTime},
};

use rustls::{
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use sha2::{Digest, Sha256};
use tokio_rustls::TlsAcceptor;

use crate::config::TlsConfig;

/// How often the files are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// Why the files cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    #[error("{path} is no PEM file of what it should hold: {message}")]
    Pem { path: PathBuf, message: String },
    #[error("{path} holds no certificate")]
    NoCertificate { path: PathBuf },
    #[error(
        "the key of {key} is not that of the certificate of {certificate}, or is of a kind that is not known: {message}"
    )]
    Key { certificate: PathBuf, key: PathBuf, message: String },
    #[error("TLS cannot be set up: {0}")]
    Setup(#[from] rustls::Error),
}

/// The certificate in force.
#[derive(Debug)]
pub(crate) struct Certificate {
    files: TlsConfig,
    /// With the state of the files that it was read from, or that could not be used.
    now: RwLock<(Arc<CertifiedKey>, Stamp)>,
}

/// What tells that a file has changed.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl ResolvesServerCert for Certificate {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner).0))
    }
}

impl Certificate {
    /// Reads the files.
    ///
    /// # Errors
    /// [`TlsError`], naming the file.
    pub(crate) fn load(files: &TlsConfig) -> Result<Arc<Self>, TlsError> {
        let stamp = stamp(files);
        let now = RwLock::new((Arc::new(read(files)?), stamp));
        Ok(Arc::new(Self { files: files.clone(), now }))
    }

    /// By what the clients of this machine know it: the SHA-256 of the certificate, in hexadecimal digits.
    pub(crate) fn fingerprint(&self) -> String {
        let now = self.now.read().unwrap_or_else(PoisonError::into_inner);
        let digest = now.0.cert.first().map(Sha256::digest).unwrap_or_default();
        digest.iter().map(|byte| format!("{byte:02x}")).collect()
    }

    /// # Errors
    /// The versions of TLS are not known to the provider.
    pub(crate) fn acceptor(self: &Arc<Self>) -> Result<TlsAcceptor, TlsError> {
        let resolver: Arc<dyn ResolvesServerCert> = Arc::<Self>::clone(self);
        let mut config = rustls::ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_cert_resolver(resolver);
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    /// Looks at the files for good, and takes what has changed; `changed` is told of each new certificate. Files that
    /// cannot be used leave the certificate as it is.
    pub(crate) async fn follow(self: Arc<Self>, changed: impl Fn(&Self)) {
        loop {
            tokio::time::sleep(LOOK).await;
            let stamp = stamp(&self.files);
            if stamp == self.now.read().unwrap_or_else(PoisonError::into_inner).1 {
                continue;
            }
            let read = read(&self.files);
            let mut now = self.now.write().unwrap_or_else(PoisonError::into_inner);
            now.1 = stamp;
            match read {
                Ok(key) => now.0 = Arc::new(key),
                Err(error) => {
                    let error: &dyn std::error::Error = &error;
                    tracing::error!(error, "the changed certificate cannot be used; the last one stays");
                    continue;
                }
            }
            drop(now);
            tracing::info!("a new certificate is in force");
            changed(&self);
        }
    }
}

fn provider() -> Arc<rustls::crypto::CryptoProvider> {
    Arc::new(rustls::crypto::ring::default_provider())
}

fn stamp(files: &TlsConfig) -> Stamp {
    let of = |path: &Path| {
        std::fs::metadata(path).ok().map(|file| (file.modified().unwrap_or(SystemTime::UNIX_EPOCH), file.len()))
    };
    [of(&files.certificate), of(&files.key)]
}

fn read(files: &TlsConfig) -> Result<CertifiedKey, TlsError> {
    let wrong = |path: &Path, error: rustls::pki_types::pem::Error| TlsError::Pem {
        path: path.to_owned(),
        message: format!("{error:?}"),
    };
    let chain: Vec<CertificateDer<'static>> = CertificateDer::pem_file_iter(&files.certificate)
        .and_then(Iterator::collect)
        .map_err(|error| wrong(&files.certificate, error))?;
    if chain.is_empty() {
        return Err(TlsError::NoCertificate { path: files.certificate.clone() });
    }
    let key = PrivateKeyDer::from_pem_file(&files.key).map_err(|error| wrong(&files.key, error))?;
    CertifiedKey::from_der(chain, key, &provider()).map_err(|error| TlsError::Key {
        certificate: files.certificate.clone(),
        key: files.key.clone(),
        message: error.to_string(),
    })
}
