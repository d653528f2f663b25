//! A run: the server is started, many write, it ends, and what there is afterwards is looked at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc;
use std::thread;

use naru_identity::secret::{SecretKind, generate};
use naru_server::ambient::SystemEntropy;
use serde_json::{Value, json};

use super::Numbers;
use super::client::Client;
use super::keeper::Keeper;
use super::observed::settle;
use super::wire::{Cut, Wire};
use crate::support::{Server, naru};

/// How many clients push at once.
const CLIENTS: u64 = 4;

/// A server ends after at most so many steps of its clients' requests.
const STEPS: u64 = 1_500;

/// What runs, and what is known of it.
pub(super) struct Run {
    data: PathBuf,
    home: PathBuf,
    password: String,
    serving: Option<(Server, Wire)>,
    numbers: Numbers,
    clients: Vec<Client>,
    keeper: Keeper,
    /// Whether files may lie there that no row names, until the next collection.
    strays: bool,
    pub(super) rounds: u64,
    verified: u64,
    events: u64,
}

impl Run {
    /// A run on a directory that is not there yet.
    pub(super) fn new(home: &Path, data: PathBuf, seed: u64) -> Self {
        Self {
            data,
            home: home.to_owned(),
            password: generate(SecretKind::User, &SystemEntropy).expose().to_owned(),
            serving: None,
            numbers: Numbers::of(seed, 3),
            clients: (0..CLIENTS).map(|number| Client::new(seed, number)).collect(),
            keeper: Keeper::new(seed),
            strays: false,
            rounds: 0,
            verified: 0,
            events: 0,
        }
    }

    /// As [`Run::new`], where the end may leave files that a collection is to find.
    pub(super) fn with_strays(mut self) -> Self {
        self.strays = true;
        self
    }

    /// The command that serves.
    pub(super) fn command(&self) -> Command {
        let mut command = naru(&self.home);
        command.arg("--data-dir").arg(&self.data).args(["serve", "--listen", "127.0.0.1:0"]);
        command.env("NARU_OWNER_PASSWORD", &self.password);
        command
    }

    fn start(&self) -> (Server, Wire) {
        self.start_by(self.command())
    }

    fn start_by(&self, command: Command) -> (Server, Wire) {
        let server = Server::start(command);
        let socket = self.data.join("naru.sock");
        let wire = Wire::new(server.address(), socket, "owner", &self.password);
        (server, wire)
    }

    /// Has many write, ends the server in their midst, and looks at what another one finds.
    pub(super) fn round(&mut self, end: impl FnOnce(Server)) {
        let serving = self.serving.take().unwrap_or_else(|| self.start());
        self.round_on(serving, false, end);
    }

    /// The same with an end before which requests may fail.
    pub(super) fn round_until_cut(&mut self, end: impl FnOnce(Server)) {
        let serving = self.serving.take().unwrap_or_else(|| self.start());
        self.round_on(serving, true, end);
    }

    /// The same by another command, under which requests fail now and then.
    pub(super) fn round_under(
        &mut self,
        by: impl FnOnce(Command) -> Command,
        end: impl FnOnce(Server),
    ) {
        self.rest();
        let serving = self.start_by(by(self.command()));
        self.round_on(serving, true, end);
    }

    fn round_on(&mut self, (server, wire): (Server, Wire), faulty: bool, end: impl FnOnce(Server)) {
        self.rounds += 1;
        let leased = !self.numbers.once_in(3);
        let (pulse, steps) = mpsc::channel();
        let many = 1 + self.numbers.below(STEPS);
        let a_little = self.numbers.below(2_000);
        thread::scope(|scope| {
            for client in &mut self.clients {
                let wire = wire.with_pulse(&pulse);
                scope.spawn(move || client.work(&wire, leased, faulty));
            }
            let (keeping, keeper) = (wire.with_pulse(&pulse), &mut self.keeper);
            scope.spawn(move || keeper.work(&keeping, faulty));
            let collecting = wire.clone();
            scope.spawn(move || while collect(&collecting, leased, faulty).is_ok() {});
            drop(pulse);
            // Each stops where it is told of a failure. Where all have, there is nothing to wait for.
            for _ in 0..many {
                if steps.recv().is_err() {
                    break;
                }
            }
            for _ in 0..a_little {
                thread::yield_now();
            }
            end(server);
        });
        let (server, wire) = self.start();
        self.settle(&wire, leased);
        self.look(&wire);
        self.serving = Some((server, wire));
    }

