//! What is fuzzed: one function a parser, which panics where a property of the parser does not hold.
//!
//! `fuzz/` runs them with cargo-fuzz; `tests/it/corpus.rs` replays what is kept of those runs under
//! `fuzz/corpus/`. The properties are of three kinds: what is accepted obeys the grammar, which is
//! written down here a second time; what is printed reads back as the same; and a signature is only
//! ever accepted of what was signed.

mod content;
mod credentials;
mod mutation;
mod names;
mod network;
mod scopes;
mod signed;

pub use mutation::Mutation;

/// A target: its name, and what it does with bytes.
pub type Target = (&'static str, fn(&[u8]));

/// All targets, each with a file in `fuzz/fuzz_targets/` and a corpus.
pub const TARGETS: &[Target] = &[
    ("authorization", credentials::authorization),
    ("challenge", credentials::challenge),
    ("credential_file", credentials::credential_file),
    ("manifest", content::manifest),
    ("network", network::network),
    ("pattern", scopes::pattern),
    ("range", content::range),
    ("reference", names::reference),
    ("registries_conf", credentials::registries_conf),
    ("scope", scopes::scope),
    ("ticket", signed::ticket),
    ("token", signed::token),
];

/// Runs a target.
pub fn run(name: &str, data: &[u8]) {
    let target = TARGETS.iter().find(|(known, _)| *known == name);
    target.expect("a target of this name").1(data);
}

/// The bytes as text, as far as they are.
fn text(data: &[u8]) -> Option<&str> {
    std::str::from_utf8(data).ok()
}
