//! The lines of `strace -f -y`, as far as the order of syncs, renames and answers needs them.
//!
//! A call that another thread interrupts stands in two lines; it begins at the first and ends at
//! the second, and only what has ended before something else began counts as before it.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// What a call is to the order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `fsync` or `fdatasync` of `path`.
    Sync,
    /// `source` becomes `path`.
    Rename,
    /// The directory `path` is made.
    Made,
    /// Bytes are written to `path`.
    Write,
    /// The first bytes of an answer with status 201.
    Created,
}

/// One call that succeeded.
#[derive(Debug)]
pub(super) struct Event {
    kind: Kind,
    began: usize,
    ended: usize,
    /// The file that the call is about, or the new name.
    pub(super) path: String,
    /// The old name, for a rename.
    pub(super) source: String,
}

/// All that matters of a trace, in the order in which it ended.
pub(super) struct Trace(Vec<Event>);

impl Event {
    /// Whether this had ended when `other` began.
    pub(super) fn before(&self, other: &Self) -> bool {
        self.ended < other.began
    }

    /// Whether it is about the database's write-ahead log.
    pub(super) fn is_log(&self) -> bool {
        self.path.ends_with("-wal")
    }
}

impl Trace {
    /// Reads what `strace` has written; lines that say nothing about the order are left out.
    pub(super) fn read(text: &str) -> Self {
        let mut open: HashMap<&str, (usize, &str)> = HashMap::new();
        let mut events = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let Some((thread, call)) = line.trim_start().split_once(' ') else {
                continue;
            };
            let call = call.trim_start();
            if let Some(begun) = call.strip_suffix("<unfinished ...>") {
                open.insert(thread, (number, begun));
            } else if call.starts_with("<...") {
                let Some((began, begun)) = open.remove(thread) else {
                    continue;
                };
                let rest = call.split_once("resumed>").map_or("", |(_, rest)| rest);
                events.extend(event(&format!("{begun}{rest}"), began, number));
            } else {
                events.extend(event(call, number, number));
            }
        }
        Self(events)
    }

    /// The calls of one kind.
    pub(super) fn all(&self, kind: Kind) -> impl Iterator<Item = &Event> {
        self.0.iter().filter(move |event| event.kind == kind)
    }

    /// The answers with status 201.
    pub(super) fn created(&self) -> Vec<&Event> {
        self.all(Kind::Created).collect()
    }
}

fn event(call: &str, began: usize, ended: usize) -> Option<Event> {
    let (name, arguments) = call.split_once('(')?;
    let (arguments, result) = arguments.rsplit_once(" = ")?;
    if result.starts_with('-') {
        return None;
    }
    let made =
        |kind, path: String, source: String| Some(Event { kind, began, ended, path, source });
    match name {
        "fsync" | "fdatasync" => made(Kind::Sync, descriptor(arguments)?, String::new()),
        "rename" | "renameat" | "renameat2" | "link" | "linkat" => {
            let mut names = names(arguments).into_iter();
            let (source, path) = (names.next()?, names.next()?);
            made(Kind::Rename, path, source)
        }
        "mkdir" | "mkdirat" => {
            made(Kind::Made, names(arguments).into_iter().next()?, String::new())
        }
        "write" | "writev" | "pwrite64" | "sendto" | "sendmsg" => {
            let file = descriptor(arguments)?;
            let is_socket = !file.starts_with('/');
            if is_socket && arguments.contains("\"HTTP/1.1 201 ") {
                return made(Kind::Created, file, String::new());
            }
            made(Kind::Write, file, String::new())
        }
        _ => None,
    }
}

/// The file behind the descriptor that opens `arguments`: `7</path>` or `7<socket:[1]>`.
fn descriptor(arguments: &str) -> Option<String> {
    let (_, rest) = arguments.split_once('<')?;
    rest.split_once('>').map(|(path, _)| path.to_owned())
}

/// The quoted names in `arguments`, each below the directory that stands before it.
fn names(arguments: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut pieces = arguments.split('"');
    while let (Some(before), Some(name)) = (pieces.next(), pieces.next()) {
        let directory = before
            .rsplit_once('<')
            .and_then(|(_, rest)| rest.split_once('>'))
            .map_or("", |(directory, _)| directory);
        let path: PathBuf = Path::new(directory).join(name);
        found.push(path.to_string_lossy().into_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_in_two_lines_begins_at_the_first_and_ends_at_the_second() {
        let trace = Trace::read(
            "1 fsync(3</a> <unfinished ...>\n2 fsync(4</b>) = 0\n1 <... fsync resumed>) = 0\n",
        );
        let syncs: Vec<_> = trace.all(Kind::Sync).collect();
        assert_eq!(syncs[0].path, "/b");
        assert_eq!(syncs[1].path, "/a");
        assert!(!syncs[0].before(syncs[1]) && !syncs[1].before(syncs[0]));
    }

    #[test]
    fn names_are_below_their_directory() {
        let trace = Trace::read(
            "1 rename(\"/d/u\", \"/d/b\") = 0\n1 renameat2(5</d>, \"u\", AT_FDCWD</cwd>, \"b\", 0) = 0\n",
        );
        let renames: Vec<_> = trace.all(Kind::Rename).collect();
        assert_eq!((&*renames[0].source, &*renames[0].path), ("/d/u", "/d/b"));
        assert_eq!((&*renames[1].source, &*renames[1].path), ("/d/u", "/cwd/b"));
    }

    #[test]
    fn what_failed_did_not_happen() {
        let trace = Trace::read("1 fsync(3</a>) = -1 EIO (Input/output error)\n");
        assert_eq!(trace.all(Kind::Sync).count(), 0);
    }
}
