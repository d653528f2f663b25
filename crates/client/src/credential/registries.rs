//! Podman's `registries.conf`, as far as it names credential helpers (containers-registries.conf(5)).
//!
//! The user's file stands in place of the machine's, and with it the machine's folder of drop-ins;
//! `CONTAINERS_REGISTRIES_CONF` stands in place of both files. Drop-ins are read in the order of
//! their names, the machine's before the user's, and the last that names helpers counts, also
//! where it names none at all (`containers/image`, `sysregistriesv2`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::file::FileError;
use crate::ambient::Surroundings;

/// Where the machine's configuration lies.
const MACHINE: &str = "/etc/containers/registries.conf";

/// The word that stands for the files of [`super::places`].
const FILES: &str = "containers-auth.json";

/// The longest file that is read.
const LONGEST: u64 = 1024 * 1024;

/// Where a credential is looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// In the files of [`super::places`].
    Files,
    /// With a helper for everything.
    Helper {
        /// Its program.
        program: String,
        /// The file that names it.
        path: PathBuf,
    },
}

/// What podman's configuration says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Registries {
    /// Where credentials are looked for, in this order.
    pub sources: Vec<Source>,
    /// Files that podman reads and cannot use, for which it refuses to do anything.
    pub unusable: Vec<(PathBuf, FileError)>,
}

/// What a file says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Config {
    /// The helpers that are asked, in this order; the word `containers-auth.json` stands for files.
    pub credential_helpers: Option<Vec<String>>,
}

/// Reads what podman reads.
pub fn read(surroundings: &Surroundings) -> Registries {
    read_at(surroundings, Path::new(MACHINE))
}

fn read_at(surroundings: &Surroundings, machine: &Path) -> Registries {
    let mut read = Registries { sources: vec![Source::Files], unusable: Vec::new() };
    for path in files(surroundings, machine) {
        match config(&path) {
            Ok(Some(Config { credential_helpers: Some(helpers) })) => {
                let source = |name: &String| match name.as_str() {
                    FILES => Source::Files,
                    name => Source::Helper {
                        program: format!("docker-credential-{name}"),
                        path: path.clone(),
                    },
                };
                read.sources = helpers.iter().map(source).collect();
                if read.sources.is_empty() {
                    read.sources.push(Source::Files);
                }
            }
            Ok(_) => {}
            Err(error) => read.unusable.push((path, error)),
        }
    }
    read
}

/// The files in the order in which each overrides those before it.
fn files(surroundings: &Surroundings, machine: &Path) -> Vec<PathBuf> {
    let own =
        surroundings.home.as_ref().map(|home| home.join(".config/containers/registries.conf"));
    let named = surroundings.path("CONTAINERS_REGISTRIES_CONF");
    let in_place = own.clone().filter(|own| named.is_none() && own.exists());
    let is_own = in_place.is_some();
    let mut files = vec![named.or(in_place).unwrap_or_else(|| machine.to_owned())];
    if !is_own {
        files.extend(drop_ins(machine));
    }
    files.extend(own.iter().flat_map(|own| drop_ins(own)));
    files
}

/// The drop-ins beside a file.
fn drop_ins(file: &Path) -> Vec<PathBuf> {
    let folder = file.with_extension("conf.d");
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "conf"))
        .collect();
    found.sort();
    found
}

fn config(path: &Path) -> Result<Option<Config>, FileError> {
    let unreadable = |error: io::Error| FileError::Unreadable(error.to_string());
    match fs::metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
        Ok(found) if found.len() > LONGEST => {
            return Err(FileError::Unreadable("it is larger than 1 MiB".to_owned()));
        }
        Ok(_) => {}
    }
    let text = fs::read_to_string(path).map_err(unreadable)?;
    Config::parse(&text).map(Some)
}

