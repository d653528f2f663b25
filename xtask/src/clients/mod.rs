//! Unmodified clients against running registries, named by what a user does.
//!
//! Decides which scenarios are played and what their outcome is. What is asked of every client is
//! in [`scenarios`] and [`refusals`], in the vocabulary of [`client`]; how a client does it is in a
//! module of its own; the SDKs are in [`azure`]. A client that is not installed is skipped loudly;
//! in CI that is a failure.

mod azure;
mod client;
mod containers;
mod cosign;
mod crane;
mod ctr;
mod daemon;
mod disk;
mod docker;
mod engine;
mod helm;
mod image;
mod oras;
mod proxy;
mod record;
mod refusals;
mod regctl;
mod registry;
mod scenarios;
mod skopeo;
mod stage;
mod symptoms;

use crate::clients::client::Client;
use crate::clients::record::Record;
use crate::clients::refusals::REFUSALS;
use crate::clients::stage::Stage;
use crate::clients::symptoms::{Reported, SYMPTOMS, Theatre};
use crate::failure::Failure;
use crate::product::Product;
use crate::surroundings::{self, Stopwatch};
use crate::terminal;
use crate::tools::GoTool;

/// Something that a user does with a client.
struct Scenario<'a> {
    name: String,
    play: Box<dyn FnOnce() -> Result<(), Failure> + 'a>,
}

/// How a client is found, and started where it needs a daemon.
type Prepare = fn(&Stage) -> Result<Box<dyn Client>, Failure>;

const CLIENTS: [(&str, Prepare); 10] = [
    ("docker", docker::Docker::prepare),
    ("podman", |_| containers::Containers::podman()),
    ("buildah", |_| containers::Containers::buildah()),
    ("skopeo", |_| skopeo::Skopeo::prepare()),
    ("ctr", ctr::Ctr::prepare),
    ("crane", |_| crane::Crane::prepare()),
    ("oras", |_| oras::Oras::prepare()),
    ("regctl", |_| regctl::Regctl::prepare()),
    ("helm", |_| helm::Helm::prepare()),
    ("cosign", |_| cosign::Cosign::prepare()),
];

/// Those of them that are built from Go modules.
const GO_TOOLS: [GoTool; 5] =
    [crane::CRANE, oras::ORAS, regctl::REGCTL, helm::HELM, cosign::COSIGN];

/// What came of all scenarios.
struct Tally<'a> {
    only: Option<&'a str>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Builds and installs what no package of a system has, and plays nothing.
pub(crate) fn install() -> Result<(), Failure> {
    for tool in GO_TOOLS {
        terminal::say(tool.any()?.display());
    }
    for (name, prepare) in azure::SDKS {
        prepare()?;
        terminal::say(name);
    }
    Ok(())
}

/// Plays every scenario whose name contains `only`; `record` writes the tables of
/// `docs/clients.md` anew.
pub(crate) fn run(product: &Product, only: Option<&str>, record: bool) -> Result<(), Failure> {
    let binary = product.binary()?;
    let stage = Stage::set(&binary)?;
    let writing = record;
    let mut record = Record::read(record::CLIENTS, writing)?;
    let mut reported = Reported::read(writing)?;
    let mut tally = Tally { only, passed: 0, failed: 0, skipped: 0 };
    for (name, prepare) in CLIENTS {
        if tally.is_wanted(name) {
            tally.client(name, &stage, &mut record, &mut reported, || prepare(&stage));
        }
    }
    for (name, prepare) in azure::SDKS {
        if tally.is_wanted(name) {
            match prepare() {
                Ok(sdk) => tally.sdk(name, &sdk, &stage, &mut record),
                Err(failure) => tally.absent(name, &failure),
            }
        }
    }
    record.write()?;
    reported.write()?;
    let Tally { passed, failed, skipped, .. } = tally;
    terminal::say(format_args!("clients: {passed} passed, {failed} failed, {skipped} skipped"));
    if passed + failed + skipped == 0 {
        return Err(Failure::unexpected("a scenario to play", "none of that name"));
    }
    Failure::unless_none("clients", failed)
}

