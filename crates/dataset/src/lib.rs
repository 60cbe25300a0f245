//! The input of a task: read as rows, and turned into requests.
//!
//! [`open`] reads rows one by one from a file of a [`Format`], text formats in memory that does not grow with the file.
//! A row that cannot be used is a [`BadRow`] that names its line, and the next row follows; what spoils the whole file is
//! an [`InputError`] with a remedy. [`Template`] fills a prompt from a row's columns, and [`plan`] makes the request that
//! is sent. Everything that is read is held to [`Bounds`].
//!
//! Nothing here waits, logs, sends, or knows a session.

mod batch;
mod bounds;
mod csv;
mod detect;
mod encoding;
mod error;
mod json;
mod phrase;
pub mod plan;
mod reader;
mod records;
mod row;
mod signature;
mod template;
mod workbook;

pub use bounds::Bounds;
pub use detect::detect;
pub use error::{BadRow, InputError};
pub use plan::{Plan, PlanError, Settings};
pub use protocol::dataset::Format;
pub use reader::{Entry, Reader, open};
pub use row::{Columns, Content, Endpoint, Row};
pub use template::{MAX_RENDERED, ParseError, Position, RenderError, Template, UnknownColumn};
