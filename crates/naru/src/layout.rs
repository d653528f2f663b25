//! What a table shows of each kind of thing, and how a value is written in it.

use crate::document::Document;
use crate::words::Words;

/// What is shown of a kind of thing.
#[derive(Debug)]
pub(crate) struct Layout {
    /// In a list: a row each.
    pub(crate) columns: &'static [Column],
    /// Of one thing: a line each.
    pub(crate) details: &'static [Column],
}

/// A column, or a line.
#[derive(Debug)]
pub(crate) struct Column {
    /// What is in it, one below the other.
    pub(crate) fields: &'static [Field],
}

/// A value.
#[derive(Debug)]
pub(crate) struct Field {
    /// The text above or before it.
    pub(crate) heading: &'static str,
    /// Where it stands in the document.
    pub(crate) path: &'static str,
    /// How it is written.
    pub(crate) form: Form,
}

/// How a value is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Actions of a scope map, without what they all begin with.
    Actions,
    /// The beginning of a digest.
    Digest,
    /// The day of a time.
    Day,
    /// The end of a path.
    Last,
    /// Addresses of network rules.
    Networks,
    /// What is switched off of the attributes.
    Locks,
    /// Passwords with their names, and their values where they are shown.
    Passwords,
    /// As it is.
    Plain,
    /// Sentences, wrapped; nothing where there are none.
    Prose,
    /// What fixes it: what it does, and the commands; nothing where there are none.
    Remedies,
    /// Why something was collected.
    Reason,
    /// A size in bytes.
    Size,
    /// A time, to the second.
    Time,
    /// As it is; in a list on a line of its own, since it is wider than a column.
    Wide,
    /// Several in a line.
    Words,
}

const fn field(heading: &'static str, path: &'static str, form: Form) -> Field {
    Field { heading, path, form }
}

macro_rules! columns {
    ($($($heading:literal $path:literal $form:ident)&+),+ $(,)?) => {
        &[$(Column { fields: &[$(field($heading, $path, Form::$form)),+] }),+]
    };
}

mod decision;
mod shown;
mod upkeep;

pub(crate) use decision::{DECISION, NETWORK_TRIAL, SHUT_OUT, STEP};
pub(crate) use shown::{SHOWN_SERVICE_PRINCIPAL, SHOWN_TOKEN};
pub(crate) use upkeep::{COLLECTED, COLLECTION, FAULT, VERIFICATION};

/// A registry.
pub(crate) static REGISTRY: Layout = Layout {
    columns: columns![
        "head-name" "name" Plain,
        "head-login-server" "loginServer" Plain,
        "head-admin-user" "adminUserEnabled" Plain,
        "head-anonymous-pull" "anonymousPullEnabled" Plain,
    ],
    details: columns![
        "head-name" "name" Plain,
        "head-login-server" "loginServer" Plain,
        "head-admin-user" "adminUserEnabled" Plain,
        "head-anonymous-pull" "anonymousPullEnabled" Plain,
        "head-public-network" "publicNetworkAccess" Plain,
        "head-default-action" "networkRuleSet/defaultAction" Plain,
        "head-network-rules" "networkRuleSet/ipRules" Networks,
        "head-denials" "denials" Plain,
        "head-sparse-manifests" "sparseManifestsEnabled" Plain,
        "head-created" "creationDate" Time,
        "head-id" "id" Plain,
    ],
};

/// A network rule.
pub(crate) static NETWORK_RULE: Layout = Layout {
    columns: columns!["head-address" "ipAddressOrRange" Plain, "head-action" "action" Plain],
    details: &[],
};

/// A signing key.
pub(crate) static KEY: Layout = Layout {
    columns: columns![
        "head-key-id" "keyId" Plain,
        "head-use" "use" Plain & "head-state" "state" Plain,
        "head-signs-from" "signsFrom" Time & "head-honoured-until" "honouredUntil" Time,
    ],
    details: &[],
};

/// The admin user.
pub(crate) static ADMIN: Layout = Layout {
    columns: &[],
    details: columns![
        "head-user-name" "username" Plain,
        "head-enabled" "adminUserEnabled" Plain,
        "head-passwords" "passwords" Passwords,
    ],
};

