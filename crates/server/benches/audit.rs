//! What events cost the fast path: pulling a manifest with a token, and logging in with a generated
//! secret, over kept connections to a server in this process, with and without events of what was
//! allowed. `cargo bench -p naru-server --bench audit`; the figures are in `bench/README.md`.
#![expect(
    clippy::expect_used,
    clippy::disallowed_methods,
    reason = "a bench measures time, and prints what it measured"
)]

use std::io::Write as _;
use std::sync::Arc;
use std::time::{Duration, Instant};

use naru_server::EventsRecorded;
use naru_testkit::{KeptConnection, Kit, Login, OWNER, OWNER_PASSWORD, Sending, image};
use tokio::task::JoinSet;

/// How many clients ask at once.
const CLIENTS: usize = 16;

/// How many requests each of them makes in a round.
const REQUESTS: usize = 1_000;

/// How many rounds there are of each kind, in turn, so that both kinds see the same machine.
const ROUNDS: usize = 7;

/// How a request is made.
type Request = fn(&Stage) -> Sending;

/// A server, and the requests that are measured.
struct Stage {
    kit: Arc<Kit>,
    token: String,
    ci: Login,
}

fn main() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime").block_on(measure());
}

async fn measure() {
    let with = stage(EventsRecorded::All).await;
    let without = stage(EventsRecorded::Refusals).await;
    let mut out = std::io::stdout();
    writeln!(out, "| request | with events | without | difference |\n|---|---|---|---|")
        .expect("output");
    let requests: [(&str, Request); 2] =
        [("GET manifest by tag, token", manifest), ("GET /oauth2/token, generated secret", login)];
    for (name, request) in requests {
        let (mut all, mut none) = (Vec::new(), Vec::new());
        // The first round warms up.
        for round in 0..=ROUNDS {
            let (one, other) = (run(&with, request).await, run(&without, request).await);
            if round > 0 {
                all.push(one);
                none.push(other);
            }
        }
        let (all, none) = (median(all), median(none));
        let percent = (all.as_secs_f64() / none.as_secs_f64() - 1.0) * 100.0;
        writeln!(out, "| {name} | {all:.1?} | {none:.1?} | {percent:+.1} % |").expect("output");
    }
}

async fn stage(record: EventsRecorded) -> Stage {
    let kit = Kit::start_with_domain_and(|config| config.events.record = record).await;
    let owner = Login { name: OWNER.to_owned(), secret: OWNER_PASSWORD.to_owned() };
    let image = image("measured");
    kit.push_image((OWNER, OWNER_PASSWORD), "team/app", "v1", &image).await;
    let token = kit.access_token("registry", &owner, &["repository:team/app:pull"]).await;
    let ci = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    Stage { kit: Arc::new(kit), token, ci }
}

fn manifest(stage: &Stage) -> Sending {
    stage.kit.get("/v2/team/app/manifests/v1").at("registry").bearer(&stage.token)
}

fn login(stage: &Stage) -> Sending {
    let path = "/oauth2/token?service=registry.naru.test&scope=repository:team/app:pull";
    stage.kit.get(path).at("registry").login(&stage.ci)
}

/// How long a request takes of the machine: the time of a round by the number of its requests.
async fn run(stage: &Stage, request: Request) -> Duration {
    let request = request(stage);
    let started = Instant::now();
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (address, request) = (stage.kit.address(), request.clone());
        clients.spawn(async move {
            let mut connection = KeptConnection::to(address).await;
            for _ in 0..REQUESTS {
                connection.send(request.clone()).await.expect(200);
            }
        });
    }
    clients.join_all().await;
    let requests = u32::try_from(CLIENTS * REQUESTS).expect("a number of requests");
    started.elapsed() / requests
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
