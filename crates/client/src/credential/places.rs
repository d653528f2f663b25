//! The files in which each tool looks for credentials, in its order.
//!
//! docker: `docker/cli/cli/config`; podman, buildah and skopeo: `containers/image` and
//! `GetDefaultAuthFile` of `containers/common`.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::ambient::Surroundings;

/// A family of tools that share their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tool {
    /// docker, nerdctl, crane, oras: docker's own configuration.
    Docker,
    /// podman, buildah, skopeo: `auth.json`.
    Podman,
}

impl Tool {
    /// Every family.
    pub const ALL: [Self; 2] = [Self::Docker, Self::Podman];

    /// The command that people know it by.
    pub const fn command(self) -> &'static str {
        match self {
            Self::Docker => "docker",
            Self::Podman => "podman",
        }
    }
}

impl fmt::Display for Tool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.command())
    }
}

/// The files that a tool reads, in its order.
pub fn files(tool: Tool, surroundings: &Surroundings) -> Vec<PathBuf> {
    let docker = docker_file(surroundings);
    match tool {
        Tool::Docker => docker.into_iter().collect(),
        Tool::Podman => {
            if let Some(file) = surroundings.path("REGISTRY_AUTH_FILE") {
                return vec![file];
            }
            // Where DOCKER_CONFIG is set, these tools read nothing else.
            if surroundings.path("DOCKER_CONFIG").is_some() {
                return docker.into_iter().collect();
            }
            let runtime = surroundings.path("XDG_RUNTIME_DIR");
            let runtime = runtime.map(|folder| folder.join("containers"));
            let runtime = runtime.unwrap_or_else(|| {
                Path::new("/run/containers").join(surroundings.user_id.to_string())
            });
            let mut files = vec![runtime.join("auth.json")];
            files.extend(surroundings.config_home().map(|home| home.join("containers/auth.json")));
            files.extend(docker);
            files
        }
    }
}

/// Every file in which this user may have a credential, whichever variable is set: where a login
/// can have gone that another command does not find.
pub fn everywhere(surroundings: &Surroundings, passwd: &str) -> Vec<PathBuf> {
    let mut all: Vec<PathBuf> =
        Tool::ALL.into_iter().flat_map(|tool| files(tool, surroundings)).collect();
    let mut plain = surroundings.clone();
    for name in ["DOCKER_CONFIG", "REGISTRY_AUTH_FILE"] {
        plain.variables.remove(name);
    }
    all.extend(Tool::ALL.into_iter().flat_map(|tool| files(tool, &plain)));
    // Under sudo, the login is often that of the one who called it.
    if let Some((home, user_id)) =
        surroundings.variable("SUDO_USER").and_then(|name| home_of(passwd, name))
    {
        let theirs = Surroundings { home: Some(home), user_id, ..Surroundings::default() };
        all.extend(Tool::ALL.into_iter().flat_map(|tool| files(tool, &theirs)));
    }
    let mut unique: Vec<PathBuf> = Vec::new();
    for file in all {
        if !unique.contains(&file) {
            unique.push(file);
        }
    }
    unique
}

/// The folder of docker's own configuration.
pub fn docker_folder(surroundings: &Surroundings) -> Option<PathBuf> {
    let folder = surroundings.path("DOCKER_CONFIG");
    folder.or_else(|| Some(surroundings.home.as_ref()?.join(".docker")))
}

fn docker_file(surroundings: &Surroundings) -> Option<PathBuf> {
    Some(docker_folder(surroundings)?.join("config.json"))
}

/// Home and id of a user in the text of `/etc/passwd`.
fn home_of(passwd: &str, name: &str) -> Option<(PathBuf, u32)> {
    passwd.lines().find_map(|line| {
        let fields: Vec<&str> = line.split(':').collect();
        match fields.as_slice() {
            [found, _, id, _, _, home, ..] if *found == name => {
                Some((PathBuf::from(home), id.parse().ok()?))
            }
            _ => None,
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn surroundings(variables: &[(&str, &str)]) -> Surroundings {
        let variables =
            variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        Surroundings {
            variables: variables.collect(),
            home: Some("/home/me".into()),
            user_id: 1000,
        }
    }

    fn shown(tool: Tool, variables: &[(&str, &str)]) -> Vec<String> {
        let files = files(tool, &surroundings(variables));
        files.iter().map(|path| path.display().to_string()).collect()
    }

    #[test]
    fn docker_has_one_file() {
        assert_eq!(shown(Tool::Docker, &[]), ["/home/me/.docker/config.json"]);
        assert_eq!(shown(Tool::Docker, &[("DOCKER_CONFIG", "/ci")]), ["/ci/config.json"]);
        assert_eq!(
            shown(Tool::Docker, &[("REGISTRY_AUTH_FILE", "/x")]),
            ["/home/me/.docker/config.json"]
        );
    }

    #[test]
    fn podman_has_three_unless_it_is_told_of_one() {
        assert_eq!(
            shown(Tool::Podman, &[]),
            [
                "/run/containers/1000/auth.json",
                "/home/me/.config/containers/auth.json",
                "/home/me/.docker/config.json"
            ]
        );
        assert_eq!(
            shown(Tool::Podman, &[("XDG_RUNTIME_DIR", "/run/user/1000")])[0],
            "/run/user/1000/containers/auth.json"
        );
        assert_eq!(shown(Tool::Podman, &[("DOCKER_CONFIG", "/ci")]), ["/ci/config.json"]);
        let both = [("DOCKER_CONFIG", "/ci"), ("REGISTRY_AUTH_FILE", "/x/auth.json")];
        assert_eq!(shown(Tool::Podman, &both), ["/x/auth.json"]);
    }

    #[test]
    fn a_login_may_also_lie_with_whoever_called_sudo() {
        let passwd = "root:x:0:0:root:/root:/bin/bash\nyou:x:1001:1001::/home/you:/bin/sh\n";
        let all =
            everywhere(&surroundings(&[("SUDO_USER", "you"), ("DOCKER_CONFIG", "/ci")]), passwd);
        for file in
            ["/ci/config.json", "/home/me/.docker/config.json", "/home/you/.docker/config.json"]
        {
            assert!(all.contains(&PathBuf::from(file)), "{file}: {all:?}");
        }
        assert!(all.contains(&PathBuf::from("/run/containers/1001/auth.json")), "{all:?}");
    }
}
