//! A flood of wrong logins: all are counted, the store does not grow with them, each id that was
//! handed out leads to its event, and who has a right to it gets in meanwhile.
//!
//! `NARU_FLOOD=100000` makes it the size of a bad minute; `bench/README.md` has the figures.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use jiff::SignedDuration;
use naru_identity::secret::{SecretKind, generate};
use naru_server::ambient::SystemEntropy;
use naru_testkit::{KeptConnection, Kit, Login, Reply, Sending, text};
use serde_json::json;
use tokio::task::JoinSet;

/// How many wrong logins come where nothing else is said.
const SHORT: usize = 3_000;

/// How many clients guess at once: more than the queue of passwords has places.
const CLIENTS: usize = 160;

/// How many guesses come from each address, so that some are held back by the throttle.
const FROM_EACH: usize = 120;

/// So many users are known where they come from, and log in meanwhile.
const KNOWN: usize = 6;

/// The bound of rows a minute, with the rows that count; twice, since the flood may see the end of
/// a minute.
const MOST_ROWS: usize = 2 * (600 + 60 + 10 + 40);

/// What came back of a guess.
struct Guess {
    status: u16,
    cause: String,
    id: String,
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_wrong_logins_is_counted_and_locks_nobody_out() {
    let size = size();
    let kit = Arc::new(
        Kit::start_with(|config| {
            config.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
        })
        .await,
    );
    let token = kit.create_token("registry", "ci-build", &[("*", &["content/read"])]).await;
    let users = known_users(&kit).await;
    // Past the memory of right passwords, so that theirs have to be looked at anew.
    kit.clock().advance(SignedDuration::from_secs(301));
    let (before, over) = (kit.database_size(), Arc::new(AtomicBool::new(false)));
    let rightful = tokio::spawn(log_in(Arc::clone(&kit), token, users, Arc::clone(&over)));

    let started = now();
    let guesses = flood(&kit, size).await;
    let took = now().duration_since(started);
    over.store(true, Ordering::SeqCst);
    let logins = rightful.await.unwrap();

    assert_eq!(guesses.len(), size);
    let mut answered: HashMap<String, usize> = HashMap::new();
    for guess in &guesses {
        *answered.entry(guess.cause.clone()).or_default() += 1;
        let status = match guess.cause.as_str() {
            "credential-invalid" => 401,
            "credential-throttled" => 429,
            "registry-unavailable" => 503,
            other => panic!("{other}: {}", guess.status),
        };
        assert_eq!(guess.status, status);
    }
    assert_eq!(answered.len(), 3, "also those that a full queue refused: {answered:?}");
    let events = kit.export("login").await;
    let mut counted: HashMap<String, usize> = HashMap::new();
    for event in events.iter().filter(|event| event["Reason"].is_string()) {
        let count = usize::try_from(event["Count"].as_u64().unwrap()).unwrap();
        *counted.entry(text(&event["Reason"])).or_default() += count;
    }
    assert_eq!(counted, answered, "all of them, each under its reason");

    let rows = events.iter().filter(|event| event["Reason"].is_string()).count();
    assert!(rows <= MOST_ROWS, "{rows} rows");
    let grown = kit.database_size().saturating_sub(before);
    assert!(grown < 16 << 20, "{grown} bytes");

    let ids: HashSet<&str> = guesses.iter().map(|guess| guess.id.as_str()).collect();
    assert_eq!(ids.len(), size, "each has an id of its own");
    let some = guesses.iter().step_by(1.max(size / 1_000));
    for guess in some.chain(guesses.last()) {
        let shown = kit.admin("events", "show", json!({ "id": guess.id })).await;
        assert_eq!(shown["cause"]["code"], guess.cause.as_str(), "{shown}");
    }
    println!(
        "{size} wrong logins in {took:?}: {answered:?}; {rows} rows, {grown} bytes; meanwhile \
         {logins} rightful logins"
    );
}

/// Users with passwords that they thought up, each of whom got in from an address of its own.
async fn known_users(kit: &Kit) -> Vec<(Login, String)> {
    let mut users = Vec::new();
    for number in 0..KNOWN {
        let (name, secret) = (format!("user-{number}"), format!("thought up by {number}"));
        kit.admin("user", "create", json!({ "name": name, "password": secret })).await;
        let role = json!({ "assignee": name, "role": "AcrPull" });
        kit.admin("role-assignment", "create", role).await;
        let (login, address) = (Login { name, secret }, format!("198.51.100.{number}"));
        sent_from(kit, &address).login(&login).send().await.expect(200);
        users.push((login, address));
    }
    users
}

/// Rightful logins while the flood goes on; how many.
async fn log_in(
    kit: Arc<Kit>,
    token: Login,
    users: Vec<(Login, String)>,
    over: Arc<AtomicBool>,
) -> usize {
    let mut logins = 0;
    for (user, address) in users {
        // From an address where others guess.
        sent_from(&kit, &address_of(logins)).login(&token).send().await.expect(200);
        sent_from(&kit, &address).login(&user).send().await.expect(200);
        logins += 2;
    }
    while !over.load(Ordering::SeqCst) {
        sent_from(&kit, &address_of(logins)).login(&token).send().await.expect(200);
        logins += 1;
    }
    logins
}

async fn flood(kit: &Arc<Kit>, size: usize) -> Vec<Guess> {
    let next = Arc::new(AtomicUsize::new(0));
    let mut clients = JoinSet::new();
    for _ in 0..CLIENTS {
        let (kit, next) = (Arc::clone(kit), Arc::clone(&next));
        clients.spawn(async move {
            let mut connection = KeptConnection::to(kit.address()).await;
            let mut guesses = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::SeqCst);
                if number >= size {
                    return guesses;
                }
                // A minute passes, whatever time it takes.
                if number % (size / 600).max(1) == 0 {
                    kit.clock().advance(SignedDuration::from_millis(100));
                }
                guesses.push(read(&connection.send(guess(&kit, number)).await));
            }
        });
    }
    clients.join_all().await.into_iter().flatten().collect()
}

/// A wrong login: half of the secrets have the generated form, half were thought up; some names
/// are there, some are not.
fn guess(kit: &Kit, number: usize) -> Sending {
    let name = match number % 5 {
        0 => "owner".to_owned(),
        1 => "ci-build".to_owned(),
        _ => format!("name-{number}"),
    };
    let secret = if number.is_multiple_of(2) {
        generate(SecretKind::Token, &SystemEntropy).expose().to_owned()
    } else {
        format!("thought up {number}")
    };
    sent_from(kit, &address_of(number / FROM_EACH)).basic(&name, &secret)
}

fn read(reply: &Reply) -> Guess {
    let (id, cause) = (reply.correlation_id(), reply.header("x-naru-cause").to_owned());
    assert!(reply.message().ends_with(&format!(" CorrelationId: {id}.")), "{}", reply.message());
    Guess { status: reply.status.as_u16(), cause, id }
}

fn sent_from(kit: &Kit, address: &str) -> Sending {
    kit.get("/oauth2/token").header("x-forwarded-for", address)
}

fn address_of(number: usize) -> String {
    format!("10.{}.{}.{}", number >> 16 & 255, number >> 8 & 255, number & 255)
}

#[expect(clippy::disallowed_methods, reason = "how large the flood is, is for its caller to say")]
fn size() -> usize {
    std::env::var("NARU_FLOOD").map_or(SHORT, |size| size.parse().expect("a number"))
}

#[expect(clippy::disallowed_methods, reason = "told, and compared with nothing")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}
