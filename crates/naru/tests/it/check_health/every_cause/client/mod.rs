//! What goes wrong before any server judges: on this machine, in a name, on the way.

pub(super) mod config;
pub(super) mod network;
pub(super) mod tls;
pub(super) mod tools;

use super::cure::Scene;
use crate::check_health::bench::{Bench, Ran};
use crate::check_health::faults::Server;
use crate::check_health::hands::{Came, Hands, Remedy};
use crate::support::World;

/// A home in which something is wrong, and what is asked of the diagnosis there.
pub(super) struct Faulty {
    bench: Bench,
    line: Vec<String>,
    /// What answers at the address.
    server: Option<Server>,
    /// What answers behind it.
    behind: Option<Server>,
    /// A registry that really runs.
    world: Option<World>,
    /// The accounts whose secrets its people know.
    knows: Vec<(String, String)>,
    /// The words in capitals that a remedy leaves to them.
    words: Vec<(&'static str, String)>,
}

impl Faulty {
    fn new(bench: Bench, line: &[&str]) -> Self {
        let line = line.iter().map(|&word| word.to_owned()).collect();
        let (server, behind, world) = (None, None, None);
        Self { bench, line, server, behind, world, knows: Vec::new(), words: Vec::new() }
    }

    /// With what answers at the address.
    fn server(self, server: Server) -> Self {
        Self { server: Some(server), ..self }
    }

    /// The owner of a registry that runs.
    fn world(self, world: World) -> Self {
        Self { world: Some(world), knows: vec![super::world::owner()], ..self }
    }

    /// Looked at from all sides.
    pub(super) fn diagnosis(&self) -> Ran {
        self.bench.check(&self.line())
    }

    fn line(&self) -> Vec<&str> {
        self.line.iter().map(String::as_str).collect()
    }
}

impl Scene for Faulty {
    fn apply(&mut self, remedy: &Remedy) -> Came {
        let (world, knows) = (self.world.as_ref(), self.knows.clone());
        let words = self.words.clone();
        Hands { bench: &mut self.bench, world, knows, words }.apply(remedy)
    }

    fn diagnosis_again(&self) -> Ran {
        self.bench.check_again(&self.line())
    }

    fn well(&self) {
        self.diagnosis_again().healthy();
    }
}
