//! All of Viva's SQL: SQLite in one file, with one writer that commits in groups.
//!
//! The store keeps what it is given and decides only what must be decided inside a transaction: whether a
//! name is free, whether a quota is reached, whether a write was based on the present revision, whether a
//! model is in use. It reads no clock, starts no process and knows no HTTP; callers bring the time.
//! `docs/storage.md` explains the schema, the group commit, the search and the erasing.

mod audit;
mod bulk;
mod change;
mod completion;
mod copy;
mod database;
mod erase;
mod error;
mod file;
mod login;
mod made;
mod model;
mod page;
mod quota;
mod readings;
mod rows;
mod scrub;
mod search;
mod session;
mod task;
mod test_set;
mod user;
mod writer;

pub use audit::{AuditFilter, AuditNote};
pub use change::Change;
pub use completion::{
    Begin, Begun, Checkpoint, CompletionFilter, DeleteCompletionError, Finish, Picks, Star, StarError,
    WriteCompletionError,
};
pub use copy::{Belongings, CopyError, StoredFile, check_copy, copy_database};
pub use database::{OpenError, RESTORING, Settings, Store};
pub use erase::{EraseError, ErasedRows};
pub use error::{BadCursor, ListError, StorageError};
pub use file::{FileBytes, FileQuotas, Garbage, PartialUpload, PutFileError, Whose};
pub use login::EndedLogin;
pub use made::{Made, RecallError};
pub use model::{DeleteModelError, ModelFilter, ModelRecord, WriteModelError};
pub use page::{MAX_LIMIT, Paging};
pub use quota::StoredQuota;
pub use scrub::{ScrubError, Scrubbed};
pub use session::{
    Counts, CreateSessionError, Created, Creation, Idempotency, SessionFilter, Transition, WriteSessionError,
};
pub use task::{
    ComparedRows, CreateTaskError, DeleteTaskError, NewRow, PendingRow, ResumeTaskError, RowFilter, ScoredRow, TaskEnd,
    TaskSpec, Unready, UnscoredRow,
};
pub use test_set::{TestSetWrite, WriteTestSetError};
pub use user::{
    Arrival, KeyRecord, MAX_KEYS, NewKey, NewSessionToken, NewUser, Owned, PasswordHash, RemoveUserError,
    SessionTokenRecord, SignInError, Standing, Used, User, UserChange, WriteKeyError, WriteUserError,
};
