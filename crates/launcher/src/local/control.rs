//! Talking to a session's sockets, whatever the length of their paths.

use std::{
    fs::File,
    io,
    os::fd::{AsRawFd, OwnedFd},
    time::Duration,
};

use protocol::shim::{MAX_LINE_BYTES, SessionFolder, ShimCall, ShimReply, ShimStatus};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::UnixStream,
    time::{sleep, timeout},
};

use crate::ControlError;

/// Connects to a socket of the `run` folder, through a descriptor of the folder: the socket's address has room for
/// 108 bytes only. Waits while the listener's queue is full; the caller bounds that.
pub(super) async fn connect(folder: &SessionFolder, name: &str) -> io::Result<UnixStream> {
    let run = OwnedFd::from(File::open(folder.run())?);
    let path = format!("/proc/self/fd/{}/{name}", run.as_raw_fd());
    loop {
        match UnixStream::connect(&path).await {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => sleep(Duration::from_millis(5)).await,
            connected => return connected,
        }
    }
}

/// Nobody is there, as against: somebody is, and it went wrong.
pub(super) fn is_absence(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused)
}

/// One call, answered within `limit`.
pub(super) async fn call(folder: &SessionFolder, call: &ShimCall, limit: Duration) -> Result<ShimStatus, ControlError> {
    match timeout(limit, exchange(folder, call)).await {
        Ok(answer) => answer,
        Err(_) => Err(ControlError::Timeout(limit)),
    }
}

async fn exchange(folder: &SessionFolder, call: &ShimCall) -> Result<ShimStatus, ControlError> {
    let mut stream = connect(folder, SessionFolder::SHIM_SOCKET)
        .await
        .map_err(|error| if is_absence(&error) { ControlError::Gone(error) } else { ControlError::Io(error) })?;
    let mut line = serde_json::to_vec(call).map_err(ControlError::Malformed)?;
    line.push(b'\n');
    // A shim that ends meanwhile closes the connection: it is gone, not faulty.
    stream.write_all(&line).await.map_err(ControlError::Gone)?;
    let mut reply = Vec::new();
    let mut reader = BufReader::new(stream.take(MAX_LINE_BYTES as u64));
    reader.read_until(b'\n', &mut reply).await.map_err(ControlError::Gone)?;
    if reply.is_empty() {
        return Err(ControlError::Gone(io::ErrorKind::UnexpectedEof.into()));
    }
    match serde_json::from_slice(&reply).map_err(ControlError::Malformed)? {
        ShimReply::Done { status } => Ok(status),
        ShimReply::Refused { refusal } => Err(ControlError::Refused(refusal)),
    }
}
