//! What is in the image: the binary with its libraries, its settings, and its user.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::process::Invocation;

/// The user that the image runs as, and its group. It has no name outside the image.
pub(super) const USER: u64 = 65_532;

/// The settings that the image begins with. Mounting another file over them replaces them, and the
/// environment comes before them.
const SETTINGS: &str = "data-dir = \"/var/lib/naru\"\n\n[server]\nlisten = [\"0.0.0.0:5000\"]\n";

/// A file or directory of the image.
#[derive(Debug)]
pub(super) struct Part {
    /// Where it is, without the first slash.
    pub(super) path: String,
    pub(super) mode: u32,
    pub(super) owner: u64,
    /// What a file has; nothing for a directory.
    pub(super) content: Option<Vec<u8>>,
}

/// Everything, each directory before what is in it.
pub(super) fn all(binary: &Path) -> Result<Vec<Part>, Failure> {
    let mut files: BTreeMap<String, (u32, Vec<u8>)> = BTreeMap::new();
    files.insert("usr/bin/naru".to_owned(), (0o755, read(binary)?));
    for library in libraries(binary)? {
        let content = read(Path::new(&library))?;
        files.insert(library.trim_start_matches('/').to_owned(), (0o755, content));
    }
    let text = |text: String| (0o644, text.into_bytes());
    files.insert("etc/naru/naru.toml".to_owned(), text(SETTINGS.to_owned()));
    let user = format!("naru:x:{USER}:{USER}:naru:/var/lib/naru:/sbin/nologin\n");
    files.insert("etc/passwd".to_owned(), text(user));
    files.insert("etc/group".to_owned(), text(format!("naru:x:{USER}:\n")));
    let mut parts: BTreeMap<String, Part> = BTreeMap::new();
    for (path, (mode, content)) in files {
        for parent in parents(&path) {
            parts.entry(parent.clone()).or_insert_with(|| directory(parent, 0o755, 0));
        }
        let part = Part { path: path.clone(), mode, owner: 0, content: Some(content) };
        parts.insert(path, part);
    }
    for (path, mode, owner) in [
        ("tmp", 0o1777, 0),
        ("var", 0o755, 0),
        ("var/lib", 0o755, 0),
        ("var/lib/naru", 0o700, USER),
    ] {
        parts.insert(path.to_owned(), directory(path.to_owned(), mode, owner));
    }
    Ok(parts.into_values().collect())
}

fn directory(path: String, mode: u32, owner: u64) -> Part {
    Part { path, mode, owner, content: None }
}

/// The directories that a path lies in, the outermost first.
fn parents(path: &str) -> Vec<String> {
    let ends = path.match_indices('/').map(|(at, _)| path.split_at(at).0.to_owned());
    ends.collect()
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    fs::read(path).map_err(Failure::machine(format!("read {}", path.display())))
}

/// The libraries that the system's linker would load with the binary, itself included; none where
/// the binary brings all that it needs.
fn libraries(binary: &Path) -> Result<Vec<String>, Failure> {
    let listing = Invocation::new("ldd").args([binary]).run()?;
    if listing.text().contains("not a dynamic executable") {
        return Ok(Vec::new());
    }
    if !listing.succeeded() {
        return Err(listing.failure());
    }
    listed(&listing.stdout())
}

/// The paths in what `ldd` prints.
fn listed(listing: &str) -> Result<Vec<String>, Failure> {
    let mut paths = Vec::new();
    for line in listing.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.ends_with("not found") {
            return Err(Failure::unexpected("every library to be there", line));
        }
        let place = line.split_once(" => ").map_or(line, |(_, place)| place);
        let path = place.split(" (").next().unwrap_or(place);
        // What the kernel provides has no path, and a static binary has a remark.
        if path.starts_with('/') {
            paths.push(path.to_owned());
        }
    }
    Ok(paths)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn libraries_are_read_from_the_linkers_list() {
        let listing = "\tlinux-vdso.so.1 (0x00007ffc)\n\
                       \tlibgcc_s.so.1 => /lib/x86_64-linux-gnu/libgcc_s.so.1 (0x00007f)\n\
                       \t/lib64/ld-linux-x86-64.so.2 (0x00007f)\n";
        let expected = ["/lib/x86_64-linux-gnu/libgcc_s.so.1", "/lib64/ld-linux-x86-64.so.2"];
        assert_eq!(listed(listing).unwrap(), expected);
        assert!(listed("\tstatically linked\n").unwrap().is_empty());
        assert!(listed("\tlibnone.so.1 => not found\n").is_err());
    }

    #[test]
    fn each_directory_stands_before_what_is_in_it() {
        let binary = std::env::current_exe().unwrap();
        let parts = all(&binary).unwrap();
        for (number, part) in parts.iter().enumerate() {
            for parent in parents(&part.path) {
                let before = parts.iter().take(number).any(|other| other.path == parent);
                assert!(before, "{parent} of {}", part.path);
            }
        }
        let data = parts.iter().find(|part| part.path == "var/lib/naru").unwrap();
        assert_eq!((data.owner, data.mode), (USER, 0o700));
    }
}