/// A token's new passwords.
pub(crate) static CREDENTIAL: Layout = Layout {
    columns: &[],
    details: columns!["head-user-name" "username" Plain, "head-passwords" "passwords" Passwords],
};

/// A scope map.
pub(crate) static SCOPE_MAP: Layout = Layout {
    columns: columns![
        "head-name" "name" Plain,
        "head-type" "type" Plain,
        "head-actions" "actions" Actions,
    ],
    details: columns![
        "head-name" "name" Plain,
        "head-description" "description" Plain,
        "head-type" "type" Plain,
        "head-actions" "actions" Actions,
        "head-created" "creationDate" Time,
        "head-id" "id" Plain,
    ],
};

/// A token.
pub(crate) static TOKEN: Layout = Layout {
    columns: columns![
        "head-name" "name" Plain,
        "head-status" "status" Plain,
        "head-scope-map" "scopeMapId" Last,
        "head-created" "creationDate" Day,
    ],
    details: columns![
        "head-name" "name" Plain,
        "head-status" "status" Plain,
        "head-scope-map" "scopeMapId" Last,
        "head-user-name" "credentials/username" Plain,
        "head-passwords" "credentials/passwords" Passwords,
        "head-created" "creationDate" Time,
        "head-id" "id" Plain,
    ],
};

/// A user.
pub(crate) static USER: Layout = Layout {
    columns: columns![
        "head-name" "name" Plain,
        "head-enabled" "enabled" Plain,
        "head-has-password" "hasPassword" Plain,
        "head-created" "creationDate" Day,
    ],
    details: columns![
        "head-name" "name" Plain,
        "head-enabled" "enabled" Plain,
        "head-has-password" "hasPassword" Plain,
        "head-created" "creationDate" Time,
        "head-id" "id" Plain,
    ],
};

/// A service principal.
pub(crate) static SERVICE_PRINCIPAL: Layout = Layout {
    columns: columns![
        "head-name" "displayName" Plain,
        "head-app-id" "appId" Plain,
        "head-enabled" "enabled" Plain,
        "head-secrets" "secretCount" Plain,
    ],
    details: columns![
        "head-name" "displayName" Plain,
        "head-app-id" "appId" Plain,
        "head-enabled" "enabled" Plain,
        "head-secrets" "secretCount" Plain,
        "head-created" "creationDate" Time,
        "head-id" "id" Plain,
    ],
};

/// A client secret, or a new one.
pub(crate) static CLIENT_SECRET: Layout = Layout {
    columns: columns![
        "head-key-id" "keyId" Plain,
        "head-hint" "hint" Plain,
        "head-created" "startDateTime" Day,
        "head-expires" "endDateTime" Day,
    ],
    details: columns![
        "head-name" "displayName" Plain,
        "head-app-id" "appId" Plain,
        "head-password" "password" Plain,
        "head-tenant" "tenant" Plain,
        "head-key-id" "keyId" Plain,
        "head-expires" "endDateTime" Time,
    ],
};

/// A role assignment.
pub(crate) static ROLE_ASSIGNMENT: Layout = Layout {
    columns: columns![
        "head-assignee" "principalName" Plain & "head-assignment" "name" Plain,
        "head-role" "roleDefinitionName" Plain,
        "head-scope" "scope" Last,
    ],
    details: columns![
        "head-assignee" "principalName" Plain,
        "head-type" "principalType" Plain,
        "head-role" "roleDefinitionName" Plain,
        "head-assignment" "name" Plain,
        "head-created" "createdOn" Time,
        "head-scope" "scope" Plain,
    ],
};

/// A setting.
pub(crate) static SETTING: Layout = Layout {
    columns: columns![
        "head-setting" "key" Plain,
        "head-value" "value" Plain,
        "head-from" "place" Plain,
    ],
    details: &[],
};

/// A login event.
pub(crate) static LOGIN_EVENT: Layout = Layout {
    columns: columns![
        "head-time" "TimeGenerated" Time & "head-count" "Count" Plain,
        "head-reason" "Reason" Plain & "head-repository" "Repository" Plain,
        "head-identity" "Identity" Plain & "head-address" "CallerIpAddress" Plain,
        "head-correlation-id" "CorrelationId" Wide,
    ],
    details: &[],
};

