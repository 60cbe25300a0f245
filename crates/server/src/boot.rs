//! Starting and ending the server: the order in which its parts come and go.

use std::{
    fs, io,
    io::Write,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    os::unix::fs::{DirBuilderExt, OpenOptionsExt},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use hub::Hub;
use launcher::{Launcher, LocalLauncher, LocalLauncherConfig};
use serde_json::json;
use store::Store;
use tokio::net::TcpListener;
use tokio_util::{sync::CancellationToken, task::TaskTracker};

use crate::{
    app::App,
    auth::{
        self,
        code::LoginCodes,
        guesses::Guesses,
        login::EndedLogins,
        people::{self, People},
    },
    clock::{Clock, SystemClock},
    config::{Config, ConfigError},
    connection::Door,
    control::{self, Supervisors},
    entrance::tls::{Certificate, TlsError},
    figures,
    files::{self, Uploads},
    gateway::{
        allowance::{self, Allowances},
        live::LiveSessions,
        runtime::Runtimes,
    },
    models::{self, EmbeddedModel},
    oidc::{Oidc, OidcError},
    tasks::{self, TaskRunners},
    token::{self, MIN_USER_TOKEN, TokenKey},
    users,
};

/// What a server is started with.
pub struct ServeOptions {
    pub config: Config,
    /// The data folder; made if it is absent.
    pub data: PathBuf,
    /// The `viva` binary.
    pub program: PathBuf,
    /// Models that ship with the binary, the newest last.
    pub embedded: Vec<EmbeddedModel>,
    /// The owner's token, where the operator sets it.
    pub token: Option<String>,
    /// Tests bring their own.
    pub clock: Option<Arc<dyn Clock>>,
    pub launcher: Option<Arc<dyn Launcher>>,
}

/// Why the server did not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Config(#[from] ConfigError),
    #[error("VIVA_TOKEN has {have} characters; it needs at least {MIN_USER_TOKEN}")]
    ShortToken { have: usize },
    #[error(transparent)]
    Store(#[from] store::OpenError),
    #[error(transparent)]
    Key(#[from] token::KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Oidc(#[from] OidcError),
    #[error(transparent)]
    Hub(#[from] hub::OpenError),
    #[error("{address} is in use; is another server running? choose another with --listen")]
    AddressInUse { address: SocketAddr },
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the folder {path} cannot be used")]
    Folder { path: PathBuf, source: io::Error },
    #[error("the store failed at the start")]
    Storage(#[from] store::StorageError),
    #[error("the demo models could not be added: {0}")]
    Models(String),
    #[error("the sessions of the last run could not be taken over")]
    Adopt(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// A server that is ready to serve.
pub struct Server {
    pub(crate) app: Arc<App>,
    pub(crate) listener: TcpListener,
    address: SocketAddr,
    login_link: String,
    pub(crate) door: Door,
    /// Sessions that were taken over from the last run.
    pub adopted: usize,
}

/// Puts the parts together and takes over what an earlier run left. The server is then ready to serve.
///
/// # Errors
/// [`StartError`], each with what to do.
pub async fn start(options: ServeOptions) -> Result<Server, StartError> {
    options.config.check()?;
    if let Some(have) = options.token.as_ref().map(|token| token.chars().count()).filter(|have| *have < MIN_USER_TOKEN)
    {
        return Err(StartError::ShortToken { have });
    }
    let certificate = options.config.server.tls.as_ref().map(Certificate::load).transpose()?;
    let door = Door {
        tls: certificate.as_ref().map(Certificate::acceptor).transpose()?,
        proxies: options.config.server.trusted_proxies.clone(),
    };
    let store = Store::open(&options.data, &store::Settings::default()).await?;
    let folder = |path: &Path| {
        let path = path.to_owned();
        move |source| StartError::Folder { path, source }
    };
    let data = options.data.canonicalize().map_err(folder(&options.data))?;
    for name in ["run", "sessions"] {
        let path = data.join(name);
        fs::DirBuilder::new().recursive(true).mode(0o700).create(&path).map_err(folder(&path))?;
    }
    let listener = bind(options.config.server.listen).await?;
    let address =
        listener.local_addr().map_err(|source| StartError::Listen { address: options.config.server.listen, source })?;
    let launcher = match options.launcher {
        Some(launcher) => launcher,
        None => {
            let config = LocalLauncherConfig::new(data.clone(), options.program.clone());
            Arc::new(LocalLauncher::new(config).map_err(folder(&data))?)
        }
    };
    #[cfg(debug_assertions)]
    let launcher: Arc<dyn Launcher> = Arc::new(control::PassingLauncher(launcher));
    let key = TokenKey::ensure(&data)?;
    let clock = options.clock.unwrap_or_else(|| {
        let clock = SystemClock::default();
        tokio::spawn(watch_clock(clock));
        Arc::new(clock)
    });
    let owner = store.ensure_owner(clock.now()).await?.id;
    let url = options.config.server.public_url.clone().unwrap_or_else(|| own_url(certificate.is_some(), address));
    let oidc = options.config.oidc.clone().map(|config| Oidc::new(config, &url)).transpose()?;
    let token = owner_token(&data, options.token);
    store.set_token_hash(owner, "owner", token::hash(&token)).await?;
    let hub =
        Hub::open_with(&data, hub::Bounds { max_file_bytes: options.config.limits.model_bytes, ..Default::default() })?;
    let ended_logins = EndedLogins::new(store.list_ended_logins(clock.now()).await?);
    let (login_codes, first_code) = LoginCodes::new(owner);
    let people = People::read(&store).await?;
    let today = allowance::day_of(clock.now());
    let used = store.list_token_use(today).await?;
    let app = Arc::new(App {
        config: options.config,
        program: options.program,
        started_at: clock.now(),
        clock,
        store,
        hub,
        runtimes: Runtimes::new(Arc::clone(&launcher)),
        launcher,
        live: LiveSessions::default(),
        allowances: Allowances::new(today, used),
        supervisors: Supervisors::default(),
        key,
        people,
        owner,
        guesses: Guesses::new(token::hash(&token)),
        password_guesses: Guesses::new(token::random()),
        oidc_guesses: Guesses::new(token::random()),
        oidc,
        login_codes,
        ended_logins,
        uploads: Uploads::default(),
        task_runners: TaskRunners::default(),
        tasks: TaskTracker::new(),
        requests: TaskTracker::new(),
        closing: CancellationToken::new(),
        shutdown: CancellationToken::new(),
        metrics: figures::recorder(),
        url,
        data,
    });
    let interrupted = app.store.finish_interrupted(app.clock.now()).await?;
    if interrupted > 0 {
        tracing::warn!(completions = interrupted, "answers that were being written when the server ended were closed");
    }
    let swept = app.hub.sweep_incoming().map_err(folder(&app.data))?;
    if swept > 0 {
        tracing::info!(files = swept, "imports that were broken off were removed");
    }
    let swept = files::sweep(&app).await?;
    if swept > 0 {
        tracing::info!(files = swept, "uploads that were broken off were removed");
    }
    models::ensure_embedded(&app, &options.embedded).await.map_err(|error| StartError::Models(error.0.detail))?;
    let swept = models::sweep_loose(&app).await.map_err(|error| StartError::Models(error.0.detail))?;
    if swept > 0 {
        tracing::info!(files = swept, "files of models that were broken off on their way in or out were removed");
    }
    let adopted = control::adopt(&app).await.map_err(StartError::Adopt)?;
    tasks::adopt(&app).await?;
    let client = LocalClient { address, url: app.url.clone(), token };
    client.write(&app.data, certificate.as_deref()).map_err(folder(&app.data.join("run")))?;
    if let Some(certificate) = certificate {
        let data = app.data.clone();
        tokio::spawn(certificate.follow(move |certificate| {
            if let Err(error) = client.write(&data, Some(certificate)) {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the clients of this machine were not told of it"
                );
            }
        }));
    }
    tokio::spawn(finish_scrub(Arc::clone(&app)));
    tokio::spawn(control::run_queue(Arc::clone(&app)));
    tokio::spawn(users::finish_removals(Arc::clone(&app)));
    app.tasks.spawn(people::write_uses(Arc::clone(&app)));
    let login_link = auth::login_link(&app, &first_code);
    Ok(Server { app, listener, address, login_link, door, adopted })
}

/// Says where the machine's clock is set while the server runs on its own.
async fn watch_clock(clock: SystemClock) {
    const LOOK: Duration = Duration::from_secs(30);
    let mut told = 0;
    loop {
        tokio::time::sleep(LOOK).await;
        let seconds = clock.set_by().as_secs();
        if (seconds - told).abs() >= 2 {
            told = seconds;
            tracing::warn!(
                seconds,
                "the machine's clock was set; the server goes on with the time it had, and follows at its next start"
            );
        }
    }
}

/// Wipes what an earlier run deleted and did not come to wipe.
async fn finish_scrub(app: Arc<App>) {
    let scrubbed = match app.store.is_scrub_due().await {
        Ok(true) => app.store.scrub().await.map(|_| ()).map_err(|error| error.to_string()),
        Ok(false) => Ok(()),
        Err(error) => Err(error.to_string()),
    };
    if let Err(error) = scrubbed {
        tracing::error!(error, "deleted data could not be wiped; the next deletion or start tries again");
    }
}

async fn bind(address: SocketAddr) -> Result<TcpListener, StartError> {
    TcpListener::bind(address).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => StartError::AddressInUse { address },
        _ => StartError::Listen { address, source },
    })
}

/// Where the clients of this machine find the server.
fn client_file(data: &Path) -> PathBuf {
    data.join("run/client.json")
}

/// The token given, else the last run's, else a new one.
fn owner_token(data: &Path, given: Option<String>) -> String {
    let last = || {
        let bytes = fs::read(client_file(data)).ok()?;
        let client: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
        let token = client.get("token")?.as_str()?;
        (token.len() >= MIN_USER_TOKEN).then(|| token.to_owned())
    };
    given.or_else(last).unwrap_or_else(token::new_user_token)
}

fn own_url(is_tls: bool, address: SocketAddr) -> String {
    format!("{}://{address}", if is_tls { "https" } else { "http" })
}

/// What the clients of this machine are told.
struct LocalClient {
    address: SocketAddr,
    url: String,
    token: String,
}

impl LocalClient {
    /// With TLS they come by the loopback address, whatever name the certificate is for, and know the certificate itself.
    fn write(&self, data: &Path, certificate: Option<&Certificate>) -> io::Result<()> {
        let told = match certificate {
            Some(certificate) => {
                let mut address = self.address;
                if address.ip().is_unspecified() {
                    address.set_ip(if address.is_ipv4() {
                        Ipv4Addr::LOCALHOST.into()
                    } else {
                        Ipv6Addr::LOCALHOST.into()
                    });
                }
                json!({"url": own_url(true, address), "token": self.token, "certificate": certificate.fingerprint()})
            }
            None => json!({"url": self.url, "token": self.token}),
        };
        let path = client_file(data);
        let temporary = path.with_extension("new");
        let mut file = fs::OpenOptions::new().create(true).write(true).truncate(true).mode(0o600).open(&temporary)?;
        file.write_all(told.to_string().as_bytes())?;
        file.sync_all()?;
        failpoint::pass("files.write_client");
        fs::rename(temporary, path)?;
        failpoint::pass("files.written_client");
        Ok(())
    }
}

impl Server {
    /// As people reach it.
    pub fn url(&self) -> &str {
        &self.app.url
    }

    pub const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The link that opens the console once.
    pub fn login_link(&self) -> &str {
        &self.login_link
    }

    /// Sessions that hold resources now.
    pub fn handle(&self) -> Handle {
        Handle { app: Arc::clone(&self.app) }
    }
}

/// A view of a running server for whoever ends it.
#[derive(Clone)]
pub struct Handle {
    app: Arc<App>,
}

impl Handle {
    /// Sessions that hold resources or wait for them.
    pub async fn count_open_sessions(&self) -> usize {
        let sessions = self.app.store.list_unfinished().await.unwrap_or_default();
        sessions.iter().filter(|session| !session.state.is_terminal()).count()
    }
}
