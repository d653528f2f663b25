//! What no request asks for: taking away what is of no use any more, and finding out what is
//! wrong.
//!
//! Both go through everything that there is, while others push and pull: in pages of a bounded
//! size, each read in a snapshot of its own or written in a transaction of its own. Both tell an
//! [`Observer`] how far they are, and end when it says so. What is garbage, and what a fault, is
//! asked of the database ([`crate::Upkeep`]) and of the content; the order in which the two are
//! asked is what makes it safe, and is decided here.

mod collect;
mod verify;

use std::ops::ControlFlow;

use async_trait::async_trait;

use crate::error::StoreError;
use crate::record::Progress;

/// Whether to go on.
type Flow = Result<ControlFlow<()>, StoreError>;

/// Hears how far something is, and of what it came upon.
#[async_trait]
pub trait Observer<T>: Send {
    /// How far it is; and whether it is to go on.
    async fn progress(&mut self, progress: Progress) -> ControlFlow<()>;

    /// What it came upon.
    async fn found(&mut self, item: T);
}
