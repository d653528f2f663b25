//! What people report, met with docker and its engine: each symptom of `docs/symptoms.md` is made
//! to happen, found again by its id, and found by `naru check-health` where docker was refused,
//! from the files that docker reads.
//!
//! What takes days in life is done by a server whose clock is behind, which then comes into the
//! present. What docker prints is recorded in that page, in both languages.

mod theatre;

use serde_json::Value;

use crate::clients::record::{self, Page, Record};
use crate::clients::refusals::correlation_id;
use crate::clients::registry::OUTSIDE;
use crate::clients::stage::THERE;
use crate::failure::Failure;
use crate::terminal;

pub(super) use theatre::Theatre;
use theatre::Who;

/// The client that meets them.
pub(super) const CLIENT: &str = "docker";

/// The page, and the line above its table, around the client's version.
const PAGES: [(Page, &str, &str); 2] = [
    (
        Page {
            file: "docs/symptoms.md",
            head: "| | cause | what is done | what is printed | the id is in | found again by |\n\
                   |---|---|---|---|---|---|\n",
        },
        "Tried with docker ",
        ".",
    ),
    (
        Page {
            file: "docs/symptoms.ko.md",
            head: "| | 원인 | 명령 | 출력 | ID가 있는 곳 | 진단 |\n|---|---|---|---|---|---|\n",
        },
        "docker ",
        "에서 실행했습니다.",
    ),
];

/// A symptom.
pub(super) struct Symptom {
    /// Its number in the page.
    number: u8,
    /// What is behind it.
    cause: &'static str,
    who: Who,
    step: Step,
    /// How the diagnosis is asked, in the words of a person; nothing where it changes nothing.
    asked: Option<&'static str>,
    /// What is set at the registry before, and after.
    setting: Option<[&'static [&'static str]; 2]>,
}

