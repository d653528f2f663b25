//! A store that was generated is one that was pushed to.

mod same_rows;