    /// Ends the server as a person does.
    pub(super) fn rest(&mut self) {
        if let Some((server, _)) = self.serving.take() {
            let (code, logs) = server.terminate();
            assert_eq!(code, Some(0), "{logs}");
        }
    }

    /// Holds all that is there against the journal.
    fn settle(&mut self, wire: &Wire, leased: bool) {
        for client in &mut self.clients {
            let begun = client.begun.take();
            for (name, repository) in &mut client.repositories {
                let begun = begun.as_ref().filter(|(at, _)| at == name).map(|(_, deed)| deed);
                *repository = settle(wire, name, repository, begun, leased);
            }
            for id in client.ids.drain(..) {
                let shown = wire.admin("events/show", &json!({ "id": id })).unwrap();
                assert_eq!(shown.status, 200, "the event of an acknowledged write: {id}");
                self.events += 1;
            }
        }
        self.keeper.settle(wire);
    }

    /// Nothing is wrong with what is stored.
    fn look(&mut self, wire: &Wire) {
        if !self.numbers.once_in(8) {
            return;
        }
        let report = wire.admin("verify/run", &json!({})).unwrap().json();
        let faults = report["faults"].as_array().unwrap();
        let stray = |fault: &Value| self.strays && fault["code"] == "file-stray";
        assert!(faults.iter().all(stray), "{report:#}");
        self.verified += 1;
    }

    /// The end of a run: with the clients stopped everything is clean, and nothing lies there but
    /// what manifests name.
    pub(super) fn finish(&mut self) -> String {
        self.rest();
        let (server, wire) = self.start();
        self.settle(&wire, true);
        let mut named = BTreeSet::new();
        for client in &self.clients {
            named.extend(client.repositories.values().flat_map(super::journal::Repository::named));
        }
        self.command_ends_well(&["gc", "--lease", "0s"]);
        self.command_ends_well(&["verify"]);
        for client in &mut self.clients {
            for (name, repository) in &mut client.repositories {
                *repository = settle(&wire, name, repository, None, false);
            }
        }
        self.serving = Some((server, wire));
        self.rest();
        let database = rusqlite::Connection::open(self.data.join("naru.db")).unwrap();
        let rows = |sql: &str| {
            let mut rows = database.prepare(sql).unwrap();
            let rows = rows.query_map([], |row| row.get::<_, String>(0)).unwrap();
            rows.map(Result::unwrap).collect::<BTreeSet<_>>()
        };
        let files = files(&self.data.join("blobs"));
        assert_eq!(files, rows("SELECT location FROM blob WHERE location IS NOT NULL"));
        let digests = rows("SELECT 'sha256:' || lower(hex(substr(digest, 2))) FROM blob");
        assert_eq!(digests, named);
        assert_eq!(self::files(&self.data.join("uploads")), BTreeSet::new());
        let sum = |of: fn(&Client) -> u64| self.clients.iter().map(of).sum::<u64>();
        format!(
            "{} ends, {} writes acknowledged and {} refused, {} of administration, {} events found, \
             {} times verified",
            self.rounds,
            sum(|client| client.acknowledged),
            sum(|client| client.refused),
            self.keeper.acknowledged,
            self.events,
            self.verified
        )
    }

    fn command_ends_well(&self, line: &[&str]) {
        let mut command = naru(&self.home);
        let output = command.arg("--data-dir").arg(&self.data).args(line).output().unwrap();
        assert!(output.status.success(), "{line:?}: {output:?}");
    }
}

/// Collects: what nobody names, or what nobody has named for a day.
fn collect(wire: &Wire, leased: bool, faulty: bool) -> Result<(), Cut> {
    let request = if leased { json!({}) } else { json!({ "lease": "0s" }) };
    let reply = wire.admin("gc/run", &request)?;
    if faulty && reply.failed() {
        return Ok(());
    }
    assert_eq!(reply.status, 200, "{}", reply.text());
    Ok(())
}

/// The files below a directory.
pub(super) fn files(directory: &Path) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let mut open = vec![directory.to_owned()];
    while let Some(next) = open.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                open.push(path);
            } else {
                found.insert(path.strip_prefix(directory).unwrap().display().to_string());
            }
        }
    }
    found
}
