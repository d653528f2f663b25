//! Unmodified clients against one running registry, named by what a user does.
//!
//! Decides which scenarios are played and what their outcome is; each client has a module of its
//! own, and what they share (registry, accounts, image, the reading of a refusal) is in [`stage`].
//! A client that is not installed is skipped loudly; in CI that is a failure.

mod crane;
mod docker;
mod engine;
mod image;
mod oras;
mod skopeo;
mod stage;

use std::rc::Rc;

use crate::clients::stage::Stage;
use crate::failure::Failure;
use crate::product::Product;
use crate::surroundings::{self, Stopwatch};
use crate::terminal;

/// Something that a user does with a client.
struct Scenario<T> {
    name: &'static str,
    play: fn(&T) -> Result<(), Failure>,
}

/// What came of all scenarios.
struct Tally<'a> {
    only: Option<&'a str>,
    passed: usize,
    failed: usize,
    skipped: usize,
}

/// Plays every scenario whose name contains `only`.
pub(crate) fn run(product: &Product, only: Option<&str>) -> Result<(), Failure> {
    let binary = product.binary()?;
    let stage = Rc::new(Stage::set(&binary)?);
    let mut tally = Tally { only, passed: 0, failed: 0, skipped: 0 };
    tally.perform(docker::SCENARIOS, || docker::Docker::prepare(&stage));
    tally.perform(skopeo::SCENARIOS, || skopeo::Skopeo::prepare(&stage));
    tally.perform(crane::SCENARIOS, || crane::Crane::prepare(&stage));
    tally.perform(oras::SCENARIOS, || oras::Oras::prepare(&stage));
    let Tally { passed, failed, skipped, .. } = tally;
    terminal::say(format_args!("clients: {passed} passed, {failed} failed, {skipped} skipped"));
    if passed + failed + skipped == 0 {
        return Err(Failure::unexpected("a scenario to play", "none of that name"));
    }
    Failure::unless_none("clients", failed)
}

impl Tally<'_> {
    /// Plays the scenarios of one client, once it is prepared.
    fn perform<T>(
        &mut self,
        scenarios: &[Scenario<T>],
        prepare: impl FnOnce() -> Result<T, Failure>,
    ) {
        let wanted = |name: &str| self.only.is_none_or(|only| name.contains(only));
        let chosen: Vec<_> = scenarios.iter().filter(|one| wanted(one.name)).collect();
        if chosen.is_empty() {
            return;
        }
        match prepare() {
            Ok(client) => {
                for scenario in chosen {
                    let watch = Stopwatch::start();
                    let outcome = (scenario.play)(&client);
                    self.record(scenario.name, outcome, watch.elapsed().as_millis());
                }
            }
            Err(missing @ Failure::Missing { .. }) if !surroundings::in_ci() => {
                for scenario in chosen {
                    terminal::skipped(scenario.name, &missing);
                    self.skipped += 1;
                }
            }
            Err(failure) => {
                let reason = failure.to_string();
                for scenario in chosen {
                    let outcome = Err(Failure::unexpected("the client to be ready", &*reason));
                    self.record(scenario.name, outcome, 0);
                }
            }
        }
    }

    fn record(&mut self, name: &str, outcome: Result<(), Failure>, millis: u128) {
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
