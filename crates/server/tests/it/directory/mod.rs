//! The directory, from outside.

mod token;
