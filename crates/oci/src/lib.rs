//! The values of the OCI distribution and image specifications, parsed once.
//!
//! A [`RepositoryName`], [`Tag`] or [`Digest`] that exists is legal; raw text stops here. Also the
//! little of a [`Manifest`] that a registry must understand, byte ranges, and the error envelope.
//! Does not know who may do what (`naru-access`) nor where bytes lie (`naru-store`).

mod digest;
mod error;
mod manifest;
mod range;
mod reference;
mod repository;

pub use digest::{Algorithm, Digest, DigestError, Hasher};
pub use error::{ErrorCode, ErrorEntry, Errors};
pub use manifest::{Descriptor, Kind, MAX_MANIFEST_BYTES, Manifest, ManifestError, Referrer};
pub use range::{ByteRange, ChunkRange, RangeError};
pub use reference::{Reference, ReferenceError, Tag};
pub use repository::{RepositoryName, RepositoryNameError};