/// What is done.
#[derive(Clone, Copy)]
enum Step {
    Login,
    Pull(&'static str),
    Push(&'static str),
    /// Locks a repository, as `az acr repository update` does.
    Lock(&'static str),
}

const HERE: Option<&str> = Some("naru check-health HOST");
const TYPED: Option<&str> = Some("naru check-health HOST -u NAME --password-stdin");

/// All of them, in the order of the page.
pub(super) const SYMPTOMS: [Symptom; 12] = [
    Symptom::of(1, "credential-invalid", Who::Guesser, Step::Login, TYPED),
    Symptom::of(2, "credential-expired-secret", Who::Ended, Step::Login, HERE),
    Symptom::of(2, "credential-wrong-username", Who::Misnamed, Step::Login, TYPED),
    Symptom::of(3, "name-not-found", Who::Astray, Step::Login, HERE),
    Symptom::of(
        4,
        "permission-push",
        Who::Reader,
        Step::Push(THERE),
        Some("naru check-health HOST/shared/app --action push"),
    ),
    Symptom::of(
        4,
        "permission-scope-map",
        Who::Outsider,
        Step::Pull(OUTSIDE),
        Some("naru check-health HOST/other/app"),
    ),
    Symptom::of(4, "credential-expired-access-token", Who::Session, Step::Pull(THERE), HERE),
    Symptom::of(5, "credential-admin-disabled", Who::Admin, Step::Login, HERE),
    Symptom::of(6, "credential-expired-password", Who::Pipeline, Step::Pull(THERE), HERE),
    Symptom {
        setting: Some([&["--default-action", "deny"], &["--default-action", "allow"]]),
        ..Symptom::of(7, "network-ip-denied", Who::Newcomer, Step::Login, HERE)
    },
    Symptom {
        setting: Some([
            &["--public-network-enabled", "false"],
            &["--public-network-enabled", "true"],
        ]),
        ..Symptom::of(7, "network-public-access-disabled", Who::Newcomer, Step::Login, HERE)
    },
    Symptom::of(8, "permission-metadata-write", Who::Reader, Step::Lock("shared/app"), None),
];

impl Symptom {
    const fn of(
        number: u8,
        cause: &'static str,
        who: Who,
        step: Step,
        asked: Option<&'static str>,
    ) -> Self {
        Self { number, cause, who, step, asked, setting: None }
    }

    /// What its scenario is called.
    pub(super) fn title(&self) -> String {
        format!(
            "{CLIENT}: symptom {}, {}, is found by its id and from here",
            self.number, self.cause
        )
    }

    /// Lets it happen, finds it both ways, and notes what was printed.
    pub(super) fn shown(
        &self,
        theatre: &Theatre<'_>,
        reported: &mut Reported,
        compare: bool,
    ) -> Result<(), Failure> {
        let [before, after] = self.setting.unwrap_or_default();
        theatre.set(before)?;
        let row = self.happen(theatre);
        theatre.set(after)?;
        reported.row(&self.start(), &row?, compare)
    }

    fn start(&self) -> String {
        format!("| {} | `{}` |", self.number, self.cause)
    }

    /// Lets it happen, and finds it both ways; a row of the table.
    fn happen(&self, theatre: &Theatre<'_>) -> Result<String, Failure> {
        let person = theatre.person(self.who)?;
        let ending = match self.step {
            Step::Login => person.login()?,
            Step::Pull(rest) => person.pull(rest)?,
            Step::Push(rest) => person.push(rest)?,
            Step::Lock(repository) => person.lock(repository)?,
        };
        if ending.succeeded() {
            return Err(ending.unexpected("a refusal"));
        }
        let text = ending.text();
        let server = person.server();
        let place = if let Some(id) = correlation_id(&text) {
            let story = server.ask(&["events", "show", id])?;
            self.expect(story.pointer("/cause/code"), &format!("event {id} after\n{text}"))?;
            self.program()
        } else {
            let failed = server.ask(&["events", "login", "--failed", "--top", "1"])?;
            self.expect(failed.pointer("/0/Reason"), &format!("the last event after\n{text}"))?;
            let id = failed.pointer("/0/CorrelationId").and_then(Value::as_str).unwrap_or_default();
            let story = server.ask(&["events", "show", id])?;
            self.expect(story.pointer("/cause/code"), &format!("event {id} after\n{text}"))?;
            "`naru events login --failed`"
        };
        if let Some(asked) = self.asked {
            let report = person.diagnose(asked)?;
            self.expect(report.pointer("/causes/0"), &format!("`{asked}` after\n{text}"))?;
        }
        let step = match self.step {
            Step::Login => "docker login HOST -u NAME".to_owned(),
            Step::Pull(rest) => format!("docker pull HOST/{rest}"),
            Step::Push(rest) => format!("docker push HOST/{rest}"),
            Step::Lock(repository) => format!("curl -u NAME -X PATCH HOST/acr/v1/{repository}"),
        };
        let printed = record::printed(&text, &person.hosts(), &theatre.folders());
        let asked = self.asked.map_or_else(|| "–".to_owned(), |asked| format!("`{asked}`"));
        Ok(format!("{} `{step}` | {printed} | {place} | {asked} |", self.start()))
    }

    const fn program(&self) -> &'static str {
        if matches!(self.step, Step::Lock(_)) { "`curl`" } else { "`docker`" }
    }

    fn expect(&self, found: Option<&Value>, doing: &str) -> Result<(), Failure> {
        if found.and_then(Value::as_str) == Some(self.cause) {
            return Ok(());
        }
        let expected = format!("`{}` of {doing}", self.cause);
        Err(Failure::unexpected(expected, found.map_or_else(String::new, Value::to_string)))
    }
}

/// The tables of what docker prints, one a language.
pub(super) struct Reported(Vec<(Record, &'static str, &'static str)>);

impl Reported {
    /// Reads them.
    pub(super) fn read(writing: bool) -> Result<Self, Failure> {
        let read = |(page, before, after)| Ok((Record::read(page, writing)?, before, after));
        PAGES.into_iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    /// Whether they are of this version; tells where they are not.
    pub(super) fn compares(&self, version: &str) -> bool {
        let differs = self.0.iter().find_map(|(record, before, after)| {
            record.differs(CLIENT, &format!("{before}{version}{after}"))
        });
        let writing = self.0.iter().any(|(record, ..)| record.is_written());
        if let Some(why) = differs.as_ref().filter(|_| !writing) {
            terminal::skipped("docker: comparing with docs/symptoms.md", why);
        }
        differs.is_none()
    }

    fn row(&mut self, start: &str, row: &str, compare: bool) -> Result<(), Failure> {
        self.0
            .iter_mut()
            .try_for_each(|(record, ..)| record.row(CLIENT, start, row.to_owned(), compare))
    }

    /// Replaces them.
    pub(super) fn replace(&mut self, version: &str) {
        for (record, before, after) in &mut self.0 {
            record.replace(CLIENT, &format!("{before}{version}{after}"));
        }
    }

    /// Writes them, where this run does.
    pub(super) fn write(&self) -> Result<(), Failure> {
        self.0.iter().try_for_each(|(record, ..)| record.write())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first table of the page says what a registry answers, and so has a row for each.
    #[test]
    fn every_symptom_of_the_page_is_met() {
        for page in [
            include_str!("../../../../docs/symptoms.md"),
            include_str!("../../../../docs/symptoms.ko.md"),
        ] {
            let (first, second) = page.split_once("<!-- recorded: docker -->").unwrap();
            let rows = |text: &str| {
                let rows = text.lines().filter(|line| line.starts_with("| "));
                rows.filter(|line| !line.starts_with("| |")).count()
            };
            assert_eq!((rows(first), rows(second)), (SYMPTOMS.len(), SYMPTOMS.len()));
            for symptom in &SYMPTOMS {
                let number = format!("| {} |", symptom.number);
                let code = format!("| `{}` |", symptom.cause);
                let told = |line: &str| line.starts_with(&number) && line.contains(&code);
                assert!(first.lines().any(told), "{}", symptom.title());
                assert!(second.contains(&symptom.start()), "{}", symptom.title());
            }
        }
    }
}
