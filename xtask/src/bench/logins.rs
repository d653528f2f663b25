//! Logins with a token's password: how many a second, and what one costs the server.

use std::thread;
use std::time::Duration;

use super::client::Connection;
use super::stage::Stage;
use super::{gauge, report};
use crate::failure::Failure;
use crate::product::Product;
use crate::surroundings::Stopwatch;

/// How many clients log in at once.
const CLIENTS: usize = 16;

/// How long they do, for one figure.
const ROUND: Duration = Duration::from_secs(4);

/// How many figures there are; the first warms up.
const ROUNDS: usize = 6;

/// Measures and writes the table.
pub(super) fn run(product: &Product) -> Result<(), Failure> {
    let binary = product.binary()?;
    let scratch = tempfile::Builder::new()
        .prefix("naru-bench-")
        .tempdir()
        .map_err(Failure::machine("make a folder for the data"))?;
    let stage = Stage::start(&binary, scratch.path())?;
    let (mut rates, mut costs) = (Vec::new(), Vec::new());
    for round in 0..ROUNDS {
        let (logins, ran) = measure(&stage)?;
        if round > 0 {
            rates.push(logins / ROUND.as_secs().max(1));
            costs.push(ran / u32::try_from(logins).unwrap_or(u32::MAX).max(1));
        }
    }
    stage.server.stop()?;
    let (rate, cost) = (gauge::median(rates), gauge::median(costs));
    let (rate, cost) = (rate.unwrap_or_default(), cost.unwrap_or_default());
    let table = format!(
        "| figure | median of {} |\n|---|---|\n| logins a second, {CLIENTS} connections | {rate} |\n\
         | server CPU a login | {} µs |\n",
        ROUNDS - 1,
        cost.as_micros(),
    );
    report::write("logins", &table)
}

/// How many logins there were in a round, and how long the server ran for them.
fn measure(stage: &Stage) -> Result<(u64, Duration), Failure> {
    let (address, request) = (stage.server.address(), stage.login(&["repository:team/app:pull"]));
    let before = gauge::cpu(stage.server.process())?;
    let clients: Vec<Result<u64, Failure>> = thread::scope(|scope| {
        let client = || -> Result<u64, Failure> {
            let (mut connection, mut done) = (Connection::to(address)?, 0);
            let stopwatch = Stopwatch::start();
            while stopwatch.elapsed() < ROUND {
                connection.ask(&request)?;
                done += 1;
            }
            Ok(done)
        };
        let running: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(client)).collect();
        let ended = |thread: thread::ScopedJoinHandle<'_, _>| {
            thread.join().unwrap_or_else(|_| Err(Failure::unexpected("a client to end", "a panic")))
        };
        running.into_iter().map(ended).collect()
    });
    let ran = gauge::cpu(stage.server.process())?.saturating_sub(before);
    let done = clients.into_iter().sum::<Result<u64, Failure>>()?;
    Ok((done, ran))
}