impl Tally<'_> {
    /// Whether any scenario of this client may be meant.
    fn is_wanted(&self, client: &str) -> bool {
        self.only.is_none_or(|only| match only.split_once(':') {
            Some((before, _)) => before == client,
            None => only == client || !CLIENTS.iter().any(|(name, _)| *name == only),
        })
    }

    /// Plays all of one client, once it is prepared.
    fn client(
        &mut self,
        name: &str,
        stage: &Stage,
        record: &mut Record,
        reported: &mut Reported,
        prepare: impl FnOnce() -> Result<Box<dyn Client>, Failure>,
    ) {
        let prepared =
            prepare().and_then(|client| client.version().map(|version| (client, version)));
        let (client, version) = match prepared {
            Ok(both) => both,
            Err(failure) => return self.absent(name, &failure),
        };
        let client = &*client;
        for registry in [&stage.plain, &stage.tls] {
            self.play(scenarios::all(stage, client, registry));
        }
        let introduction = record::introduction(client, &version);
        let differs = record.differs(name, &introduction);
        if let Some(why) = differs.as_ref().filter(|_| !record.is_written()) {
            terminal::skipped(&format!("{name}: comparing with docs/clients.md"), why);
        }
        for refusal in REFUSALS {
            let title = format!("{name}: {}, and its reason shows", refusal.title());
            if refusal.concerns(client, stage) {
                let play = || refusal.shown(client, stage, record, differs.is_none());
                self.play(vec![Scenario { name: title, play: Box::new(play) }]);
            } else if let Some(failure) = refusal.needs_root(client) {
                self.absent(&title, &failure);
            }
        }
        if self.only.is_none_or(|only| only == name) {
            record.replace(name, &introduction);
        }
        if name == symptoms::CLIENT {
            self.symptoms(stage, client, &version, reported);
        }
    }

    /// Plays what people report.
    fn symptoms(
        &mut self,
        stage: &Stage,
        client: &dyn Client,
        version: &str,
        reported: &mut Reported,
    ) {
        let only = self.only;
        let is_meant = |title: &str| only.is_none_or(|only| title.contains(only));
        if !SYMPTOMS.iter().any(|symptom| is_meant(&symptom.title())) {
            return;
        }
        let theatre = match Theatre::prepare(stage, client) {
            Ok(theatre) => theatre,
            Err(failure) => {
                return self.absent("docker: the symptoms that people report", &failure);
            }
        };
        let compare = reported.compares(version);
        for symptom in &SYMPTOMS {
            let play = || symptom.shown(&theatre, reported, compare);
            self.play(vec![Scenario { name: symptom.title(), play: Box::new(play) }]);
        }
        if SYMPTOMS.iter().all(|symptom| is_meant(&symptom.title())) {
            reported.replace(version);
        }
    }

    /// Plays all of one SDK.
    fn sdk(&mut self, name: &str, sdk: &azure::Sdk, stage: &Stage, record: &mut Record) {
        self.play(sdk.scenarios(stage));
        let introduction = sdk.introduction();
        let differs = record.differs(name, &introduction);
        if let Some(why) = differs.as_ref().filter(|_| !record.is_written()) {
            terminal::skipped(&format!("{name}: comparing with docs/clients.md"), why);
        }
        for case in azure::REFUSED {
            let title = format!("{name}: {}, and its reason shows", case.title());
            let play = || sdk.shown(case, stage, record, differs.is_none());
            self.play(vec![Scenario { name: title, play: Box::new(play) }]);
        }
        if self.only.is_none_or(|only| only == name) {
            record.replace(name, &introduction);
        }
    }

    /// Tells that something is not there; in CI that is a failure.
    fn absent(&mut self, name: &str, failure: &Failure) {
        if matches!(failure, Failure::Missing { .. }) && !surroundings::in_ci() {
            terminal::skipped(name, failure);
            self.skipped += 1;
        } else {
            self.failed += 1;
            terminal::say(format_args!("FAILED  {name}: cannot be tried"));
            terminal::quote(&failure.to_string());
        }
    }

    /// Plays those that are wanted.
    fn play(&mut self, scenarios: Vec<Scenario<'_>>) {
        for Scenario { name, play } in scenarios {
            if !self.only.is_none_or(|only| name.contains(only)) {
                continue;
            }
            let watch = Stopwatch::start();
            let outcome = play();
            let millis = watch.elapsed().as_millis();
            match outcome {
                Ok(()) => {
                    self.passed += 1;
                    terminal::say(format_args!("ok      {name} ({millis} ms)"));
                }
                Err(failure) => {
                    self.failed += 1;
                    terminal::say(format_args!("FAILED  {name} ({millis} ms)"));
                    terminal::quote(&failure.to_string());
                }
            }
        }
    }
}
