//! `/v2/R/blobs/D`: blobs, through a repository that links them.

pub(crate) mod delete;
pub(crate) mod get;
