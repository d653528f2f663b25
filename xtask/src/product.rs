//! Building the product, as a task is about to run it.

use std::path::PathBuf;

use cargo_metadata::MetadataCommand;

use crate::failure::Failure;
use crate::process::Invocation;
use crate::tools;

/// Builds `naru` and says where it is.
pub(crate) fn build(release: bool) -> Result<PathBuf, Failure> {
    let mut build = Invocation::new("cargo")
        .args(["build", "--quiet", "--package", "naru", "--bin", "naru"])
        .within(tools::root());
    if release {
        build = build.args(["--release"]);
    }
    if !build.passes()? {
        return Err(Failure::unexpected("`naru` to build", "it does not"));
    }
    let profile = if release { "release" } else { "debug" };
    Ok(metadata()?
        .target_directory
        .join(profile)
        .join("naru")
        .into_std_path_buf())
}

/// What cargo knows of the workspace, without the dependencies from outside.
pub(crate) fn metadata() -> Result<cargo_metadata::Metadata, Failure> {
    MetadataCommand::new()
        .current_dir(tools::root())
        .no_deps()
        .exec()
        .map_err(|error| Failure::unexpected("`cargo metadata` to answer", error.to_string()))
}
