//! An import whose bytes arrive one chunk after the other.

use std::sync::Arc;

use bytes::Bytes;
use tokio::{
    sync::mpsc,
    task::{JoinHandle, spawn_blocking},
};

use super::{Hub, ImportError, ImportOptions, Imported, incoming::Incoming};

/// Chunks on their way to the writer.
const QUEUE: usize = 8;

enum Message {
    Chunk(Bytes),
    /// Without it, the end of the messages is an abort.
    Finish,
}

/// An upload under way. Dropped before [`Upload::finish`], it leaves nothing behind.
#[derive(Debug)]
pub struct Upload {
    sender: mpsc::Sender<Message>,
    writer: Option<JoinHandle<Result<Option<Imported>, ImportError>>>,
}

impl Hub {
    /// Begins an upload; hashing and writing run on a blocking thread. Needs a tokio runtime.
    ///
    /// # Errors
    /// The announced size passes the bound or the free space, or the file cannot be made.
    pub async fn begin_upload(&self, options: ImportOptions) -> Result<Upload, ImportError> {
        let shared = Arc::clone(&self.shared);
        let mut incoming = super::import::blocking(move || Incoming::create(shared, options)).await?;
        let (sender, mut receiver) = mpsc::channel(QUEUE);
        let writer = spawn_blocking(move || {
            while let Some(message) = receiver.blocking_recv() {
                match message {
                    Message::Chunk(chunk) => incoming.write(&chunk)?,
                    Message::Finish => return incoming.finish().map(Some),
                }
            }
            Ok(None)
        });
        Ok(Upload { sender, writer: Some(writer) })
    }
}

impl Upload {
    /// Takes the next bytes; waits while the disk is behind.
    ///
    /// # Errors
    /// The upload failed: the file is too large, the disk is full, or its first bytes are no GGUF's. It is over
    /// then: every later call answers [`ImportError::UploadOver`].
    pub async fn write(&mut self, bytes: Bytes) -> Result<(), ImportError> {
        match self.sender.send(Message::Chunk(bytes)).await {
            Ok(()) => Ok(()),
            Err(_) => Err(self.end().await.err().unwrap_or(ImportError::UploadOver)),
        }
    }

    /// Checks the whole file and makes it a blob.
    ///
    /// # Errors
    /// The file is no model that the engine knows, is not what was announced, or the store cannot be written.
    pub async fn finish(mut self) -> Result<Imported, ImportError> {
        // The writer that is gone already says why.
        let _ = self.sender.send(Message::Finish).await;
        self.end().await?.ok_or(ImportError::UploadOver)
    }

    /// Gives up and waits until nothing is left of it.
    pub async fn abort(mut self) {
        let (closed, _) = mpsc::channel(1);
        drop(std::mem::replace(&mut self.sender, closed));
        // An error is what an abort is for.
        let _ = self.end().await;
    }

    async fn end(&mut self) -> Result<Option<Imported>, ImportError> {
        let writer = self.writer.take().ok_or(ImportError::UploadOver)?;
        match writer.await {
            Ok(result) => result,
            Err(error) => std::panic::resume_unwind(error.into_panic()),
        }
    }
}