/// A repository event.
pub(crate) static REPOSITORY_EVENT: Layout = Layout {
    columns: columns![
        "head-time" "TimeGenerated" Time & "head-count" "Count" Plain,
        "head-operation" "OperationName" Plain & "head-reason" "Reason" Plain,
        "head-repository" "Repository" Plain & "head-tag" "Tag" Plain,
        "head-identity" "Identity" Plain & "head-address" "CallerIpAddress" Plain,
        "head-correlation-id" "CorrelationId" Wide,
    ],
    details: &[],
};

/// An event with its story.
pub(crate) static EVENT: Layout = Layout {
    columns: &[],
    details: columns![
        "head-correlation-id" "id" Plain,
        "head-time" "story/when" Time,
        "head-times" "story/times" Prose,
        "head-registry" "story/registry" Prose,
        "head-who" "story/who" Prose,
        "head-from" "story/from" Prose,
        "head-credential" "story/credential" Prose,
        "head-tried" "story/tried" Prose,
        "head-answer" "story/answer" Prose,
        "head-decided" "story/decided" Prose,
        "head-account" "story/account" Prose,
        "head-needed" "story/needed" Prose,
        "head-advice" "story/advice" Prose,
        "head-commands" "remedies" Remedies,
    ],
};

/// The names of things.
pub(crate) static NAMES: Layout = Layout { columns: columns!["head-name" "" Plain], details: &[] };

/// A repository.
pub(crate) static REPOSITORY: Layout = Layout {
    columns: &[],
    details: columns![
        "head-name" "imageName" Plain,
        "head-registry" "registry" Plain,
        "head-tags" "tagCount" Plain,
        "head-manifests" "manifestCount" Plain,
        "head-locked" "changeableAttributes" Locks,
        "head-created" "createdTime" Time,
        "head-updated" "lastUpdateTime" Time,
    ],
};

/// A tag.
pub(crate) static TAG: Layout = Layout {
    columns: columns![
        "head-tag" "name" Plain,
        "head-updated" "lastUpdateTime" Time,
        "head-locked" "changeableAttributes" Locks,
        "head-digest" "digest" Wide,
    ],
    details: columns![
        "head-tag" "name" Plain,
        "head-digest" "digest" Plain,
        "head-locked" "changeableAttributes" Locks,
        "head-created" "createdTime" Time,
        "head-updated" "lastUpdateTime" Time,
    ],
};

/// A manifest's metadata.
pub(crate) static MANIFEST: Layout = Layout {
    columns: columns![
        "head-tags" "tags" Words,
        "head-size" "imageSize" Plain,
        "head-updated" "lastUpdateTime" Time,
        "head-locked" "changeableAttributes" Locks,
        "head-digest" "digest" Wide,
    ],
    details: columns![
        "head-digest" "digest" Plain,
        "head-tags" "tags" Plain,
        "head-media-type" "mediaType" Plain,
        "head-artifact-type" "artifactType" Plain,
        "head-config-type" "configMediaType" Plain,
        "head-architecture" "architecture" Plain,
        "head-os" "os" Plain,
        "head-size" "imageSize" Plain,
        "head-locked" "changeableAttributes" Locks,
        "head-created" "createdTime" Time,
        "head-updated" "lastUpdateTime" Time,
    ],
};

/// A manifest itself.
pub(crate) static PUSHED: Layout = Layout {
    columns: &[],
    details: columns![
        "head-media-type" "mediaType" Plain,
        "head-artifact-type" "artifactType" Plain,
        "head-config" "config" Plain,
        "head-layers" "layers" Plain,
        "head-manifests" "manifests" Plain,
        "head-subject" "subject" Plain,
    ],
};

/// What refers to a manifest.
pub(crate) static REFERRER: Layout = Layout {
    columns: columns![
        "head-artifact-type" "artifactType" Plain,
        "head-size" "size" Plain,
        "head-digest" "digest" Wide,
    ],
    details: &[],
};

