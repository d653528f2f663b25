//! Every refusal that people meet, with every client that can meet it: what it prints is recorded
//! in `docs/clients.md`, and where the protocol lets the registry's words through they are there.

use serde_json::Value;

use crate::clients::client::{Act, Client, Skill, split};
use crate::clients::record::{self, Record};
use crate::clients::registry::{Account, INSIDE, OUTSIDE, Registry};
use crate::clients::stage::{LOCKED, Stage, THERE};
use crate::failure::Failure;
use crate::tools;

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    WrongPassword,
    ExpiredSecret,
    DisabledToken,
    NoPush,
    NoPull,
    OutsideItsMap,
    NoDelete,
    NoListing,
    DeniedAddress,
    LockedTag,
    FullDisk,
}

/// All of them, in the order of the table.
pub(super) const REFUSALS: [Refusal; 11] = [
    Refusal::WrongPassword,
    Refusal::ExpiredSecret,
    Refusal::DisabledToken,
    Refusal::NoPush,
    Refusal::NoPull,
    Refusal::OutsideItsMap,
    Refusal::NoDelete,
    Refusal::NoListing,
    Refusal::DeniedAddress,
    Refusal::LockedTag,
    Refusal::FullDisk,
];

/// Where the reason can be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In what the client prints, with the correlation id.
    Output,
    /// With the registry's operator alone.
    Events,
    /// In the attributes of what is locked.
    Attributes,
    /// In the server's log.
    Log,
}

/// What came of one refusal.
pub(super) struct Seen {
    /// What the client printed.
    pub(super) text: String,
    /// What it was asked for.
    pub(super) step: String,
    /// Where the reason was found.
    pub(super) place: Place,
}

