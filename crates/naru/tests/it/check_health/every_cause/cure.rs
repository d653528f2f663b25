//! What takes each cause away: applied from the reports alone, before the second run.

use naru_codes::Cause;

use crate::check_health::bench::Ran;
use crate::check_health::hands::{Came, Remedy};

/// Where a cause was scene.
pub(super) trait Scene {
    /// Does what a remedy says; what that came to.
    fn apply(&mut self, remedy: &Remedy) -> Came;

    /// The diagnosis in a second run.
    fn diagnosis_again(&self) -> Ran;

    /// The second run: nothing is wrong any more.
    fn well(&self);
}

/// What takes a cause away.
pub(super) enum Cure<S> {
    /// The remedies that are marked as safe, by themselves.
    Safe,
    /// None is marked so: why. What the reports suggest does, once somebody has decided on it.
    Decided(&'static str),
    /// No command does: why. The fault ends like this.
    Fault(&'static str, fn(&mut S)),
}

/// A cause, and what takes it away.
pub(super) struct Fix<S> {
    cause: Cause,
    cure: Cure<S>,
    make: fn() -> S,
    /// What both reports mark as safe.
    safe: Vec<Remedy>,
    /// What the server suggests.
    recorded: Vec<Remedy>,
    /// The cause for which the diagnosis makes its suggestions.
    root: Option<&'static str>,
}

impl<S: Scene> Fix<S> {
    pub(super) fn new(
        cause: Cause,
        cure: Cure<S>,
        make: fn() -> S,
        (recorded, told): (Vec<Remedy>, Vec<Remedy>),
        root: Option<&'static str>,
    ) -> Self {
        let mut safe: Vec<Remedy> = Vec::new();
        for remedy in recorded.iter().chain(&told).filter(|remedy| remedy.safe) {
            if !safe.contains(remedy) {
                safe.push(remedy.clone());
            }
        }
        Self { cause, cure, make, safe, recorded, root }
    }

    /// Takes the cause away as its row says, which must be what the reports say, and looks again.
    pub(super) fn apply(&self, mut scene: S) {
        let (cause, safe) = (self.cause, &self.safe);
        let marked = matches!(self.cure, Cure::Safe);
        assert_eq!(!safe.is_empty(), marked, "{cause}: table and reports differ: {safe:?}");
        match self.cure {
            Cure::Safe => {
                let came: Vec<Came> = safe.iter().map(|remedy| scene.apply(remedy)).collect();
                if came.iter().all(|came| *came == Came::Done) {
                    scene.well();
                }
            }
            Cure::Decided(why) => self.decide(why, scene),
            Cure::Fault(why, end) => {
                let all = [self.recorded.clone(), self.told(&scene)].concat();
                let run = all.iter().find(|one| is_run_here(one));
                assert!(!why.is_empty() && run.is_none(), "{cause}: there is a command: {run:?}");
                end(&mut scene);
                scene.well();
            }
        }
    }

    /// What the server suggests; and in a world of its own what the diagnosis does.
    fn decide(&self, why: &str, mut scene: S) {
        let mut runs = 0;
        if let Some(remedy) = self.recorded.iter().find(|one| is_run_here(one)) {
            runs += 1;
            if scene.apply(remedy) == Came::Done {
                scene.well();
            }
            scene = (self.make)();
        }
        if let Some(remedy) = self.told(&scene).iter().find(|one| is_run_here(one)) {
            runs += 1;
            if scene.apply(remedy) == Came::Done {
                scene.well();
            }
        }
        assert!(!why.is_empty() && runs > 0, "{}: nothing is suggested", self.cause);
    }

    /// What the diagnosis suggests here.
    fn told(&self, scene: &S) -> Vec<Remedy> {
        self.root.map_or(Vec::new(), |root| Remedy::of(scene.diagnosis_again().finding(root)))
    }
}

/// Whether a remedy fixes something by commands that change no more than what belongs to a test.
fn is_run_here(remedy: &Remedy) -> bool {
    let ours = |command: &Vec<String>| ["docker", "mv", "naru", "podman"].contains(&&*command[0]);
    remedy.fixes && !remedy.commands.is_empty() && remedy.commands.iter().all(ours)
}
