//! A container image of Naru, without a Dockerfile or an engine: the binary, the libraries that it
//! needs, and nothing else. No shell, no package manager, not root.
//!
//! [`parts`] says what is in it, [`layout`] writes it as an OCI image layout in one tar file, which
//! `docker load`, `podman load` and `skopeo copy oci-archive:` read.

mod layout;
mod parts;

use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::product::Product;
use crate::{terminal, tools};

/// Builds the image, and writes it where it is wanted.
pub(crate) fn run(product: &Product, output: Option<&Path>) -> Result<(), Failure> {
    let binary = product.binary()?;
    let folder = tools::root().join("target/image");
    let output = output.map_or_else(|| folder.join("naru.tar"), PathBuf::from);
    if let Some(parent) = output.parent().filter(|parent| !parent.as_os_str().is_empty()) {
        fs::create_dir_all(parent)
            .map_err(Failure::machine(format!("make {}", parent.display())))?;
    }
    let parts = parts::all(&binary)?;
    let (archive, digest) = layout::archive(&parts)?;
    let size = archive.len() >> 20;
    fs::write(&output, archive).map_err(Failure::machine(format!("write {}", output.display())))?;
    terminal::say(format_args!("{} ({size} MiB): {}", output.display(), layout::NAME));
    terminal::say(format_args!("manifest {digest}"));
    for part in parts.iter().filter(|part| part.content.is_some()) {
        terminal::say(format_args!("    /{}", part.path));
    }
    Ok(())
}
