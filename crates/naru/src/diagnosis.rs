//! `naru check-health` and `naru explain`: hands the doctor what this machine is, and prints what
//! it says.

use std::fs;
use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use naru_client::ambient::{Clock, SystemResolver};
use naru_client::secret::Secret;
use naru_codes::report::{Reach, Report};
use naru_codes::{Cause, Language, texts};
use naru_doctor::check::{CHECKS, is_known};
use naru_doctor::context::{Asked, Context, Recorded, Records};
use naru_doctor::engine::{Observer, Options, Unobserved};
use naru_doctor::explain::{correlation_id, page, recognise};
use naru_doctor::{diagnose, render};
use naru_identity::Clock as _;
use naru_server::ambient::SystemClock;
use serde::Serialize;
use serde_json::{Value, json};

use crate::cli::check_health::CheckHealth;
use crate::cli::explain::Explain;
use crate::client::Client;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::printer::{Format, Printer};

/// The most that is read of a text on standard input.
const LONGEST: u64 = 256 * 1024;

/// The clock of this machine, as the doctor takes it.
struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Timestamp {
        SystemClock.now()
    }
}

/// Tells a person at a terminal what takes long.
struct Teller(Printer);

impl Observer for Teller {
    fn slow(&self, check: &'static str) {
        // A remark that cannot be written is none that is missed.
        let _written = self.0.note(&self.0.words.get("report-slow", &[("check", check)]));
    }
}

/// The records of the server on this machine, over its socket.
struct Socket {
    client: Client,
    registry: Option<String>,
}

#[async_trait]
impl Records for Socket {
    async fn find(&self, correlation_id: &str) -> Option<Recorded> {
        let request = json!({ "id": correlation_id });
        let registry = self.registry.as_deref();
        let shown = self.client.call(("events", "show"), registry, request).await.ok()?;
        let shown: Value = serde_json::from_slice(&shown).ok()?;
        let event = shown.get("event")?;
        let text = |key: &str| event.get(key).and_then(Value::as_str).map(str::to_owned);
        Some(Recorded {
            reason: text("Reason").as_deref().and_then(Cause::from_code),
            identity: text("Identity"),
            address: text("CallerIpAddress"),
            rule: text("Rule"),
            detail: text("Detail"),
        })
    }
}

/// Looks, and prints the report; the exit code.
pub(crate) fn check_health(
    asked: CheckHealth,
    (client, registry): (Client, Option<String>),
    environment: &Environment,
    printer: Printer,
) -> Result<u8, Failure> {
    if asked.list {
        return list(printer).map(|()| 0);
    }
    if let Some(word) = asked.only.iter().chain(&asked.skip).find(|word| !is_known(word)) {
        return Err(Failure::Check(word.clone()));
    }
    let consent = if asked.offline {
        Reach::Offline
    } else if asked.without_credentials {
        Reach::Network
    } else {
        Reach::SendsCredential
    };
    let login = match &asked.username {
        Some(name) => {
            let password = crate::stdin::password(environment, printer.words)?;
            Some((name.clone(), Secret::new(password.0.expose().to_owned())))
        }
        None => None,
    };
    let here = client.socket.exists();
    let socket = Socket { client, registry };
    let context = Context {
        asked: Asked {
            target: asked.target,
            repository: asked.repository,
            actions: asked.action.into_iter().map(Into::into).collect(),
            login,
            tool: asked.tool.map(Into::into),
            ca_file: asked.ca_cert,
            patience: asked.timeout.map(Duration::from_secs),
            offline: asked.offline,
        },
        surroundings: environment.surroundings(),
        passwd: fs::read_to_string("/etc/passwd").unwrap_or_default(),
        clock: Arc::new(MachineClock),
        resolver: Arc::new(SystemResolver),
        records: here.then(|| Arc::new(socket) as Arc<dyn Records>),
    };
    let observer: Arc<dyn Observer> =
        if environment.terminal_err { Arc::new(Teller(printer)) } else { Arc::new(Unobserved) };
    let options = Options { consent, only: &asked.only, skip: &asked.skip, observer };
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let report = runtime.block_on(diagnose(Arc::new(context), &options));
    print(&report, asked.verbose, environment, printer)?;
    Ok(report.verdict().exit_code(asked.strict))
}

fn print(
    report: &Report,
    verbose: bool,
    environment: &Environment,
    printer: Printer,
) -> Result<(), Failure> {
    let language = printer.words.0;
    match printer.format {
        Format::Table => printer.line(&render::text(report, language, verbose))?,
        Format::Markdown => {
            let home = environment.variable("HOME").unwrap_or_default();
            let user =
                report.principal.as_deref().filter(|name| name.len() > 2).unwrap_or_default();
            let hidden = [(home, "~"), (user, "USER")];
            printer.line(&render::markdown(report, language, &hidden))?;
        }
        Format::Json | Format::Yaml => document(&render::json(report, language), printer)?,
    }
    Ok(())
}

