//! The listening socket: inherited or bound.

#![allow(unsafe_code)]

use std::{
    fs, io,
    os::{
        fd::{FromRawFd, OwnedFd, RawFd},
        unix::{fs::FileTypeExt, net},
    },
    path::Path,
};

use tokio::net::{TcpListener, UnixListener};

use crate::options::Listener;

/// A socket that accepts. To be used within the event loop's context.
pub(crate) enum Bound {
    Unix(UnixListener),
    Tcp(TcpListener),
}

/// Takes over or binds the listener.
pub(crate) fn listen(listener: &Listener) -> io::Result<Bound> {
    match listener {
        Listener::Descriptor(descriptor) => unix(inherited(*descriptor)?),
        Listener::Path(path) => {
            remove_stale(path)?;
            unix(net::UnixListener::bind(path)?)
        }
        Listener::Address(address) => {
            let listener = std::net::TcpListener::bind(address)?;
            listener.set_nonblocking(true)?;
            TcpListener::from_std(listener).map(Bound::Tcp)
        }
    }
}

fn unix(listener: net::UnixListener) -> io::Result<Bound> {
    listener.set_nonblocking(true)?;
    UnixListener::from_std(listener).map(Bound::Unix)
}

fn inherited(descriptor: RawFd) -> io::Result<net::UnixListener> {
    if descriptor < 3 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the descriptor must be 3 or more"));
    }
    // SAFETY: the caller passes a descriptor that it opened for this process alone; nothing else here uses it.
    let listener = net::UnixListener::from(unsafe { OwnedFd::from_raw_fd(descriptor) });
    // Tells whether it is a Unix socket at all.
    listener.local_addr()?;
    Ok(listener)
}

fn remove_stale(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Ok(metadata) if metadata.file_type().is_socket() => {
            if net::UnixStream::connect(path).is_ok() {
                return Err(io::Error::new(io::ErrorKind::AddrInUse, "another process listens there"));
            }
            fs::remove_file(path)
        }
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "a file that is no socket is there")),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(error),
    }
}
