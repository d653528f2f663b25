//! Manifests, by tag and by digest.

mod delete;
mod get;
mod put;