/// The checks there are.
fn list(printer: Printer) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Row {
        id: &'static str,
        category: &'static str,
        claim: String,
        reach: &'static str,
        since: &'static str,
        codes: Vec<&'static str>,
    }
    let rows: Vec<Row> = CHECKS
        .iter()
        .map(|check| Row {
            id: check.id,
            category: check.category.name(),
            claim: printer.words.get(check.claim, &[]),
            reach: check.reach.name(),
            since: check.since,
            codes: check.codes.iter().map(|code| code.code()).collect(),
        })
        .collect();
    match printer.format {
        Format::Json | Format::Yaml => document(&serde_json::to_string_pretty(&rows), printer),
        Format::Markdown | Format::Table => {
            for Row { id, claim, .. } in rows {
                printer.line(&format!("{id:<24}  {claim}"))?;
            }
            Ok(())
        }
    }
}

/// Prints the page of a code, or what a text speaks for; the exit code.
pub(crate) fn explain(asked: &Explain, printer: Printer) -> Result<u8, Failure> {
    let language = printer.words.0;
    let text = match asked.text.as_slice() {
        [] => return all(printer).map(|()| 0),
        [one] if one == "-" => {
            let mut text = Vec::new();
            std::io::stdin().lock().take(LONGEST).read_to_end(&mut text)?;
            String::from_utf8_lossy(&text).into_owned()
        }
        words => words.join(" "),
    };
    if let Some(cause) = Cause::from_code(text.trim()) {
        match printer.format {
            Format::Table => printer.line(&page::terminal(cause, language))?,
            Format::Markdown => printer.line(page::markdown(cause, language).trim_end())?,
            Format::Json | Format::Yaml => {
                document(&serde_json::to_string_pretty(&page::document(cause, language)), printer)?;
            }
        }
        return Ok(0);
    }
    let causes = recognised(&text, language);
    let none = causes.causes.is_empty();
    match printer.format {
        Format::Json | Format::Yaml => document(&serde_json::to_string_pretty(&causes), printer)?,
        Format::Markdown | Format::Table if none => {
            printer.note(&printer.words.get("explain-none", &[]))?;
        }
        Format::Markdown | Format::Table => show(&causes, printer)?,
    }
    Ok(u8::from(none))
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Recognised {
    causes: Vec<RecognisedCause>,
    correlation_id: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RecognisedCause {
    code: &'static str,
    certainty: &'static str,
    speaker: &'static str,
    title: String,
    fix: String,
}

fn recognised(text: &str, language: Language) -> Recognised {
    let causes = recognise(text)
        .into_iter()
        .map(|found| RecognisedCause {
            code: found.cause.code(),
            certainty: found.certainty.name(),
            speaker: found.speaker,
            title: texts().title(language, found.cause),
            fix: texts().fix(language, found.cause),
        })
        .collect();
    Recognised { causes, correlation_id: correlation_id(text).map(str::to_owned) }
}

fn show(recognised: &Recognised, printer: Printer) -> Result<(), Failure> {
    let words = printer.words;
    for cause in &recognised.causes {
        let certainty = words.get(&format!("certainty-{}", cause.certainty), &[]);
        let arguments = [
            ("code", cause.code),
            ("certainty", certainty.as_str()),
            ("title", cause.title.as_str()),
        ];
        printer.line(&render::wrap(&words.get("explain-certainty", &arguments), "", "  "))?;
        printer.line(&render::wrap(&cause.fix, "  ", "  "))?;
        let command = format!("naru explain {}", cause.code);
        printer.line(&format!("  {}", words.get("report-more", &[("command", &command)])))?;
    }
    if let Some(id) = &recognised.correlation_id {
        printer.line(&words.get("explain-lookup", &[]))?;
        printer.line(&format!("  naru events show {id}"))?;
    }
    Ok(())
}

/// Every code with its title.
fn all(printer: Printer) -> Result<(), Failure> {
    #[derive(Serialize)]
    struct Row {
        code: &'static str,
        title: String,
    }
    let title = |cause: &Cause| texts().title(printer.words.0, *cause);
    let rows: Vec<Row> =
        Cause::ALL.iter().map(|cause| Row { code: cause.code(), title: title(cause) }).collect();
    match printer.format {
        Format::Json | Format::Yaml => document(&serde_json::to_string_pretty(&rows), printer),
        Format::Markdown => Ok(printer.line(page::index(printer.words.0).trim_end())?),
        Format::Table => {
            printer.note(&printer.words.get("explain-list", &[]))?;
            for Row { code, title } in rows {
                let first = format!("{code:<34}  ");
                printer.line(&render::wrap(&title, &first, &" ".repeat(36)))?;
            }
            Ok(())
        }
    }
}

fn document(json: &Result<String, serde_json::Error>, printer: Printer) -> Result<(), Failure> {
    match json {
        Ok(json) => printer.data(json.as_bytes(), &crate::layout::DELETED),
        Err(error) => Err(Failure::Answer(error.to_string())),
    }
}
