use super::*;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use naru_codes::Cause;
use naru_codes::report::{Category, Certainty, Finding};
use proptest::prelude::*;

use crate::check::{Budget, Identity, Running, always};
use crate::fact::Fact;

/// The facts of the made-up checks: each a type of its own, since facts go by type.
macro_rules! numbered {
    ($($name:ident $text:literal),+) => {
        $(struct $name; impl Fact for $name { const NAME: FactName = $text; })+
        const NAMES: &[FactName] = &[$($text),+];
        fn insert(facts: &mut Facts, name: FactName) {
            match name { $($text => facts.insert($name),)+ other => panic!("{other}") }
        }
    };
}
numbered!(F0 "f0", F1 "f1", F2 "f2", F3 "f3", F4 "f4", F5 "f5", F6 "f6", F7 "f7", F8 "f8", F9 "f9");
const IDS: &[&str] = &["c.0", "c.1", "c.2", "c.3", "c.4", "c.5", "c.6", "c.7", "c.8", "c.9"];

struct Still;

impl Clock for Still {
    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

/// What a made-up check does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Deed {
    Pass,
    Fail,
    FailWithFact,
    Warn,
    Panic,
    Hang,
    NotSure,
    NotApplicable,
    BeyondConsent,
}

/// A made-up graph: for each check, what it does, and which earlier ones it needs, relies on and
/// waits for.
type Graph = Vec<(Deed, [Vec<usize>; 3])>;

fn graphs() -> impl Strategy<Value = Graph> {
    use Deed::*;
    let deed = prop_oneof![
        4 => Just(Pass), 2 => Just(Fail), 1 => Just(FailWithFact), 1 => Just(Warn), 1 => Just(Panic),
        1 => Just(Hang), 1 => Just(NotSure), 1 => Just(NotApplicable), 1 => Just(BeyondConsent)
    ];
    prop::collection::vec((deed, prop::collection::vec((0..10_usize, 0..3_usize), 0..4)), 1..=10)
        .prop_map(|rows| {
            let row = |(at, (deed, edges)): (usize, (Deed, Vec<(usize, usize)>))| {
                let mut sorted: [Vec<usize>; 3] = Default::default();
                for (to, kind) in edges.into_iter().filter(|(to, _)| *to < at) {
                    sorted[kind].push(to);
                }
                (deed, sorted)
            };
            rows.into_iter().enumerate().map(row).collect()
        })
}

fn never(_: Arc<crate::context::Context>, _: Facts) -> Running {
    unreachable!("the tests have a runner of their own")
}

fn no(_: &Facts) -> Result<(), Text> {
    Err(Text::new("reason-not-chosen"))
}

/// Rows live as long as the program, as those of the product do.
fn rows(graph: &Graph, order: &[usize]) -> Vec<&'static Check> {
    let leak = |facts: &[usize]| -> &'static [FactName] {
        Vec::leak(facts.iter().map(|at| NAMES[*at]).collect())
    };
    let row = |at: &usize| -> &'static Check {
        let (deed, edges) = &graph[*at];
        Box::leak(Box::new(Check {
            id: IDS[*at],
            category: Category::Network,
            claim: "check-dns-resolves",
            needs: leak(&edges[0]),
            holds: leak(&edges[1]),
            after: leak(&edges[2]),
            yields: leak(&[*at]),
            applies: if *deed == Deed::NotApplicable { no } else { always },
            codes: &[],
            reach: if *deed == Deed::BeyondConsent { Reach::Mutates } else { Reach::Offline },
            identity: Identity::Nobody,
            budget: Budget {
                timeout: Duration::from_millis(20),
                attempts: 2,
                pause: Duration::ZERO,
                slow: Duration::from_millis(10),
            },
            since: "0.1",
            retired: None,
            run: never,
        }))
    };
    order.iter().map(row).collect()
}

