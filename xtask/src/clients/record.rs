//! The tables in the documentation that a run of the clients writes, or compares with.
//!
//! What differs from run to run (ports, ids, digests, times, progress, warnings before the last
//! word) is taken out of what a client printed; the rest is compared letter by letter.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use crate::clients::client::{Client, SKILLS};
use crate::clients::refusals::{Place, Refusal, Seen};
use crate::failure::Failure;
use crate::tools;

/// The page of the clients.
pub(super) const CLIENTS: Page = Page {
    file: "docs/clients.md",
    head: "| refusal | at | what is printed | the reason is |\n|---|---|---|---|\n",
};

/// A page that has recorded tables.
#[derive(Clone, Copy)]
pub(super) struct Page {
    /// The file, below the root of the tree.
    pub(super) file: &'static str,
    /// The head of each of its tables.
    pub(super) head: &'static str,
}

/// The recorded tables of a page.
pub(super) struct Record {
    page: Page,
    text: String,
    /// What this run has seen, by client; the rows in the order of their coming.
    seen: BTreeMap<String, Vec<String>>,
    /// Whether it is written anew.
    writing: bool,
}

impl Record {
    /// Reads it.
    pub(super) fn read(page: Page, writing: bool) -> Result<Self, Failure> {
        let doing = format!("read {}", page.file);
        let text = fs::read_to_string(page.place()).map_err(Failure::machine(doing))?;
        Ok(Self { page, text, seen: BTreeMap::new(), writing })
    }

    /// Whether this run writes it anew.
    pub(super) fn is_written(&self) -> bool {
        self.writing
    }

    /// Why this run has nothing to compare a client's output with, if so.
    pub(super) fn differs(&self, client: &str, now: &str) -> Option<String> {
        let recorded = self.block(client)?.lines().find(|line| !line.is_empty())?;
        (recorded != now).then(|| format!("`{recorded}` is what was recorded; this is `{now}`"))
    }

    /// Notes a row, and compares it with the one that was recorded and begins with `start`.
    pub(super) fn row(
        &mut self,
        client: &str,
        start: &str,
        row: String,
        compare: bool,
    ) -> Result<(), Failure> {
        let block = self.block(client).unwrap_or_default();
        let recorded = block.lines().find(|line| line.starts_with(start)).map(str::to_owned);
        let same = recorded.as_deref() == Some(&*row);
        let outcome = if self.writing || !compare || same {
            Ok(())
        } else {
            let recorded = recorded.unwrap_or_else(|| "nothing".to_owned());
            let hint = "hint: `cargo xtask clients --record` records it anew";
            Err(Failure::unexpected(recorded, format!("{row}\n{hint}")))
        };
        self.seen.entry(client.to_owned()).or_default().push(row);
        outcome
    }

    /// Replaces the table of a client.
    pub(super) fn replace(&mut self, client: &str, introduction: &str) {
        let (begin, end) = markers(client);
        let rows = self.seen.remove(client).unwrap_or_default();
        let Some((before, rest)) = self.text.split_once(&begin) else { return };
        let Some((_, after)) = rest.split_once(&*end) else { return };
        let rows = rows.join("\n");
        let head = self.page.head;
        self.text = format!("{before}{begin}\n{introduction}\n\n{head}{rows}\n{end}{after}");
    }

    /// Writes it, where this run does.
    pub(super) fn write(&self) -> Result<(), Failure> {
        if !self.writing {
            return Ok(());
        }
        let doing = format!("write {}", self.page.file);
        fs::write(self.page.place(), &self.text).map_err(Failure::machine(doing))
    }

    fn block(&self, client: &str) -> Option<&str> {
        let (begin, end) = markers(client);
        let (_, rest) = self.text.split_once(&begin)?;
        rest.split_once(&*end).map(|(block, _)| block)
    }
}

/// What was seen, as a row of the table.
pub(super) fn row(refusal: Refusal, seen: &Seen, hosts: &[&str], folders: &[String]) -> String {
    let printed = printed(&seen.text, hosts, folders);
    let place = match seen.place {
        Place::Output => "there, with its id",
        Place::Events => "in the server's events",
        Place::Attributes => "in the tag's attributes",
        Place::Log => "in the server's log",
    };
    format!("| {} | {} | {printed} | {place} |", refusal.title(), seen.step)
}

/// What a client printed, as a cell: the lines that say what was wrong, without what differs from
/// run to run.
pub(super) fn printed(text: &str, hosts: &[&str], folders: &[String]) -> String {
    let lines: Vec<String> = salient(&steady(text, hosts, folders))
        .iter()
        .map(|line| format!("`` {} ``", line.replace('|', "\\|")))
        .collect();
    lines.join("<br>")
}

impl Page {
    fn place(self) -> PathBuf {
        tools::root().join(self.file)
    }
}

fn markers(client: &str) -> (String, String) {
    (format!("<!-- recorded: {client} -->"), "<!-- end of the record -->".to_owned())
}

/// The line above a client's table, which says what was tried.
pub(super) fn introduction(client: &dyn Client, version: &str) -> String {
    let skills: Vec<_> =
        SKILLS.iter().filter(|skill| client.can(**skill)).map(|skill| skill.heading()).collect();
    format!("Tried with {} {version}: {}.", client.name(), skills.join("; "))
}