impl Refusal {
    /// Its name in the table.
    pub(super) const fn title(self) -> &'static str {
        match self {
            Self::WrongPassword => "wrong password",
            Self::ExpiredSecret => "expired secret",
            Self::DisabledToken => "disabled token",
            Self::NoPush => "no right to push",
            Self::NoPull => "no right to pull",
            Self::OutsideItsMap => "outside of the scope map",
            Self::NoDelete => "no right to delete",
            Self::NoListing => "no right to list",
            Self::DeniedAddress => "denied address",
            Self::LockedTag => "locked tag",
            Self::FullDisk => "full disk",
        }
    }

    /// Words of the registry that the client is to show.
    const fn words(self) -> &'static str {
        match self {
            Self::WrongPassword => "user name and password match no account",
            Self::ExpiredSecret => "expired",
            Self::DisabledToken => "is disabled",
            Self::NoPush => "may not push",
            Self::NoPull | Self::OutsideItsMap => "may not pull",
            Self::NoDelete => "may not delete",
            Self::NoListing => "may not",
            Self::DeniedAddress => "127.0.0.1",
            Self::LockedTag => "operation is disallowed",
            Self::FullDisk => "disk is full",
        }
    }

    /// The reason that an event names; a lock and a full disk are no matter of who somebody is.
    const fn cause(self) -> Option<&'static str> {
        Some(match self {
            Self::WrongPassword => "credential-invalid",
            Self::ExpiredSecret => "credential-expired-secret",
            Self::DisabledToken => "credential-disabled",
            Self::NoPush => "permission-push",
            Self::NoPull => "permission-pull",
            Self::OutsideItsMap => "permission-scope-map",
            Self::NoDelete => "permission-delete",
            Self::NoListing => "permission-metadata-read",
            Self::DeniedAddress => "network-ip-denied",
            Self::LockedTag | Self::FullDisk => return None,
        })
    }

    /// Whether it is met before anything but a login.
    const fn at_login(self) -> bool {
        matches!(
            self,
            Self::WrongPassword | Self::ExpiredSecret | Self::DisabledToken | Self::DeniedAddress
        )
    }

    /// Whether `client` can meet it on `stage`.
    pub(super) fn concerns(self, client: &dyn Client, stage: &Stage) -> bool {
        let signs = client.can(Skill::Sign);
        match self {
            Self::NoPush => client.can(Skill::Push) || signs,
            Self::LockedTag => client.can(Skill::Push),
            Self::FullDisk => client.can(Skill::Push) && stage.full.is_some(),
            Self::NoPull | Self::OutsideItsMap => client.can(Skill::Pull) || signs,
            Self::NoDelete => client.can(Skill::Delete),
            Self::NoListing => client.can(Skill::Tags),
            _ => true,
        }
    }

    fn registry(self, stage: &Stage) -> &Registry {
        match (self, &stage.full) {
            (Self::DeniedAddress, _) => &stage.walled,
            (Self::FullDisk, Some(full)) => full,
            _ => &stage.plain,
        }
    }

    const fn account(self, registry: &Registry) -> &Account {
        match self {
            Self::WrongPassword => &registry.guesser,
            Self::ExpiredSecret => &registry.expired,
            Self::DisabledToken => &registry.disabled,
            Self::NoPush => &registry.reader,
            Self::NoPull => &registry.deleter,
            Self::OutsideItsMap | Self::NoListing => &registry.outsider,
            Self::NoDelete => &registry.pusher,
            Self::DeniedAddress | Self::LockedTag | Self::FullDisk => &registry.writer,
        }
    }

    /// Whether this machine's user is why it cannot be tried.
    pub(super) fn needs_root(self, client: &dyn Client) -> Option<Failure> {
        let is_meant = self == Self::FullDisk && client.can(Skill::Push);
        if is_meant { tools::need_root("mount").err() } else { None }
    }

    /// Lets it happen, checks that the reason shows where it can, and notes what was printed.
    pub(super) fn shown(
        self,
        client: &dyn Client,
        stage: &Stage,
        record: &mut Record,
        compare: bool,
    ) -> Result<(), Failure> {
        let seen = self.happen(client, stage)?;
        self.note(&seen, client.name(), (stage, self.registry(stage)), record, compare)
    }

    /// Checks what was seen, and notes it.
    pub(super) fn note(
        self,
        seen: &Seen,
        client: &str,
        (stage, registry): (&Stage, &Registry),
        record: &mut Record,
        compare: bool,
    ) -> Result<(), Failure> {
        if seen.place != Place::Output && !is_silent(client, self) {
            let expected = format!("the words `{}` and a correlation id", self.words());
            return Err(Failure::unexpected(expected, &*seen.text));
        }
        let host = registry.host();
        let row = record::row(self, seen, &[host], &[stage.scratch().display().to_string()]);
        record.row(client, &format!("| {} |", self.title()), row, compare)
    }

    /// Lets it happen, and reads what the client and the registry have to say about it.
    fn happen(self, client: &dyn Client, stage: &Stage) -> Result<Seen, Failure> {
        let registry = self.registry(stage);
        let user = stage.user(client, registry, self.account(registry))?;
        let mut texts = Vec::new();
        if client.can(Skill::Login) {
            let login = client.act(&user, Act::Login)?;
            if !login.succeeded() {
                if !self.at_login() {
                    return Err(login.failure());
                }
                let place = self.place(&login.text(), registry)?;
                if place == Place::Output {
                    return Ok(Seen { text: login.text(), step: "login".to_owned(), place });
                }
                // A login of before, that is kept, may be told more.
                texts.push(login.text());
                user.keep_login(client.store())?;
            }
        }
        let (step, act) = self.step(client);
        let step = if texts.is_empty() { step.to_owned() } else { format!("login; {step}") };
        let ending = client.act(&user, act)?;
        if ending.succeeded() {
            return Err(ending.unexpected("a refusal"));
        }
        texts.push(ending.text());
        let place = self.place(&ending.text(), registry)?;
        Ok(Seen { text: texts.join("\n"), step, place })
    }

    /// What is tried after the login.
    fn step(self, client: &dyn Client) -> (&'static str, Act<'static>) {
        let pull = |name| {
            if client.can(Skill::Pull) {
                ("pull", Act::Pull(name))
            } else {
                ("verify", Act::Verify(name))
            }
        };
        match self {
            Self::NoPush if client.can(Skill::Push) => ("push", Act::Push(THERE)),
            Self::NoPush => ("sign", Act::Sign(THERE)),
            Self::LockedTag => ("push", Act::Push(LOCKED)),
            Self::FullDisk => ("push", Act::PushLarge("large/app:0.1.0")),
            Self::OutsideItsMap => pull(OUTSIDE),
            Self::NoDelete => ("delete", Act::Delete(THERE)),
            Self::NoListing => ("list tags", Act::Tags(INSIDE)),
            _ => pull(THERE),
        }
    }

    /// Finds the reason of what is no question of who somebody is.
    fn elsewhere(self, registry: &Registry) -> Result<Place, Failure> {
        if self == Self::FullDisk {
            let log = registry.server().log();
            return if log.contains("the store cannot") {
                Ok(Place::Log)
            } else {
                Err(Failure::unexpected("a full disk in the server's log", log))
            };
        }
        let (repository, tag) = split(LOCKED);
        let attributes = registry.ask("GET", &format!("/acr/v1/{repository}/_tags/{tag}"), "")?;
        if attributes.contains(r#""writeEnabled":false"#) {
            return Ok(Place::Attributes);
        }
        Err(Failure::unexpected("a lock among the attributes", attributes))
    }

    /// Finds the reason: in the output with the id of an event, or in an event alone.
    pub(super) fn place(self, text: &str, registry: &Registry) -> Result<Place, Failure> {
        let id = text.contains(self.words()).then(|| correlation_id(text)).flatten();
        let Some(cause) = self.cause() else {
            return if id.is_some() { Ok(Place::Output) } else { self.elsewhere(registry) };
        };
        if let Some(id) = id {
            // Also of a refusal that was counted with others of its like.
            let story = registry.server().ask(&["events", "show", id])?;
            return match story.pointer("/event/Reason").and_then(Value::as_str) {
                Some(reason) if reason == cause => Ok(Place::Output),
                _ => {
                    let expected = format!("event {id} with the reason `{cause}` after\n{text}");
                    Err(Failure::unexpected(expected, story.to_string()))
                }
            };
        }
        for kind in ["login", "repository"] {
            let events = registry.server().ask(&["events", kind, "--failed", "--reason", cause])?;
            if events.as_array().is_some_and(|events| !events.is_empty()) {
                return Ok(Place::Events);
            }
        }
        Err(Failure::unexpected(
            format!("an event with the reason `{cause}` after\n{text}"),
            "none",
        ))
    }
}