struct Ran {
    reports: Vec<CheckReport>,
    /// Each check that was started, with the facts that were there then.
    started: Vec<(&'static str, BTreeSet<FactName>)>,
}

fn run_graph(graph: &Graph, order: &[usize]) -> Ran {
    // A panic is what is tested; its words on standard error are not.
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    let runtime = runtime.enable_all().start_paused(true).build().unwrap();
    let deeds: BTreeMap<&str, (Deed, FactName)> =
        graph.iter().enumerate().map(|(at, (deed, _))| (IDS[at], (*deed, NAMES[at]))).collect();
    let started = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&started);
    let runner = move |check: &'static Check, facts: Facts| {
        let names: BTreeSet<_> = facts.names().collect();
        log.lock().unwrap().push((check.id, names));
        let (deed, fact) = deeds[check.id];
        async move { deed_done(deed, fact).await }
    };
    let options = Options {
        consent: Reach::SendsCredential,
        only: &[],
        skip: &[],
        observer: Arc::new(Unobserved),
    };
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let (reports, _) = runtime.block_on(run(&rows(graph, order), &options, &clock, runner));
    let started = std::mem::take(&mut *started.lock().unwrap());
    Ran { reports, started }
}

async fn deed_done(deed: Deed, fact: FactName) -> Done {
    let finding = || {
        let text = Text::new("check-dns-resolves");
        vec![Finding::new(Cause::NetworkDns, Certainty::Proven, "x", text)]
    };
    let mut done = match deed {
        Deed::Pass | Deed::NotApplicable | Deed::BeyondConsent => Done::passed(Vec::new()),
        Deed::Fail | Deed::FailWithFact => Done::found(finding(), Vec::new()),
        Deed::Warn => {
            let warning = finding().remove(0).at_most(naru_codes::report::Severity::Warning);
            Done::found(vec![warning], Vec::new())
        }
        Deed::NotSure => Done::unknown(Text::new("tried-in-time"), Vec::new()),
        Deed::Panic => panic!("a check at fault"),
        Deed::Hang => std::future::pending().await,
    };
    if matches!(deed, Deed::Pass | Deed::Warn | Deed::FailWithFact) {
        insert(&mut done.facts, fact);
    }
    done
}

/// Runs something in which a check panics, without the words of that panic; those of a test that
/// fails are told as ever.
fn quietly<T>(deed: impl FnOnce() -> T) -> T {
    static QUIET: std::sync::Once = std::sync::Once::new();
    QUIET.call_once(|| {
        let hook = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            if panic.payload().downcast_ref::<&str>() != Some(&"a check at fault") {
                hook(panic);
            }
        }));
    });
    deed()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_check_has_one_outcome_in_the_order_of_the_table(graph in graphs()) {
        let order: Vec<usize> = (0..graph.len()).collect();
        let ran = quietly(|| run_graph(&graph, &order));
        let ids: Vec<_> = ran.reports.iter().map(|report| report.id).collect();
        prop_assert_eq!(&ids, &IDS[..graph.len()]);
        for (report, (deed, _)) in ran.reports.iter().zip(&graph) {
            let started = ran.started.iter().filter(|(id, _)| *id == report.id).count();
            match &report.outcome {
                Outcome::Passed { .. } => prop_assert_eq!(*deed, Deed::Pass),
                Outcome::Failed { .. } => prop_assert!(matches!(deed, Deed::Fail | Deed::FailWithFact)),
                Outcome::Warned { .. } => prop_assert_eq!(*deed, Deed::Warn),
                Outcome::Crashed { .. } => prop_assert_eq!(*deed, Deed::Panic),
                Outcome::Inconclusive { .. } => {
                    prop_assert!(matches!(deed, Deed::Hang | Deed::NotSure));
                    prop_assert_eq!((started, report.attempts), (2, 2), "it is tried again");
                }
                Outcome::Skipped { .. } | Outcome::NotApplicable { .. } => {
                    prop_assert_eq!(started, 0);
                }
            }
        }
    }

    #[test]
    fn no_check_runs_before_what_it_needs(graph in graphs()) {
        let order: Vec<usize> = (0..graph.len()).collect();
        let ran = quietly(|| run_graph(&graph, &order));
        for (id, facts) in &ran.started {
            let at = IDS.iter().position(|other| other == id).unwrap();
            for need in &graph[at].1[0] {
                prop_assert!(facts.contains(NAMES[*need]), "{} without {}", id, NAMES[*need]);
            }
            for held in &graph[at].1[1] {
                let apart = matches!(ran.reports[*held].outcome, Outcome::NotApplicable { .. });
                prop_assert!(apart || facts.contains(NAMES[*held]));
            }
            for before in graph[at].1.iter().flatten() {
                let first = |wanted: &str| ran.started.iter().position(|(other, _)| *other == wanted);
                if let Some(earlier) = first(IDS[*before]) {
                    prop_assert!(earlier < first(id).unwrap());
                }
            }
        }
    }

    #[test]
    fn what_is_skipped_names_a_check_that_did_not_come_through(graph in graphs()) {
        let order: Vec<usize> = (0..graph.len()).collect();
        let ran = quietly(|| run_graph(&graph, &order));
        for report in &ran.reports {
            if let Outcome::Skipped { because: Because::Check(id) } = &report.outcome {
                let cause = ran.reports.iter().find(|other| other.id == *id).unwrap();
                prop_assert!(
                    !matches!(cause.outcome, Outcome::Passed { .. } | Outcome::Skipped { .. } | Outcome::NotApplicable { .. }),
                    "{} because of {}: {:?}", report.id, id, cause.outcome
                );
            }
        }
    }

    #[test]
    fn the_same_run_comes_to_the_same_and_the_order_of_rows_changes_no_outcome(
        graph in graphs(),
    ) {
        let order: Vec<usize> = (0..graph.len()).collect();
        let backwards: Vec<usize> = order.iter().rev().copied().collect();
        let (one, two, other) = quietly(|| {
            (run_graph(&graph, &order), run_graph(&graph, &order), run_graph(&graph, &backwards))
        });
        prop_assert_eq!(&one.reports, &two.reports);
        let named = |ran: &Ran| ran.reports.iter().map(|report| (report.id, report.outcome.name())).collect::<BTreeMap<_, _>>();
        prop_assert_eq!(named(&one), named(&other));
    }
}

