//! Commands: what runs inside the writer's transaction and gives an answer.

use std::{future::Future, pin::Pin};

use sqlx::SqliteConnection;

use super::Reply;
use crate::StorageError;

/// The transaction that a command works in.
pub(crate) struct Tx<'a> {
    pub(crate) connection: &'a mut SqliteConnection,
    pub(super) change: &'a mut u64,
}

impl Tx<'_> {
    /// The number of the next visible change. One that is not committed leaves a gap in the numbers.
    pub(crate) fn next_change(&mut self) -> i64 {
        *self.change += 1;
        i64::try_from(*self.change).unwrap_or(i64::MAX)
    }
}

/// What a command may fail with: a refusal of its own, or the storage.
pub(crate) trait Failure: From<StorageError> + Send + 'static {
    /// The storage's error, where that is what it failed for.
    fn storage(&self) -> Option<&StorageError>;
}

impl Failure for StorageError {
    fn storage(&self) -> Option<&StorageError> {
        Some(self)
    }
}

macro_rules! failure {
    ($($error:ident),+) => {
        $(impl Failure for crate::$error {
            fn storage(&self) -> Option<&StorageError> {
                match self {
                    Self::Storage(error) => Some(error),
                    _ => None,
                }
            }
        })+
    };
}

failure!(
    CreateSessionError,
    WriteSessionError,
    StarError,
    DeleteCompletionError,
    WriteModelError,
    DeleteModelError,
    EraseError,
    PutFileError,
    CreateTaskError,
    ResumeTaskError,
    DeleteTaskError,
    WriteTestSetError,
    WriteUserError,
    RemoveUserError,
    SignInError,
    WriteKeyError
);

/// Something to do in a transaction. An error undoes what it wrote.
pub(crate) trait Command: Send + 'static {
    type Output: Send + 'static;
    type Error: Failure;

    fn apply(self, tx: &mut Tx<'_>) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;

    /// Whether what was answered means that something is other than before.
    fn has_changed(_: &Self::Output) -> bool {
        true
    }
}

/// What is to become of a command's writes.
#[derive(Debug, Clone)]
pub(super) enum Verdict {
    Keep,
    /// With the storage's error, where that is the cause.
    Undo(Option<StorageError>),
}

/// A command whose answer waits for the commit.
pub(super) trait AnyCommand: Send {
    fn apply<'a>(&'a mut self, tx: Tx<'a>) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>>;

    /// The command's name, for failpoints.
    fn name(&self) -> &'static str;

    /// Answers the caller: what the command gave if its group was committed, else why it was not.
    fn answer(self: Box<Self>, committed: Result<(), StorageError>);
}

struct Waiting<C: Command> {
    command: Option<C>,
    result: Option<Result<C::Output, C::Error>>,
    reply: Reply<Result<C::Output, C::Error>>,
}

pub(super) fn boxed<C: Command>(command: C, reply: Reply<Result<C::Output, C::Error>>) -> Box<dyn AnyCommand> {
    Box::new(Waiting { command: Some(command), result: None, reply })
}

impl<C: Command> AnyCommand for Waiting<C> {
    fn apply<'a>(&'a mut self, mut tx: Tx<'a>) -> Pin<Box<dyn Future<Output = Verdict> + Send + 'a>> {
        Box::pin(async move {
            let Some(command) = self.command.take() else {
                return Verdict::Undo(None);
            };
            let result = command.apply(&mut tx).await;
            let verdict = match &result {
                Ok(_) => Verdict::Keep,
                Err(error) => Verdict::Undo(error.storage().cloned()),
            };
            self.result = Some(result);
            verdict
        })
    }

    fn name(&self) -> &'static str {
        let name = std::any::type_name::<C>();
        name.rsplit_once("::").map_or(name, |(_, name)| name)
    }

    fn answer(self: Box<Self>, committed: Result<(), StorageError>) {
        let answer = match (self.result, committed) {
            // A refusal stands whatever became of the group: it wrote nothing.
            (Some(Err(error)), _) => Err(error),
            (Some(Ok(output)), Ok(())) => Ok(output),
            (_, Err(error)) => Err(error.into()),
            (None, Ok(())) => Err(StorageError::Closed.into()),
        };
        // A caller that has gone away wants no answer.
        let _ = self.reply.send(answer);
    }
}
