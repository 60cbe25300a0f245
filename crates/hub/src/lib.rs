//! Model files: what is inside one, and the content-addressed store that keeps them.
//!
//! Owns `DATA/models/`: `blobs/sha256-<hex>`, each complete and read-only, and `incoming/`, which holds what is
//! still arriving. Refuses to know of users, sessions or the database: names, scopes and eligibility are decided
//! elsewhere from an [`Inspection`]. Never loads a model.
//!
//! ```text
//! begin_upload ─ write* ─ finish ┐
//! import_path  ──────────────────┼─► incoming/<random> ─ hash, inspect, fsync ─ rename ─► blobs/sha256-<hex>
//! import_bytes ──────────────────┘
//! ```

mod architecture;
mod digest;
mod gguf;
mod inspection;
mod store;

pub use architecture::is_known_architecture;
pub use digest::{InvalidSha256, Sha256};
pub use inspection::{InspectError, Inspection, inspect, inspect_as, inspect_from, learning_stage};
pub use store::{
    Bounds, Hub, ImportError, ImportOptions, Imported, OpenError, Progress, Removal, RemoveError, Upload, Verification,
    VerifyError,
};