/// Where a client keeps the registry's words to itself (`clients.md`, section 6); whoever adds a
/// client begins with none.
fn is_silent(client: &str, refusal: Refusal) -> bool {
    use Refusal::{
        DeniedAddress, DisabledToken, ExpiredSecret, FullDisk, NoListing, NoPull, WrongPassword,
    };
    match client {
        // The one of Debian 12 shows the status and nothing else.
        "ctr" => true,
        "docker" => refusal == FullDisk,
        "podman" | "skopeo" => matches!(refusal, NoListing | DeniedAddress | FullDisk),
        "buildah" => matches!(refusal, DeniedAddress | FullDisk),
        // It names the status alone where it streams the answer.
        "azure-python" => refusal == NoPull,
        // It reads no answer of a token endpoint, and sends a chunk again that was refused.
        "regctl" => matches!(refusal, WrongPassword | ExpiredSecret | DisabledToken | FullDisk),
        _ => false,
    }
}

/// The id behind the last `CorrelationId: `.
pub(super) fn correlation_id(text: &str) -> Option<&str> {
    // The directory writes it as Microsoft Entra does.
    let (_, rest) =
        text.rsplit_once("CorrelationId: ").or_else(|| text.rsplit_once("Correlation ID: "))?;
    let id = rest.get(..36)?;
    let is_guid = id.chars().enumerate().all(|(at, letter)| match at {
        8 | 13 | 18 | 23 => letter == '-',
        _ => letter.is_ascii_hexdigit(),
    });
    is_guid.then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "0b4b2b8e-7d1f-4a55-9c58-1f6a3f1f2d11";

    #[test]
    fn the_id_is_read_out_of_a_clients_sentence() {
        let text = format!("denied: user reader may not push. CorrelationId: {ID}.\nexit status 1");
        assert_eq!(correlation_id(&text), Some(ID));
        assert_eq!(correlation_id("CorrelationId: unknown"), None);
        assert_eq!(correlation_id(&format!("CorrelationId: x{ID}")), None);
    }
}
