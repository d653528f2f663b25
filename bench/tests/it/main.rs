//! A store that was generated is one that was pushed to.
#![expect(clippy::unwrap_used, reason = "a test that cannot be set up is to fail")]

mod same_rows;
