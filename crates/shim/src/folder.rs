//! The session's `run` folder, as the shim's working folder: the lock, the records, the sockets.
//!
//! Everything in it is named relative to it, so the length of the data folder's path limits no socket.

use std::{
    fs::{self, File, OpenOptions, Permissions},
    io::{self, Write},
    os::{
        fd::OwnedFd,
        unix::{
            fs::{OpenOptionsExt, PermissionsExt},
            net::UnixListener,
        },
    },
    path::PathBuf,
};

use protocol::shim::{LaunchSpec, SessionFolder};
use rustix::{
    fs::{FallocateFlags, FlockOperation, fallocate, flock},
    io::Errno,
    net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType, bind, listen, socket_with},
};
use serde::Serialize;

use crate::ShimOptions;

/// Room set aside for the exit record, so that a disk that fills up later does not lose it.
const RECORD_BYTES: u64 = 32 * 1024;

#[derive(Debug, thiserror::Error)]
pub(crate) enum FolderError {
    #[error("another shim of this session is alive")]
    Held,
    #[error("could not {action} {}: {source}", path.display())]
    Io { action: &'static str, path: PathBuf, source: io::Error },
    #[error("{} is no launch spec: {source}", SessionFolder::LAUNCH)]
    MalformedSpec { source: serde_json::Error },
    #[error("the launch spec is for {0}")]
    OtherSpec(String),
}

fn failed(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.into();
    move |source| FolderError::Io { action, path, source }
}

/// Held by the one living shim of a session: descriptor 3, and the lock.
#[derive(Debug)]
pub(crate) struct RunFolder {
    /// Opened first, so that descriptor 3 is taken: the runtime's listener is put there after the fork, where it
    /// must not meet a descriptor the standard library has opened.
    folder: File,
    _lock: File,
    reserve: File,
}

impl RunFolder {
    /// Makes `run` the working folder and takes the session's lock.
    pub(crate) fn enter(options: &ShimOptions) -> Result<Self, FolderError> {
        let path = SessionFolder::new(&options.data, options.session).run();
        let folder = File::open(&path).map_err(failed("open", &path))?;
        std::env::set_current_dir(&path).map_err(failed("enter", &path))?;
        let lock = private_file(SessionFolder::LOCK).map_err(failed("open", SessionFolder::LOCK))?;
        match flock(&lock, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => {}
            Err(Errno::WOULDBLOCK) => return Err(FolderError::Held),
            Err(errno) => return Err(failed("lock", SessionFolder::LOCK)(errno.into())),
        }
        let reserve = reserve().map_err(failed("set room aside for", SessionFolder::EXIT))?;
        Ok(Self { folder, _lock: lock, reserve })
    }

    /// Reads what to launch, and checks that it is meant for this shim.
    pub(crate) fn spec(&self, options: &ShimOptions) -> Result<LaunchSpec, FolderError> {
        let text = fs::read(SessionFolder::LAUNCH).map_err(failed("read", SessionFolder::LAUNCH))?;
        let spec: LaunchSpec = serde_json::from_slice(&text).map_err(|source| FolderError::MalformedSpec { source })?;
        if spec.session != options.session || spec.generation != options.generation {
            return Err(FolderError::OtherSpec(format!("{} generation {}", spec.session, spec.generation)));
        }
        Ok(spec)
    }

    /// Replaces a record so that a reader, or a start after power loss, sees the old one or the new one.
    pub(crate) fn replace(&self, name: &str, record: &impl Serialize) -> Result<(), FolderError> {
        let temporary = format!("{name}.new");
        let mut file = private_file(&temporary).map_err(failed("open", &temporary))?;
        self.write_and_rename(&mut file, &temporary, name, record).map_err(failed("write", name))
    }

    /// Writes the exit record into the room set aside for it.
    pub(crate) fn write_exit(&mut self, record: &impl Serialize) -> Result<(), FolderError> {
        let mut file = self.reserve.try_clone().map_err(failed("write", SessionFolder::EXIT))?;
        self.write_and_rename(&mut file, EXIT_TEMPORARY, SessionFolder::EXIT, record)
            .map_err(failed("write", SessionFolder::EXIT))
    }

    fn write_and_rename(&self, file: &mut File, from: &str, to: &str, record: &impl Serialize) -> io::Result<()> {
        let bytes = serde_json::to_vec(record)?;
        file.write_all(&bytes)?;
        file.set_len(bytes.len() as u64)?;
        file.sync_all()?;
        fs::rename(from, to)?;
        self.folder.sync_all()
    }

    /// The control socket, 0600, which does not block.
    pub(crate) fn bind_control(&self) -> Result<UnixListener, FolderError> {
        let listener = UnixListener::from(bind_unix(SessionFolder::SHIM_SOCKET, 64)?);
        listener.set_nonblocking(true).map_err(failed("bind", SessionFolder::SHIM_SOCKET))?;
        Ok(listener)
    }

    /// The runtime's listening socket, 0600.
    pub(crate) fn bind_runtime(&self) -> Result<OwnedFd, FolderError> {
        bind_unix(SessionFolder::RUNTIME_SOCKET, 1024)
    }

    /// Removes both sockets; what is not there is fine.
    pub(crate) fn remove_sockets(&self) {
        for name in [SessionFolder::RUNTIME_SOCKET, SessionFolder::SHIM_SOCKET] {
            let _ = fs::remove_file(name);
        }
    }
}

const EXIT_TEMPORARY: &str = "exit.json.new";

fn reserve() -> io::Result<File> {
    let file = private_file(EXIT_TEMPORARY)?;
    match fallocate(&file, FallocateFlags::KEEP_SIZE, 0, RECORD_BYTES) {
        // A file system that cannot set room aside loses only the protection against a full disk.
        Ok(()) | Err(Errno::OPNOTSUPP | Errno::NOSYS) => Ok(file),
        Err(errno) => Err(errno.into()),
    }
}

fn private_file(name: &str) -> io::Result<File> {
    OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(name)
}

fn bind_unix(name: &'static str, backlog: i32) -> Result<OwnedFd, FolderError> {
    match fs::remove_file(name) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => return Err(failed("remove the old", name)(error)),
    }
    let bound = || -> io::Result<OwnedFd> {
        let socket = socket_with(AddressFamily::UNIX, SocketType::STREAM, SocketFlags::CLOEXEC, None)?;
        bind(&socket, &SocketAddrUnix::new(name)?)?;
        fs::set_permissions(name, Permissions::from_mode(0o600))?;
        listen(&socket, backlog)?;
        Ok(socket)
    };
    bound().map_err(failed("bind", name))
}