/// The lines that say what was wrong, or else the last one.
fn salient(text: &str) -> Vec<String> {
    const PASSING: [&str; 9] = [
        "level=warn",
        "level=info",
        "WARN",
        "active check failed",
        "context canceled",
        "Retrying",
        "retrying",
        // cosign says everything twice.
        "error during command execution",
        // And so does azure-identity, in its log.
        "get_token failed",
    ];
    const TELLING: [&str; 8] = [
        "rror",
        "denied",
        "nauthorized",
        "fatal",
        "invalid",
        "not ",
        "CorrelationId",
        " HTTP status",
    ];
    let mut lines: Vec<String> = Vec::new();
    let mut last = "";
    let lines_of = text.split(['\n', '\r']).map(|line| undated(line.trim()));
    for line in lines_of.filter(|line| !line.is_empty()) {
        let passing = PASSING.iter().any(|word| line.contains(word));
        let telling = TELLING.iter().any(|word| line.contains(word));
        if telling && !passing && !lines.iter().any(|before| before == line) {
            lines.push(line.to_owned());
        }
        last = line;
    }
    if lines.is_empty() {
        lines.push(last.to_owned());
    }
    lines
}

/// A line without the date and time that Go's log puts in front, as in `2026/11/26 20:00:00 `.
fn undated(line: &str) -> &str {
    match line.split_at_checked(20) {
        Some((date, rest)) if date.starts_with("20") && date.matches(['/', ':']).count() == 4 => {
            rest
        }
        _ => line,
    }
}

/// The text without what differs from run to run.
fn steady(text: &str, hosts: &[&str], folders: &[String]) -> String {
    let mut text = text.to_owned();
    for host in hosts {
        text = text.replace(host, "registry.example");
    }
    for folder in folders {
        text = text.replace(folder.as_str(), "~");
    }
    for (start, ends, instead) in [
        ("time=\"", "\"", "time=\"TIME\""),
        ("/blobs/uploads/", "\"' :\n", "/blobs/uploads/UPLOAD"),
        ("/oauth2/token?", "\"' \n", "/oauth2/token?QUERY"),
    ] {
        text = cut(&text, start, ends, instead);
    }
    words(&text)
}

/// Replaces each `start` and what follows it, up to one of `ends`.
fn cut(text: &str, start: &str, ends: &str, instead: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(start) {
        out.push_str(before);
        out.push_str(instead);
        let kept = after.find(|letter| ends.contains(letter)).unwrap_or(after.len());
        rest = after.get(kept..).unwrap_or_default();
        if let Some(stripped) = rest.strip_prefix('"').filter(|_| instead.ends_with('"')) {
            rest = stripped;
        }
    }
    out + rest
}

/// Replaces ids, digests and times.
fn words(text: &str) -> String {
    let mut out = String::new();
    let mut word = String::new();
    for letter in text.chars().chain(['\n']) {
        if letter.is_ascii_alphanumeric() || "-:.+".contains(letter) {
            word.push(letter);
            continue;
        }
        out.push_str(&plain(&word));
        word.clear();
        out.push(letter);
    }
    out
}

fn plain(word: &str) -> String {
    let core = word.trim_end_matches(['.', ':']);
    let tail = word.get(core.len()..).unwrap_or_default();
    let hex = |text: &str| text.chars().all(|letter| letter.is_ascii_hexdigit());
    let dashes = core.chars().filter(|letter| *letter == '-').count();
    let digits = core.chars().filter(char::is_ascii_digit).count();
    if let Some((before, digest)) = core.split_once("sha256:").filter(|(_, digest)| hex(digest)) {
        let kept = if digest.is_empty() { "" } else { "DIGEST" };
        return format!("{before}sha256:{kept}{tail}");
    }
    let instead = if core.len() == 36 && dashes == 4 && hex(&core.replace('-', "")) {
        "ID"
    } else if matches!(core.len(), 12 | 64) && hex(core) {
        "DIGEST"
    } else if core.starts_with("20") && core.contains('T') && core.contains(':') && digits >= 12 {
        "TIME"
    } else {
        return word.to_owned();
    };
    format!("{instead}{tail}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differs_from_run_to_run_is_taken_out() {
        let text = "time=\"2026-11-26T20:00:01Z\" level=fatal msg=\"PUT \\\"http://127.0.0.1:4711/v2/a/blobs/uploads/x_y?z=1\\\": denied at 2026-11-26T20:00:01.5Z. CorrelationId: 0b4b2b8e-7d1f-4a55-9c58-1f6a3f1f2d11.:\" /tmp/x/run-3/a";
        assert_eq!(
            steady(text, &["127.0.0.1:4711"], &["/tmp/x/run-3".to_owned()]).trim_end(),
            "time=\"TIME\" level=fatal msg=\"PUT \\\"http://registry.example/v2/a/blobs/uploads/UPLOAD\": denied at TIME. CorrelationId: ID.:\" ~/a"
        );
        let digest = format!("sha256:{}", "ab".repeat(32));
        assert_eq!(steady(&format!("({digest})"), &[], &[]).trim_end(), "(sha256:DIGEST)");
    }

    #[test]
    fn warnings_and_repetitions_are_no_last_words() {
        let text = "Copying blob\ntime=x level=warning msg=\"Failed, retrying: denied\"\n\
                    Error: denied\nError: denied\n";
        assert_eq!(salient(text), ["Error: denied"]);
        assert_eq!(salient("one\ntwo\n"), ["two"]);
        assert_eq!(salient("2026/11/26 20:00:00 Error: denied"), ["Error: denied"]);
    }
}
