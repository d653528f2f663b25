//! All that is durable: metadata in SQL, bytes by digest, events.
//!
//! Two boundaries carry everything above them. [`Metadata`] (with its parts [`Gatehouse`],
//! [`Repositories`], [`Properties`], [`Administration`], [`Audit`] and [`Upkeep`]) is the SQL side; SQLite is its first engine,
//! in [`sqlite`]. [`Content`] is the byte side; a directory is its first engine, in [`content`].
//! Callers know the traits alone, so PostgreSQL and object stores come in beside these without
//! touching them. [`Store`] puts the two together and keeps the order of writes that makes them
//! safe: bytes are durable before the row that names them commits, and the row commits before
//! anybody is told.
//!
//! What opens content or changes anything takes an [`naru_access::Access`] as an argument, and acts
//! on the place that it names and nowhere else. What no request asked for takes a
//! [`naru_access::Maintenance`]: the start, and the collection and verification of [`upkeep`].
//!
//! To add an engine: implement the six traits of [`Metadata`] in a module beside `sqlite`, take
//! the schema in `migrations/` over, and run `tests/it` against it.

pub mod content;
mod data_dir;
mod error;
mod freshness;
mod metadata;
mod record;
pub mod sqlite;
mod store;
pub mod upkeep;

pub use content::{
    Chunks, Content, Held, INLINE_LIMIT, Listed, Source, SourceError, UploadError, UploadKey,
};
pub use data_dir::{DataDir, DataDirError};
pub use error::{AdminError, Missing, StoreError};
pub use freshness::{Freshness, Generation};
pub use metadata::{Administration, Audit, Gatehouse, Metadata, Properties, Repositories, Upkeep};
pub use record::*;
pub use store::{OpenError, Store};