impl Config {
    /// Reads what stands in a file.
    pub fn parse(text: &str) -> Result<Self, FileError> {
        toml::from_str(text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start)).unwrap_or_default();
            let line = before.rsplit('\n').next().unwrap_or_default();
            FileError::Invalid {
                line: before.matches('\n').count() + 1,
                column: line.chars().count() + 1,
                problem: "this is not what belongs into registries.conf",
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Home(tempfile::TempDir);

    impl Home {
        fn new() -> Self {
            Self(tempfile::tempdir().unwrap())
        }

        fn write(&self, path: &str, text: &str) -> PathBuf {
            let path = self.0.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            path
        }

        fn read(&self, named: Option<&Path>) -> Registries {
            let named = named.map(|path| path.display().to_string());
            let variables = named.map(|path| ("CONTAINERS_REGISTRIES_CONF".to_owned(), path));
            let surroundings = Surroundings {
                variables: variables.into_iter().collect(),
                home: Some(self.0.path().join("home")),
                user_id: 1000,
            };
            read_at(&surroundings, &self.0.path().join("etc/registries.conf"))
        }

        /// The helpers, without what stands before and after their names.
        fn sources(&self, named: Option<&Path>) -> Vec<String> {
            let read = self.read(named);
            assert_eq!(read.unusable, []);
            let word = |source: &Source| match source {
                Source::Files => FILES.to_owned(),
                Source::Helper { program, .. } => program.replace("docker-credential-", ""),
            };
            read.sources.iter().map(word).collect()
        }
    }

    const USERS: &str = "home/.config/containers/registries.conf";

    #[test]
    fn where_nothing_is_said_the_files_are_read() {
        let home = Home::new();
        assert_eq!(home.sources(None), [FILES]);
        home.write("etc/registries.conf", "unqualified-search-registries = [\"docker.io\"]\n");
        assert_eq!(home.sources(None), [FILES]);
    }

    #[test]
    fn the_last_that_names_helpers_counts() {
        let home = Home::new();
        home.write("etc/registries.conf", r#"credential-helpers = ["machine"]"#);
        assert_eq!(home.sources(None), ["machine"]);
        home.write(
            "etc/registries.conf.d/50-b.conf",
            r#"credential-helpers = ["drop-in", "files"]"#,
        );
        home.write("etc/registries.conf.d/20-a.conf", r#"credential-helpers = ["early"]"#);
        home.write("etc/registries.conf.d/99-not.txt", r#"credential-helpers = ["no"]"#);
        assert_eq!(home.sources(None), ["drop-in", "files"]);
        let own = format!("{USERS}.d/10-own.conf");
        home.write(&own, r#"credential-helpers = ["own-drop-in", "containers-auth.json"]"#);
        assert_eq!(home.sources(None), ["own-drop-in", FILES]);
        home.write(&own, "credential-helpers = []");
        assert_eq!(home.sources(None), [FILES], "none at all are the files");
    }

    #[test]
    fn the_users_file_stands_in_place_of_all_of_the_machines() {
        let home = Home::new();
        home.write("etc/registries.conf.d/50-b.conf", r#"credential-helpers = ["drop-in"]"#);
        home.write(USERS, r#"credential-helpers = ["own"]"#);
        assert_eq!(home.sources(None), ["own"]);
        let named = home.write("named.conf", r#"credential-helpers = ["named"]"#);
        assert_eq!(home.sources(Some(&named)), ["drop-in"], "its drop-ins are the machine's");
    }

    #[test]
    fn a_file_that_cannot_be_used_is_named_with_the_place() {
        let home = Home::new();
        let path = home.write("etc/registries.conf", "# a\ncredential-helpers = \"one\"\n");
        let problem = "this is not what belongs into registries.conf";
        let expected = FileError::Invalid { line: 2, column: 22, problem };
        let read = home.read(None);
        assert_eq!(read.unusable, [(path, expected)]);
        assert_eq!(read.sources, [Source::Files]);
    }
}