#[test]
fn checks_that_do_not_build_on_each_other_run_at_once() {
    // Each waits until the other has begun, so that one after the other would hang.
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    let graph: Graph = vec![(Deed::Pass, Default::default()), (Deed::Pass, Default::default())];
    let both = Arc::new(tokio::sync::Barrier::new(2));
    let runner = move |_: &'static Check, _: Facts| {
        let both = Arc::clone(&both);
        async move {
            both.wait().await;
            Done::passed(Vec::new())
        }
    };
    let options =
        Options { consent: Reach::Offline, only: &[], skip: &[], observer: Arc::new(Unobserved) };
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let (reports, _) =
        runtime.unwrap().block_on(run(&rows(&graph, &[0, 1]), &options, &clock, runner));
    assert!(reports.iter().all(|report| matches!(report.outcome, Outcome::Passed { .. })));
}

#[test]
fn what_builds_on_itself_is_our_own_fault_and_ends() {
    let graph: Graph =
        vec![(Deed::Pass, [vec![1], vec![], vec![]]), (Deed::Pass, [vec![0], vec![], vec![]])];
    let ran = run_graph(&graph, &[0, 1]);
    assert!(ran.reports.iter().all(|report| matches!(report.outcome, Outcome::Crashed { .. })));
}

#[test]
fn somebody_is_told_that_it_takes_long() {
    #[derive(Default)]
    struct Told(Mutex<Vec<&'static str>>);
    impl Observer for Told {
        fn slow(&self, check: &'static str) {
            self.0.lock().unwrap().push(check);
        }
    }
    let graph: Graph = vec![(Deed::Hang, Default::default()), (Deed::Pass, Default::default())];
    let told = Arc::new(Told::default());
    let observer: Arc<dyn Observer> = told.clone();
    let options = Options { consent: Reach::Offline, only: &[], skip: &[], observer };
    let clock: Arc<dyn Clock> = Arc::new(Still);
    let runner = |check: &'static Check, _: Facts| async move {
        if check.id == "c.0" { std::future::pending().await } else { Done::passed(Vec::new()) }
    };
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.unwrap().block_on(run(&rows(&graph, &[0, 1]), &options, &clock, runner));
    assert_eq!(*told.0.lock().unwrap(), ["c.0", "c.0"], "once for each try");
}
