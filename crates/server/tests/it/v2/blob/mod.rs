//! Blobs, through a repository that links them.

mod delete;
mod get;
