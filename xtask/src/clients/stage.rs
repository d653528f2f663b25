//! What every client finds: registries over HTTP and TLS, one that lets no address in, one whose
//! disk is full, people with different rights, and images to push.

use std::cell::Cell;
use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::clients::client::{Act, Client, Skill, User, split};
use crate::clients::disk::SmallDisk;
use crate::clients::image::Image;
use crate::clients::registry::{ALIAS, Account, OUTSIDE, Registry};
use crate::failure::Failure;
use crate::server::Launch;

/// An image that is there, and that every refusal is tried on.
pub(super) const THERE: &str = "shared/app:0.1.0";
/// An image whose tag is locked.
pub(super) const LOCKED: &str = "locked/app:0.1.0";

/// The registries and all that is prepared in them.
pub(super) struct Stage {
    // Dropped in this order: the servers end before their folders go.
    /// Over plain HTTP.
    pub(super) plain: Registry,
    /// Over TLS, by an authority of its own.
    pub(super) tls: Registry,
    /// Lets nobody in who is not on this machine's socket.
    pub(super) walled: Registry,
    /// Has no room for [`Stage::large`]; `None` where this task may mount nothing.
    pub(super) full: Option<Registry>,
    _disk: Option<SmallDisk>,
    /// An image to push.
    pub(super) image: Image,
    /// One that a full disk has no room for.
    pub(super) large: Image,
    /// One for two platforms.
    pub(super) index: Image,
    /// The `naru` that all of them run.
    pub(super) binary: PathBuf,
    folders: Cell<u32>,
    scratch: TempDir,
}

impl Stage {
    /// Starts the registries, and puts into them what the scenarios expect.
    pub(super) fn set(binary: &Path) -> Result<Self, Failure> {
        let scratch = tempfile::Builder::new()
            // podman takes a path for a name, and names are in lower case.
            .prefix(&format!("naru-clients-{}", std::process::id()))
            .rand_bytes(0)
            .tempdir()
            .map_err(Failure::machine("make a folder for the clients"))?;
        let folder = |name: &str| scratch.path().join(name);
        let image = Image::make(&folder("image"))?;
        let other = Image::make_other(&folder("other"))?;
        let large = Image::make_large(&folder("large"))?;
        let index = Image::make_index(&folder("index"))?;
        let at_home = |folder: &Path| Registry::start(&Launch::of(binary, folder));
        let plain = at_home(&folder("plain"))?;
        let options = &["--tls", "dev", "--alias", ALIAS];
        let tls = Registry::start(&Launch { options, ..Launch::of(binary, &folder("tls")) })?;
        let walled = at_home(&folder("walled"))?;
        walled.server().admin(&["registry", "update", "--default-action", "deny"]).succeed()?;
        let disk = SmallDisk::mount(&folder("full"))?;
        let full = match &disk {
            Some(disk) => Some(at_home(disk.folder())?),
            None => None,
        };
        for registry in [&plain, &tls] {
            for name in [THERE, LOCKED, OUTSIDE] {
                registry.seed(&other, name)?;
            }
        }
        let (repository, tag) = split(LOCKED);
        let locked = format!("/acr/v1/{repository}/_tags/{tag}");
        for registry in [&plain, &tls] {
            registry.ask("PATCH", &locked, r#"{"writeEnabled":false}"#)?;
        }
        let (folders, binary) = (Cell::new(0), binary.to_owned());
        Ok(Self {
            plain,
            tls,
            walled,
            full,
            _disk: disk,
            image,
            large,
            index,
            binary,
            folders,
            scratch,
        })
    }

    /// A new, empty folder.
    pub(super) fn folder(&self) -> Result<PathBuf, Failure> {
        let number = self.folders.get();
        self.folders.set(number + 1);
        let folder = self.scratch.path().join(format!("run-{number}"));
        fs::create_dir(&folder).map_err(Failure::machine("make a folder for a client"))?;
        Ok(folder)
    }

    /// Where all these folders lie.
    pub(super) fn scratch(&self) -> &Path {
        self.scratch.path()
    }

    /// Somebody at `client`, who has not logged in.
    pub(super) fn user<'a>(
        &'a self,
        client: &dyn Client,
        registry: &'a Registry,
        account: &'a Account,
    ) -> Result<User<'a>, Failure> {
        let (folder, host) = (self.folder()?, client.host(registry));
        Ok(User { stage: self, registry, account, folder, host, trusting: true })
    }

    /// Somebody at `client`, who has logged in where that client does such a thing.
    pub(super) fn logged_in<'a>(
        &'a self,
        client: &dyn Client,
        registry: &'a Registry,
        account: &'a Account,
    ) -> Result<User<'a>, Failure> {
        let user = self.user(client, registry, account)?;
        if client.can(Skill::Login) {
            let login = client.act(&user, Act::Login)?;
            if !login.succeeded() {
                return Err(login.failure());
            }
        }
        Ok(user)
    }
}