/// What went of a repository.
pub(crate) static DELETED_CONTENT: Layout = Layout {
    columns: &[],
    details: columns![
        "head-deleted-manifests" "manifestsDeleted" Plain,
        "head-deleted-tags" "tagsDeleted" Plain,
    ],
};

/// Something that is gone.
pub(crate) static DELETED: Layout =
    Layout { columns: &[], details: columns!["head-deleted" "name" Plain] };

impl Column {
    /// Whether it stands below the others, on a line of its own.
    pub(crate) fn is_wide(&self) -> bool {
        self.fields.iter().any(|field| matches!(field.form, Form::Wide))
    }
}

impl Field {
    /// The lines of its value.
    pub(crate) fn lines(&self, document: &Document, words: Words) -> Vec<String> {
        let lines = match document.at(self.path) {
            None => Vec::new(),
            Some(value) => self.form.lines(value, words),
        };
        let optional = matches!(self.form, Form::Prose | Form::Remedies);
        if lines.is_empty() && !optional { vec!["-".to_owned()] } else { lines }
    }
}

impl Form {
    fn lines(self, value: &Document, words: Words) -> Vec<String> {
        match value {
            Document::Null => Vec::new(),
            Document::Boolean(true) => vec![words.get("word-yes", &[])],
            Document::Boolean(false) => vec![words.get("word-no", &[])],
            Document::Number(number) if matches!(self, Self::Size) => {
                vec![upkeep::size(number.as_u64().unwrap_or_default())]
            }
            Document::Number(number) => vec![number.to_string()],
            Document::Text(text) if matches!(self, Self::Reason) => {
                vec![words.find(&format!("reason-{text}")).unwrap_or_else(|| printable(text))]
            }
            Document::Text(text) => vec![self.text(text)],
            Document::List(items) if matches!(self, Self::Words) => {
                let all: Vec<_> = items.iter().flat_map(|item| self.lines(item, words)).collect();
                if all.is_empty() { all } else { vec![all.join(" ")] }
            }
            Document::List(items) if matches!(self, Self::Remedies) => {
                items.iter().flat_map(remedy).collect()
            }
            Document::List(items) => {
                items.iter().flat_map(|item| self.lines(item, words)).collect()
            }
            Document::Object(fields) if matches!(self, Self::Locks) => locks(fields),
            Document::Object(_) => vec![object(value, words)],
        }
    }

    fn text(self, text: &str) -> String {
        match self {
            Self::Actions => {
                let text = text.strip_prefix("repositories/").unwrap_or(text);
                let at = text.rmatch_indices('/').nth(1).map_or(text.len(), |(at, _)| at);
                let (repository, action) = text.split_at_checked(at).unwrap_or((text, ""));
                format!("{repository}  {}", action.trim_start_matches('/'))
            }
            Self::Day => text.split('T').next().unwrap_or(text).to_owned(),
            Self::Last => match text.rsplit('/').next() {
                Some(last) if !last.is_empty() => last.to_owned(),
                _ => text.to_owned(),
            },
            Self::Digest => text.get(..19).unwrap_or(text).to_owned(),
            Self::Locks
            | Self::Networks
            | Self::Passwords
            | Self::Plain
            | Self::Reason
            | Self::Size
            | Self::Prose
            | Self::Remedies
            | Self::Wide
            | Self::Words => printable(text),
            Self::Time => match text.split_once('.') {
                Some((seconds, _)) => format!("{seconds}Z"),
                None => text.to_owned(),
            },
        }
    }
}

/// What is switched off, in the words of the options that switch it on: `write` for
/// `--write-enabled`.
fn locks(attributes: &[(String, Document)]) -> Vec<String> {
    let off = attributes.iter().filter(|(_, value)| *value == Document::Boolean(false));
    let off: Vec<_> = off.map(|(name, _)| name.trim_end_matches("Enabled")).collect();
    if off.is_empty() { Vec::new() } else { vec![off.join(" ")] }
}

