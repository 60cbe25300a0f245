//! `viva serve`.

use std::{net::SocketAddr, path::PathBuf};

use clap::Args;

/// What `viva serve` is told, beside the data folder.
#[derive(Debug, Clone, Args)]
pub(crate) struct ServeArgs {
    /// The address to listen on; another than loopback needs TLS or --insecure [default: 127.0.0.1:8482]
    #[arg(long, env = "VIVA_LISTEN", value_name = "ADDRESS")]
    pub(crate) listen: Option<SocketAddr>,
    /// The settings, in TOML [default: config.toml in the data folder, where there is one]
    #[arg(long, env = "VIVA_CONFIG", value_name = "FILE", hide_env_values = true)]
    pub(crate) config: Option<PathBuf>,
    /// Speak TLS: the certificate, in PEM, followed by those that vouch for it
    #[arg(long, value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_certificate: Option<PathBuf>,
    /// The certificate's private key, in PEM
    #[arg(long, value_name = "FILE", requires = "tls_certificate")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Listen on an address that others reach, without TLS
    #[arg(long)]
    pub(crate) insecure: bool,
    /// Stop all sessions when the server is stopped, without asking
    #[arg(long)]
    pub(crate) stop_sessions: bool,
}
