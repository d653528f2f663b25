//! A refusal that happened, and the people whom it happened to.

use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use super::cure::Scene;
use super::wire::Shown;
use super::world::Login;
use crate::check_health::bench::{Bench, Ran};
use crate::check_health::hands::{Came, Hands, Remedy};
use crate::support::World;

/// Where docker has its logins, below the home.
pub(super) const FILE: &str = ".docker/config.json";

/// How often others do something.
const PACE: Duration = Duration::from_millis(200);

/// A request that the scenario makes again.
type Again = Box<dyn Fn(&World) -> Shown>;

/// A refusal that happened.
pub(super) struct Met {
    pub(super) world: World,
    /// Where its server has its data.
    pub(super) data: String,
    pub(super) shown: Shown,
    /// A home from which the same can be met, and what is asked of the diagnosis there.
    pub(super) seen_from: Option<(Bench, Vec<String>)>,
    /// The accounts whose secrets its people know.
    pub(super) knows: Vec<Login>,
    /// The request that is answered once the cause is gone, where no diagnosis can say so.
    pub(super) again: Option<Again>,
    /// What others do all the while.
    meanwhile: Option<Meanwhile>,
}

/// Something that goes on beside a scenario, until it is dropped.
pub(super) struct Meanwhile {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Meanwhile {
    /// Goes on with one step after the other, a few a second.
    pub(super) fn begin(steps: impl Iterator<Item = ()> + Send + 'static) -> Self {
        let (stop, stopped) = mpsc::channel::<()>();
        let thread = std::thread::spawn(move || {
            for () in steps {
                if stopped.recv_timeout(PACE) != Err(RecvTimeoutError::Timeout) {
                    return;
                }
            }
        });
        Self { stop: Some(stop), thread: Some(thread) }
    }
}

impl Drop for Meanwhile {
    fn drop(&mut self) {
        drop(self.stop.take());
        let ended = self.thread.take().map(JoinHandle::join);
        assert!(ended.is_none_or(|ended| ended.is_ok()) || std::thread::panicking());
    }
}

impl Met {
    pub(super) fn new(world: World, shown: Shown) -> Self {
        let data = world.data().display().to_string();
        Self {
            world,
            data,
            shown,
            seen_from: None,
            knows: Vec::new(),
            again: None,
            meanwhile: None,
        }
    }

    pub(super) fn seen_from(self, bench: Bench, arguments: &[&str]) -> Self {
        let arguments = arguments.iter().map(|&word| word.to_owned()).collect();
        Self { seen_from: Some((bench, arguments)), ..self }
    }

    pub(super) fn knows(mut self, login: &Login) -> Self {
        self.knows.insert(0, login.clone());
        self
    }

    /// Others do this all the while.
    pub(super) fn while_others(self, meanwhile: Meanwhile) -> Self {
        Self { meanwhile: Some(meanwhile), ..self }
    }

    /// Others do nothing any more.
    pub(super) fn alone(&mut self) {
        self.meanwhile = None;
    }

    pub(super) fn again(self, again: impl Fn(&World) -> Shown + 'static) -> Self {
        Self { again: Some(Box::new(again)), ..self }
    }

    /// Stores the login that holds.
    pub(super) fn log_in(&mut self) {
        let address = self.world.server().address();
        let (bench, _) = self.seen_from.as_mut().unwrap();
        bench.log_in_at(FILE, &address, &self.knows[0].0, &self.knows[0].1);
    }

    /// The diagnosis, on the server's machine, by somebody who uses docker: looked at from all
    /// sides.
    pub(super) fn diagnosis(&self) -> Ran {
        self.seen_from.as_ref().unwrap().0.check(&self.line())
    }

    fn line(&self) -> Vec<&str> {
        let (_, arguments) = self.seen_from.as_ref().unwrap();
        let mut all = vec!["--tool", "docker", "--data-dir", self.data.as_str()];
        all.extend(arguments.iter().map(String::as_str));
        all
    }
}

impl Scene for Met {
    fn diagnosis_again(&self) -> Ran {
        self.seen_from.as_ref().unwrap().0.check_again(&self.line())
    }

    fn apply(&mut self, remedy: &Remedy) -> Came {
        let mut nobody = Bench::bare();
        let host = self.world.server().address();
        let name = self.knows.first().map(|(name, _)| name.clone());
        let words = [
            ("HOST", Some(host)),
            ("NAME", name),
            ("ADDRESS", Some("127.0.0.1".to_owned())),
            ("MAP", Some("ci-build-scope-map".to_owned())),
        ];
        let words = words.into_iter().filter_map(|(word, value)| Some((word, value?))).collect();
        let bench = self.seen_from.as_mut().map_or(&mut nobody, |(bench, _)| bench);
        let knows = self.knows.clone();
        Hands { bench, world: Some(&self.world), knows, words }.apply(remedy)
    }

    fn well(&self) {
        match &self.again {
            Some(again) => {
                let answer = again(&self.world);
                let refused = [400, 401, 403, 405, 429, 503].contains(&answer.status);
                assert!(!refused, "{}: {}", answer.status, answer.body);
            }
            None => self.diagnosis_again().healthy(),
        }
    }
}