/// What a manifest names, in a line: its digest, and what there is to tell it from the others.
fn descriptor(digest: &str, value: &Document) -> String {
    let text = |path: &str| value.at(path).and_then(Document::text);
    let platform = match (text("platform/os"), text("platform/architecture")) {
        (Some(os), Some(architecture)) => Some(format!("{os}/{architecture}")),
        _ => None,
    };
    let size = match value.at("size") {
        Some(Document::Number(size)) => Some(size.to_string()),
        _ => None,
    };
    let told = platform.or(size).unwrap_or_default();
    printable(format!("{digest}  {told}").trim_end())
}

/// A descriptor, a network rule or a password in a line.
fn object(value: &Document, words: Words) -> String {
    let at = |key: &str| value.at(key).and_then(Document::text);
    if let Some(digest) = at("digest") {
        return descriptor(digest, value);
    }
    if let (Some(registry), Some(repository)) = (at("registry"), at("repository")) {
        let tags = value.at("tags").map(|tags| Form::Plain.lines(tags, words).join(" "));
        let tags = tags.filter(|tags| !tags.is_empty()).map(|tags| format!("  {tags}"));
        return format!("{registry}/{repository}{}", tags.unwrap_or_default());
    }
    if let Some(address) = at("ipAddressOrRange") {
        return address.to_owned();
    }
    let name = at("name").unwrap_or_default();
    let shown = at("value").or_else(|| at("hint"));
    let shown = match (at("value"), shown) {
        (None, Some(hint)) => format!("{hint}…"),
        (_, shown) => shown.unwrap_or_default().to_owned(),
    };
    let until = at("expiry").or_else(|| at("endDateTime")).map(|expiry| {
        let day = Form::Day.text(expiry);
        format!("  {}", words.get("until", &[("day", &day)]))
    });
    format!("{name}  {shown}{}", until.unwrap_or_default()).trim_start().to_owned()
}

/// What a remedy does, and its commands below it, ready to be copied.
fn remedy(value: &Document) -> Vec<String> {
    let title = value.at("title").and_then(Document::text).unwrap_or_default();
    let Some(Document::List(commands)) = value.at("commands") else { return Vec::new() };
    let word = |word: &Document| quoted(word.text().unwrap_or_default());
    let command = |command: &Document| match command {
        Document::List(words) => words.iter().map(word).collect::<Vec<_>>().join(" "),
        _ => String::new(),
    };
    let commands = commands.iter().map(|one| format!("  {}", printable(&command(one))));
    std::iter::once(printable(title)).chain(commands).collect()
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:@=,+%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A text without characters that would do something to a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use naru_codes::Language;

    #[test]
    fn values_are_written_for_people() {
        let one = |form: Form, json: &str| {
            form.lines(&serde_json::from_str(json).unwrap(), Words(Language::English)).join("|")
        };
        assert_eq!(one(Form::Time, r#""2026-11-25T01:02:03.004Z""#), "2026-11-25T01:02:03Z");
        assert_eq!(one(Form::Day, r#""2026-11-25T01:02:03Z""#), "2026-11-25");
        assert_eq!(one(Form::Last, r#""/a/b/scopeMaps/team""#), "team");
        assert_eq!(one(Form::Last, r#""/""#), "/");
        assert_eq!(
            one(Form::Actions, r#"["repositories/team/*/content/read"]"#),
            "team/*  content/read"
        );
        for (bytes, text) in [("0", "0 B"), ("1023", "1023 B"), ("1024", "1.0 KiB")] {
            assert_eq!(one(Form::Size, bytes), text);
        }
        assert_eq!(one(Form::Size, "1610612736"), "1.5 GiB");
        let concerned = r#"[{"registry":"r","repository":"a/b","tags":["v1","v2"]}]"#;
        assert_eq!(one(Form::Plain, concerned), "r/a/b  v1 v2");
        assert_eq!(one(Form::Reason, r#""stray""#), "a file without a row");
        assert_eq!(one(Form::Plain, r#""a\u001b[31mb""#), "a\u{fffd}[31mb");
        assert_eq!(
            one(
                Form::Passwords,
                r#"[{"name":"password1","value":null,"hint":"narutabc","expiry":null}]"#
            ),
            "password1  narutabc…"
        );
    }
}
