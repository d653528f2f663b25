//! Every cause there is: what the server gives is made to happen for real, found again by the id
//! that its client was shown, told with what fixes it, and found from the client's side.
//!
//! What is marked as safe to apply is then really applied, by this harness and from the reports
//! alone, and the second run must be healthy; so must it where the table says why nothing is safe,
//! after what the reports suggest.

mod client;
mod credential;
mod cure;
mod existence;
mod met;
mod permission;
mod secrets;
mod symptoms;
mod table;
mod token;
mod wire;
mod world;

use naru_codes::{Cause, Stage};

use self::client::Faulty;
use self::cure::{Cure, Fix};
use self::met::{FILE, Met};
use self::table::known;
use self::wire::Shown;
use super::bench;
use super::hands::Remedy;

/// How a cause comes about.
enum Known {
    /// By the server, which writes an event.
    Event {
        make: fn() -> Met,
        /// In what `events show` says: the command that fixes it, or what to do where none does.
        fix: &'static str,
        client: Client,
        cure: Cure<Met>,
    },
    /// By the server, without an event: why, and where that is shown.
    Uncounted(&'static str),
    /// Before any server judges.
    ClientSide { make: fn() -> Faulty, cure: Cure<Faulty> },
}

/// What the diagnosis comes to.
enum Client {
    /// This cause, first.
    Same,
    /// Another one first, since it stands before it.
    First(&'static str),
    /// It never sends what is refused like this: why.
    NeverMet(&'static str),
}

/// A cause that was found from both sides.
struct Found {
    /// What its client was told.
    printed: String,
    met: Met,
    fix: Fix<Met>,
}

/// Makes it happen, and looks at it from both sides, where it is an event.
fn find(cause: Cause) -> Option<Found> {
    let code = cause.code();
    let (make, fix, client, cure) = match known(cause) {
        Known::Event { make, fix, client, cure } => (make, fix, client, cure),
        Known::Uncounted(why) => {
            assert!(!why.is_empty(), "{code}");
            return None;
        }
        Known::ClientSide { .. } => return None,
    };
    let met = make();
    let (world, shown) = (&met.world, &met.shown);
    assert!(shown.body.contains(&shown.id), "{code}: no id is shown: {}", shown.body);
    let story = world.json(&format!("events show {}", shown.id));
    assert_eq!(story["event"]["Reason"], code, "{story}");
    assert_eq!(story["cause"]["code"], code, "{story}");
    assert_eq!(story["id"], shown.id, "{story}");
    // One that was counted with others is found in the row of the first.
    if story["ordinal"].is_null() {
        assert_eq!(story["event"]["CorrelationId"], shown.id, "{story}");
    }
    let english = world.shown(&format!("events show {}", shown.id));
    assert!(english.starts_with("exit 0"), "{code}: {english}");
    assert!(english.contains(&format!("with the reason {code}")), "{code}: {english}");
    assert!(story["event"]["ResultType"].is_string(), "{story}");
    // What a terminal breaks into lines, and what it does not.
    let unbroken = english.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(unbroken.contains(fix), "{code}: `{fix}` is not in: {english}");
    let korean = world.shown_in("ko_KR.UTF-8", &format!("events show {}", shown.id));
    assert!(korean.contains(code) && korean != english, "{code}: {korean}");
    filters().bind(|| {
        insta::assert_snapshot!(format!("{code}-event"), english);
        insta::assert_snapshot!(format!("{code}-event-ko"), korean);
    });

    let printed = shown.body.clone();
    let root = match client {
        Client::NeverMet(why) => {
            assert!(met.seen_from.is_none() && met.again.is_some() && !why.is_empty(), "{code}");
            None
        }
        Client::First(other) => Some(other),
        Client::Same => Some(code),
    };
    let ran = root.map(|root| {
        let ran = met.diagnosis();
        ran.root(root);
        let neutral = ran.text.replace(&met.data, "DATA");
        filters().bind(|| {
            insta::assert_snapshot!(format!("{code}-diagnosis"), neutral);
            insta::assert_json_snapshot!(format!("{code}-diagnosis.json"), ran.failures());
        });
        (ran, root)
    });
    let root = ran.as_ref().map(|(_, root)| *root);
    let told = ran.map_or(Vec::new(), |(ran, _)| Remedy::of_report(&ran.json));
    let fix = Fix::new(cause, cure, make, (Remedy::of(&story), told), root);
    Some(Found { printed, met, fix })
}

/// Beside what differs in every run: seconds to wait, and which of many clients it was.
fn filters() -> insta::Settings {
    let mut settings = bench::filters();
    settings.add_filter(r"\b\d+ (s|ms|초)\b", "[n] $1");
    settings.add_filter(r"192\.0\.2\.\d+", "192.0.2.[n]");
    // Which of many guesses is refused is nothing to rely on.
    settings.add_filter(r"\bname-\d+", "name-[n]");
    settings.add_filter(r"\b\d+ times in this row", "[n] times in this row");
    settings.add_filter(r"\bthis id is number \d+", "this id is number [n]");
    settings.add_filter(r"이 행에 \d+회", "이 행에 [n]회");
    settings.add_filter(r"그중 \d+번째", "그중 [n]번째");
    settings
}

/// Judges each of these causes, whatever becomes of the others.
fn each(of: impl Fn(Cause) -> bool, judge: fn(Cause)) {
    let all: Vec<_> = Cause::ALL.iter().copied().filter(|cause| of(*cause)).collect();
    assert!(!all.is_empty());
    let mut failed = Vec::new();
    for cause in all {
        if let Err(why) = std::panic::catch_unwind(|| judge(cause)) {
            let why = why.downcast_ref::<String>().cloned().unwrap_or_default();
            failed.push(format!("== {cause}\n{why}"));
        }
    }
    assert!(failed.is_empty(), "{}", failed.join("\n"));
}

/// Makes it happen, finds it, and takes it away.
fn judge(cause: Cause) {
    if let Some(Found { met, fix, .. }) = find(cause) {
        fix.apply(met);
    }
}

#[test]
fn credentials_of_accounts() {
    each(|cause| cause.stage() == Stage::Credential && cause < Cause::CredentialInvalid, judge);
}

#[test]
fn credentials_and_tokens() {
    each(|cause| cause.stage() == Stage::Credential && cause >= Cause::CredentialInvalid, judge);
}

#[test]
fn rights() {
    each(|cause| matches!(cause.stage(), Stage::Permission | Stage::Scope), judge);
}

#[test]
fn whatever_else_the_server_refuses() {
    let others = [Stage::Credential, Stage::Permission, Stage::Scope, Stage::Client];
    each(|cause| !others.contains(&cause.stage()), judge);
}

/// Makes happen what no server gives, and takes it away again.
fn meet(cause: Cause) {
    let Known::ClientSide { make, cure } = known(cause) else { panic!("{cause} is an event") };
    let faulty = make();
    let ran = faulty.diagnosis();
    let finding = ran.finding(cause.code());
    assert_eq!(ran.json["causes"][0], cause.code(), "{}", ran.text);
    let error = finding["severity"] == "error";
    let came = (ran.code, &ran.json["healthy"]);
    assert_eq!(came, (i32::from(error), &(!error).into()), "{}", ran.text);
    filters().bind(|| {
        insta::assert_snapshot!(cause.code(), format!("exit {}\n{}", ran.code, ran.text));
        insta::assert_json_snapshot!(format!("{cause}.json"), ran.failures());
    });
    let told = Remedy::of_report(&ran.json);
    Fix::new(cause, cure, make, (Vec::new(), told), Some(cause.code())).apply(faulty);
}

#[test]
fn what_the_client_alone_meets() {
    for cause in Cause::ALL {
        let client = matches!(known(*cause), Known::ClientSide { .. });
        assert_eq!(client, cause.stage() == Stage::Client, "{cause}");
    }
    each(|cause| cause.stage() == Stage::Client, meet);
}
